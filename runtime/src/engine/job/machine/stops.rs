//! How steps are stopped: by a cancel, by their time, by force.

use std::time::Duration;

use super::messages::{Effect, JobStatus, StepWork, WorkEnd};
use super::steps::{Stage, Stop, Turn};
use super::{Ending, Machine, Phase};
use crate::event::{JobState, Reason, StepState};
use crate::executor::Signal;
use crate::id::StepId;

/// From SIGINT to SIGTERM.
pub(super) const INTERRUPT_GRACE: Duration = Duration::from_millis(7500);
/// From SIGTERM to SIGKILL.
pub(super) const TERMINATE_GRACE: Duration = Duration::from_millis(2500);
/// From SIGKILL until the step is given up.
pub(super) const KILL_GRACE: Duration = Duration::from_secs(10);

impl Machine {
    /// Whether the job may run again when it fails or is lost: one that was told to end, or whose time is over, does not,
    /// however it ended then.
    pub(in crate::engine::job) fn may_run_again(&self) -> bool {
        self.status != JobStatus::Cancelled
    }

    pub(super) fn cancel(&mut self, why: Reason, force: bool) {
        if force && self.status == JobStatus::Cancelled {
            return self.force();
        }
        self.end_job(why);
        if force {
            self.force();
        }
    }

    pub(super) fn job_timed_out(&mut self) {
        self.end_job(Reason::new(
            "timeout",
            "it took longer than its `timeout-minutes`",
        ));
    }

    /// The job is cancelled: what runs ends unless its `if` says otherwise, and what follows is judged by that.
    fn end_job(&mut self, why: Reason) {
        let over = matches!(
            self.phase,
            Phase::Concluding | Phase::Closing | Phase::Finishing | Phase::Finished
        );
        if over || self.status == JobStatus::Cancelled {
            return;
        }
        self.status = JobStatus::Cancelled;
        let ending = Ending {
            state: JobState::Cancelled,
            reason: why.clone(),
        };
        self.ending.get_or_insert(ending);
        match self.phase {
            Phase::Opening if self.saving.is_empty() => {
                self.phase = Phase::Closing;
                self.effects.push(Effect::AbandonOpening);
            }
            Phase::Main | Phase::Drain | Phase::Post => {
                self.effects.push(Effect::CancelTimeoutLater);
                self.end_all_in_background(&why);
                self.end_all_pauses();
                if let Some(current) = self.steps.main.current.clone() {
                    self.ask_again(&current);
                }
            }
            // `begin` and `saved` look at the ending.
            _ => {}
        }
    }

    /// Whether a step in the foreground goes on though the job was cancelled.
    fn ask_again(&mut self, id: &StepId) {
        let Some(step) = self.steps.get(id) else { return };
        if step.stage == Stage::Resting {
            // Nothing waits for another attempt at what was cancelled.
            return self.holds_on(id, false);
        }
        let waits = matches!(
            step.work(),
            Some(StepWork::Wait(_) | StepWork::WaitAll | StepWork::Cancel(_) | StepWork::Parallel(_))
        );
        // Waits end by themselves: what they wait for is being stopped. What is judged is judged again.
        if waits || !matches!(step.stage, Stage::Starting | Stage::Running) {
            return;
        }
        let status = self.status_in(step.frame.clone().as_ref());
        self.effects.push(Effect::AskAgain(id.clone(), status));
    }

    pub(super) fn holds_on(&mut self, id: &StepId, holds: bool) {
        if self.steps.get(id).is_none_or(|step| step.is_done()) {
            return;
        }
        if !holds {
            let reason = self.ending.as_ref().map(|ending| ending.reason.clone());
            let reason = reason.unwrap_or_else(|| Reason::new("cancelled", "the job was cancelled"));
            let is_running = self
                .steps
                .get(id)
                .is_some_and(|step| step.stage == Stage::Running);
            if self.forced || !is_running || !self.steps.frames.contains_key(id) {
                return self.stop(id, StepState::Cancelled, &reason);
            }
            // As in GitHub's runner: each step of an action is judged by itself, and the action counts as cancelled with
            // the first of them that is.
        }
        let inner = self.steps.frames.get(id).and_then(|frame| frame.current.clone());
        if let Some(inner) = inner {
            self.ask_again(&inner);
        }
    }

