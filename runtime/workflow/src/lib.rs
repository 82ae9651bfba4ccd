//! Loom's workflow language: from a file to a plan of what runs.
//!
//! ```text
//! Source -> tree (YAML with places) -> model (typed workflow) -> checks -> plan (jobs, steps, graph)
//! ```
//!
//! Pure: no IO, no clock, no threads. Every stage gives its value and [`Diagnostics`]; none panics on any input and
//! none stops at the first mistake. The file formats and their rules are in the design, section "The file".
//!
//! ```
//! use loom_workflow::expression::{Environment, Object};
//! use loom_workflow::{Dialect, Source, expand, step_values};
//!
//! let source = Source::new(".loom.yml", "jobs:\n  hello:\n    steps:\n      - run: echo hello\n");
//! let workflow = loom_workflow::load(&source, Dialect::of_path(source.name())).workflow.expect("no mistakes");
//! let job = &workflow.jobs[0];
//! let contexts = Object::new();
//! let (instances, _) = expand(&workflow, job, &contexts);
//! let instance = &instances.expect("every value is known")[0];
//! let (values, _) = step_values(&job.steps[0], &instance.defaults, &Environment::new(&instance.contexts));
//! assert_eq!(values.expect("every value is known").name, "Run echo hello");
//! ```

mod actions;
mod check;
pub mod codes;
pub mod cron;
mod dag;
mod defect;
mod diagnostic;
mod dialect;
pub mod editor;
mod entry;
pub mod expression;
pub mod glob;
pub mod images;
mod lints;
mod lower;
mod mend;
pub mod model;
mod number;
mod plan;
mod references;
mod schema;
mod scripts;
mod shell;
mod silence;
mod source;
mod span;
mod style;
mod suggestion;
pub mod tree;
mod words;

#[cfg(test)]
mod tests;

pub use codes::{Code, Level, Severity};
pub use dag::{CycleError, Dag, Progress};
pub use diagnostic::{Cause, Diagnostic, Diagnostics, Label, Role};
pub use dialect::{Dialect, is_action};
pub use entry::CodeEntry;
pub use images::{ImageTable, LabelTarget};
pub use lints::{LintError, LintLevel, Lints};
pub use mend::{Fixed, Mended, mend};
pub use model::{JobId, MOST_COMBINATIONS, Minutes, OnLost, Queue, StepId, Workflow};
pub use number::format_number;
pub use plan::{
    ActionArguments, ActionInputs, Ancestors, CallPlan, CallSecrets, Combination, ConcurrencyPlan,
    ContainerPlan, Event, EventPlan, GitRef, Instance, InstanceId, JobForecast, JobResult, Login,
    MatrixError, RetryPlan, RunValues, StepDefaults, StepValues, StrategyPlan, TriggerDecision,
    TriggerReason, Work, action_arguments, action_inputs, action_outputs, called_outputs, called_secrets,
    choose_jobs, combinations, condition, expand, forecast, hook_condition, image_of, input_variable, inputs,
    instance_dag, instance_names, job_env, job_outputs, matrix, needs_final_wait, notices, plan_for_event,
    run_values, shell_of, step_condition, step_env, step_values, triggered,
};
pub use references::{Callable, NoReferences, Presence, Reference, References};
pub use shell::{Shell, ShellCommand, ShellError, split_arguments};
pub use source::{Position, Source};
pub use span::{Span, Spanned};
pub use suggestion::{Applicability, Edit, Suggestion, apply_edits};

use tree::Limits;

/// A file that was read and checked.
#[derive(Clone, Debug)]
#[must_use]
pub struct Loaded {
    /// The workflow, when the language has nothing against it: no error of level [`Level::Schema`].
    pub workflow: Option<Workflow>,
    /// Everything that was found, in the order of the file.
    pub diagnostics: Diagnostics,
}

/// Reads and checks a workflow file by itself.
pub fn load(source: &Source, dialect: Dialect) -> Loaded {
    load_with(source, dialect, &NoReferences)
}

