//! `/api/warnings…`: what is warned of, rules, channels, silences, what was sent, and what would have been.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use loom_protocol::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
use super::known::Known;
use super::params;
use crate::access::{Caller, Role};
use crate::warnings::{
    ChannelAsked, Delivery, Preview, PreviewAsked, Rule, RuleAsked, ShownChannel, Silence, SilenceAsked,
    Unchanged, WarningList, Warnings,
};
use crate::workspaces::Here;

/// Attempts that are told when no `limit` is given, and at most.
const DEFAULT_LIMIT: usize = 100;
const MOST_LIMIT: usize = 500;

/// What was sent, and what waits to be.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryList {
    /// The last attempts, the newest first.
    deliveries: Vec<Delivery>,
    /// Messages that wait to be sent, or to be sent again.
    waiting: usize,
    /// Messages that were not sent because too many waited, since the studio began.
    dropped: u64,
}

/// Which attempts are told.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryParams {
    /// Only those to this channel.
    channel: Option<String>,
    /// Attempts at most, from 1 to 500; 100 when absent.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// The routes, below `base`.
pub(super) fn routes(base: &str) -> Vec<Known> {
    let at = |path: &str| Known::at(format!("{base}/warnings{path}"));
    vec![
        at("").get(list),
        at("/rules").writes_need(Role::Admin).get(rules).post(add_rule),
        at("/rules/{id}")
            .writes_need(Role::Admin)
            .put(put_rule)
            .delete(delete_rule),
        at("/channels")
            .writes_need(Role::Admin)
            .get(channels)
            .post(add_channel),
        at("/channels/{id}")
            .writes_need(Role::Admin)
            .put(put_channel)
            .delete(delete_channel),
        at("/channels/{id}/test").needs(Role::Admin).post(test_channel),
        at("/silences").get(silences).post(add_silence),
        at("/silences/{id}").delete(delete_silence),
        at("/deliveries").get(deliveries),
        at("/preview").needs(Role::View).post(preview),
    ]
}

/// What is warned of now, and what was lately.
#[utoipa::path(
    get, path = "/api/warnings", operation_id = "warnings", tag = "warnings",
    responses((status = 200, body = WarningList)),
)]
pub(super) async fn list(workspace: Here) -> web::Json<WarningList> {
    web::Json(workspace.warnings.list())
}

/// All rules.
#[utoipa::path(
    get, path = "/api/warnings/rules", operation_id = "rules", tag = "warnings",
    responses((status = 200, body = Vec<Rule>)),
)]
pub(super) async fn rules(workspace: Here) -> web::Json<Vec<Rule>> {
    web::Json(workspace.warnings.rules())
}

