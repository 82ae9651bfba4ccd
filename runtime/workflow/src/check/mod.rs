//! What is wrong with a workflow as a whole, one rule a file.

mod actions;
mod calls;
mod commands;
mod concurrency;
mod containers;
mod empty;
mod expressions;
mod labels;
mod matrix;
mod needs;
mod outdated;
mod permissions;
mod runs;
mod scripts;
mod shells;
mod snapshot;
mod triggers;
mod unreachable;
mod unset;
mod variables;
mod waits;

use crate::actions::Actions;
use crate::diagnostic::Diagnostics;
use crate::model::{Action, Step, Workflow};
use crate::references::References;
use crate::source::Source;

/// Runs all rules.
pub(crate) fn check(
    workflow: &Workflow,
    source: &Source,
    references: &dyn References,
    diagnostics: &mut Diagnostics,
) {
    alone(workflow, source, diagnostics);
    let known = Actions::new(references);
    actions::check(workflow, &known, diagnostics);
    outdated::check(workflow, &known, diagnostics);
    commands::check(workflow, source, diagnostics);
    concurrency::check(workflow, diagnostics);
    containers::check(workflow, diagnostics);
    empty::check(workflow, diagnostics);
    labels::check(workflow, diagnostics);
    scripts::check(workflow, source, diagnostics);
    shells::check(workflow, diagnostics);
    snapshot::check(workflow, diagnostics);
    unreachable::check(workflow, diagnostics);
    unset::check(workflow, source, diagnostics);
    variables::check(workflow, diagnostics);
    let mut calls = calls::Calls::new(references);
    calls.check(workflow, diagnostics);
    expressions::check(workflow, &mut calls, &known, diagnostics);
}

/// Runs the rules about what an action says.
pub(crate) fn check_action(action: &crate::model::action::Action, diagnostics: &mut Diagnostics) {
    expressions::check_action(action, diagnostics);
    runs::check(action, diagnostics);
}

/// Runs the rules that look at nothing but the workflow itself.
fn alone(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    needs::check(workflow, diagnostics);
    matrix::check(workflow, diagnostics);
    waits::check(workflow, diagnostics);
    triggers::check(workflow, source, diagnostics);
}

/// Runs the rule without which there is no order of the jobs.
pub(crate) fn needs(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    needs::check(workflow, diagnostics);
}

/// Calls `visit` for every step, those within parallel ones included.
fn each_step<'a>(steps: &'a [Step], visit: &mut dyn FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        if let Action::Parallel(inner) = &step.action {
            each_step(inner, visit);
        }
    }
}