/// Reads and checks a workflow file together with the workflows that it calls.
pub fn load_with(source: &Source, dialect: Dialect, references: &dyn References) -> Loaded {
    read(source, dialect, references, Level::Lint)
}

/// The same without the lints: what GitHub would refuse, and nothing of what goes wrong later.
pub fn load_unlinted(source: &Source, dialect: Dialect, references: &dyn References) -> Loaded {
    read(source, dialect, references, Level::Schema)
}

fn read(source: &Source, dialect: Dialect, references: &dyn References, level: Level) -> Loaded {
    let mut diagnostics = Diagnostics::new();
    let tree = tree::parse(source, &Limits::default(), &mut diagnostics);
    let read = tree.and_then(|tree| {
        let workflow = lower::lower(source, &tree, dialect, &mut diagnostics)?;
        Some((tree, workflow))
    });
    if let Some((tree, workflow)) = &read {
        check::check(workflow, tree, source, references, level, &mut diagnostics);
    }
    let workflow = read.map(|(_, workflow)| workflow);
    // Of a file that could not be read to its end, not all is known that comments may be about.
    let is_whole = workflow.is_some() && level == Level::Lint;
    let diagnostics = silence::apply(source, is_whole, diagnostics.finish_for(source));
    let diagnostics = references.lints().apply(diagnostics.up_to(level));
    Loaded {
        workflow: workflow.filter(|_| !diagnostics.is_blocking()),
        diagnostics,
    }
}

/// Whether a job calls a workflow as it wants to be called: with its inputs and secrets, and within the rights of the
/// caller. Loading does this for workflows of the same repository; this is for those that are fetched later.
/// `references` are those of the called workflow, for what it calls itself.
pub fn check_call(
    caller: &Workflow,
    job: &model::Job,
    called: &Workflow,
    references: &dyn References,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    check::check_call(caller, job, called, references, &mut diagnostics);
    diagnostics.finish()
}

/// An `action.yml` that was read and checked.
#[derive(Clone, Debug)]
#[must_use]
pub struct LoadedAction {
    /// The action, when the language has nothing against it.
    pub action: Option<model::action::Action>,
    /// Everything that was found, in the order of the file.
    pub diagnostics: Diagnostics,
}

/// Reads and checks an `action.yml` by itself.
pub fn load_action(source: &Source) -> LoadedAction {
    load_action_with(source, &NoReferences)
}

/// Reads and checks an `action.yml` together with what lies beside it.
pub fn load_action_with(source: &Source, references: &dyn References) -> LoadedAction {
    let mut diagnostics = Diagnostics::new();
    let action = read_action(source, &mut diagnostics);
    if let Some(action) = &action {
        check::check_action(action, source, references, &mut diagnostics);
    }
    let diagnostics = silence::apply(source, action.is_some(), diagnostics.finish_for(source));
    let diagnostics = references.lints().apply(diagnostics);
    LoadedAction {
        action: action.filter(|_| !diagnostics.is_blocking()),
        diagnostics,
    }
}

/// The same without the lints and without what lies beside it: what would stop a run.
pub fn load_action_unlinted(source: &Source) -> LoadedAction {
    let mut diagnostics = Diagnostics::new();
    let action = read_action(source, &mut diagnostics);
    let diagnostics = diagnostics.finish_for(source).up_to(Level::Schema);
    LoadedAction {
        action: action.filter(|_| !diagnostics.is_blocking()),
        diagnostics,
    }
}

/// Reads an `action.yml` without the rules that look at the whole of it: none of those stops a run.
fn read_action(source: &Source, diagnostics: &mut Diagnostics) -> Option<model::action::Action> {
    let tree = tree::parse(source, &Limits::default(), diagnostics)?;
    lower::lower_action(source, &tree, diagnostics)
}

/// A JSON Schema of `.loom.yml`, for editors: as much of the language as a schema can say.
#[must_use]
pub fn json_schema() -> String {
    schema::json_schema()
}
