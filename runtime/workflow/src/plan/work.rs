//! What is evaluated while a job runs: its steps when their turn comes, its outputs at its end.

use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluation::{Evaluation, SizeBudget};
use super::instance::{StepDefaults, variables};
use super::retry::RetryPlan;
use super::{shape, written};
use crate::codes::Severity;
use crate::diagnostic::Diagnostics;
use crate::expression::{Environment, Object, Value};
use crate::model::{Job, Literal, Minutes, OnLost, Step, StepAction, StepId, Uses};

/// A step as it is when its turn has come.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepValues {
    /// What people call it: `name`, else `Run` and what it runs.
    pub name: String,
    /// What it does.
    pub work: Work,
    /// Its own variables, to put over those of the job.
    pub env: IndexMap<String, String>,
    /// Whether a failure leaves the job a success.
    pub continue_on_error: bool,
    /// How long it may take; `None` where nothing above zero is written.
    pub timeout: Option<Minutes>,
    /// Whether the steps behind it start without waiting for its end.
    pub background: bool,
    /// Whether it runs again when it fails.
    pub retry: Option<RetryPlan>,
    /// What becomes of it when its end was not seen.
    pub on_lost: OnLost,
    /// Whether its process has a terminal.
    pub tty: bool,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Work {
    /// A script.
    Run {
        /// The script, before the shell puts anything around it.
        script: String,
        /// What runs it as written: its own, else that of the job; `None` leaves it to the machine.
        shell: Option<Arc<str>>,
        /// Where: its own, else that of the job.
        working_directory: Option<Arc<str>>,
    },
    /// An action.
    Uses {
        /// Which one, as written.
        reference: Arc<str>,
        /// Its inputs.
        inputs: IndexMap<String, String>,
    },
    /// Waits for background steps.
    Wait(Vec<StepId>),
    /// Waits for all background steps.
    WaitAll,
    /// Ends a background step.
    Cancel(StepId),
    /// Steps that run at once, each of which is evaluated by itself.
    Parallel,
}

/// Evaluates a step of a job or of a composite action. The environment has all contexts of the job, `env` with what
/// earlier steps set among them, and the files behind `hashFiles`. Whether the step runs at all is asked before
/// ([`step_condition`](super::step_condition)).
///
/// There are no values when something has none; the diagnostics say what. As on GitHub a `name` without a value is as
/// good as none, and `timeout-minutes` or `continue-on-error` without a value are a warning: the step runs without a limit,
/// and its failure counts.
pub fn step_values(
    step: &Step,
    defaults: &StepDefaults,
    environment: &Environment<'_>,
) -> (Option<StepValues>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut env = Vec::new();
    if let Some(written) = &step.env {
        let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
        env = variables(&mut evaluation, written);
    }
    // The rest of the step sees its own variables.
    let contexts = with_env(environment.contexts(), &env);
    let inner = environment.with_contexts(&contexts);
    let mut evaluation = Evaluation::new(inner, &mut diagnostics, &mut budget);
    let work = work(&mut evaluation, &step.action, defaults);

    let mut unheard = Diagnostics::new();
    let name = step
        .name
        .as_ref()
        .and_then(|name| Evaluation::new(inner, &mut unheard, &mut SizeBudget::default()).text(name, "name"));
    let mut doubts = Diagnostics::new();
    let mut evaluation = Evaluation::new(inner, &mut doubts, &mut budget);
    let continue_on_error = step
        .continue_on_error
        .as_ref()
        .and_then(|written| evaluation.boolean(written, "continue-on-error"));
    let timeout = shape::minutes(&mut evaluation, step.timeout_minutes.as_ref(), "timeout-minutes");
    for mut doubt in doubts {
        doubt.severity = Severity::Warning;
        diagnostics.push(doubt);
    }

    let diagnostics = diagnostics.finish();
    let values = work
        .filter(|_| !diagnostics.is_blocking())
        .map(|work| StepValues {
            name: name
                .map(|name| first_line(&name).to_owned())
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| default_name(&work)),
            work,
            env: env.into_iter().collect(),
            continue_on_error: continue_on_error.unwrap_or_default(),
            timeout,
            background: step.background.as_deref().copied().unwrap_or_default(),
            retry: step.retry.as_deref().map(RetryPlan::of),
            on_lost: step.on_lost.as_deref().copied().unwrap_or(OnLost::Fail),
            tty: step.tty.as_deref().copied().unwrap_or_default(),
        });
    (values, diagnostics)
}

