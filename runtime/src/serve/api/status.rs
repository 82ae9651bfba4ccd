//! `GET /api/status`: what the runtime is at.

use std::collections::BTreeMap;

use actix_web::{Responder, get, web};
use serde::Serialize;

use crate::event::{JobState, RunState};
use crate::serve::runtime::Runtime;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    status: &'static str,
    version: &'static str,
    /// Milliseconds since this process began to serve.
    uptime: u64,
    runs: Runs,
    /// Jobs of open runs, by state.
    jobs: BTreeMap<&'static str, usize>,
}

#[derive(Default, Serialize)]
struct Runs {
    queued: usize,
    running: usize,
}

#[get("/api/status")]
pub(super) async fn status(runtime: web::Data<Runtime>) -> impl Responder {
    let open = runtime.open();
    let mut runs = Runs::default();
    let every = [
        JobState::Waiting,
        JobState::Queued,
        JobState::Running,
        JobState::Success,
        JobState::Failure,
        JobState::Cancelled,
        JobState::Skipped,
        JobState::Lost,
    ];
    let mut jobs: BTreeMap<&'static str, usize> = every.map(|state| (state.as_str(), 0)).into();
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
