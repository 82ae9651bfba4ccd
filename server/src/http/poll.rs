//! `POST /api/actor/poll`: a process waits for something to be there for it, so that it hears of an order at once.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web;
use loom_protocol::{BootId, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use crate::workspaces::Here;

/// Milliseconds that are waited unless the caller says how long.
const WAIT: u64 = 30_000;
/// Milliseconds that may be waited.
const MAX_WAIT: u64 = 60_000;
/// Bytes of what the caller has seen.
const MAX_SEEN: usize = 100;

/// Who waits for what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Poll {
    /// The boot that sends batches.
    boot: BootId,
    /// What the answer before this one gave as `seen`; without it the answer comes at once.
    #[schema(max_length = 100)]
    seen: Option<String>,
    /// Milliseconds to wait at most, from 0 to 60000.
    #[schema(minimum = 0, maximum = 60_000, default = 30_000)]
    wait: Option<u64>,
}

/// Whether there is something.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Polled {
    /// There is: the answer to the next batch has it.
    changed: bool,
    /// To be sent with the next poll.
    seen: String,
}

/// Waits until something is ordered of a process's actors, or others of them are looked at; then send a batch, whose answer has
/// it. One at a time for each boot: a second one ends the first.
#[utoipa::path(
    post, path = "/api/actor/poll", tag = "reporting", request_body = Poll,
    responses(
        (status = 200, description = "there is something, or the time is over", body = Polled),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no batch of this boot came yet", body = Problem,
         content_type = "application/problem+json"),
        (status = 503, description = "too many processes wait, or the studio stops", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(super) async fn poll(poll: web::Json<Poll>, workspace: Here) -> ApiResult<web::Json<Polled>> {
    let intake = &workspace.intake;
    let Poll { boot, seen, wait } = poll.into_inner();
    let wait = wait.unwrap_or(WAIT);
    if wait > MAX_WAIT {
        let detail = format!("`wait` is {wait}; it is milliseconds, from 0 to {MAX_WAIT}");
        return Err(ApiError::bad_request("invalid_poll", detail));
    }
    if seen.as_ref().is_some_and(|seen| seen.len() > MAX_SEEN) {
        let detail = "`seen` must be what the answer before this one gave, or absent";
        return Err(ApiError::bad_request("invalid_poll", detail));
    }
    if !intake.directory().knows_boot(&boot) {
        let detail = "no batch of this boot came yet; send one first";
        return Err(ApiError::not_found("unknown_boot", detail));
    }
    let before = seen.unwrap_or_default();
    let polls = intake.directory().orders().polls();
    let there = || intake.news_for(&boot, &before);
    match polls
        .wait(&boot, &before, Duration::from_millis(wait), there)
        .await
    {
        Ok(seen) => Ok(web::Json(Polled {
            changed: seen != before,
            seen,
        })),
        Err(why) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err(ApiError::new(status, "no_wait", "nobody can wait now", why.to_string()).retry_after(1))
        }
    }
}
