//! How steps and the job end.

use super::messages::{Effect, JobStatus, Trouble, WorkEnd};
use super::order::after;
use super::steps::{Stage, Step, Stop};
use super::{Ending, Machine, Phase};
use crate::event::{Event, JobState, Outputs, Reason, StepState};
use crate::executor::Closed;
use crate::id::StepId;

impl Machine {
    /// The work of a step has ended, or cannot be known any more.
    pub(super) fn work_ended(&mut self, id: &StepId, result: Result<WorkEnd, Trouble>) {
        let Some(step) = self.steps.get(id) else { return };
        if step.stage != Stage::Running {
            return;
        }
        // One that brought steps ends when it is asked what they gave, and never while they run: this is word of an
        // earlier attempt.
        if self.steps.frames.get(id).is_some_and(|frame| !frame.gathering) {
            return;
        }
        let lenient = step
            .verdict
            .as_ref()
            .is_some_and(|verdict| verdict.continue_on_error);
        let stop = step.stop.clone();
        match result {
            Ok(mut end) => {
                if let Some((lines, reason)) = end.lost.take() {
                    self.outbox.push(Event::LogLost {
                        job: self.plan.job.clone(),
                        lines,
                        reason: reason.clone(),
                    });
                    self.lose(reason);
                }
                let outcome = match &stop {
                    // One that had ended before it was asked to has ended as it did.
                    Some(stop) if !end.by_itself => {
                        end.reason = Some(stop.reason.clone());
                        stop.counts_as
                    }
                    _ if end.success => StepState::Success,
                    _ => StepState::Failure,
                };
                self.attempt_ended(id, outcome, after(outcome, lenient), end);
            }
            Err(trouble) if trouble.by_workflow => {
                let outcome = stop.map_or(StepState::Failure, |stop| stop.counts_as);
                let end = WorkEnd {
                    reason: Some(trouble.reason),
                    ..WorkEnd::default()
                };
                self.attempt_ended(id, outcome, after(outcome, lenient), end);
            }
            Err(trouble) => {
                let outcome = match (&self.ending, stop) {
                    // It was being ended: how is not the question any more.
                    (Some(_), Some(stop)) if self.forced => stop.counts_as,
                    _ => StepState::Lost,
                };
                if outcome == StepState::Lost {
                    self.lose(trouble.reason.clone());
                }
                let end = WorkEnd {
                    reason: Some(trouble.reason),
                    ..WorkEnd::default()
                };
                self.ended(id, outcome, outcome, end);
            }
        }
    }

    /// Takes the end of a step, unless the job pauses at it.
    pub(super) fn ended(&mut self, id: &StepId, outcome: StepState, conclusion: StepState, end: WorkEnd) {
        if self.pauses_at(id, conclusion) {
            self.pause(id, outcome, conclusion, end);
        } else {
            self.ended_for_good(id, outcome, conclusion, end);
        }
    }

    pub(super) fn ended_for_good(
        &mut self,
        id: &StepId,
        outcome: StepState,
        conclusion: StepState,
        end: WorkEnd,
    ) {
        self.ended_without_advance(id, outcome, conclusion, end);
        let Some(step) = self.steps.get(id) else { return };
        let (frame, behind) = (step.frame.clone(), step.is_behind());
        if behind && frame.is_none() {
            self.background_ended();
        } else {
            self.advance(frame.as_ref());
        }
    }

    /// Takes the end of a step; whoever called goes on with its frame.
    pub(super) fn ended_without_advance(
        &mut self,
        id: &StepId,
        outcome: StepState,
        conclusion: StepState,
        end: WorkEnd,
    ) {
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        step.stage = Stage::Done;
        step.stop = None;
        step.end = Some((outcome, conclusion));
        // A background step that began holds back what it did until somebody takes it.
        let held_back = step.is_behind();
        let (frame, failed) = (step.frame.clone(), conclusion == StepState::Failure);
        self.outbox.extend(end.notes);
        self.outbox.push(Event::StepFinished {
            job: self.plan.job.clone(),
            step: id.clone(),
            outcome,
            conclusion,
            exit_code: end.exit_code,
            signal: end.signal,
            reason: end.reason,
            duration_ms: u64::try_from(end.took.as_millis()).unwrap_or(u64::MAX),
            outputs: end.outputs,
        });
        self.steps.frames.shift_remove(id);
        if let Some(frame) = self.frame(frame.as_ref())
            && frame.current.as_ref() == Some(id)
        {
            frame.current = None;
        }
        if held_back {
            return;
        }
        self.publish(id);
        if failed {
            self.note_failure(frame.as_ref());
        }
        // An action of steps is cancelled with the first of them that was, whatever its own `if` says.
        if let (StepState::Cancelled, Some(ending)) = (conclusion, &self.ending)
            && let Some(owner) = frame.and_then(|owner| self.steps.all.get_mut(&owner))
        {
            owner
                .stop
                .get_or_insert_with(|| Stop::new(StepState::Cancelled, &ending.reason));
        }
    }

