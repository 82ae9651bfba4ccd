//! Runs: list, one with jobs and steps, cancel, windows of a log.

use std::sync::Arc;

use actix_web::{HttpResponse, Responder, get, post, web};
use loom_studio::{ApiError, ApiResult};
use serde::Deserialize;
use serde_json::json;

use super::{engine, history, next_link};
use crate::engine::EngineError;
use crate::id::{JobId, RunId};
use crate::journal::{RunQuery, Summary};
use crate::serve::runtime::Runtime;
use crate::state::Run;
use crate::view::{LogLine, RunDetail, RunSummary};

/// Lines of a window when the request does not say.
const WINDOW: usize = 1000;
/// Lines of a window at most.
const LARGEST_WINDOW: usize = 10_000;

#[derive(Deserialize)]
struct Wanted {
    workflow: Option<String>,
    state: Option<String>,
    limit: Option<usize>,
    /// The last run of the page before.
    cursor: Option<String>,
}

struct Page {
    runs: Vec<Summary>,
    total: usize,
    next: Option<String>,
}

#[get("/api/runs")]
pub(super) async fn list(
    runtime: web::Data<Runtime>,
    wanted: web::Query<Wanted>,
) -> ApiResult<impl Responder> {
    let page = page(&runtime, &wanted).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(("X-Total-Count", page.total));
    if let Some(next) = page.next {
        let mut query: Vec<(&str, String)> = vec![("cursor", next)];
        query.extend(wanted.limit.map(|limit| ("limit", limit.to_string())));
        query.extend(wanted.workflow.clone().map(|workflow| ("workflow", workflow)));
        query.extend(wanted.state.clone().map(|state| ("state", state)));
        response.insert_header(("Link", next_link("/api/runs", &query)));
    }
    Ok(response.json(page.runs.iter().map(RunSummary::from).collect::<Vec<_>>()))
}

#[get("/api/v1/runs")]
pub(super) async fn list_v1(
    runtime: web::Data<Runtime>,
    wanted: web::Query<Wanted>,
) -> ApiResult<impl Responder> {
    let page = page(&runtime, &wanted).await?;
    let items: Vec<_> = page.runs.iter().map(RunSummary::from).collect();
    Ok(web::Json(
        json!({"items": items, "truncated": page.next.is_some(), "next": page.next, "total": page.total}),
    ))
}

/// Filter first, limit after.
async fn page(runtime: &Runtime, wanted: &Wanted) -> ApiResult<Page> {
    let query = RunQuery {
        workflow: wanted.workflow.clone(),
        limit: usize::MAX,
        ..RunQuery::default()
    };
    let all = runtime
        .engine
        .journal()
        .runs(query)
        .await
        .map_err(|error| history(&error))?;
    let of_state = |run: &Summary| {
        wanted
            .state
            .as_ref()
            .is_none_or(|state| run.state.as_str() == state)
    };
    let mut runs: Vec<Summary> = all.into_iter().filter(of_state).collect();
    let total = runs.len();
    if let Some(cursor) = &wanted.cursor {
        let place = runs.iter().position(|run| run.id.0 == *cursor).ok_or_else(|| {
            ApiError::bad_request(
                "invalid_cursor",
                "the cursor is not in this list; begin again without one",
            )
        })?;
        runs.drain(..=place);
    }
    let more = wanted.limit.is_some_and(|limit| runs.len() > limit);
    runs.truncate(wanted.limit.unwrap_or(usize::MAX));
    let next = runs.last().filter(|_| more).map(|run| run.id.0.clone());
    Ok(Page { runs, total, next })
}

#[get("/api/runs/{id}")]
pub(super) async fn show(runtime: web::Data<Runtime>, id: web::Path<String>) -> ApiResult<impl Responder> {
    let run = load(&runtime, &RunId(id.into_inner())).await?;
    Ok(web::Json(RunDetail::from(&*run)))
}

#[post("/api/runs/{id}/cancel")]
pub(super) async fn cancel(runtime: web::Data<Runtime>, id: web::Path<String>) -> ApiResult<impl Responder> {
    let id = RunId(id.into_inner());
    runtime
        .engine
        .cancel(&id, "api")
        .await
        .map_err(|error| engine(&error))?;
    Ok(HttpResponse::Accepted().json(json!({"runId": id})))
}

#[derive(Deserialize)]
struct Window {
    from: Option<u64>,
    limit: Option<usize>,
}

#[get("/api/runs/{id}/jobs/{job}/logs")]
pub(super) async fn logs(
    runtime: web::Data<Runtime>,
    path: web::Path<(String, String)>,
    window: web::Query<Window>,
) -> ApiResult<impl Responder> {
    let (id, job) = path.into_inner();
    let (id, job) = (RunId(id), JobId(job));
    let run = load(&runtime, &id).await?;
    let Some(state) = run.jobs.get(&job) else {
        return Err(ApiError::not_found(
            "unknown_job",
            format!("run `{id}` has no job `{job}`"),
        ));
    };
    let from = window.from.unwrap_or(1).max(1);
    let limit = window.limit.unwrap_or(WINDOW).min(LARGEST_WINDOW);
    let (lines, total) = read_window(&runtime, &id, &job, from, limit).await?;
    let next = from + lines.len() as u64;
    // Complete once nothing follows: the job has ended and its last line is known.
    let complete = state.state.is_final();
    Ok(web::Json(
        json!({"lines": lines, "from": from, "next": next, "total": total, "complete": complete}),
    ))
}

async fn load(runtime: &Runtime, id: &RunId) -> ApiResult<Arc<Run>> {
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
    run: &RunId,
    job: &JobId,
    from: u64,
    limit: usize,
) -> ApiResult<(Vec<LogLine>, u64)> {
    let (store, run, job) = (runtime.engine.logs().clone(), run.clone(), job.clone());
    let read = runtime.engine.io().spawn_blocking(move || {
        let window = store.open(&run, &job)?.window(from, limit)?;
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
