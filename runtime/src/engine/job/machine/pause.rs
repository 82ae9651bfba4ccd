//! A job pauses at a step that failed, until somebody says how it goes on.
//!
//! A paused step is one that has not ended yet: what waits for it waits, and background steps go on. Only steps of the job
//! itself pause: of a composite action the step that uses it, whose steps all begin anew then; of a `parallel` the members;
//! what actions do before and after the job too. A step that merely waits for others does not, for those do. A cancel ends
//! every pause, as does whatever ends the job: then the step has failed, as it would have without a pause.

use super::messages::{Effect, JobStatus, Resume, StepWork, WorkEnd};
use super::steps::{Held, Stage};
use super::{Machine, Phase};
use crate::event::{Event, PauseAnswer, StepState};
use crate::id::StepId;

impl Machine {
    /// The steps that the job is paused at.
    pub(in crate::engine::job) fn paused(&self) -> Vec<StepId> {
        let all = self.steps.all.iter();
        all.filter(|(_, step)| step.stage == Stage::Paused)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// The number of the pause that a step is in, if it is in one.
    pub(in crate::engine::job) fn pause_of(&self, id: &StepId) -> Option<u32> {
        let step = self.steps.get(id).filter(|step| step.stage == Stage::Paused)?;
        Some(step.held.as_ref()?.pause)
    }

    pub(super) fn pauses_at(&self, id: &StepId, conclusion: StepState) -> bool {
        let Some(step) = self.steps.get(id) else {
            return false;
        };
        let only_waits = matches!(
            step.work(),
            Some(StepWork::Wait(_) | StepWork::WaitAll | StepWork::Cancel(_) | StepWork::Parallel(_))
        );
        self.plan.pauses
            && conclusion == StepState::Failure
            && step.frame.is_none()
            && !only_waits
            && self.is_under_way()
            && self.status != JobStatus::Cancelled
            && !self.forced
    }

    pub(super) fn pause(&mut self, id: &StepId, outcome: StepState, conclusion: StepState, mut end: WorkEnd) {
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        self.pauses += 1;
        step.stage = Stage::Paused;
        step.stop = None;
        let held_back = step.is_behind();
        self.outbox.append(&mut end.notes);
        self.outbox.push(Event::JobPaused {
            job: self.plan.job.clone(),
            step: id.clone(),
            pause: self.pauses,
            exit_code: end.exit_code,
            signal: end.signal,
            reason: end.reason.clone(),
            problem: None,
        });
        step.held = Some(Box::new(Held {
            pause: self.pauses,
            outcome,
            conclusion,
            end,
        }));
        if held_back {
            // It takes no slot from the others meanwhile.
            self.fill_slots();
        }
    }

    /// Somebody says how a paused step goes on.
    pub(super) fn answered(&mut self, id: &StepId, answer: Resume) {
        let Some(step) = self.steps.get(id).filter(|step| step.stage == Stage::Paused) else {
            return;
        };
        let resumed = |answer, file| Event::JobResumed {
            job: self.plan.job.clone(),
            step: id.clone(),
            answer,
            file,
        };
        match answer {
            Resume::Retry(file) => {
                self.outbox.push(resumed(PauseAnswer::Retry, file.map(Box::new)));
                self.begin_anew(id);
            }
            Resume::Skip => {
                self.outbox.push(resumed(PauseAnswer::Skip, None));
                self.effects.push(Effect::Forget(id.clone(), step.attempt));
                let took = step.held.as_ref().map(|held| held.end.took);
                let end = WorkEnd {
                    took: took.unwrap_or_default(),
                    ..WorkEnd::default()
                };
                self.ended_for_good(id, StepState::Skipped, StepState::Skipped, end);
            }
            Resume::End => {
                self.outbox.push(resumed(PauseAnswer::End, None));
                self.end_pause(id);
            }
            Resume::Refused(problem) => {
                let held = step.held.as_ref();
                self.outbox.push(Event::JobPaused {
                    job: self.plan.job.clone(),
                    step: id.clone(),
                    pause: held.map_or(0, |held| held.pause),
                    exit_code: held.and_then(|held| held.end.exit_code),
                    signal: held.and_then(|held| held.end.signal),
                    reason: held.and_then(|held| held.end.reason.clone()),
                    problem: Some(problem),
                });
            }
        }
    }

    /// The step is judged and done again; nothing of the attempt before counts.
    fn begin_anew(&mut self, id: &StepId) {
        // Those of a composite action are planned anew.
        for inner in self.steps.with_inner(id) {
            self.steps.frames.shift_remove(&inner);
            if inner != *id {
                self.steps.all.shift_remove(&inner);
            }
        }
        if let Some(step) = self.steps.get_mut(id) {
            step.held = None;
            step.attempt += 1;
            self.effects.push(Effect::Forget(id.clone(), step.attempt));
        }
        self.judge(id);
    }

    /// The step has failed as it would have without a pause.
    pub(super) fn end_pause(&mut self, id: &StepId) {
        let held = self.steps.get_mut(id).and_then(|step| step.held.take());
        if let Some(held) = held {
            self.ended_for_good(id, held.outcome, held.conclusion, held.end);
        }
    }

    pub(super) fn end_all_pauses(&mut self) {
        for id in self.paused() {
            self.end_pause(&id);
        }
    }

    /// The job ends though steps are paused: they have failed.
    pub(super) fn end_what_is_paused(&mut self) {
        for id in self.paused() {
            let held = self.steps.get_mut(&id).and_then(|step| step.held.take());
            if let Some(held) = held {
                self.ended_without_advance(&id, held.outcome, held.conclusion, held.end);
            }
        }
    }

    /// The job's time stands still while it is paused.
    pub(super) fn hold_time(&mut self) {
        let over = matches!(self.phase, Phase::Closing | Phase::Finishing | Phase::Finished);
        let is_paused = !over && self.steps.all.values().any(|step| step.stage == Stage::Paused);
        if std::mem::replace(&mut self.time_is_held, is_paused) != is_paused {
            self.effects.push(if is_paused {
                Effect::HoldTime
            } else {
                Effect::ResumeTime
            });
        }
    }
}
