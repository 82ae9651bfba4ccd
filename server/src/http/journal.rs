//! `GET /api/journal…`: what happened to actors.

use actix_web::web;
use loom_protocol::{EventKind, JournalLine, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult};
use super::params::limit;
use super::seen::{Beside, Seen};

/// Lines when no `limit` is given.
const DEFAULT_LIMIT: usize = 100;
/// The most lines that may be asked for.
const MAX_LIMIT: usize = 1_000;

/// Which lines of one actor.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// Lines at most, from 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Only lines before the one with this `seq`.
    before: Option<u64>,
}

/// Which lines of all actors.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AllParams {
    /// Only lines with this `correlationId`: what followed from one first message.
    correlation: Option<String>,
    /// Only lines of this kind, e.g. `panicked`.
    kind: Option<String>,
    /// Lines at most, from 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A line of a journal with its actor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActorLine {
    /// The actor.
    pub(crate) actor: String,
    /// What happened to it.
    #[serde(flatten)]
    pub(crate) line: JournalLine,
}

/// What happened to one actor, newest last. Lines of an actor that is gone stay for as long as a silent one would.
#[utoipa::path(
    get, path = "/api/journal/{id}", operation_id = "journal_of_actor", tag = "journal",
    params(("id" = String, Path, description = "its id; `/` in it is written `%2F`"), PageParams),
    responses(
        (status = 200, body = Vec<JournalLine>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn of_actor(
    id: web::Path<String>,
    Beside(params): Beside<PageParams>,
    seen: Seen,
) -> ApiResult<web::Json<Vec<JournalLine>>> {
    let limit = limit(params.limit, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let intake = seen.intake();
    match intake.journal().page(&id, params.before, limit) {
        Some(lines) => Ok(web::Json(lines)),
        None if intake.directory().kind_of(&id).is_some() => Ok(web::Json(Vec::new())),
        None => Err(ApiError::not_found(
            "unknown_actor",
            format!(
                "no actor `{id}` is registered here, and none was lately; GET /api/actors lists those that are"
            ),
        )),
    }
}

/// What happened lately, over all actors, newest last.
#[utoipa::path(
    get, path = "/api/journal", operation_id = "journal", tag = "journal", params(AllParams),
    responses(
        (status = 200, body = Vec<ActorLine>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn of_all(
    Beside(params): Beside<AllParams>,
    seen: Seen,
) -> ApiResult<web::Json<Vec<ActorLine>>> {
    let limit = limit(params.limit, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let intake = seen.intake();
    let kind = params.kind.as_deref().map(EventKind::from);
    let lines = match &params.correlation {
        Some(chain) => {
            let mut lines = intake.journal().of_chain(chain, limit);
            lines.retain(|(_, line)| kind.as_ref().is_none_or(|kind| line.kind == *kind));
            lines
        }
        None => intake.journal().newest(kind.as_ref(), limit),
    };
    Ok(web::Json(lines.into_iter().map(ActorLine::from).collect()))
}

impl<T: AsRef<str>> From<(T, std::sync::Arc<JournalLine>)> for ActorLine {
    fn from((actor, line): (T, std::sync::Arc<JournalLine>)) -> Self {
        Self {
            actor: actor.as_ref().to_owned(),
            line: (*line).clone(),
        }
    }
}
