//! What becomes of a job that the machine's failure took: Loom's own `on-lost` of its steps.
//!
//! What was in the job's place is gone with it, so a step cannot run again alone: the job does, from its first step.

use loom_protocol::Timestamp;
use loom_workflow::RetryPlan;
use loom_workflow::model::{Job, OnLost, Step, StepAction};

use crate::event::{Event, JobState, StepState};
use crate::id::StepId;
use crate::plan::JobPlan;
use crate::state::{self, Run};

/// What the steps say whose end was not seen, or the one that was next: one that must not run twice decides for all, and all
/// have to wish to run again.
fn wish(written: &Job, job: &state::Job) -> Option<OnLost> {
    let lost = job.steps.iter().filter(|(_, step)| match step.state {
        StepState::Running | StepState::Lost => true,
        // It failed and is about to be done again.
        StepState::Waiting => step.has_begun(),
        _ => false,
    });
    let mut lost: Vec<&StepId> = lost.map(|(id, _)| id).collect();
    if lost.is_empty() && !job.steps.values().all(not_started) {
        // Between two steps: the next one is the one that could not begin, or the last one has no successor.
        let next = job.steps.iter().find(|(_, step)| not_started(step));
        lost.extend(next.or_else(|| job.steps.last()).map(|(id, _)| id));
    }
    let lost = lost.into_iter().filter_map(|id| step_of(written, id));
    let says: Vec<Option<OnLost>> = lost.map(|step| step.on_lost.as_deref().copied()).collect();
    if says.contains(&Some(OnLost::Fail)) {
        return Some(OnLost::Fail);
    }
    let all = !says.is_empty() && !says.contains(&None);
    all.then_some(OnLost::Retry)
}

/// How often a lost job is tried: as its `retry` says, else as its lost steps wish.
fn retry(written: Option<&Job>, job: &state::Job, own: Option<RetryPlan>) -> Option<RetryPlan> {
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

/// The end of a job, or what says that it is tried again: one that failed, or that the machine's failure took, and that may
/// be.
pub(super) fn or_retry(
    run: &Run,
    plan: Option<&JobPlan>,
    event: Event,
    cancelling: bool,
    now: Timestamp,
) -> Event {
    let Event::JobFinished {
        job: id,
        state: ended @ (JobState::Failure | JobState::Lost),
        reason,
        ..
    } = &event
    else {
        return event;
    };
    let job = run.jobs.get(id);
    let attempt = job.map_or(1, |job| job.attempt.max(1));
    let mut wanted = plan.and_then(JobPlan::retry);
    if let (JobState::Lost, Some(job)) = (ended, job) {
        wanted = retry(plan.and_then(JobPlan::job), job, wanted);
    }
    let cancelled = cancelling || job.is_some_and(|job| job.cancel.is_some());
    match wanted {
        Some(retry) if retry.allows_after(attempt) && !cancelled => {
            let delay = i64::try_from(retry.delay_before(attempt + 1).as_millis()).unwrap_or(i64::MAX);
            Event::JobRetrying {
                job: id.clone(),
                attempt: attempt + 1,
                until: Timestamp::from_millis(now.as_millis().saturating_add(delay)),
                state: Some(*ended),
                reason: reason.clone(),
            }
        }
        _ => event,
    }
}

fn not_started(step: &state::Step) -> bool {
    !step.has_begun()
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
