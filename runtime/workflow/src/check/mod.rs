//! What is wrong with a workflow as a whole, one rule a file.

mod matrix;
mod needs;
mod triggers;

use crate::diagnostic::Diagnostics;
use crate::model::Workflow;
use crate::source::Source;

/// Runs all rules.
pub(crate) fn check(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    needs::check(workflow, diagnostics);
    matrix::check(workflow, diagnostics);
    triggers::check(workflow, source, diagnostics);
}

/// Runs the rule without which there is no order of the jobs.
pub(crate) fn needs(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    needs::check(workflow, diagnostics);
}
