//! What a workflow says of a whole run: `run-name`, `concurrency`.

use super::evaluation::{Evaluation, SizeBudget};
use super::instance::ConcurrencyPlan;
use super::shape;
use crate::diagnostic::Diagnostics;
use crate::expression::{Environment, Object};
use crate::model::Workflow;

/// The values of a run, evaluated when it is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunValues {
    /// What the run is called; `None` leaves it to the event.
    pub name: Option<String>,
    /// With which runs it does not run at once.
    pub concurrency: Option<ConcurrencyPlan>,
}

/// Evaluates what a workflow says of a whole run. `contexts` has `github`, `inputs` and `vars`.
///
/// There are no values when something has none; the diagnostics say what.
pub fn run_values(workflow: &Workflow, contexts: &Object) -> (Option<RunValues>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut evaluation = Evaluation::new(Environment::new(contexts), &mut diagnostics, &mut budget);
    let name = workflow
        .run_name
        .as_ref()
        .and_then(|name| evaluation.text(name, "run-name"))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    let concurrency = shape::concurrency(&mut evaluation, workflow.concurrency.as_ref());
    let diagnostics = diagnostics.finish();
    let values = (!diagnostics.is_blocking()).then_some(RunValues { name, concurrency });
    (values, diagnostics)
}
