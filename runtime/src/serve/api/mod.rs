//! The runtime's routes, one resource a file. All stand behind the studio's guard.

mod jobs;
mod lines;
mod runs;
mod status;
mod workflows;

use actix_web::web::ServiceConfig;
use loom_studio::ApiError;

use crate::engine::EngineError;
use crate::journal::JournalError;

/// Registers the routes.
pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(status::status)
        .service(workflows::list)
        .service(workflows::list_v1)
        .service(workflows::start)
        .service(workflows::stop)
        .service(jobs::logs)
        .service(runs::list)
        .service(runs::list_v1)
        .service(runs::show)
        .service(runs::cancel)
        .service(runs::logs);
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

/// A line `Link: <…>; rel="next"` for a list that goes on.
fn next_link(path: &str, query: &[(&str, String)]) -> String {
    let encode = |text: &str| {
        let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        text.bytes()
            .map(|byte| {
                if keep(byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect::<String>()
    };
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    format!("<{path}?{}>; rel=\"next\"", query.join("&"))
}
