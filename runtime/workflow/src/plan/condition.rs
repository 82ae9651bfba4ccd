//! Whether a job or step runs: its `if`.

use indexmap::IndexMap;
use std::sync::Arc;

use super::evaluation::{Evaluation, SizeBudget};
use super::instance::variables;
use super::work::with_env;
use crate::diagnostic::Diagnostics;
use crate::expression::{Environment, JobStatus, Object};
use crate::model::{Condition, Job, JobId, Step, StepAction};
use crate::span::Spanned;

/// How a job ended, as those that need it see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobResult {
    /// All went well, or `continue-on-error` says so.
    Success,
    /// Something failed.
    Failure,
    /// It was cancelled.
    Cancelled,
    /// It did not run.
    Skipped,
}

impl JobResult {
    /// The word that `needs.<job>.result` has.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// How the jobs went that a job needs, directly or not: what the status functions in its `if` look at.
///
/// GitHub's rules: `success()` wants the success of all of them, so that a job behind a skipped one is skipped, however far
/// behind; `failure()` wants one that failed. With names, both look at these only.
#[derive(Clone, Debug, Default)]
pub struct Ancestors {
    results: IndexMap<JobId, JobResult>,
    cancelled: bool,
}

impl Ancestors {
    /// The results of all jobs that the job needs, and that these need, and so on.
    #[must_use]
    pub fn new(results: impl IntoIterator<Item = (JobId, JobResult)>) -> Self {
        Self {
            results: results.into_iter().collect(),
            cancelled: false,
        }
    }

    /// In a run that was cancelled.
    #[must_use]
    pub fn cancelled_run(self) -> Self {
        Self {
            cancelled: true,
            ..self
        }
    }

    fn asked<'a>(&'a self, names: &'a [Arc<str>]) -> impl Iterator<Item = JobResult> + 'a {
        let all = self.results.iter();
        all.filter(|(id, _)| names.is_empty() || names.iter().any(|name| JobId::from(&**name) == **id))
            .map(|(_, result)| *result)
    }
}

impl JobStatus for Ancestors {
    fn success(&self, names: &[Arc<str>]) -> bool {
        !self.cancelled && self.asked(names).all(|result| result == JobResult::Success)
    }

    fn failure(&self, names: &[Arc<str>]) -> bool {
        !self.cancelled && self.asked(names).any(|result| result == JobResult::Failure)
    }

    fn cancelled(&self) -> bool {
        self.cancelled
    }
}

/// Whether a job runs, once all it needs is done. `contexts` has `github`, `vars`, `inputs` and `needs`.
///
/// There is no answer when the `if` has no value; the diagnostics say why.
pub fn condition(job: &Job, contexts: &Object, ancestors: &dyn JobStatus) -> (Option<bool>, Diagnostics) {
    holds(job.condition.as_ref(), &Environment::new(contexts), ancestors)
}

/// Whether a step runs. The environment has all contexts of the job, and the files behind `hashFiles` where there are. The
/// `if` of a step sees the variables of the step itself, so these are evaluated first; when one has no value there is no
/// answer, even where the `if` would not hold.
///
/// Steps that wait for others or end them always do, whatever failed, and so does `parallel`, whose steps are asked one by
/// one.
pub fn step_condition(
    step: &Step,
    environment: &Environment<'_>,
    status: &dyn JobStatus,
) -> (Option<bool>, Diagnostics) {
    let works = matches!(step.action, StepAction::Run(_) | StepAction::Uses(_));
    if !works && step.condition.is_none() {
        return (Some(true), Diagnostics::new());
    }
    let Some(written) = &step.env else {
        return holds(step.condition.as_ref(), environment, status);
    };
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut evaluation = Evaluation::new(*environment, &mut diagnostics, &mut budget);
    let env = variables(&mut evaluation, written);
    if diagnostics.is_blocking() {
        return (None, diagnostics.finish());
    }
    let contexts = with_env(environment.contexts(), &env);
    holds(
        step.condition.as_ref(),
        &environment.with_contexts(&contexts),
        status,
    )
}

fn holds(
    written: Option<&Spanned<Condition>>,
    environment: &Environment<'_>,
    status: &dyn JobStatus,
) -> (Option<bool>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let Some(written) = written else {
        return (Some(status.success(&[])), diagnostics);
    };
    let (condition, error) = written.parsed();
    let answer = match error {
        Some(error) => Err(error.clone()),
        None => condition.holds(status, environment),
    };
    match answer {
        Ok(answer) => (Some(answer), diagnostics),
        Err(error) => {
            let mut budget = SizeBudget::default();
            Evaluation::new(*environment, &mut diagnostics, &mut budget).report(error, written.span);
            (None, diagnostics)
        }
    }
}
