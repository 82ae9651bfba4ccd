//! What is wrong with a workflow as a whole, one rule a file.

mod needs;

use crate::diagnostic::Diagnostics;
use crate::model::Workflow;

/// Runs all rules.
pub(crate) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    needs::check(workflow, diagnostics);
}
