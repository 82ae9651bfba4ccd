//! What is wrong with a workflow as a whole, one rule a file.

mod calls;
mod matrix;
mod needs;
mod permissions;
mod triggers;
mod waits;

use crate::diagnostic::Diagnostics;
use crate::model::Workflow;
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
    calls::Calls::new(references).check(workflow, diagnostics);
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
