//! Runs: list, one with jobs and steps, cancel, windows of a log.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, Responder, web};
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult, Caller};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::{Listed, Page};
use super::params::{DEFAULT_LIMIT, Limited, RunParams, WindowParams, cursor_of};
use super::{asker, engine, history};
use crate::engine::EngineError;
use crate::id::{JobId, RunId};
use crate::journal::{Place, RunQuery};
use crate::serve::catalog::Found;
use crate::serve::runtime::Runtime;
use crate::state::{Job, Run};
use crate::view::{AttemptDetail, LogLine, RunDetail, RunSummary};

/// Lines of a window when the request does not say.
const WINDOW: usize = 1000;

/// A run that something was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NamedRun {
    /// Its id.
    pub(super) run_id: String,
}

/// A window of a job's log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Window {
    /// The lines.
    lines: Vec<LogLine>,
    /// The number of the first one.
    from: u64,
    /// Where the next window begins.
    next: u64,
    /// How many lines the log has now.
    total: u64,
    /// Whether the log grows no more.
    complete: bool,
}

/// Runs, newest first; all of them unless `limit` is given.
#[utoipa::path(
    get, path = "/api/runs", operation_id = "runs", tag = "runs", params(RunParams),
    responses(
        (status = 200, body = Vec<RunSummary>, headers(
            ("X-Total-Count" = u64, description = "how many the filter matched, on all pages"),
            ("Link" = Option<String>, description = "the next page, `rel=\"next\"`, when there is one"),
        )),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    request: HttpRequest,
    runtime: web::Data<Runtime>,
    params: web::Query<RunParams>,
) -> ApiResult<HttpResponse> {
    let limit = params.limit()?;
    Ok(listed(&runtime, &params, limit).await?.bare(&request))
}

