//! The plan of a step.

use indexmap::IndexMap;

use super::evaluate::Evaluator;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::model::{Action, Job, Minutes, Run, Step, StepId, Template, Workflow};
use crate::shell::{Shell, ShellError};
use crate::span::{Span, Spanned};

/// A step to run.
#[derive(Clone, Debug, PartialEq)]
pub struct StepPlan {
    /// Its place among the steps of its job, from 0.
    pub index: usize,
    /// Its id, if it has one.
    pub id: Option<StepId>,
    /// What people call it: `name`, else `Run` and the first line of the script.
    pub name: String,
    /// The script as written, before the shell puts anything around it.
    pub script: String,
    /// What runs it: its own, else the job's default, else the workflow's.
    pub shell: Shell,
    /// Where, as written: its own, else the job's default, else the workflow's, else where the job starts.
    pub working_directory: Option<String>,
    /// Its own variables, to put over those of the job.
    pub env: IndexMap<String, String>,
    /// How long it may take; without one only the job's time counts.
    pub timeout_minutes: Option<Minutes>,
    /// Where its script stands in the file.
    pub span: Span,
}

pub(super) fn plan_all(workflow: &Workflow, job: &Job, evaluator: &mut Evaluator<'_>) -> Vec<StepPlan> {
    let mut steps = Vec::with_capacity(job.steps.len());
    for (index, step) in job.steps.iter().enumerate() {
        // Other actions are reported as not supported; then there is no plan.
        if let Action::Run(run) = &step.action {
            steps.push(plan(workflow, job, index, step, run, evaluator));
        }
    }
    steps
}

fn plan(
    workflow: &Workflow,
    job: &Job,
    index: usize,
    step: &Step,
    run: &Run,
    evaluator: &mut Evaluator<'_>,
) -> StepPlan {
    let script = evaluator.text(&run.script);
    let written = step.name.as_ref().map(|name| evaluator.text(name));
    let defaults = [&job.defaults, &workflow.defaults];
    let shell = run
        .shell
        .as_ref()
        .or_else(|| defaults.iter().find_map(|defaults| defaults.shell.as_ref()));
    let directory = run.working_directory.as_ref();
    let directory = directory.or_else(|| {
        defaults
            .iter()
            .find_map(|defaults| defaults.working_directory.as_ref())
    });
    let timeout = step
        .timeout_minutes
        .as_ref()
        .and_then(|time| evaluator.literal(&time.value));
    StepPlan {
        index,
        id: step.id.as_ref().map(|id| id.value.clone()),
        name: written
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| default_name(&script)),
        shell: shell
            .map(|shell| self::shell(shell, evaluator))
            .unwrap_or_default(),
        working_directory: directory
            .map(|directory| evaluator.text(directory))
            .filter(|directory| !directory.is_empty()),
        env: evaluator.env(step.env.as_ref()),
        timeout_minutes: timeout.filter(|time| time.is_positive()),
        span: run.script.span,
        script,
    }
}

/// GitHub's rule: `Run`, and the first line of the script that is not empty.
pub(super) fn default_name(script: &str) -> String {
    let first = script.trim_start().lines().next().unwrap_or_default().trim_end();
    format!("Run {first}").trim_end().to_owned()
}

fn shell(template: &Spanned<Template>, evaluator: &mut Evaluator<'_>) -> Shell {
    if template.as_plain().is_none() {
        evaluator.text(template);
        return Shell::Unspecified;
    }
    match Shell::parse(&template.text) {
        Ok(shell) => shell,
        Err(error) => {
            let help = match error {
                ShellError::Windows(_) => "use `bash`, `sh`, `python` or `pwsh`",
                ShellError::Quote(_) => "close the quote",
                ShellError::Unknown(_) => {
                    "use `bash`, `sh`, `python` or `pwsh`, or a command with `{0}` where the script's path goes"
                }
            };
            evaluator.diagnostics.push(
                Diagnostic::new(codes::SHELL, "this shell cannot be used here")
                    .at(template.span, crate::words::visible(&error.to_string()))
                    .help(help),
            );
            Shell::Unspecified
        }
    }
}
