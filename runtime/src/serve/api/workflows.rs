//! The project's workflows: list, start, stop.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, Responder, web};
use loom_protocol::Problem;
use loom_studio::{ApiError, ApiResult, Caller};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::optional;
use super::list::{Listed, Page};
use super::params::{DEFAULT_LIMIT, Limited, WorkflowParams};
use super::runs::NamedRun;
use super::{asker, engine, history};
use crate::executor::ExecutorError;
use crate::journal::RunQuery;
use crate::prepare::LaunchError;
use crate::serve::catalog::{BY_HAND, Entry, Found};
use crate::serve::runtime::Runtime;
use crate::serve::starter::{RunWishes, StartProblem};
use crate::serve::views::{WorkflowView, workflow_views};

/// The workflows of the project with their newest runs; all of them unless `limit` is given.
#[utoipa::path(
    get, path = "/api/workflows", operation_id = "workflows", tag = "workflows", params(WorkflowParams),
    responses(
        (status = 200, body = Vec<WorkflowView>, headers(
            ("X-Total-Count" = u64, description = "how many the filter matched, on all pages"),
            ("Link" = Option<String>, description = "the next page, `rel=\"next\"`, when there is one"),
        )),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(
    request: HttpRequest,
    runtime: web::Data<Runtime>,
    params: web::Query<WorkflowParams>,
) -> ApiResult<HttpResponse> {
    let limit = params.limit()?;
    Ok(listed(&runtime, &params, limit).await?.bare(&request))
}

/// The workflows of the project with their newest runs, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/workflows", operation_id = "v1_workflows", tag = "v1", params(WorkflowParams),
    responses(
        (status = 200, body = Page<WorkflowView>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list_v1(
    runtime: web::Data<Runtime>,
    params: web::Query<WorkflowParams>,
) -> ApiResult<web::Json<Page<WorkflowView>>> {
    let limit = params.limit()?.or(Some(DEFAULT_LIMIT));
    Ok(web::Json(listed(&runtime, &params, limit).await?.page()))
}

async fn listed(
    runtime: &Runtime,
    params: &WorkflowParams,
    limit: Option<usize>,
) -> ApiResult<Listed<WorkflowView>> {
    let state = params.state()?;
    let views = workflow_views(runtime, |_| true).await;
    let mut views = views.map_err(|error| history(&error))?;
    views.retain(|view| state.is_none_or(|state| view.state() == state));
    Listed::cut(views, params.cursor.as_deref(), limit, WorkflowView::file, |_| {
        true
    })
    .ok_or_else(|| {
        ApiError::bad_request(
            "invalid_cursor",
            "the cursor is not in this list; begin again without one",
        )
    })
}

/// What a start may say; everything has a default.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// The event that it stands for, one of those that its `on` names; when absent `workflow_dispatch` where it is started
    /// by hand, else `push`.
    event: Option<String>,
    /// What it is told, by name: of those that its `workflow_dispatch` takes.
    #[serde(default)]
    inputs: Map<String, Value>,
    /// What comes with the event, as GitHub sends it: `github.event`. Where it is given, the filters of `on` (branches, paths, types)
    /// decide whether it starts.
    #[schema(value_type = Option<Object>)]
    payload: Option<Map<String, Value>>,
}

/// Begins a run of a workflow. The body may be absent.
#[utoipa::path(
    post, path = "/api/workflows/{name}/start", operation_id = "start_workflow", tag = "workflows",
    params(("name" = String, Path, description = "the stem of its file, or its `name:`")),
    request_body = Option<Start>,
    responses(
        (status = 202, description = "the run is in the history", body = NamedRun),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "it has mistakes, several are called so, or only other workflows call it (`only_called`; `{\"event\":\"workflow_call\"}` starts it all the same), or the filters of its `on` refuse the payload (`filtered`)", body = Problem,
         content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn start(
    runtime: web::Data<Runtime>,
    name: web::Path<String>,
    caller: Caller,
    body: web::Bytes,
) -> ApiResult<impl Responder> {
    let entry = find(&runtime, &name)?;
    let wanted: Start = optional(&body, r#"{"event":"push"}"#)?;
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // Who gives inputs means the event that has them, and so does who starts what is started by hand.
    let by_hand = entry.by_hand();
    let event = wanted
        .event
        .or_else(|| (by_hand.is_some() || !wanted.inputs.is_empty()).then(|| BY_HAND.to_owned()));
    if let Some(event) = &event {
        takes(&entry, event)?;
    }
    if event.as_deref() == Some(BY_HAND) {
        knows(&entry, wanted.inputs.keys())?;
    }
    let wishes = RunWishes {
        event,
        inputs: wanted
            .inputs
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        payload: wanted.payload.map(Value::Object),
        actor: caller.is_named().then(|| caller.name().to_owned()),
    };
    let run = runtime
        .starter
        .start(&entry, wishes)
        .await
        .map_err(|problem| refused(&problem, &entry))?;
    Ok(HttpResponse::Accepted().json(NamedRun { run_id: run.0 }))
}

/// What became of the runs that were to be stopped.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stopped {
    /// Those that are being cancelled.
    run_ids: Vec<String>,
    /// Those that could not be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<NotStopped>,
}

/// A run that could not be told to end.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotStopped {
    /// Its id.
    run_id: String,
    /// Why.
    problem: Problem,
}

/// Cancels every open run of a workflow.
#[utoipa::path(
    post, path = "/api/workflows/{name}/stop", operation_id = "stop_workflow", tag = "workflows",
    params(("name" = String, Path, description = "the stem of its file, or its `name:`")),
    responses(
        (status = 202, description = "which runs are being cancelled, and which could not be told", body = Stopped),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "several are called so", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "no run could be told", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn stop(
    runtime: web::Data<Runtime>,
    name: web::Path<String>,
    caller: Caller,
) -> ApiResult<impl Responder> {
    let entry = find(&runtime, &name)?;
    let open = RunQuery {
        open_only: true,
        file: Some(entry.file.clone()),
        limit: usize::MAX,
        ..RunQuery::default()
    };
    let runs = runtime.engine.journal().runs(open).await;
    let runs = runs.map_err(|error| history(&error))?;
    let mut answers = Vec::new();
    for run in runs {
        let answer = runtime.engine.cancel(&run.id, &asker(&caller)).await;
        answers.push((run.id.0, answer.map_err(|error| engine(&error))));
    }
    Ok(HttpResponse::Accepted().json(outcome(answers)?))
}

/// One that cannot be told does not save the others; when none can, that is the answer.
fn outcome(answers: Vec<(String, ApiResult<()>)>) -> ApiResult<Stopped> {
    let (mut run_ids, mut failed, mut first) = (Vec::new(), Vec::new(), None);
    for (run_id, answer) in answers {
        match answer {
            Ok(()) => run_ids.push(run_id),
            Err(error) => {
                failed.push(NotStopped {
                    run_id,
                    problem: error.problem(),
                });
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(error) if run_ids.is_empty() => Err(error),
        _ => Ok(Stopped { run_ids, failed }),
    }
}

/// The one workflow that a name in an address stands for.
pub(super) fn find(runtime: &Runtime, name: &str) -> ApiResult<Arc<Entry>> {
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

/// Whether a workflow's `on` has an event; one without `on` takes any.
fn takes(entry: &Entry, event: &str) -> ApiResult<()> {
    let events = entry.events();
    if events.is_empty() || events.contains(&event) {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "unknown_event",
        format!(
            "`{}` is not started by `{event}`; its `on` names: {}",
            entry.file,
            listed_or_none(&events)
        ),
    ))
}

/// Whether a workflow that is started by hand has these inputs.
fn knows<'a>(entry: &Entry, mut given: impl Iterator<Item = &'a String>) -> ApiResult<()> {
    let Some(trigger) = entry.by_hand() else {
        return Ok(());
    };
    // Contexts know no case, and neither does who names an input.
    let is_known = |name: &str| {
        trigger
            .inputs
            .keys()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    let Some(unknown) = given.find(|name| !is_known(name)) else {
        return Ok(());
    };
    let known: Vec<&str> = trigger.inputs.keys().map(|name| &**name).collect();
    Err(ApiError::bad_request(
        "invalid_inputs",
        format!(
            "`{}` has no input `{unknown}`; it takes: {}",
            entry.file,
            listed_or_none(&known)
        ),
    ))
}

fn listed_or_none(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
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
        StartProblem::OnlyCalled(_) => ApiError::conflict("only_called", problem.to_string()),
        StartProblem::Filtered { .. } => ApiError::conflict("filtered", problem.to_string()),
        StartProblem::Launch(LaunchError::Unmapped { .. }) => {
            ApiError::conflict("unmapped_label", problem.to_string())
        }
        StartProblem::Launch(_) => ApiError::bad_request("invalid_inputs", problem.to_string()),
        StartProblem::Values(_)
        | StartProblem::Secrets(_)
        | StartProblem::Gone(_)
        | StartProblem::Deadly { .. } => ApiError::conflict("invalid_values", problem.to_string()),
        StartProblem::Executor(ExecutorError::Unreachable { help, .. }) => {
            ApiError::unavailable("engine_unreachable", format!("{problem}; {help}"))
        }
        StartProblem::Executor(_) => ApiError::unavailable("engine_unreachable", problem.to_string()),
        StartProblem::Engine(error) => engine(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_that_can_not_be_told_does_not_save_the_others() {
        let gone = || ApiError::unavailable("engine_unavailable", "failed to reach the engine");
        let answers = vec![
            ("a".into(), Ok(())),
            ("b".into(), Err(gone())),
            ("c".into(), Ok(())),
        ];
        let stopped = serde_json::to_value(outcome(answers).unwrap()).unwrap();
        assert_eq!(stopped["runIds"], json!(["a", "c"]));
        assert_eq!(stopped["failed"][0]["runId"], "b");
        assert_eq!(stopped["failed"][0]["problem"]["code"], "engine_unavailable");
        let none = outcome(vec![("a".into(), Err(gone()))]);
        assert_eq!(none.err().unwrap().code(), "engine_unavailable");
        let nothing = serde_json::to_value(outcome(Vec::new()).unwrap()).unwrap();
        assert_eq!(nothing, json!({"runIds": []}));
    }
}
