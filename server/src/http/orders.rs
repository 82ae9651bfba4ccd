//! `POST /api/actors/{id}/{order}`: orders to actors; and who ordered what.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use loom_protocol::{Controls, MOST_VALUE, OrderId, OrderKind, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
use super::known::Known;
use super::params::limit;
use crate::access::{Caller, Role};
use crate::orders::{Ask, Ended, OrderLine, OrderState};
use crate::replication::Door;
use crate::workspaces::Here;

/// Bytes of what is posted with an order.
const MAX_BODY: usize = MOST_VALUE;
/// Milliseconds that an answer is waited for, unless the caller says how long.
const WAIT: u64 = 10_000;
/// Milliseconds that it may be waited for.
const MAX_WAIT: u64 = 30_000;
/// Bytes of a message's type.
const MAX_MESSAGE: usize = 512;
/// Lines of the audit when no `limit` is given.
const DEFAULT_LIMIT: usize = 100;
/// Lines of the audit at most.
const MAX_LIMIT: usize = 1_000;

/// What an order may say; all of it may be left out, the whole body too.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderAsked {
    /// The message's type; for `message` only, where it must be.
    message: Option<String>,
    /// The message's body, or the new settings; for `message` and `config` only.
    #[schema(value_type = Option<Value>)]
    body: Option<Value>,
    /// Milliseconds to wait for the outcome, from 0 to 30000.
    #[schema(minimum = 0, maximum = 30_000, default = 10_000)]
    wait: Option<u64>,
}

/// What became of an order so far.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderResult {
    /// Its name, as in `GET /api/orders`.
    id: OrderId,
    /// How far it is.
    outcome: OrderState,
    /// What came of it: the state, or the message's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    value: Option<Value>,
    /// Why not, when it was not carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl FromRequest for OrderAsked {
    type Error = actix_web::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let length = headers
            .get(header::CONTENT_LENGTH)
            .map(|length| length.as_bytes());
        let is_empty = length.is_none_or(|length| length == b"0")
            && !headers.contains_key(header::CONTENT_TYPE)
            && !headers.contains_key(header::TRANSFER_ENCODING);
        if is_empty {
            return Box::pin(async { Ok(Self::default()) });
        }
        // What some clients send where nothing is to be said.
        let body = web::Json::<Option<Self>>::from_request(request, payload);
        Box::pin(async { Ok(body.await?.into_inner().unwrap_or_default()) })
    }
}

