//! Runs that have ended, once more.

use actix_web::{HttpResponse, Responder, web};
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult, Caller};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::optional;
use super::engine;
use super::runs::NamedRun;
use crate::engine::{EngineError, RerunOrder};
use crate::executor::ExecutorError;
use crate::id::{JobId, RunId};
use crate::journal::JournalError;
use crate::serve::runtime::Runtime;
use crate::serve::starter::StartProblem;
use crate::state::{Again, RerunError};

/// What runs again; all of it when nothing is said.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RunAgain {
    /// Only what failed, was cancelled or lost, and the jobs that need it.
    #[serde(default)]
    failed: bool,
    /// Only this job, and those that need it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    job: Option<JobId>,
    /// Only these jobs, and those that need them.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    jobs: Vec<JobId>,
    /// Whether the workflow's files are read as they are now; else the attempt has the texts of the run.
    #[serde(default)]
    current_files: bool,
}

/// Runs a run that has ended again, as another attempt; answers the id of that. The body may be absent.
#[utoipa::path(
    post, path = "/api/runs/{id}/rerun", operation_id = "rerun_run", tag = "runs",
    params(("id" = String, Path, description = "its id")),
    request_body = Option<RunAgain>,
    responses(
        (status = 202, description = "the attempt is in the history", body = NamedRun),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "there is no such run, or it has no such job", body = Problem,
         content_type = "application/problem+json"),
        (status = 409, description = "it has not ended, nothing failed, or it had secrets that are not given here",
         body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn rerun(
    runtime: web::Data<Runtime>,
    id: web::Path<String>,
    caller: Caller,
    body: web::Bytes,
) -> ApiResult<impl Responder> {
    let wanted: RunAgain = optional(&body, r#"{"failed":true} or {"job":"build"}"#)?;
    let order = RerunOrder {
        of: RunId(id.into_inner()),
        current_files: wanted.current_files,
        again: wanted.again()?,
    };
    let run = runtime.starter.start_again(order).await;
    let run = run.map_err(|problem| refused(&problem))?;
    tracing::info!(run = %run.0, by = caller.name(), "a run was begun again");
    Ok(HttpResponse::Accepted().json(NamedRun { run_id: run.0 }))
}

impl RunAgain {
    fn again(self) -> ApiResult<Again> {
        let jobs: Vec<JobId> = self.job.into_iter().chain(self.jobs).collect();
        match (self.failed, jobs.is_empty()) {
            (true, true) => Ok(Again::Failed),
            (false, true) => Ok(Again::All),
            (false, false) => Ok(Again::Jobs(jobs)),
            (true, false) => Err(ApiError::bad_request(
                "invalid_body",
                "`failed` and jobs exclude each other: say one of them",
            )),
        }
    }
}

fn refused(problem: &StartProblem) -> ApiError {
    match problem {
        StartProblem::Engine(EngineError::Rerun(error)) => {
            let code = match error {
                RerunError::UnknownJob { .. } => {
                    return ApiError::not_found("unknown_job", problem.to_string());
                }
                RerunError::Open(_) | RerunError::OtherOpen { .. } => "run_open",
                RerunError::NothingFailed(_) => "nothing_failed",
                RerunError::NoSource(_) => "no_source",
            };
            ApiError::conflict(code, problem.to_string())
        }
        StartProblem::Engine(EngineError::Journal(JournalError::Refused { .. })) => {
            ApiError::conflict("run_open", "another attempt at the run was begun meanwhile")
        }
        StartProblem::Engine(error) => engine(error),
        StartProblem::Secrets(_) => ApiError::conflict("missing_secrets", problem.to_string()),
        StartProblem::Values(_) | StartProblem::Gone(_) | StartProblem::Deadly { .. } => {
            ApiError::conflict("invalid_values", problem.to_string())
        }
        StartProblem::Invalid(_)
        | StartProblem::OnlyCalled(_)
        | StartProblem::Filtered { .. }
        | StartProblem::Launch(_) => ApiError::conflict("invalid_workflow", problem.to_string()),
        StartProblem::Executor(ExecutorError::Unreachable { help, .. }) => {
            ApiError::unavailable("engine_unreachable", format!("{problem}; {help}"))
        }
        StartProblem::Executor(_) => ApiError::unavailable("engine_unreachable", problem.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(body: &str) -> Result<Again, String> {
        let wanted: RunAgain = serde_json::from_str(body).map_err(|error| error.to_string())?;
        wanted.again().map_err(|error| error.code().to_owned())
    }

    #[test]
    fn what_is_asked_for_is_one_of_three() {
        let job = |name: &str| JobId(name.into());
        assert_eq!(again("{}"), Ok(Again::All));
        assert_eq!(again(r#"{"failed":true}"#), Ok(Again::Failed));
        assert_eq!(again(r#"{"job":"a"}"#), Ok(Again::Jobs(vec![job("a")])));
        assert_eq!(
            again(r#"{"job":"a","jobs":["b"],"currentFiles":true}"#),
            Ok(Again::Jobs(vec![job("a"), job("b")]))
        );
        assert_eq!(
            again(r#"{"failed":true,"job":"a"}"#),
            Err("invalid_body".to_owned())
        );
        assert!(again(r#"{"fialed":true}"#).is_err());
    }
}
