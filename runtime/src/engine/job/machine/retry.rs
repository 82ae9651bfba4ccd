//! A step that failed is tried again: Loom's own `retry`.
//!
//! All attempts are one step: it starts and fails so often, and ends once. Its place among the others, its slot and what it
//! does at the end of the job stay as they are. What a cancel or the job's time cuts short does not begin again.

use super::Machine;
use super::messages::{Effect, JobStatus, Retry, WorkEnd};
use super::steps::Stage;
use crate::event::{Event, StepState};
use crate::id::StepId;

impl Machine {
    /// Takes the end of an attempt: that of the step, unless it is tried again.
    pub(super) fn attempt_ended(
        &mut self,
        id: &StepId,
        outcome: StepState,
        conclusion: StepState,
        end: WorkEnd,
    ) {
        if outcome == StepState::Failure && self.may_try_again(id) {
            self.rest(id, end);
        } else {
            self.ended(id, outcome, conclusion, end);
        }
    }

    fn may_try_again(&self, id: &StepId) -> bool {
        let Some(step) = self.steps.get(id) else {
            return false;
        };
        let retry = step.verdict.as_ref().and_then(|verdict| verdict.retry);
        // What a step brought ends with it.
        let outer_stops = step
            .frame
            .as_ref()
            .and_then(|frame| self.steps.get(frame))
            .is_some_and(|frame| frame.stop.is_some());
        retry.is_some_and(|retry| retry.allows_after(step.attempt))
            && self.is_under_way()
            && !self.forced
            && self.status != JobStatus::Cancelled
            && !outer_stops
    }

    fn rest(&mut self, id: &StepId, end: WorkEnd) {
        // Those of a composite action are planned anew.
        for inner in self.steps.with_inner(id) {
            self.steps.frames.shift_remove(&inner);
            if inner != *id {
                self.steps.all.shift_remove(&inner);
            }
        }
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        let Some(retry) = step.verdict.as_ref().and_then(|verdict| verdict.retry) else {
            return;
        };
        step.stage = Stage::Resting;
        step.stop = None;
        step.attempt += 1;
        let attempt = step.attempt;
        let delay = retry.delay_before(attempt);
        let why = match (&end.reason, end.exit_code) {
            (Some(reason), _) => reason.message.clone(),
            (None, Some(code)) => format!("exit code {code}"),
            (None, None) => "it failed".to_owned(),
        };
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.outbox.push(Event::StepRetrying {
            job: self.plan.job.clone(),
            step: id.clone(),
            attempt,
            attempts: retry.max_attempts,
            delay_ms: millis(delay),
            exit_code: end.exit_code,
            signal: end.signal,
            reason: end.reason,
            duration_ms: millis(end.took),
        });
        self.effects.push(Effect::Retry(Retry {
            step: id.clone(),
            attempt,
            attempts: retry.max_attempts,
            delay,
            why,
        }));
    }

    /// The wait before an attempt is over.
    pub(super) fn begin_again(&mut self, id: &StepId, attempt: u32) {
        let rests = |step: &super::steps::Step| step.stage == Stage::Resting && step.attempt == attempt;
        if self.steps.get(id).is_some_and(rests) {
            self.start(id);
        }
    }
}