/// Runs, newest first, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/runs", operation_id = "v1_runs", tag = "v1", params(RunParams),
    responses(
        (status = 200, body = Page<RunSummary>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_v1(
    runtime: web::Data<Runtime>,
    params: web::Query<RunParams>,
) -> ApiResult<web::Json<Page<RunSummary>>> {
    let limit = params.limit()?.or(Some(DEFAULT_LIMIT));
    Ok(web::Json(listed(&runtime, &params, limit).await?.page()))
}

/// Filter first, limit after.
async fn listed(
    runtime: &Runtime,
    params: &RunParams,
    limit: Option<usize>,
) -> ApiResult<Listed<RunSummary>> {
    let mut query = RunQuery {
        filter: params.filter()?,
        after: params.after()?,
        // One more than the page holds shows whether there is another page.
        limit: limit.map_or(usize::MAX, |limit| limit.saturating_add(1)),
        ..RunQuery::default()
    };
    if let Some(workflow) = &params.workflow {
        match runtime.catalog.find(workflow) {
            Found::One(entry) => query.file = Some(entry.file.clone()),
            // Perhaps one that is not there any more, or its file.
            Found::None | Found::Several(_) => query.workflow = Some(workflow.clone()),
        }
    }
    let journal = runtime.engine.journal();
    let runs = journal
        .runs(query.clone())
        .await
        .map_err(|error| history(&error))?;
    // A page that is the only one has them all: to count them would read as much again.
    let is_all = query.after.is_none() && runs.len() < query.limit;
    let total = match u64::try_from(runs.len()) {
        Ok(all) if is_all => all,
        _ => journal.count(query).await.map_err(|error| history(&error))?,
    };
    let page = limit.map_or(runs.as_slice(), |limit| runs.get(..limit).unwrap_or(&runs));
    let next = page.last().filter(|_| page.len() < runs.len());
    Ok(Listed {
        next: next.map(|last| cursor_of(&Place::of(last))),
        items: page.iter().map(RunSummary::from).collect(),
        total: usize::try_from(total).unwrap_or(usize::MAX),
    })
}

/// One run with its jobs and steps.
#[utoipa::path(
    get, path = "/api/runs/{id}", operation_id = "run", tag = "runs",
    params(("id" = String, Path, description = "its id")),
    responses(
        (status = 200, body = RunDetail),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn show(runtime: web::Data<Runtime>, id: web::Path<String>) -> ApiResult<impl Responder> {
    let run = load(&runtime, &RunId(id.into_inner())).await?;
    Ok(web::Json(runtime.detail(&run)))
}

/// Cancels a run; a second time it is ended without grace.
#[utoipa::path(
    post, path = "/api/runs/{id}/cancel", operation_id = "cancel_run", tag = "runs",
    params(("id" = String, Path, description = "its id")),
    responses(
        (status = 202, description = "it will be cancelled", body = NamedRun),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "it has ended already", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(
    runtime: web::Data<Runtime>,
    id: web::Path<String>,
    caller: Caller,
) -> ApiResult<impl Responder> {
    let id = RunId(id.into_inner());
    let run = load(&runtime, &id).await?;
    if run.state.is_final() {
        let detail = format!(
            "run `{id}` has ended already, as {}; there is nothing to cancel",
            run.state
        );
        return Err(ApiError::conflict("run_ended", detail));
    }
    let asked = runtime.engine.cancel(&id, &asker(&caller)).await;
    asked.map_err(|error| engine(&error))?;
    Ok(HttpResponse::Accepted().json(NamedRun { run_id: id.0 }))
}

/// A window of a job's log.
#[utoipa::path(
    get, path = "/api/runs/{id}/jobs/{job}/logs", operation_id = "run_job_log", tag = "runs",
    params(
        ("id" = String, Path, description = "the run's id"),
        ("job" = String, Path, description = "the job's key"),
        WindowParams,
    ),
    responses(
        (status = 200, body = Window),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn logs(
    runtime: web::Data<Runtime>,
    path: web::Path<(String, String)>,
    params: web::Query<WindowParams>,
) -> ApiResult<impl Responder> {
    let (id, job) = path.into_inner();
    let (id, job) = (RunId(id), JobId(job));
    let limit = params.limit()?.unwrap_or(WINDOW);
    let run = load(&runtime, &id).await?;
    let state = job_of(&run, &job)?;
    let attempt = attempt_of(state, &job, params.attempt)?;
    let from = params.from.unwrap_or(1).max(1);
    let (lines, total) = read_window(&runtime, &run, &job, params.attempt, from, limit).await?;
    Ok(web::Json(Window {
        from,
        next: from + lines.len() as u64,
        lines,
        total,
        // Complete once nothing follows: the attempt has ended and its last line is known.
        complete: state.has_ended(attempt),
    }))
}

/// An attempt at a job that another one followed, with what its steps did.
#[utoipa::path(
    get, path = "/api/runs/{id}/jobs/{job}/attempts/{attempt}", operation_id = "run_job_attempt", tag = "runs",
    params(
        ("id" = String, Path, description = "the run's id"),
        ("job" = String, Path, description = "the job's key"),
        ("attempt" = u32, Path, description = "which one, from 1; the newest is in the run itself"),
    ),
    responses(
        (status = 200, body = AttemptDetail),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn attempt(
    runtime: web::Data<Runtime>,
    path: web::Path<(String, String, u32)>,
) -> ApiResult<impl Responder> {
    let (id, job, attempt) = path.into_inner();
    let (id, job) = (RunId(id), JobId(job));
    let run = load(&runtime, &id).await?;
    let earlier = &job_of(&run, &job)?.earlier;
    match earlier.iter().find(|known| known.attempt == attempt) {
        Some(known) => Ok(web::Json(AttemptDetail::from(known))),
        None => Err(ApiError::not_found(
            "unknown_attempt",
            format!("job `{job}` has no attempt {attempt} that another one followed"),
        )),
    }
}

pub(super) fn job_of<'a>(run: &'a Run, job: &JobId) -> ApiResult<&'a Job> {
    run.jobs
        .get(job)
        .ok_or_else(|| ApiError::not_found("unknown_job", format!("run `{}` has no job `{job}`", run.id)))
}

/// The attempt whose log is meant: the one that was asked for, else the newest.
fn attempt_of(job: &Job, id: &JobId, asked: Option<u32>) -> ApiResult<u32> {
    let newest = job.newest_attempt();
    match asked {
        None => Ok(newest),
        Some(asked) if (1..=newest).contains(&asked) => Ok(asked),
        Some(asked) => Err(ApiError::not_found(
            "unknown_attempt",
            format!("job `{id}` has no attempt {asked}; its newest is {newest}"),
        )),
    }
}

/// The run and the attempt of the job that have the log that is meant. That of a job which was reused from an earlier attempt
/// of its run is there.
pub(super) fn log_at(run: &Run, job: &JobId, asked: Option<u32>) -> ApiResult<(RunId, u32)> {
    let Some(state) = run.jobs.get(job) else {
        return Ok((run.id.clone(), asked.unwrap_or(1)));
    };
    let attempt = attempt_of(state, job, asked)?;
    Ok((run.ran_in(job).clone(), attempt))
}

pub(super) async fn load(runtime: &Runtime, id: &RunId) -> ApiResult<Arc<Run>> {
    match runtime.engine.run(id).await {
        Ok(Some(run)) => Ok(run),
        Ok(None) => Err(ApiError::not_found(
            "unknown_run",
            format!("there is no run `{id}`"),
        )),
        Err(EngineError::Journal(error)) => Err(history(&error)),
        Err(error) => Err(ApiError::internal(&error)),
    }
}

/// Lines of a job's log, and how many there are.
async fn read_window(
    runtime: &Runtime,
    run: &Run,
    job: &JobId,
    asked: Option<u32>,
    from: u64,
    limit: usize,
) -> ApiResult<(Vec<LogLine>, u64)> {
    let (store, job) = (runtime.engine.logs().clone(), job.clone());
    let ((of, attempt), run) = (log_at(run, &job, asked)?, run.id.clone());
    let read = runtime.engine.io().spawn_blocking(move || {
        let window = store.open(&of, &job, attempt)?.window(from, limit)?;
        let lines = window
            .lines
            .iter()
            .map(|line| LogLine::new(&run.0, &job.0, line))
            .collect();
        Ok((lines, window.total))
    });
    let broke_off = |_| {
        ApiError::unavailable(
            "log_unavailable",
            "the log cannot be read at the moment; try again",
        )
    };
    let window: Result<_, crate::logs::LogError> = read.await.map_err(broke_off)?;
    window.map_err(|error| ApiError::internal(&error))
}
