//! `GET /api/jobs/:name/logs`: the log of a job by its name.

use actix_web::{Responder, get, web};
use loom_studio::{ApiError, ApiResult};
use serde::Deserialize;

use super::{history, lines};
use crate::event::{Event, Seq};
use crate::id::{JobId, RunId};
use crate::journal::RunQuery;
use crate::serve::runtime::Runtime;

/// Runs that are searched for the job, newest first.
const SEARCHED: usize = 200;

#[derive(Deserialize)]
struct Wanted {
    run: Option<String>,
    limit: Option<usize>,
}

#[get("/api/jobs/{name}/logs")]
pub(super) async fn logs(
    runtime: web::Data<Runtime>,
    name: web::Path<String>,
    wanted: web::Query<Wanted>,
) -> ApiResult<impl Responder> {
    let job = JobId(name.into_inner());
    let run = newest_with(&runtime, &job, wanted.run.as_deref()).await?;
    let (store, io) = (runtime.engine.logs().clone(), runtime.engine.io().clone());
    let limit = wanted.limit.map_or(u64::MAX, |limit| limit as u64);
    lines::answer(&io, store, run, job, limit).await
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
