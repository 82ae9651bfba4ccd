//! What holds of every history that has ended, and what GitHub's rules say of jobs and steps where nothing disturbs them.

use std::collections::{BTreeMap, BTreeSet};

use super::workflow::{Act, Condition, Job, Workflow};
use crate::config::Keep;
use crate::event::{Event, JobState, Recorded, RunState, Seq, StepState};
use crate::id::{JobId, JobKey, StepId};
use crate::state::{self, Claim, Run};

macro_rules! holds {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(format!($($what)+));
        }
    };
}

/// Whether a history that has ended makes sense.
pub(super) fn makes_sense(events: &[Recorded]) -> Result<Run, String> {
    let run = Run::replay(events)
        .map_err(|error| format!("the history does not fold: {error}"))?
        .ok_or("there is no history")?;
    let mut ends: BTreeMap<JobId, JobState> = BTreeMap::new();
    let mut attempts: BTreeMap<JobId, u32> = BTreeMap::new();
    let mut steps: BTreeMap<(JobId, StepId), bool> = BTreeMap::new();
    let mut taken_over = false;
    for (index, recorded) in events.iter().enumerate() {
        holds!(
            recorded.seq == Seq(index as u64 + 1),
            "event {index} is numbered {:?}",
            recorded.seq
        );
        holds!(
            index == 0 || events[index - 1].time <= recorded.time,
            "time goes back at {:?}",
            recorded.seq
        );
        let may_follow = matches!(
            recorded.event,
            Event::RemainsLeft { .. } | Event::LeftoversKilled { .. } | Event::JobKept { .. }
        );
        if let Some(job) = recorded.event.job().filter(|_| !may_follow) {
            holds!(
                !ends.contains_key(job),
                "{job} goes on after its end: {:?}",
                recorded.event
            );
        }
        match &recorded.event {
            Event::RunTakenOver { resumes, .. } => taken_over |= !resumes,
            Event::JobStarting { job, attempt, .. } => {
                let before = attempts.insert(job.clone(), *attempt).unwrap_or(0);
                holds!(
                    before + 1 == *attempt,
                    "{job}: attempt {attempt} follows {before}"
                );
            }
            Event::JobRetrying { job, attempt, .. } => {
                holds!(
                    attempts.get(job).copied().unwrap_or(0) + 1 == *attempt,
                    "{job} is tried again as {attempt}"
                );
                let open = steps.iter().find(|((of, _), ended)| of == job && !**ended);
                holds!(
                    open.is_none(),
                    "{job} is tried again with a step that runs: {open:?}"
                );
                steps.retain(|(of, _), _| of != job);
            }
            Event::JobFinished { job, state, .. } => {
                ends.insert(job.clone(), *state);
            }
            Event::StepStarted { job, step, .. } => {
                let twice = steps.insert((job.clone(), step.clone()), false);
                holds!(twice.is_none(), "{job} {step} starts twice");
            }
            Event::StepFinished {
                job, step, outcome, ..
            } => {
                let before = steps.insert((job.clone(), step.clone()), true);
                holds!(before != Some(true), "{job} {step} ends twice");
                holds!(
                    before.is_some() || *outcome != StepState::Success,
                    "{job} {step} succeeds and never started"
                );
            }
            Event::RunFinished { .. } => {
                holds!(index + 1 == events.len(), "the run goes on after its end");
            }
            _ => {}
        }
    }
    holds!(run.state.is_final(), "the run has not ended");
    let lost = taken_over
        || run
            .reason
            .as_ref()
            .is_some_and(|reason| reason.code != "unreachable");
    let open: Vec<_> = steps.iter().filter(|(_, ended)| !**ended).collect();
    holds!(lost || open.is_empty(), "steps without an end: {open:?}");
    for (id, job) in &run.jobs {
        holds!(
            ends.get(id) == Some(&job.state),
            "{id} ended as {:?} and is {}",
            ends.get(id),
            job.state
        );
    }
    let hidden = |id: &JobId| {
        let mut at = Some(id);
        while let Some(job) = at.and_then(|id| run.jobs.get(id)) {
            if job.continues_on_error() {
                return true;
            }
            at = job.parent.as_ref();
        }
        false
    };
    if run.state == RunState::Success {
        let bad = run.jobs.iter().find(|(id, job)| {
            matches!(job.state, JobState::Lost | JobState::Failure) && job.runs_itself() && !hidden(id)
        });
        holds!(bad.is_none(), "the run succeeds with {:?}", bad.map(|(id, _)| id));
    }
    Ok(run)
}

/// Whether the places that are kept are those of jobs that ended as they have to for that.
pub(super) fn keeps_what_it_should(run: &Run, keep: Keep, kept: &BTreeSet<String>) -> Result<(), String> {
    for (id, job) in &run.jobs {
        let key = JobKey {
            run: run.id.clone(),
            job: id.clone(),
            attempt: job.attempt,
        };
        let is_there = kept.contains(&key.resource_name());
        holds!(is_there || !job.place_kept, "{id} is told to be kept and is not");
        let may_be = match keep {
            Keep::Never => false,
            Keep::Failed => job.state == JobState::Failure,
            Keep::Always => !matches!(job.state, JobState::Skipped | JobState::Lost),
        };
        holds!(may_be || !is_there, "{id} is kept and was {}", job.state);
    }
    Ok(())
}

