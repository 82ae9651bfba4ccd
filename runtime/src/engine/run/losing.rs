//! What becomes of a job that the machine's failure took: Loom's own `on-lost` of its steps.
//!
//! What was in the job's place is gone with it, so a step cannot run again alone: the job does, from its first step.

use loom_workflow::RetryPlan;
use loom_workflow::model::{Job, OnLost, Step, StepAction};

use crate::event::StepState;
use crate::id::StepId;
use crate::state;

/// What the steps say whose end was not seen: one that must not run twice decides for all, and all have to wish to run again.
fn wish(written: &Job, job: &state::Job) -> Option<OnLost> {
    let lost = job
        .steps
        .iter()
        .filter(|(_, step)| matches!(step.state, StepState::Running | StepState::Lost));
    let lost = lost.filter_map(|(id, _)| step_of(written, id));
    let says: Vec<Option<OnLost>> = lost.map(|step| step.on_lost.as_deref().copied()).collect();
    if says.contains(&Some(OnLost::Fail)) {
        return Some(OnLost::Fail);
    }
    let all = !says.is_empty() && !says.contains(&None);
    all.then_some(OnLost::Retry)
}

/// How often a lost job is tried: as its `retry` says, else as its lost steps wish.
pub(super) fn retry(written: Option<&Job>, job: &state::Job, own: Option<RetryPlan>) -> Option<RetryPlan> {
    match written.and_then(|written| wish(written, job)) {
        Some(OnLost::Fail) => None,
        Some(OnLost::Retry) => Some(own.unwrap_or_else(RetryPlan::of_lost)),
        // Tried again because a step wished it; no step of this attempt could begin.
        None if own.is_none() && job.attempt > 1 && job.steps.values().all(not_started) => {
            Some(RetryPlan::of_lost())
        }
        None => own,
    }
}

fn not_started(step: &state::Step) -> bool {
    step.state == StepState::Waiting
}

/// The step as written that this one is, or that brought it; none for what only waits for others.
fn step_of<'a>(job: &'a Job, id: &StepId) -> Option<&'a Step> {
    let mut places = id.0.split('.').map(str::parse::<usize>);
    let step = job.steps.get(places.next()?.ok()?)?;
    match &step.action {
        StepAction::Parallel(members) => members.get(places.next()?.ok()?),
        StepAction::Run(_) | StepAction::Uses(_) => Some(step),
        _ => None,
    }
}
