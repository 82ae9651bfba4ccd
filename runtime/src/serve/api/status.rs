//! `GET /api/status`: what the runtime is at.

use std::collections::BTreeMap;

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use crate::event::{JobState, RunState};
use crate::serve::runtime::Runtime;

/// What the runtime is at.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    /// `ok`, or `degraded` while the history cannot be read.
    status: &'static str,
    version: &'static str,
    /// Milliseconds since this process began to serve.
    uptime: u64,
    runs: Runs,
    /// Jobs of open runs, by state.
    jobs: BTreeMap<&'static str, usize>,
}

/// Open runs.
#[derive(Default, Serialize, ToSchema)]
struct Runs {
    queued: usize,
    running: usize,
}

/// What the runtime is at: open runs, and their jobs by state.
#[utoipa::path(
    get, path = "/api/status", operation_id = "status", tag = "runs",
    responses((status = 200, body = Status)),
)]
pub(super) async fn status(runtime: web::Data<Runtime>) -> web::Json<Status> {
    let open = runtime.open();
    let mut runs = Runs::default();
    let mut jobs: BTreeMap<&'static str, usize> =
        JobState::ALL.iter().map(|state| (state.as_str(), 0)).collect();
    for run in open.runs.values() {
        match run.state {
            RunState::Queued => runs.queued += 1,
            RunState::Running => runs.running += 1,
            _ => {}
        }
        for job in run.jobs.values() {
            *jobs.entry(job.state.as_str()).or_default() += 1;
        }
    }
    let status = if open.trouble.is_some() { "degraded" } else { "ok" };
    drop(open);
    let uptime = runtime.uptime();
    web::Json(Status {
        status,
        version: env!("CARGO_PKG_VERSION"),
        uptime,
        runs,
        jobs,
    })
}