/// Makes a rule.
#[utoipa::path(
    post, path = "/api/warnings/rules", operation_id = "add_rule", tag = "warnings", request_body = RuleAsked,
    responses(
        (status = 201, body = Rule),
        (status = 409, description = "there are too many", body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "what is there can't be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn add_rule(asked: web::Json<RuleAsked>, workspace: Here) -> ApiResult<HttpResponse> {
    let asked = asked.into_inner();
    let rule = on_disk(&workspace, move |warnings| warnings.put_rule(None, asked)).await?;
    Ok(HttpResponse::Created().json(rule))
}

/// Puts another rule in the place of this one.
#[utoipa::path(
    put, path = "/api/warnings/rules/{id}", operation_id = "put_rule", tag = "warnings", request_body = RuleAsked,
    params(("id" = String, Path, description = "the rule's id")),
    responses(
        (status = 200, body = Rule),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "what is there can't be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put_rule(
    id: web::Path<String>,
    asked: web::Json<RuleAsked>,
    workspace: Here,
) -> ApiResult<web::Json<Rule>> {
    let (id, asked) = (id.into_inner(), asked.into_inner());
    let rule = on_disk(&workspace, move |warnings| warnings.put_rule(Some(&id), asked)).await?;
    Ok(web::Json(rule))
}

/// Deletes a rule; what it raised is over.
#[utoipa::path(
    delete, path = "/api/warnings/rules/{id}", operation_id = "delete_rule", tag = "warnings",
    params(("id" = String, Path, description = "the rule's id")),
    responses(
        (status = 204, description = "it is gone"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "what is there can't be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete_rule(id: web::Path<String>, workspace: Here) -> ApiResult<HttpResponse> {
    on_disk(&workspace, move |warnings| warnings.delete_rule(&id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// All channels, without what is secret.
#[utoipa::path(
    get, path = "/api/warnings/channels", operation_id = "channels", tag = "warnings",
    responses((status = 200, body = Vec<ShownChannel>)),
)]
pub(super) async fn channels(workspace: Here) -> web::Json<Vec<ShownChannel>> {
    web::Json(workspace.warnings.channels())
}

/// Makes a channel.
#[utoipa::path(
    post, path = "/api/warnings/channels", operation_id = "add_channel", tag = "warnings", request_body = ChannelAsked,
    responses(
        (status = 201, body = ShownChannel),
        (status = 409, description = "there are too many", body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "what is there can't be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn add_channel(asked: web::Json<ChannelAsked>, workspace: Here) -> ApiResult<HttpResponse> {
    let asked = asked.into_inner();
    let channel = on_disk(&workspace, move |warnings| warnings.put_channel(None, asked)).await?;
    Ok(HttpResponse::Created().json(channel))
}

/// Puts another channel in the place of this one. Secrets that are not given stay as they were, where it leads to the same kind of place.
#[utoipa::path(
    put, path = "/api/warnings/channels/{id}", operation_id = "put_channel", tag = "warnings", request_body = ChannelAsked,
    params(("id" = String, Path, description = "the channel's id")),
    responses(
        (status = 200, body = ShownChannel),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "what is there can't be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn put_channel(
    id: web::Path<String>,
    asked: web::Json<ChannelAsked>,
    workspace: Here,
) -> ApiResult<web::Json<ShownChannel>> {
    let (id, asked) = (id.into_inner(), asked.into_inner());
    let channel = on_disk(&workspace, move |warnings| warnings.put_channel(Some(&id), asked)).await?;
    Ok(web::Json(channel))
}

/// Deletes a channel; what waits for it is not sent, and rules go on without it.
#[utoipa::path(
    delete, path = "/api/warnings/channels/{id}", operation_id = "delete_channel", tag = "warnings",
    params(("id" = String, Path, description = "the channel's id")),
    responses(
        (status = 204, description = "it is gone"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "what is there can't be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete_channel(id: web::Path<String>, workspace: Here) -> ApiResult<HttpResponse> {
    on_disk(&workspace, move |warnings| warnings.delete_channel(&id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sends a test to a channel, once, and says what became of it.
#[utoipa::path(
    post, path = "/api/warnings/channels/{id}/test", operation_id = "test_channel", tag = "warnings",
    params(("id" = String, Path, description = "the channel's id")),
    responses(
        (status = 200, description = "it was tried; `outcome` says whether it arrived", body = Delivery),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn test_channel(id: web::Path<String>, workspace: Here) -> ApiResult<web::Json<Delivery>> {
    let delivery = workspace.warnings.test_channel(&id).await;
    delivery.map(web::Json).map_err(problem)
}

/// All silences that are not over.
#[utoipa::path(
    get, path = "/api/warnings/silences", operation_id = "silences", tag = "warnings",
    responses((status = 200, body = Vec<Silence>)),
)]
pub(super) async fn silences(workspace: Here) -> web::Json<Vec<Silence>> {
    web::Json(workspace.warnings.silences())
}

/// Keeps warnings quiet for a while: those of a rule, those that a filter finds, or all.
#[utoipa::path(
    post, path = "/api/warnings/silences", operation_id = "add_silence", tag = "warnings", request_body = SilenceAsked,
    responses(
        (status = 201, body = Silence),
        (status = 409, description = "there are too many", body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "what is there can't be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn add_silence(
    caller: Caller,
    asked: web::Json<SilenceAsked>,
    workspace: Here,
) -> ApiResult<HttpResponse> {
    let asked = asked.into_inner();
    let silence = on_disk(&workspace, move |warnings| {
        warnings.add_silence(asked, caller.name())
    })
    .await?;
    Ok(HttpResponse::Created().json(silence))
}

/// Ends a silence.
#[utoipa::path(
    delete, path = "/api/warnings/silences/{id}", operation_id = "delete_silence", tag = "warnings",
    params(("id" = String, Path, description = "the silence's id")),
    responses(
        (status = 204, description = "it is over"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 500, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "what is there can't be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn delete_silence(id: web::Path<String>, workspace: Here) -> ApiResult<HttpResponse> {
    on_disk(&workspace, move |warnings| warnings.delete_silence(&id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What was sent, attempt by attempt.
#[utoipa::path(
    get, path = "/api/warnings/deliveries", operation_id = "deliveries", tag = "warnings", params(DeliveryParams),
    responses(
        (status = 200, body = DeliveryList),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn deliveries(
    params: web::Query<DeliveryParams>,
    workspace: Here,
) -> ApiResult<web::Json<DeliveryList>> {
    let limit = params::limit(params.limit, MOST_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let (deliveries, (waiting, dropped)) = workspace.warnings.deliveries(params.channel.as_deref(), limit);
    Ok(web::Json(DeliveryList {
        deliveries,
        waiting,
        dropped,
    }))
}

/// When a rule would have fired, had there been one.
#[utoipa::path(
    post, path = "/api/warnings/preview", operation_id = "preview_rule", tag = "warnings", request_body = PreviewAsked,
    responses(
        (status = 200, body = Preview),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn preview(
    asked: web::Json<PreviewAsked>,
    workspace: Here,
) -> ApiResult<web::Json<Preview>> {
    let PreviewAsked { rule, range } = asked.into_inner();
    workspace.warnings.check(&rule).map_err(problem)?;
    let rule = rule.named("preview".to_owned());
    let turn = workspace.warnings.turn_of_previews().await;
    let made = web::block({
        let workspace = workspace.clone();
        move || {
            // Until it is made: who asked may be gone sooner.
            let _turn = turn;
            workspace.warnings.preview(&rule, range, &workspace.intake)
        }
    });
    let made = made.await;
    made.map(web::Json).map_err(|_| busy())
}

/// Does what waits for the disk where that may be.
async fn on_disk<T: Send + 'static>(
    workspace: &Here,
    change: impl FnOnce(&Arc<Warnings>) -> Result<T, Unchanged> + Send + 'static,
) -> ApiResult<T> {
    let warnings = workspace.warnings.clone();
    let done = web::block(move || change(&warnings)).await;
    done.map_err(|_| busy())?.map_err(problem)
}

fn busy() -> ApiError {
    ApiError::unavailable("busy", "this could not be done at the moment; try again")
}

fn problem(unchanged: Unchanged) -> ApiError {
    let detail = unchanged.to_string();
    match unchanged {
        Unchanged::Invalid(_) => ApiError::bad_request("invalid_warning", detail),
        Unchanged::Unknown { kind, .. } => {
            let detail = format!("{detail} here; GET /api/warnings/{kind}s lists them");
            ApiError::not_found("unknown_warning", detail)
        }
        Unchanged::Full { .. } => ApiError::conflict("too_many", detail),
        Unchanged::Broken(_) => ApiError::unavailable("warnings_broken", detail),
        Unchanged::File(_) => {
            tracing::error!("a change of warnings was not made: {detail}");
            ApiError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "not_written",
                "not written",
                detail,
            )
        }
    }
}
