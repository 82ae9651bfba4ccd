//! What is wrong with a workflow as a whole, one rule a file.

mod actions;
mod calls;
mod commands;
mod concurrency;
mod containers;
mod empty;
mod expressions;
mod files;
mod labels;
mod matrix;
mod needs;
mod outdated;
mod outputs;
mod permissions;
mod runs;
mod scripts;
mod shells;
mod snapshot;
mod steps;
mod triggers;
mod unreachable;
mod unset;
mod variables;
mod waits;

use crate::actions::Actions;
use crate::codes::Level;
use crate::diagnostic::Diagnostics;
use crate::model::action::Action;
use crate::model::{Job, Workflow};
use crate::references::References;
use crate::source::Source;
pub(crate) use calls::Calls;
pub(crate) use expressions::{Around, Member, members, parameters};
pub(crate) use labels::hosted;
use steps::Steps;

/// Runs the rules of a level: those that GitHub refuses a file by, and for [`Level::Lint`] all others as well.
pub(crate) fn check(
    workflow: &Workflow,
    source: &Source,
    references: &dyn References,
    level: Level,
    diagnostics: &mut Diagnostics,
) {
    alone(workflow, source, diagnostics);
    concurrency::check(workflow, diagnostics);
    let mut calls = Calls::new(references);
    calls.check(workflow, diagnostics);
    if level == Level::Lint {
        lint(workflow, source, references, &mut calls, diagnostics);
    }
}

/// Runs the rules that find nothing but lints.
fn lint<'r>(
    workflow: &Workflow,
    source: &Source,
    references: &'r dyn References,
    calls: &mut Calls<'r>,
    diagnostics: &mut Diagnostics,
) {
    let known = Actions::new(references);
    check_steps(&Steps::of_workflow(workflow), source, &known, diagnostics);
    containers::check(workflow, diagnostics);
    empty::check(workflow, diagnostics);
    labels::check(workflow, diagnostics);
    shells::check_defaults(workflow, diagnostics);
    snapshot::check(workflow, diagnostics);
    unreachable::check(workflow, diagnostics);
    unset::check(workflow, source, diagnostics);
    variables::check_around(workflow, diagnostics);
    expressions::check(workflow, calls, &known, diagnostics);
}

/// Runs the rules about one call of a workflow that was read.
pub(crate) fn check_call(
    workflow: &Workflow,
    job: &Job,
    called: &Workflow,
    references: &dyn References,
    diagnostics: &mut Diagnostics,
) {
    if let Some(uses) = &job.uses {
        Calls::new(references).one(workflow, job, called, uses.span, diagnostics);
    }
}

/// Runs the rules about what an action says.
pub(crate) fn check_action(
    action: &Action,
    source: &Source,
    references: &dyn References,
    diagnostics: &mut Diagnostics,
) {
    let known = Actions::new(references);
    check_steps(&Steps::of_action(action), source, &known, diagnostics);
    expressions::check_action(action, &known, diagnostics);
    files::check(action, references, diagnostics);
    outputs::check(action, diagnostics);
    runs::check(action, diagnostics);
    variables::check_container(action, diagnostics);
}

/// Runs the rules that look at steps one by one, of whatever they are.
fn check_steps(steps: &[Steps<'_>], source: &Source, known: &Actions<'_>, diagnostics: &mut Diagnostics) {
    actions::check(steps, known, diagnostics);
    outdated::check(steps, known, diagnostics);
    commands::check(steps, source, diagnostics);
    scripts::check(steps, source, diagnostics);
    shells::check(steps, diagnostics);
    variables::check(steps, diagnostics);
}

/// Runs the rules that look at nothing but the workflow itself.
fn alone(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    needs::check(workflow, diagnostics);
    matrix::check(workflow, diagnostics);
    waits::check(workflow, diagnostics);
    triggers::check(workflow, source, diagnostics);
}