/// Evaluates the `outputs` of a job, once its steps are done.
pub fn job_outputs(
    job: &Job,
    environment: &Environment<'_>,
) -> (Option<IndexMap<String, String>>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
    let mut outputs = IndexMap::with_capacity(job.outputs.len());
    for (name, output) in &job.outputs {
        let text = evaluation.text(&output.value, name);
        if let (Some(name), Some(text)) = (shape::name(&mut evaluation, name, output), text) {
            outputs.insert(name.to_string(), text.to_string());
        }
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(outputs), diagnostics)
}

/// The contexts with more variables in `env`.
pub(super) fn with_env(contexts: &Object, more: &[(String, String)]) -> Object {
    let mut own = contexts.clone();
    if !more.is_empty() {
        let mut env = Object::case_sensitive();
        let known = contexts.get("env").and_then(Value::as_object);
        for (name, value) in known.into_iter().flat_map(Object::iter) {
            env.insert(name, value.clone());
        }
        for (name, value) in more {
            env.insert(name.as_str(), Value::from(value.as_str()));
        }
        own.insert("env", Value::object(env));
    }
    own
}

fn work(evaluation: &mut Evaluation<'_>, action: &StepAction, defaults: &StepDefaults) -> Option<Work> {
    Some(match action {
        StepAction::Run(run) => {
            let script = evaluation.text(&run.script, "run")?.to_string();
            // One that comes out empty is as good as none.
            let own = match &run.shell {
                Some(shell) => Some(evaluation.text(shell, "shell")?),
                None => None,
            };
            let shell = own
                .filter(|shell| !shell.is_empty())
                .or_else(|| defaults.shell.clone());
            let working_directory = match &run.working_directory {
                Some(directory) => Some(evaluation.text(directory, "working-directory")?),
                None => defaults.working_directory.clone(),
            };
            Work::Run {
                script,
                shell: shell.filter(|shell| !shell.is_empty()),
                working_directory: working_directory.filter(|directory| !directory.is_empty()),
            }
        }
        StepAction::Uses(uses) => Work::Uses {
            reference: evaluation.text(&uses.reference, "uses")?,
            inputs: inputs(evaluation, uses)?,
        },
        StepAction::Wait(ids) => Work::Wait(ids.iter().map(|id| id.value.clone()).collect()),
        StepAction::WaitAll(_) => Work::WaitAll,
        StepAction::Cancel(id) => Work::Cancel(id.value.clone()),
        StepAction::Parallel(_) => Work::Parallel,
    })
}

fn inputs(evaluation: &mut Evaluation<'_>, uses: &Uses) -> Option<IndexMap<String, String>> {
    let Some(with) = &uses.with else {
        return Some(IndexMap::new());
    };
    match &with.value {
        Literal::Value(inputs) => {
            let mut all = IndexMap::with_capacity(inputs.len());
            for (name, input) in inputs {
                let text = evaluation.text(&input.value, name)?;
                let name = shape::name(evaluation, name, input)?;
                all.insert(name.to_string(), text.to_string());
            }
            Some(all)
        }
        Literal::Expression(_) | Literal::Computed(_) => {
            let value = written::literal(evaluation, with, |_, _| None)?;
            shape::texts(evaluation, &value, "with", with.span)
        }
    }
}

/// The first line that is not empty, as GitHub cuts names.
fn first_line(text: &str) -> &str {
    text.trim_start().lines().next().unwrap_or_default().trim_end()
}

/// GitHub's rule: `Run`, and the first line of the script that is not empty, or what is used.
fn default_name(work: &Work) -> String {
    match work {
        Work::Run { script, .. } => format!("Run {}", first_line(script)).trim_end().to_owned(),
        Work::Uses { reference, .. } => format!("Run {reference}"),
        Work::Wait(ids) => {
            let ids: Vec<&str> = ids.iter().map(StepId::as_str).collect();
            format!("Wait for {}", ids.join(", "))
        }
        Work::WaitAll => "Wait for all".to_owned(),
        Work::Cancel(id) => format!("Cancel {id}"),
        Work::Parallel => "Parallel group".to_owned(),
    }
}
