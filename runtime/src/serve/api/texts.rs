//! The texts of workflows, for those who write them: a file as it stands, and what is wrong in a text that is none yet.

use actix_web::web;
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::workflows::find;
use crate::project;
use crate::serve::check::{self, Checked};
use crate::serve::runtime::Runtime;

/// Bytes of the body of a text to check: more than anybody writes by hand.
pub(super) const MOST_TEXT: usize = 2 * 1024 * 1024;

/// A workflow's file.
#[derive(Serialize, ToSchema)]
pub(super) struct WorkflowSource {
    /// Relative to the project.
    file: String,
    /// What stands in it now.
    text: String,
}

/// The text of a workflow's file as it stands on disk.
#[utoipa::path(
    get, path = "/api/workflows/{name}/source", operation_id = "workflow_source", tag = "workflows",
    params(("name" = String, Path, description = "its file, the stem of it, or its `name:`")),
    responses(
        (status = 200, body = WorkflowSource),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "several are called so, or the file is no text that can be shown (`unreadable_workflow`)",
         body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn source(
    runtime: web::Data<Runtime>,
    name: web::Path<String>,
) -> ApiResult<web::Json<WorkflowSource>> {
    let file = find(&runtime, &name)?.file.clone();
    let catalog = runtime.catalog.clone();
    let reading = runtime.engine.io().spawn_blocking(move || {
        // Only what is listed is read, whatever is asked for.
        let path = catalog.path_of(&file)?;
        Some(project::read(&path).map(|read| (file, read)))
    });
    let (file, read) = match reading.await {
        Ok(Some(Ok(read))) => read,
        Ok(Some(Err(error))) => {
            return Err(ApiError::conflict("unreadable_workflow", error.to_string()));
        }
        Ok(None) => {
            let detail = format!("the file of the workflow `{name}` is gone");
            return Err(ApiError::not_found("unknown_workflow", detail));
        }
        Err(error) => return Err(ApiError::internal(&error)),
    };
    if !read.source.is_whole() {
        let detail =
            format!("{file} is too large, or no UTF-8 text; look at it with `loom-runtime validate {file}`");
        return Err(ApiError::conflict("unreadable_workflow", detail));
    }
    let text = read.source.text().to_owned();
    Ok(web::Json(WorkflowSource { file, text }))
}

/// A text that is to be checked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TextToCheck {
    /// The file it is meant for, relative to the project, whether that is there or not: it tells the dialect, and what is
    /// beside it.
    name: String,
    /// All of the text.
    text: String,
}

/// What is wrong in a text, and which jobs it has. Runs nothing, writes nothing.
#[utoipa::path(
    post, path = "/api/workflows/check", operation_id = "check_workflow", tag = "workflows",
    request_body = TextToCheck,
    responses(
        (status = 200, description = "what is found; mistakes are no failure of the call", body = Checked),
        (status = 400, description = "no such body, or the name leads out of the project (`invalid_name`)", body = Problem,
         content_type = "application/problem+json"),
        (status = 413, body = Problem, content_type = "application/problem+json"),
        (status = 415, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn check(
    runtime: web::Data<Runtime>,
    body: web::Json<TextToCheck>,
) -> ApiResult<web::Json<Checked>> {
    let TextToCheck { name, text } = body.into_inner();
    // Whoever types asks again before the last answer is there; checks take turns, so that they leave room for the rest.
    let Ok(turn) = runtime.checks.clone().acquire_owned().await else {
        return Err(ApiError::unavailable("stopping", "the studio is about to end"));
    };
    let catalog = runtime.catalog.clone();
    let checking = runtime.engine.io().spawn_blocking(move || {
        let _turn = turn;
        let workspace = catalog.workspace().canonicalize();
        let workspace = workspace.as_deref().unwrap_or(catalog.workspace());
        let path = catalog
            .path_of(&name)
            .or_else(|| check::place_of(&name, workspace));
        path.map(|path| check::check(&path, &name, text, workspace))
            .ok_or(name)
    });
    match checking.await {
        Ok(Ok(checked)) => Ok(web::Json(checked)),
        Ok(Err(name)) => Err(ApiError::bad_request(
            "invalid_name",
            format!("`{name}` is no file of the project; give a path in it, like `.github/workflows/ci.yml`"),
        )),
        Err(error) => Err(ApiError::internal(&error)),
    }
}
