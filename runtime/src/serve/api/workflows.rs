//! The project's workflows: list, start, stop.

use std::sync::Arc;

use actix_web::{HttpResponse, Responder, get, post, web};
use loom_studio::{ApiError, ApiResult};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{engine, history};
use crate::executor::ExecutorError;
use crate::journal::RunQuery;
use crate::serve::catalog::{Entry, Found};
use crate::serve::runtime::Runtime;
use crate::serve::starter::StartProblem;
use crate::serve::views::workflow_views;

#[get("/api/workflows")]
pub(super) async fn list(runtime: web::Data<Runtime>) -> ApiResult<impl Responder> {
    let views = workflow_views(&runtime).await.map_err(|error| history(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header(("X-Total-Count", views.len()))
        .json(views))
}

#[get("/api/v1/workflows")]
pub(super) async fn list_v1(runtime: web::Data<Runtime>) -> ApiResult<impl Responder> {
    let views = workflow_views(&runtime).await.map_err(|error| history(&error))?;
    Ok(web::Json(
        json!({"total": views.len(), "items": views, "next": null, "truncated": false}),
    ))
}

/// What a start may say; everything has a default.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    event: Option<String>,
    #[serde(default)]
    inputs: Map<String, Value>,
}

#[post("/api/workflows/{name}/start")]
pub(super) async fn start(
    runtime: web::Data<Runtime>,
    name: web::Path<String>,
    body: web::Bytes,
) -> ApiResult<impl Responder> {
    let entry = find(&runtime, &name)?;
    let wanted: Start = match body.trim_ascii() {
        [] => Start::default(),
        text => serde_json::from_slice(text).map_err(|error| {
            ApiError::bad_request(
                "invalid_body",
                format!("the body must be like {{\"event\":\"push\"}}: {error}"),
            )
        })?,
    };
    if !wanted.inputs.is_empty() {
        let detail = "inputs of a workflow are not supported yet; start it without them";
        return Err(ApiError::bad_request("unsupported_inputs", detail));
    }
    let event = wanted.event.unwrap_or_else(|| "push".to_owned());
    let run = runtime
        .starter
        .start(&entry, event)
        .await
        .map_err(|problem| refused(&problem, &entry))?;
    Ok(HttpResponse::Accepted().json(json!({"runId": run})))
}

#[post("/api/workflows/{name}/stop")]
pub(super) async fn stop(runtime: web::Data<Runtime>, name: web::Path<String>) -> ApiResult<impl Responder> {
    let entry = find(&runtime, &name)?;
    let open = RunQuery {
        open_only: true,
        workflow: Some(entry.file.clone()),
        limit: usize::MAX,
        ..RunQuery::default()
    };
    let runs = runtime
        .engine
        .journal()
        .runs(open)
        .await
        .map_err(|error| history(&error))?;
    for run in &runs {
        runtime
            .engine
            .cancel(&run.id, "api")
            .await
            .map_err(|error| engine(&error))?;
    }
    let ids: Vec<&str> = runs.iter().map(|run| run.id.0.as_str()).collect();
    Ok(HttpResponse::Accepted().json(json!({"runIds": ids})))
}

fn find(runtime: &Runtime, name: &str) -> ApiResult<Arc<Entry>> {
    match runtime.catalog.find(name) {
        Found::One(entry) => Ok(entry),
        Found::None => {
            let known: Vec<String> = runtime
                .catalog
                .all()
                .iter()
                .map(|entry| format!("`{}`", entry.stem))
                .collect();
            let detail = format!("there is no workflow `{name}`; there are: {}", known.join(", "));
            Err(ApiError::not_found("unknown_workflow", detail))
        }
        Found::Several(entries) => {
            let files: Vec<&str> = entries.iter().map(|entry| entry.file.as_str()).collect();
            let detail = format!(
                "`{name}` stands for several workflows: {}; use the path of one file instead, percent-encoded in an address",
                files.join(", ")
            );
            Err(ApiError::conflict("ambiguous_workflow", detail))
        }
    }
}

fn refused(problem: &StartProblem, entry: &Entry) -> ApiError {
    match problem {
        StartProblem::Invalid(_) => {
            let first = entry.findings.iter().find(|finding| finding.severity == "error");
            let why = first.map(|finding| match finding.line {
                Some(line) => format!(" Line {line}: {}", finding.message),
                None => format!(" {}", finding.message),
            });
            ApiError::conflict(
                "invalid_workflow",
                format!("{problem}.{}", why.unwrap_or_default()),
            )
        }
        StartProblem::Launch(_) => ApiError::conflict("unmapped_label", problem.to_string()),
        StartProblem::Executor(ExecutorError::Unreachable { help, .. }) => {
            ApiError::unavailable("engine_unreachable", format!("{problem}; {help}"))
        }
        StartProblem::Executor(_) => ApiError::unavailable("engine_unreachable", problem.to_string()),
        StartProblem::Engine(error) => engine(error),
    }
}
