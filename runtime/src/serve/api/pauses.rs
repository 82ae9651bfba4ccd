//! Runs that are paused at a failure: how they go on.

use actix_web::{HttpResponse, Responder, web};
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult};
use serde::Deserialize;
use utoipa::ToSchema;

use super::engine;
use super::runs::{NamedRun, load};
use crate::event::PauseAnswer;
use crate::id::{JobId, RunId, StepId};
use crate::serve::runtime::Runtime;
use crate::state::Run;

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
    /// The step of that job, by its id; every step that it is paused at when absent.
    #[schema(value_type = Option<String>)]
    step: Option<StepId>,
    /// The number of the pause that is meant, as the run shows it: one that is over by now is not answered.
    pause: Option<u32>,
}

/// Says how the paused steps of a run go on.
#[utoipa::path(
    post, path = "/api/runs/{id}/answer", operation_id = "answer_run", tag = "runs",
    params(("id" = String, Path, description = "its id")),
    request_body = Answer,
    responses(
        (status = 202, description = "its owner was told", body = NamedRun),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "nothing of it is paused, or not in that pause any more", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn answer(
    runtime: web::Data<Runtime>,
    id: web::Path<String>,
    body: web::Bytes,
) -> ApiResult<impl Responder> {
    let asked: Answer = serde_json::from_slice(&body).map_err(|error| {
        ApiError::bad_request(
            "invalid_body",
            format!("the body must be like {{\"answer\":\"retry\"}}, with retry, skip or end: {error}"),
        )
    })?;
    if asked.job.is_none() && (asked.step.is_some() || asked.pause.is_some()) {
        let why = "steps and pauses are counted in their job: name the `job` too";
        return Err(ApiError::bad_request("invalid_body", why));
    }
    let id = RunId(id.into_inner());
    let run = load(&runtime, &id).await?;
    for (job, step, pause) in meant(&run, &asked)? {
        let answering = runtime.engine.answer_step(&id, &job, &step, pause, asked.answer);
        answering.await.map_err(|error| engine(&error))?;
    }
    Ok(HttpResponse::Accepted().json(NamedRun { run_id: id.0 }))
}

/// The pauses that are meant; each is answered alone, so that none is that nobody has seen.
fn meant(run: &Run, asked: &Answer) -> ApiResult<Vec<(JobId, StepId, Option<u32>)>> {
    let jobs = run
        .jobs
        .iter()
        .filter(|(id, _)| asked.job.as_ref().is_none_or(|job| job == *id));
    let paused: Vec<_> = jobs
        .flat_map(|(id, job)| {
            job.pauses
                .iter()
                .map(move |(step, pause)| (id, step, pause.counted()))
        })
        .filter(|(_, step, _)| asked.step.as_ref().is_none_or(|wanted| wanted == *step))
        .collect();
    let what = match (&asked.job, &asked.step) {
        (None, _) => format!("run `{}`", run.id),
        (Some(job), None) => format!("job `{job}` of run `{}`", run.id),
        (Some(job), Some(step)) => format!("step `{step}` of job `{job}` of run `{}`", run.id),
    };
    if paused.is_empty() {
        return Err(ApiError::conflict("not_paused", format!("{what} is not paused")));
    }
    let found: Vec<_> = paused
        .iter()
        .filter(|(_, _, pause)| asked.pause.is_none() || asked.pause == *pause)
        .map(|(job, step, pause)| ((*job).clone(), (*step).clone(), *pause))
        .collect();
    if let (true, Some(wanted)) = (found.is_empty(), asked.pause) {
        let now: Vec<String> = paused
            .iter()
            .filter_map(|(_, _, pause)| pause.map(|pause| pause.to_string()))
            .collect();
        return Err(ApiError::conflict(
            "stale_answer",
            format!(
                "pause {wanted} of {what} is over, and it is in pause {} now: look at the run as it is, and answer that",
                now.join(", ")
            ),
        ));
    }
    Ok(found)
}
