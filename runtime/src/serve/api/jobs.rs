//! `GET /api/jobs/:name/logs`: the log of a job by its name.

use actix_web::{HttpRequest, HttpResponse, web};
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult};

use super::lines::{Asked, Form};
use super::list::Page;
use super::params::{DEFAULT_LIMIT, Limited, LogParams};
use super::runs::{load, log_at};
use super::{history, lines};
use crate::event::{Event, Seq};
use crate::id::{JobId, RunId};
use crate::journal::RunQuery;
use crate::serve::runtime::Runtime;
use crate::view::LogLine;

/// Runs that are searched for the job, newest first.
const SEARCHED: usize = 200;

/// The log of a job by its name; all of it unless `limit` is given.
#[utoipa::path(
    get, path = "/api/jobs/{name}/logs", operation_id = "job_log", tag = "runs",
    params(("name" = String, Path, description = "the job's key"), LogParams),
    responses(
        (status = 200, body = Vec<LogLine>, headers(
            ("X-Total-Count" = u64, description = "how many lines the log has"),
            ("Link" = Option<String>, description = "the next page, `rel=\"next\"`, when there is one"),
        )),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn logs(
    request: HttpRequest,
    runtime: web::Data<Runtime>,
    name: web::Path<String>,
    params: web::Query<LogParams>,
) -> ApiResult<HttpResponse> {
    let limit = params.limit()?;
    answer(&request, &runtime, name.into_inner(), &params, limit, Form::Bare).await
}

/// The log of a job by its name, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/jobs/{name}/logs", operation_id = "v1_job_log", tag = "v1",
    params(("name" = String, Path, description = "the job's key"), LogParams),
    responses(
        (status = 200, body = Page<LogLine>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn logs_v1(
    request: HttpRequest,
    runtime: web::Data<Runtime>,
    name: web::Path<String>,
    params: web::Query<LogParams>,
) -> ApiResult<HttpResponse> {
    let limit = params.limit()?.or(Some(DEFAULT_LIMIT));
    answer(&request, &runtime, name.into_inner(), &params, limit, Form::Page).await
}

async fn answer(
    request: &HttpRequest,
    runtime: &Runtime,
    name: String,
    params: &LogParams,
    limit: Option<usize>,
    form: Form,
) -> ApiResult<HttpResponse> {
    let from = params.from()?;
    let job = JobId(name);
    let run = newest_with(runtime, &job, params.run.as_deref()).await?;
    let known = load(runtime, &run).await?;
    let log = log_at(&known, &job, params.attempt)?;
    let asked = Asked {
        from,
        limit: limit.map_or(u64::MAX, |limit| limit as u64),
        form,
    };
    let (store, io) = (runtime.engine.logs().clone(), runtime.engine.io().clone());
    lines::answer(request, &io, store, (run, job), log, asked).await
}

/// The newest run that has this job, or the one that is named.
async fn newest_with(runtime: &Runtime, job: &JobId, named: Option<&str>) -> ApiResult<RunId> {
    let journal = runtime.engine.journal();
    let query = RunQuery {
        id: named.map(str::to_owned),
        limit: SEARCHED,
        ..RunQuery::default()
    };
    for run in journal.runs(query).await.map_err(|error| history(&error))? {
        if named.is_some_and(|named| named != run.id.0) {
            continue;
        }
        let first = journal
            .read(&run.id, Seq::default(), 1)
            .await
            .map_err(|error| history(&error))?;
        if let Some(Event::RunCreated { jobs, .. }) = first.first().map(|recorded| &recorded.event)
            && jobs.iter().any(|outline| outline.id == *job)
        {
            return Ok(run.id);
        }
    }
    let detail = match named {
        Some(run) => format!("there is no run `{run}` with a job `{job}`"),
        None => format!("no run has a job `{job}` yet"),
    };
    Err(ApiError::not_found("unknown_job", detail))
}
