//! `GET /api/types`, `/api/traffic` and what belongs to them below an actor: how much passes, and how long it takes.

use actix_web::web;
use loom_protocol::Problem;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
use crate::Intake;
use crate::traffic::{History, HistoryOf, MessageRow, Neighbour, Plumbing, TypeRow, WINDOW};

/// Seconds of a window of rates when none are given.
const DEFAULT_WINDOW: i64 = 60;

/// How far back.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WindowParams {
    /// Seconds of the window, from 1 to 600; 60 when absent.
    #[param(minimum = 1, maximum = 600)]
    window: Option<i64>,
}

/// How far back, and of which types.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TypesParams {
    /// Seconds of the window, from 1 to 600; 60 when absent.
    #[param(minimum = 1, maximum = 600)]
    window: Option<i64>,
    /// Also types that only a library's plumbing is of; they are left out when this is absent.
    #[serde(default)]
    system: bool,
}

/// How far back, of one actor.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PastParams {
    /// Seconds of the window, from 1 to 600; 600 when absent.
    #[param(minimum = 1, maximum = 600)]
    window: Option<i64>,
}

/// How far back, and of which type.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TrafficParams {
    /// Seconds of the window, from 1 to 600; 600 when absent.
    #[param(minimum = 1, maximum = 600)]
    window: Option<i64>,
    /// Only actors of exactly this type.
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The messages of one actor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagesOfActor {
    /// By type, most frequent first.
    messages: Vec<MessageRow>,
    /// Who sends it messages.
    hears: Vec<Neighbour>,
    /// To whom it sends messages.
    talks: Vec<Neighbour>,
}

/// All types of actors: how many there are, and what they handle.
#[utoipa::path(
    get, path = "/api/types", operation_id = "types", tag = "traffic", params(TypesParams),
    responses(
        (status = 200, body = Vec<TypeRow>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn types(
    params: web::Query<TypesParams>,
    intake: web::Data<Intake>,
) -> ApiResult<web::Json<Vec<TypeRow>>> {
    let window = window(params.window, DEFAULT_WINDOW)?;
    intake.lookers().looked_at_traffic(intake.now());
    intake.watched_changed();
    let plumbing = if params.system {
        Plumbing::Shown
    } else {
        Plumbing::LeftOut
    };
    Ok(web::Json(intake.traffic().types(intake.now(), window, plumbing)))
}

/// What one actor handles, by type of message; who talks to it, and to whom it talks.
#[utoipa::path(
    get, path = "/api/actors/{id}/messages", operation_id = "messages_of_actor", tag = "traffic",
    params(("id" = String, Path, description = "its id; `/` in it is written `%2F`"), WindowParams),
    responses(
        (status = 200, body = MessagesOfActor),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn messages(
    id: web::Path<String>,
    params: web::Query<WindowParams>,
    intake: web::Data<Intake>,
) -> ApiResult<web::Json<MessagesOfActor>> {
    let window = window(params.window, DEFAULT_WINDOW)?;
    known(&intake, &id)?;
    intake.lookers().looked_at_actor(&id, intake.now());
    intake.watched_changed();
    let (messages, hears, talks) = intake.traffic().of_actor(&id, intake.now(), window);
    Ok(web::Json(MessagesOfActor {
        messages,
        hears,
        talks,
    }))
}

/// What one actor did in each second, or in each ten seconds where it is neither busy nor looked at.
#[utoipa::path(
    get, path = "/api/actors/{id}/history", operation_id = "history_of_actor", tag = "traffic",
    params(("id" = String, Path, description = "its id; `/` in it is written `%2F`"), PastParams),
    responses(
        (status = 200, body = History),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn history_of_actor(
    id: web::Path<String>,
    params: web::Query<PastParams>,
    intake: web::Data<Intake>,
) -> ApiResult<web::Json<History>> {
    let window = window(params.window, WINDOW)?;
    known(&intake, &id)?;
    intake.lookers().looked_at_actor(&id, intake.now());
    intake.watched_changed();
    let history = intake
        .traffic()
        .history(&HistoryOf::Actor(&id), intake.now(), window);
    Ok(web::Json(history))
}

/// What all actors, or those of one type, did in each second of the last minutes.
#[utoipa::path(
    get, path = "/api/traffic", operation_id = "traffic", tag = "traffic", params(TrafficParams),
    responses(
        (status = 200, body = History),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn lately(
    params: web::Query<TrafficParams>,
    intake: web::Data<Intake>,
) -> ApiResult<web::Json<History>> {
    let window = window(params.window, WINDOW)?;
    let of = params.kind.as_deref().map_or(HistoryOf::All, HistoryOf::Kind);
    Ok(web::Json(intake.traffic().history(&of, intake.now(), window)))
}

pub(super) fn window(asked: Option<i64>, default: i64) -> ApiResult<i64> {
    match asked {
        None => Ok(default),
        Some(window) if (1..=WINDOW).contains(&window) => Ok(window),
        Some(window) => {
            let detail = format!("`window` is {window}; it must be from 1 to {WINDOW} seconds");
            Err(ApiError::bad_request("invalid_query", detail))
        }
    }
}

fn known(intake: &Intake, id: &str) -> ApiResult<()> {
    let kind = intake.directory().kind_of(id);
    kind.map(|_| ()).ok_or_else(|| ApiError::unknown_actor(id))
}
