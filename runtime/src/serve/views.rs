//! How workflows are shown to the outside.

use loom_protocol::Timestamp;
use loom_workflow::model::{Input, InputKind};
use serde::Serialize;
use utoipa::ToSchema;

use super::catalog::{Entry, Finding};
use super::runtime::Runtime;
use super::schedules::ScheduleView;
use crate::event::RunState;
use crate::journal::{JournalError, RunQuery, Summary};

/// A workflow in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkflowView {
    name: String,
    file: String,
    state: &'static str,
    /// Whether it is there for other workflows alone, and is not started by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    only_called: bool,
    /// What it may be told when it is started by hand; left out where it takes nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<InputView>,
    /// The times at which it starts by itself; left out where there are none, and where no run begins by the clock here (`serve
    /// --no-schedules`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    schedules: Vec<ScheduleView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<LastRun>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    diagnostics: Vec<FindingView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LastRun {
    run_id: String,
    state: RunState,
    /// Whether it waits for somebody's answer; left out when not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

/// An input of a workflow that is started by hand.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InputView {
    name: String,
    /// `string`, `boolean`, `number`, `choice` or `environment`.
    #[serde(rename = "type")]
    kind: &'static str,
    required: bool,
    /// What it is when it is not given; left out where there is none, and where the run computes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    /// What it may be, of a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<String>,
}

impl InputView {
    fn new(name: &str, input: &Input) -> Self {
        let default = input.default.as_ref().filter(|default| default.is_plain());
        let options = input.options.iter().flat_map(|options| &options.value);
        Self {
            name: name.to_owned(),
            kind: match input.kind {
                InputKind::String => "string",
                InputKind::Boolean => "boolean",
                InputKind::Number => "number",
                InputKind::Choice => "choice",
                InputKind::Environment => "environment",
            },
            required: input.required,
            default: default.and_then(|default| Some(default.as_scalar()?.to_text().to_string())),
            options: options.map(|option| option.value.to_string()).collect(),
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FindingView {
    severity: &'static str,
    code: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl WorkflowView {
    fn new(entry: &Entry, runs: &[Summary], schedules: Vec<ScheduleView>) -> Self {
        let running = runs.iter().any(|run| !run.state.is_final());
        let state = match (entry.can_start(), running) {
            (_, true) => "running",
            (true, false) => "idle",
            (false, false) => "invalid",
        };
        let last_run = runs.first().map(|run| LastRun {
            run_id: run.id.0.clone(),
            state: run.state,
            paused: run.is_paused(),
            started_at: run.started_at,
            finished_at: run.finished_at,
        });
        let diagnostics = entry.findings.iter().map(FindingView::from).collect();
        Self {
            name: entry.name.clone(),
            file: entry.file.clone(),
            state,
            only_called: entry.is_only_called(),
            inputs: entry
                .by_hand()
                .iter()
                .flat_map(|trigger| &trigger.inputs)
                .map(|(name, input)| InputView::new(name, input))
                .collect(),
            schedules,
            last_run,
            diagnostics,
        }
    }

    pub(super) fn state(&self) -> &'static str {
        self.state
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        Self {
            severity: finding.severity,
            code: finding.code.clone(),
            message: finding.message.clone(),
            line: finding.line,
            column: finding.column,
            help: finding.help.clone(),
        }
    }
}

/// The workflows whose files are `wanted`, with their newest runs.
pub(super) async fn workflow_views(
    runtime: &Runtime,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<WorkflowView>, JournalError> {
    let journal = runtime.engine.journal();
    let mut views = Vec::new();
    for entry in runtime.catalog.all().iter().filter(|entry| wanted(&entry.file)) {
        let of_file = RunQuery {
            file: Some(entry.file.clone()),
            limit: 1,
            ..RunQuery::default()
        };
        let mut runs = journal.runs(of_file.clone()).await?;
        // An older run may still be under way.
        runs.extend(
            journal
                .runs(RunQuery {
                    open_only: true,
                    ..of_file
                })
                .await?,
        );
        views.push(WorkflowView::new(
            entry,
            &runs,
            runtime.schedules.of_file(&entry.file),
        ));
    }
    Ok(views)
}