/// Declares the routes of orders: what each is for, its path and its kind.
macro_rules! orders {
    ($($(#[doc = $doc:literal])* $name:ident $path:literal $kind:ident;)*) => {
        $(
            $(#[doc = $doc])*
            #[utoipa::path(
                post, path = $path, tag = "orders", request_body = Option<OrderAsked>,
                params(("id" = String, Path, description = "the actor's id; `/` in it is written `%2F`")),
                responses(
                    (status = 200, description = "it was answered; `outcome` says how", body = OrderResult),
                    (status = 202, description = "it was not answered yet; GET /api/orders tells later", body = OrderResult),
                    (status = 400, body = Problem, content_type = "application/problem+json"),
                    (status = 404, body = Problem, content_type = "application/problem+json"),
                    (status = 409, description = "the actor does not take this order", body = Problem,
                     content_type = "application/problem+json"),
                    (status = 410, description = "the actor has ended", body = Problem, content_type = "application/problem+json"),
                    (status = 503, description = "its process is silent, or too many orders wait", body = Problem,
                     content_type = "application/problem+json"),
                ),
            )]
            pub(super) async fn $name(
                id: web::Path<String>,
                caller: Caller,
                asked: OrderAsked,
                workspace: Here,
            ) -> ApiResult<HttpResponse> {
                carry(OrderKind::$kind, id.into_inner(), caller, asked, &workspace.door).await
            }
        )*
    };
}

orders! {
    /// Has an actor handle one message; `value` is its answer.
    message "/api/actors/{id}/message" Message;
    /// Shows an actor's state, in `value`.
    snapshot "/api/actors/{id}/snapshot" Snapshot;
    /// Has an actor take no further message until it is told to.
    pause "/api/actors/{id}/pause" Pause;
    /// Has an actor go on after a pause.
    resume "/api/actors/{id}/resume" Resume;
    /// Has a paused actor take one message.
    step "/api/actors/{id}/step" Step;
    /// Stops an actor once the messages that wait now are handled.
    stop "/api/actors/{id}/stop" Stop;
    /// Stops an actor now; what waits for it is lost.
    kill "/api/actors/{id}/kill" Kill;
    /// Stops an actor and has its owner start it again.
    restart "/api/actors/{id}/restart" Restart;
    /// Gives an actor other settings. Needs the role `admin`.
    config "/api/actors/{id}/config" Config;
}

/// The routes, below `base`.
pub(super) fn routes(base: &str) -> Vec<Known> {
    let at = |order: &str| Known::at(format!("{base}/actors/{{id}}/{order}")).json_up_to(MAX_BODY);
    vec![
        at("message").post(message),
        at("snapshot").post(snapshot),
        at("pause").post(pause),
        at("resume").post(resume),
        at("step").post(step),
        at("stop").post(stop),
        at("kill").post(kill),
        at("restart").post(restart),
        at("config").needs(Role::Admin).post(config),
        Known::at(format!("{base}/orders")).get(audit),
    ]
}

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditParams {
    /// Those to the actor that was shown under this id.
    actor: Option<String>,
    /// So many of the newest, from 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Who ordered what of which actor, and what became of it: the newest thousand orders since the server started, newest first.
#[utoipa::path(
    get, path = "/api/orders", operation_id = "orders", tag = "orders", params(AuditParams),
    responses(
        (status = 200, body = Vec<OrderLine>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn audit(
    params: web::Query<AuditParams>,
    workspace: Here,
) -> ApiResult<web::Json<Vec<OrderLine>>> {
    let limit = limit(params.limit, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    Ok(web::Json(
        workspace.directory.orders().audit(params.actor.as_deref(), limit),
    ))
}

async fn carry(
    kind: OrderKind,
    id: String,
    caller: Caller,
    asked: OrderAsked,
    door: &Door,
) -> ApiResult<HttpResponse> {
    let wait = check(&kind, &asked)?;
    let directory = door.intake().directory();
    let target = directory
        .target(&id)
        .ok_or_else(|| ApiError::unknown_actor(&id))?;
    if target.has_ended {
        let detail = format!("actor `{id}` has ended, and takes no orders any more");
        return Err(ApiError::new(StatusCode::GONE, "actor_ended", "gone", detail));
    }
    let (boot, own) = target.process.ok_or_else(|| {
        not_controllable(format!(
            "actor `{id}` is reported by single calls, in whose answers no orders travel; its program must report in batches \
             (POST /api/actor/batch) and answer the `orders` it finds there"
        ))
    })?;
    takes(&id, &kind, asked.message.as_deref(), target.controls.as_ref())?;
    if target.is_silent {
        return Err(silent(&id));
    }
    let ask = Ask {
        actor: id.as_str().into(),
        own,
        boot,
        order: kind,
        message: asked.message,
        body: asked.body,
        by: caller,
    };
    let (ordered, outcome) = directory.orders().ask(ask);
    let order = ordered.id().clone();
    let taken = door.order(ordered).await;
    if !matches!(taken, Ok(Ok(()))) {
        directory.orders().drop_ask(&order);
    }
    taken?.map_err(|full| {
        ApiError::unavailable("orders_full", format!("{full}; try again later")).retry_after(1)
    })?;
    match timeout(wait, outcome).await {
        Ok(Ok(ended)) if ended.state == OrderState::Lost => Err(silent(&id)),
        Ok(Ok(Ended {
            state,
            value,
            problem,
        })) => Ok(HttpResponse::Ok().json(OrderResult {
            id: order,
            outcome: state,
            value,
            problem,
        })),
        // Nobody can tell any more, or not yet.
        Ok(Err(_)) | Err(_) => Ok(HttpResponse::Accepted().json(OrderResult {
            id: order,
            outcome: OrderState::Pending,
            value: None,
            problem: None,
        })),
    }
}

/// Whether what is said fits the order, and how long its outcome is waited for.
fn check(kind: &OrderKind, asked: &OrderAsked) -> ApiResult<Duration> {
    let invalid = |detail: String| ApiError::bad_request("invalid_order", detail);
    let is_message = *kind == OrderKind::Message;
    match &asked.message {
        None if is_message => {
            return Err(invalid("`message` must name the type of the message".to_owned()));
        }
        Some(_) if !is_message => {
            return Err(invalid(format!(
                "`message` is for the order `message`; `{}` has none",
                kind.as_str()
            )));
        }
        Some(message) if message.is_empty() || message.len() > MAX_MESSAGE => {
            return Err(invalid(format!("`message` must have 1 to {MAX_MESSAGE} bytes")));
        }
        _ => {}
    }
    match &asked.body {
        None if *kind == OrderKind::Config => {
            return Err(invalid("`body` must be the new settings".to_owned()));
        }
        Some(_) if !(is_message || *kind == OrderKind::Config) => {
            return Err(invalid(format!(
                "`body` is for the orders `message` and `config`; `{}` has none",
                kind.as_str()
            )));
        }
        _ => {}
    }
    let wait = asked.wait.unwrap_or(WAIT);
    if wait > MAX_WAIT {
        return Err(invalid(format!(
            "`wait` is {wait}; it must be from 0 to {MAX_WAIT} ms"
        )));
    }
    Ok(Duration::from_millis(wait))
}

/// Whether the actor's application lets this be ordered of it.
fn takes(id: &str, kind: &OrderKind, message: Option<&str>, controls: Option<&Controls>) -> ApiResult<()> {
    let Some(controls) = controls.filter(|controls| controls.orders.contains(kind)) else {
        let taken: Vec<&str> = controls
            .into_iter()
            .flat_map(|controls| &controls.orders)
            .map(OrderKind::as_str)
            .collect();
        let taken = match taken.as_slice() {
            [] => "no orders".to_owned(),
            taken => format!("only {}", taken.join(", ")),
        };
        return Err(not_controllable(format!(
            "actor `{id}` takes {taken}; its application must say that it takes `{kind}`: by what loom-bridge has for it (an actor of a SyncArbiter takes none), \
             or with \"controls\":{{\"orders\":[\"{kind}\"]}} in its record",
            kind = kind.as_str()
        )));
    };
    let known = |message: &str| controls.messages.iter().any(|form| form.kind == message);
    match message {
        Some(message) if !controls.messages.is_empty() && !known(message) => {
            let forms: Vec<&str> = controls.messages.iter().map(|form| form.kind.as_str()).collect();
            Err(not_controllable(format!(
                "actor `{id}` does not let `{message}` be sent from here, but {}; its application must name it among \
                 `controls.messages`",
                forms.join(", ")
            )))
        }
        _ => Ok(()),
    }
}

fn not_controllable(detail: String) -> ApiError {
    ApiError::conflict("not_controllable", detail)
}

fn silent(id: &str) -> ApiError {
    ApiError::unavailable(
        "process_silent",
        format!(
            "the process of actor `{id}` is silent, so nobody can carry this out; try again once it is heard"
        ),
    )
}
