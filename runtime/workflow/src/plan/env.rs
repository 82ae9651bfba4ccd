//! Variables alone: those of a job once it is known where it runs, and those of a step, which its `if` looks at before the
//! rest of it is evaluated.

use indexmap::IndexMap;

use super::evaluation::{Evaluation, SizeBudget};
use super::instance::variables;
use crate::diagnostic::Diagnostics;
use crate::expression::{Environment, Object};
use crate::model::{Job, Step, Workflow};

/// Evaluates the `env` of a step, which comes before everything else of it, its `if` included: the order of the runner's
/// `StepsRunner`.
///
/// There are none when one has no value; the diagnostics say which.
pub fn step_env(
    step: &Step,
    environment: &Environment<'_>,
) -> (Option<IndexMap<String, String>>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut env = IndexMap::new();
    if let Some(written) = &step.env {
        let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
        env.extend(variables(&mut evaluation, written));
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(env), diagnostics)
}

/// Evaluates the variables of all steps of a job: those of the workflow with those of the job over them. [`expand`](super::expand)
/// did so before it was known where the job runs; `contexts` have the whole of `github` now, its `workspace` among it.
///
/// There are none when one has no value; the diagnostics say which.
pub fn job_env(
    workflow: &Workflow,
    job: &Job,
    contexts: &Object,
) -> (Option<IndexMap<String, String>>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut env = IndexMap::new();
    for written in [&workflow.env, &job.env].into_iter().flatten() {
        let mut evaluation = Evaluation::new(Environment::new(contexts), &mut diagnostics, &mut budget);
        env.extend(variables(&mut evaluation, written));
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(env), diagnostics)
}