    /// What ran cannot be known any more: nothing follows but to close.
    pub(super) fn lose(&mut self, reason: Reason) {
        if self
            .ending
            .as_ref()
            .is_none_or(|ending| ending.state != JobState::Lost)
        {
            self.ending = Some(Ending {
                state: JobState::Lost,
                reason,
            });
        }
        self.forced = true;
        self.begin_no_more();
        self.close();
    }

    /// Nothing of what waits for its turn gets it.
    fn begin_no_more(&mut self) {
        self.posts.clear();
        self.steps.slots.clear();
        self.steps.main.queue.clear();
        for frame in self.steps.frames.values_mut() {
            frame.queue.clear();
        }
    }

    /// The steps are done: what does the job give?
    pub(super) fn conclude(&mut self) {
        self.phase = Phase::Concluding;
        if self.plan.has_outputs {
            self.effects.push(Effect::Conclude(self.status()));
        } else {
            self.close();
        }
    }

    pub(super) fn concluded(&mut self, result: Result<Outputs, Trouble>) {
        if self.phase != Phase::Concluding {
            return;
        }
        match result {
            Ok(outputs) => self.outputs = outputs,
            Err(trouble) if trouble.by_workflow => {
                self.fail();
                let (state, reason) = (JobState::Failure, trouble.reason);
                self.ending.get_or_insert(Ending { state, reason });
            }
            Err(trouble) => self.lose(trouble.reason),
        }
        self.close();
    }

    pub(super) fn close(&mut self) {
        if matches!(self.phase, Phase::Closing | Phase::Finishing | Phase::Finished) {
            return;
        }
        let is_open = self.is_under_way() || self.phase == Phase::Concluding;
        self.phase = Phase::Closing;
        self.closes = true;
        self.afterwards.push(Effect::Close);
        let at_rest = !self.steps.all.values().any(Step::is_open);
        if self.plan.closes_apart && is_open && at_rest && self.ending.is_none() {
            self.finish(Ok(Closed::default()));
        }
    }

    pub(super) fn closed(&mut self, result: Result<Closed, Trouble>) {
        if self.phase == Phase::Closing {
            self.finish(result);
        }
    }

    /// Writes down the job's end; nothing follows.
    pub(super) fn finish(&mut self, result: Result<Closed, Trouble>) {
        if matches!(self.phase, Phase::Finishing | Phase::Finished) {
            return;
        }
        self.phase = Phase::Finishing;
        self.end_what_is_paused();
        self.end_what_was_lost();
        let job = self.plan.job.clone();
        let (mut state, mut reason) = match self.ending.take() {
            Some(ending) => (ending.state, Some(ending.reason)),
            None => match self.status {
                JobStatus::Success => (JobState::Success, None),
                JobStatus::Failure => (JobState::Failure, None),
                JobStatus::Cancelled => (JobState::Cancelled, None),
            },
        };
        match result {
            Ok(closed) if !closed.killed.is_empty() => self.outbox.push(Event::LeftoversKilled {
                job: job.clone(),
                processes: closed.killed,
            }),
            Ok(_) => {}
            Err(left) => {
                // What the steps did is known, but the machine has failed: who waits for the run must learn of it.
                if left.reason.code == UNREACHABLE && state == JobState::Success {
                    state = JobState::Lost;
                }
                if left.may_leave {
                    self.outbox.push(Event::RemainsLeft {
                        job: job.clone(),
                        reason: left.reason.clone(),
                    });
                }
                reason.get_or_insert(left.reason);
            }
        }
        self.outbox.push(Event::JobFinished {
            job,
            state,
            reason,
            outputs: std::mem::take(&mut self.outputs),
            reused: None,
        });
        self.afterwards.push(Effect::Done);
    }

    /// The place is gone: how steps ended that were under way in it is not known any more.
    fn end_what_was_lost(&mut self) {
        let open = self.steps.all.iter().rev().filter(|(_, step)| step.is_open());
        let open: Vec<StepId> = open.map(|(id, _)| id.clone()).collect();
        for id in open {
            let end = WorkEnd {
                reason: self.ending.as_ref().map(|ending| ending.reason.clone()),
                ..WorkEnd::default()
            };
            self.ended_without_advance(&id, StepState::Lost, StepState::Lost, end);
        }
    }
}

/// The code of a reason: the engine does not answer.
pub(in crate::engine) const UNREACHABLE: &str = "unreachable";
