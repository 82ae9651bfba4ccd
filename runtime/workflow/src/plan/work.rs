//! What is evaluated while a job runs: its steps when their turn comes, its outputs at its end.

use std::sync::Arc;

use indexmap::IndexMap;

use super::evaluation::{Budget, Evaluation};
use super::instance::{StepDefaults, variables};
use super::shape;
use crate::diagnostic::Diagnostics;
use crate::expression::{Environment, Object, Value};
use crate::model::{Action, Job, Literal, Minutes, Step, StepId, Uses};
use crate::span::Spanned;

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

/// Evaluates a step of a job or of a composite action. The environment has all contexts of the job, `env` with what earlier steps set among them, and the files
/// behind `hashFiles`. Whether the step runs at all is asked before ([`step_condition`](super::step_condition)).
///
/// There are no values when something has none; the diagnostics say what.
pub fn step_values(
    step: &Step,
    defaults: &StepDefaults,
    environment: &Environment<'_>,
) -> (Option<StepValues>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = Budget::default();
    let mut env = IndexMap::new();
    if let Some(written) = &step.env {
        let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
        env.extend(variables(&mut evaluation, written));
    }
    // The rest of the step sees its own variables.
    let contexts = with_env(environment.contexts(), &env);
    let inner = environment.with_contexts(&contexts);
    let mut evaluation = Evaluation::new(inner, &mut diagnostics, &mut budget);
    let work = work(&mut evaluation, &step.action, defaults);
    let name = step.name.as_ref().and_then(|name| evaluation.text(name, "name"));
    let continue_on_error = step
        .continue_on_error
        .as_ref()
        .and_then(|written| evaluation.boolean(written, "continue-on-error"));
    let timeout = shape::minutes(&mut evaluation, step.timeout_minutes.as_ref(), "timeout-minutes");
    let diagnostics = diagnostics.finish();
    let values = work
        .filter(|_| !diagnostics.is_blocking())
        .map(|work| StepValues {
            name: name
                .filter(|name| !name.is_empty())
                .map_or_else(|| default_name(&work), |name| name.to_string()),
            work,
            env,
            continue_on_error: continue_on_error.unwrap_or_default(),
            timeout,
        });
    (values, diagnostics)
}

/// Evaluates the `outputs` of a job, once its steps are done.
pub fn job_outputs(
    job: &Job,
    environment: &Environment<'_>,
) -> (Option<IndexMap<String, String>>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = Budget::default();
    let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
    let mut outputs = IndexMap::with_capacity(job.outputs.len());
    for (name, output) in &job.outputs {
        let text = evaluation.text(&output.value, name);
        if let (Some(name), Some(text)) = (shape::key(&mut evaluation, name, output.key), text) {
            outputs.insert(name.to_string(), text.to_string());
        }
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(outputs), diagnostics)
}

/// The contexts with more variables in `env`.
fn with_env(contexts: &Object, more: &IndexMap<String, String>) -> Object {
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

fn work(evaluation: &mut Evaluation<'_>, action: &Action, defaults: &StepDefaults) -> Option<Work> {
    Some(match action {
        Action::Run(run) => {
            let script = evaluation.text(&run.script, "run")?.to_string();
            let shell = match &run.shell {
                Some(shell) => Some(evaluation.text(shell, "shell")?),
                None => defaults.shell.clone(),
            };
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
        Action::Uses(uses) => Work::Uses {
            reference: evaluation.text(&uses.reference, "uses")?,
            inputs: inputs(evaluation, uses)?,
        },
        Action::Wait(ids) => Work::Wait(ids.iter().map(|id| id.value.clone()).collect()),
        Action::WaitAll => Work::WaitAll,
        Action::Cancel(id) => Work::Cancel(id.value.clone()),
        Action::Parallel(_) => Work::Parallel,
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
                let name = shape::key(evaluation, name, input.key)?;
                all.insert(name.to_string(), text.to_string());
            }
            Some(all)
        }
        Literal::Expression(template) => {
            let value = evaluation.value(&Spanned::new(template.clone(), with.span))?;
            shape::texts(evaluation, &value, "with", with.span)
        }
    }
}

/// GitHub's rule: `Run`, and the first line of the script that is not empty, or what is used.
fn default_name(work: &Work) -> String {
    match work {
        Work::Run { script, .. } => super::step::default_name(script),
        Work::Uses { reference, .. } => format!("Run {reference}"),
        Work::Wait(ids) => {
            let ids: Vec<&str> = ids.iter().map(StepId::as_str).collect();
            format!("Wait for {}", ids.join(", "))
        }
        Work::WaitAll => "Wait for all".to_owned(),
        Work::Cancel(id) => format!("Cancel {id}"),
        Work::Parallel => "Parallel".to_owned(),
    }
}
