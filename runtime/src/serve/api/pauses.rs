//! Runs that are paused at a failure: how they go on.

use actix_web::{HttpResponse, Responder, web};
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult};
use serde::Deserialize;
use utoipa::ToSchema;

use super::engine;
use super::runs::{Asked, load};
use crate::event::PauseAnswer;
use crate::id::{JobId, RunId};
use crate::serve::runtime::Runtime;

/// How paused steps go on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Answer {
    /// `retry` does the step again as its file is now, `skip` leaves it out, `end` lets the job fail.
    #[schema(value_type = String, example = "retry")]
    answer: PauseAnswer,
    /// The job; all that are paused when absent.
    #[schema(value_type = Option<String>)]
    job: Option<JobId>,
}

/// Says how the paused steps of a run go on.
#[utoipa::path(
    post, path = "/api/runs/{id}/answer", operation_id = "answer_run", tag = "runs",
    params(("id" = String, Path, description = "its id")),
    request_body = Answer,
    responses(
        (status = 202, description = "its owner was told", body = Asked),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "nothing of it is paused", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn answer(
    runtime: web::Data<Runtime>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ApiResult<impl Responder> {
    let Answer { answer, job } = serde_json::from_slice(&body).map_err(|error| {
        ApiError::bad_request(
            "invalid_body",
            format!("the body must be like {{\"answer\":\"retry\"}}, with retry, skip or end: {error}"),
        )
    })?;
    let id = RunId(id.into_inner());
    let run = load(&runtime, &id).await?;
    let meant = |known: &JobId| job.as_ref().is_none_or(|job| job == known);
    if !run
        .jobs
        .iter()
        .any(|(known, job)| meant(known) && job.is_paused())
    {
        let what = job.map_or_else(
            || format!("run `{id}`"),
            |job| format!("job `{job}` of run `{id}`"),
        );
        return Err(ApiError::conflict("not_paused", format!("{what} is not paused")));
    }
    let told = runtime.engine.answer(&id, job.as_ref(), answer).await;
    told.map_err(|error| engine(&error))?;
    Ok(HttpResponse::Accepted().json(Asked { run_id: id.0 }))
}