    pub(super) fn step_timed_out(&mut self, id: &StepId, attempt: u32) {
        let Some(step) = self.steps.get(id).filter(|step| step.attempt == attempt) else {
            return;
        };
        if matches!(step.stage, Stage::Starting | Stage::Running) {
            let reason = Reason::new("timeout", "it took longer than its `timeout-minutes`");
            self.stop(id, StepState::Failure, &reason);
        }
    }

    /// Stops a step and what it brought, wherever it stands. The first reason counts.
    pub(super) fn stop(&mut self, id: &StepId, counts_as: StepState, reason: &Reason) {
        for id in self.steps.with_inner(id) {
            if let Some(frame) = self.steps.frames.get_mut(&id) {
                frame.queue.clear();
            }
            let Some(step) = self.steps.get_mut(&id).filter(|step| !step.is_done()) else {
                continue;
            };
            match step.stage {
                Stage::Waiting | Stage::Done => {}
                // It has ended already, and as it did.
                Stage::Paused => self.end_pause(&id),
                // It does not begin.
                Stage::Judging(_) => {
                    step.stop.get_or_insert_with(|| Stop::new(counts_as, reason));
                }
                Stage::WaitsForSlot | Stage::Resting => {
                    self.steps.slots.retain(|waiting| *waiting != id);
                    let end = WorkEnd {
                        reason: Some(reason.clone()),
                        ..WorkEnd::default()
                    };
                    self.ended(&id, counts_as, counts_as, end);
                }
                Stage::Starting | Stage::Running => {
                    if step.stop.is_some() {
                        continue;
                    }
                    step.stop = Some(Stop::new(counts_as, reason));
                    if step.is_process() {
                        self.send(&id, Signal::Interrupt, INTERRUPT_GRACE);
                    }
                }
            }
        }
    }

    fn send(&mut self, id: &StepId, signal: Signal, grace: Duration) {
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        let Some(stop) = step.stop.as_mut() else {
            return;
        };
        stop.sent = Some(signal);
        step.round += 1;
        let round = step.round;
        self.effects.push(Effect::Signal(id.clone(), signal));
        self.effects.push(Effect::EscalateAfter(id.clone(), round, grace));
    }

    /// The time for a signal is over: the next one, and after the last the step is given up.
    pub(super) fn escalate(&mut self, id: &StepId, round: u32) {
        let Some(step) = self.steps.get(id).filter(|step| !step.is_done()) else {
            return;
        };
        let Some(stop) = step.stop.as_ref().filter(|_| step.round == round) else {
            return;
        };
        match stop.sent {
            Some(Signal::Interrupt) => {
                self.send(id, Signal::Terminate, TERMINATE_GRACE);
                self.leave_to_signals(id);
            }
            Some(Signal::Terminate) => self.send(id, Signal::Kill, KILL_GRACE),
            Some(Signal::Kill) => self.lose(Reason::new(
                "session-lost",
                "a step did not end, not even when it was killed; its place was removed",
            )),
            None => {}
        }
    }

    /// No more time for anybody: what runs is killed, nothing begins any more.
    pub(super) fn force(&mut self) {
        if self.forced || self.status != JobStatus::Cancelled {
            return;
        }
        self.forced = true;
        if !self.is_under_way() {
            return;
        }
        self.posts.clear();
        // Who waits for a group goes on waiting: its members are being stopped.
        self.steps.main.queue.retain(|turn| matches!(turn, Turn::Join(_)));
        for frame in self.steps.frames.values_mut() {
            frame.queue.clear();
        }
        let reason = self.ending.as_ref().map(|ending| ending.reason.clone());
        let reason = reason.unwrap_or_else(|| Reason::new("cancelled", "the job was cancelled"));
        let running: Vec<StepId> = self
            .steps
            .all
            .iter()
            .filter(|(_, step)| !step.is_done() && step.verdict.is_some())
            .map(|(id, _)| id.clone())
            .collect();
        for id in running {
            self.stop(&id, StepState::Cancelled, &reason);
            if self
                .steps
                .get(&id)
                .is_some_and(|step| step.is_process() && !step.is_done())
            {
                self.send(&id, Signal::Kill, KILL_GRACE);
            }
        }
    }
}
