//! `GET /api/runs/:id/jobs/:job/logs/raw`: the log of a job as a text file.

use actix_web::web::{self, Bytes};
use actix_web::{HttpResponse, Responder};
use futures_util::stream;
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult};
use serde::Deserialize;
use utoipa::IntoParams;

use super::runs::{job_of, load, log_at};
use crate::id::{JobId, RunId};
use crate::logs::{LogError, Pages};
use crate::serve::runtime::Runtime;

/// Which attempt is meant.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RawParams {
    /// The attempt at the job, from 1; the newest when absent.
    attempt: Option<u32>,
}

/// The whole log of a job as text: its lines as the steps wrote them, with their colours and without numbers and times.
#[utoipa::path(
    get, path = "/api/runs/{id}/jobs/{job}/logs/raw", operation_id = "run_job_log_text", tag = "runs",
    params(
        ("id" = String, Path, description = "the run's id"),
        ("job" = String, Path, description = "the job's key"),
        RawParams,
    ),
    responses(
        (status = 200, description = "the lines that there are now", body = String, content_type = "text/plain"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn raw(
    runtime: web::Data<Runtime>,
    path: web::Path<(String, String)>,
    params: web::Query<RawParams>,
) -> ApiResult<impl Responder> {
    let (id, job) = path.into_inner();
    let (id, job) = (RunId(id), JobId(job));
    let run = load(&runtime, &id).await?;
    job_of(&run, &job)?;
    let (of, attempt) = log_at(&run, &job, params.attempt)?;
    let (store, io) = (runtime.engine.logs().clone(), runtime.engine.io().clone());
    let name = file_name(&run.workflow.name, &job, attempt);
    let opened = io.spawn_blocking(move || store.pages(&of, &job, attempt, 1, u64::MAX));
    let pages = opened
        .await
        .map_err(|error| ApiError::internal(&error))?
        .map_err(|error| ApiError::internal(&error))?;
    // A page is read when the client has taken the one before.
    let pieces = stream::unfold((Some(pages), io), |(pages, io)| async move {
        let read = io.spawn_blocking(move || pages.and_then(next)).await;
        match read {
            Ok(Some((piece, rest))) => Some((piece, (rest, io))),
            Ok(None) => None,
            Err(broken) => Some((Err(std::io::Error::other(broken)), (None, io))),
        }
    });
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/plain; charset=utf-8")
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")));
    Ok(response.streaming(Box::pin(pieces)))
}

/// The next lines, and what comes after them. After an error nothing: the client sees that the answer is cut off.
fn next(mut pages: Pages) -> Option<(std::io::Result<Bytes>, Option<Pages>)> {
    match pages.next()? {
        Ok(lines) => {
            let mut text = String::new();
            for line in lines {
                text.push_str(&line.text);
                text.push('\n');
            }
            Some((Ok(Bytes::from(text)), Some(pages)))
        }
        Err(error) => Some((Err(told(error)), None)),
    }
}

fn told(error: LogError) -> std::io::Error {
    tracing::error!(%error, "an answer with a log is cut off");
    std::io::Error::other(error)
}

/// What the file is called; letters and digits alone, so that no header and no file system takes offence.
fn file_name(workflow: &str, job: &JobId, attempt: u32) -> String {
    let plain = |text: &str| -> String {
        let keep = |c: char| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        };
        text.chars().take(60).map(keep).collect()
    };
    let attempt = match attempt {
        0 | 1 => String::new(),
        attempt => format!("-attempt-{attempt}"),
    };
    format!("{}-{}{attempt}.log", plain(workflow), plain(&job.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_by_letters_that_nobody_minds() {
        let name = |workflow, job: &str, attempt| file_name(workflow, &JobId(job.into()), attempt);
        assert_eq!(name("CI", "build", 1), "CI-build.log");
        assert_eq!(
            name("Bau \"ü\"\r\n", "deploy#1/test", 2),
            "Bau-------deploy-1-test-attempt-2.log"
        );
    }
}
