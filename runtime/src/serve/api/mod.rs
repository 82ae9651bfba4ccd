//! The runtime's routes, one resource a file. All stand behind the studio's guard.

mod body;
mod jobs;
mod lines;
mod list;
mod openapi;
mod params;
mod pauses;
mod raw;
mod reruns;
mod runs;
mod search;
mod status;
mod texts;
mod workflows;

use actix_web::web::ServiceConfig;
use loom_studio::{ApiError, Caller, Known, LONG_POLL, Role};

pub(super) use self::openapi::document;
use super::phoenix;
use crate::engine::EngineError;
use crate::journal::JournalError;

/// Who asks, as the history names them: those with a token of their own by its name, the others as what they came by.
fn asker(caller: &Caller) -> String {
    crate::asker::asker(caller.name())
}

/// Registers the routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    for route in routes() {
        route.register(config);
    }
}

/// All routes of the runtime.
fn routes() -> Vec<Known> {
    let mut routes = vec![
        Known::at("/socket/websocket").get(phoenix::open),
        Known::at(LONG_POLL)
            .needs(Role::View)
            .get(phoenix::poll)
            .post(phoenix::send),
        Known::at("/api/workflows").get(workflows::list),
        Known::at("/api/v1/workflows").get(workflows::list_v1),
        Known::at("/api/jobs/{name}/logs").get(jobs::logs),
        Known::at("/api/v1/jobs/{name}/logs").get(jobs::logs_v1),
        Known::at("/api/runs").get(runs::list),
        Known::at("/api/v1/runs").get(runs::list_v1),
    ];
    for base in ["/api", "/api/v1"] {
        let at = |path: &str| Known::at(format!("{base}{path}"));
        routes.extend([
            at("/status").get(status::status),
            at("/workflows/check")
                .json_up_to(texts::MOST_TEXT)
                .post(texts::check),
            at("/workflows/{name}/source").get(texts::source),
            at("/workflows/{name}/start").post(workflows::start),
            at("/workflows/{name}/stop").post(workflows::stop),
            at("/runs/{id}").get(runs::show),
            at("/runs/{id}/cancel").post(runs::cancel),
            at("/runs/{id}/answer").post(pauses::answer),
            at("/runs/{id}/rerun").post(reruns::rerun),
            at("/runs/{id}/logs/search").get(search::of_run),
            at("/logs/search").get(search::of_all),
            at("/runs/{id}/jobs/{job}/logs").get(runs::logs),
            at("/runs/{id}/jobs/{job}/logs/raw").get(raw::raw),
            at("/runs/{id}/jobs/{job}/attempts/{attempt}").get(runs::attempt),
        ]);
    }
    routes
}

fn history(error: &JournalError) -> ApiError {
    tracing::error!(%error, "the history cannot be used");
    ApiError::unavailable(
        "history_unavailable",
        "the history of runs cannot be read at the moment; try again",
    )
}

fn engine(error: &EngineError) -> ApiError {
    match error {
        EngineError::UnknownRun(run) => {
            ApiError::not_found("unknown_run", format!("there is no run `{run}`"))
        }
        EngineError::Journal(error) => history(error),
        error => ApiError::unavailable("engine_unavailable", format!("failed to {error}")),
    }
}