/// Whether jobs and steps became what GitHub's rules say. Only where nobody cancelled the run and its owner lived.
pub(super) fn follows_the_rules(workflow: &Workflow, run: &Run) -> Result<(), String> {
    let broke_off = run
        .reason
        .as_ref()
        .is_some_and(|reason| reason.code != "unreachable");
    if broke_off {
        return Ok(());
    }
    let was_reported = |job: &state::Job| job.attempt == 0 && job.cancel.is_some();
    if run.cancel.is_some() || run.jobs.values().any(was_reported) {
        return Ok(());
    }
    if run.claim == Claim::Waiting {
        // It lost its place among those that wait for the concurrency group: nothing of it has begun.
        let never_started = |job: &state::Job| job.state == JobState::Cancelled && job.attempt == 0;
        let mut started = run
            .jobs
            .iter()
            .filter(|(_, job)| job.reused.is_none() && !never_started(job));
        return started.next().map_or(Ok(()), |(id, job)| {
            Err(format!("{id} is {} and its run lost its place", job.state))
        });
    }
    for job in &workflow.jobs {
        let id = JobId(job.key.clone());
        let state = run.jobs.get(&id).ok_or_else(|| format!("{id} is not there"))?;
        if state.reused.is_some() {
            continue; // the attempt in which it ran was looked at
        }
        let ancestors = ancestors(workflow, job);
        let result = |key: &String| run.jobs.get(&JobId(key.clone())).map(state::Job::result);
        let good = ancestors.iter().all(|key| result(key) == Some(JobState::Success));
        let bad = ancestors.iter().any(|key| result(key) == Some(JobState::Failure));
        let runs = due(job.condition, good, bad);
        holds!(
            runs != (state.state == JobState::Skipped),
            "{id} is {} and its needs say it {}",
            state.state,
            if runs { "runs" } else { "is skipped" }
        );
        if runs && !job.has_matrix {
            steps(&id, job, state)?;
        }
    }
    Ok(())
}

fn due(condition: Condition, good: bool, bad: bool) -> bool {
    match condition {
        Condition::None | Condition::Success => good,
        Condition::Failure => bad,
        Condition::Always | Condition::NotCancelled => true,
        Condition::Cancelled | Condition::Never => false,
    }
}

fn ancestors(workflow: &Workflow, job: &Job) -> Vec<String> {
    let (mut all, mut next) = (Vec::new(), job.needs.clone());
    while let Some(key) = next.pop() {
        if let Some(needed) = workflow.jobs.iter().find(|job| job.key == key) {
            next.extend(needed.needs.iter().cloned());
        }
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all
}

/// Whether an attempt ended with the process that made it.
fn died(attempt: &state::EarlierAttempt) -> bool {
    let reason = attempt.reason.as_ref();
    reason.is_some_and(|reason| reason.code == "owner-died")
}

/// Whether no step that had begun ran again because a process died, but where its job says that it is tried again.
pub(super) fn runs_nothing_twice(workflow: &Workflow, run: &Run) -> Result<(), String> {
    for (id, job) in &run.jobs {
        let Some(written) = workflow.jobs.iter().find(|job| job.key == id.top()) else {
            continue;
        };
        let may = written.attempts > 1;
        for attempt in job.earlier.iter().filter(|attempt| died(attempt)) {
            let began = attempt.steps.values().any(|step| step.started_at.is_some());
            holds!(
                may || !began,
                "{id} runs again, and a step of attempt {} had begun",
                attempt.attempt
            );
        }
    }
    Ok(())
}

/// The steps of a job's last attempt, when all ran in their turn and nothing ended them.
fn steps(id: &JobId, job: &Job, state: &state::Job) -> Result<(), String> {
    let reported = matches!(state.state, JobState::Success | JobState::Failure) && state.reason.is_none();
    let stopped = |step: &crate::state::Step| {
        step.reason
            .as_ref()
            .is_some_and(|reason| reason.code == "timeout")
            || matches!(step.state, StepState::Cancelled | StepState::Lost)
    };
    if !job.plain || !reported || state.steps.values().any(stopped) {
        return Ok(());
    }
    let mut failed = false;
    for (index, (step, found)) in job.steps.iter().zip(state.steps.values()).enumerate() {
        let expected = if !due(step.condition, !failed, failed) {
            StepState::Skipped
        } else if step.act == Act::Fail && !step.lenient {
            StepState::Failure
        } else {
            StepState::Success
        };
        holds!(
            found.state == expected,
            "{id} step {index} is {}, not {expected}",
            found.state
        );
        failed |= expected == StepState::Failure;
    }
    let expected = if failed {
        JobState::Failure
    } else {
        JobState::Success
    };
    holds!(state.state == expected, "{id} is {}, not {expected}", state.state);
    holds!(
        // A death may have taken attempts in which nothing had begun.
        expected == JobState::Success
            || state.attempt == job.attempts
            || (state.attempt > job.attempts && state.earlier.iter().any(died)),
        "{id} gave up at attempt {} of {}",
        state.attempt,
        job.attempts
    );
    Ok(())
}
