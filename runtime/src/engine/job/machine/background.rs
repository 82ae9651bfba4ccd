//! Background steps: slots, waits, cancels, and what nobody waited for.

use super::messages::{Effect, StepWork, WorkEnd};
use super::order::after;
use super::steps::{MOST_IN_BACKGROUND, Stage, Step};
use super::{JobStatus, Machine, Phase};
use crate::event::{Reason, StepState};
use crate::id::StepId;

impl Machine {
    /// Begins background steps for which there is a slot.
    pub(super) fn fill_slots(&mut self) {
        while self.steps.in_background().count() < MOST_IN_BACKGROUND {
            let Some(next) = self.steps.slots.pop_front() else {
                return;
            };
            self.start(&next);
        }
    }

    /// The background steps that a wait or a group stands for; none when the step does not wait.
    pub(super) fn targets(&self, id: &StepId) -> Option<Vec<StepId>> {
        match self.steps.get(id)?.work()? {
            StepWork::Wait(targets) => Some(targets.clone()),
            StepWork::Cancel(target) => Some(vec![target.clone()]),
            StepWork::Parallel(members) => Some(members.iter().map(|member| member.step.clone()).collect()),
            StepWork::WaitAll => {
                let untaken = |(_, step): &(&StepId, &Step)| step.is_behind() && !step.taken;
                Some(
                    self.steps
                        .all
                        .iter()
                        .filter(untaken)
                        .map(|(id, _)| id.clone())
                        .collect(),
                )
            }
            StepWork::Process | StepWork::Steps(_) => None,
        }
    }

    /// Ends a step that waits, if all that it waits for has ended. Whether it has.
    pub(super) fn wait_is_over(&mut self, id: &StepId) -> bool {
        if self.steps.get(id).is_none_or(Step::is_done) {
            return false;
        }
        let Some(targets) = self.targets(id) else {
            return false;
        };
        // What was skipped, or failed before it could begin, is nothing to wait for.
        let background = |id: &&StepId| self.steps.get(id).is_some_and(Step::is_behind);
        let targets: Vec<StepId> = targets.iter().filter(background).cloned().collect();
        if !targets
            .iter()
            .all(|target| self.steps.get(target).is_some_and(Step::is_done))
        {
            return false;
        }
        let mut worst = StepState::Success;
        for target in &targets {
            self.publish(target);
            let Some(step) = self.steps.get_mut(target) else {
                continue;
            };
            step.taken = true;
            let conclusion = step.end.map_or(StepState::Success, |(_, conclusion)| conclusion);
            worst = match (worst, conclusion) {
                (StepState::Failure, _) | (_, StepState::Failure | StepState::Lost) => StepState::Failure,
                (StepState::Cancelled, _) | (_, StepState::Cancelled) => StepState::Cancelled,
                _ => StepState::Success,
            };
        }
        let step = self.steps.get(id);
        if step.is_some_and(|step| matches!(step.work(), Some(StepWork::Cancel(_)))) {
            worst = StepState::Success;
        }
        let lenient = step
            .and_then(|step| step.verdict.as_ref())
            .is_some_and(|verdict| verdict.continue_on_error);
        let reason = (worst == StepState::Failure)
            .then(|| Reason::new("background", "a background step that it waited for failed"));
        let end = WorkEnd {
            reason,
            ..WorkEnd::default()
        };
        self.ended_without_advance(id, worst, after(worst, lenient), end);
        true
    }

    /// A background step has ended: whoever waits for it may go on.
    pub(super) fn background_ended(&mut self) {
        self.fill_slots();
        match self.phase {
            Phase::Main => {
                let current = self.steps.main.current.clone();
                let waits = |id: &StepId| {
                    self.steps
                        .get(id)
                        .is_some_and(|step| step.stage == Stage::Running)
                };
                if let Some(current) = current.filter(waits)
                    && self.wait_is_over(&current)
                {
                    self.advance(None);
                }
            }
            Phase::Drain => self.drain(),
            _ => {}
        }
    }

    /// What a step did counts for the others from now on.
    pub(super) fn publish(&mut self, id: &StepId) {
        let Some(step) = self.steps.get(id) else { return };
        if let (false, Some((outcome, conclusion))) = (step.taken, step.end) {
            // One that was skipped or never began has no entry in `steps`.
            if !step.background || step.is_behind() {
                self.effects
                    .push(Effect::Publish(id.clone(), outcome, conclusion));
            }
        }
    }

    /// A `cancel` step: ends a background step, wherever it stands.
    pub(super) fn end_background(&mut self, target: &StepId) {
        let Some(step) = self.steps.get_mut(target) else {
            return;
        };
        if !step.background || step.is_done() {
            return;
        }
        step.meant_to_end = true;
        let reason = Reason::new("cancelled", "a later step cancelled it");
        self.stop(target, StepState::Cancelled, &reason);
    }

    /// A step did not end on SIGINT: a `cancel` that waits for it goes on, and leaves the rest to the other signals, as
    /// GitHub's runner does. The end of the job still waits.
    pub(super) fn leave_to_signals(&mut self, id: &StepId) {
        let mut target = id.clone();
        while let Some(outer) = self.steps.get(&target).and_then(|step| step.frame.clone()) {
            target = outer;
        }
        let Some(current) = self.steps.main.current.clone() else {
            return;
        };
        let waits = self.steps.get(&current).is_some_and(|step| {
            step.stage == Stage::Running && step.work() == Some(&StepWork::Cancel(target.clone()))
        });
        if !waits {
            return;
        }
        if let Some(step) = self.steps.get_mut(&target)
            && !std::mem::replace(&mut step.taken, true)
        {
            let cancelled = StepState::Cancelled;
            self.effects.push(Effect::Publish(target, cancelled, cancelled));
        }
        self.ended_without_advance(
            &current,
            StepState::Success,
            StepState::Success,
            WorkEnd::default(),
        );
        self.advance(None);
    }

    /// Ends all background steps: the job is cancelled.
    pub(super) fn end_all_in_background(&mut self, reason: &Reason) {
        let open: Vec<StepId> = self
            .steps
            .all
            .iter()
            .filter(|(_, step)| step.is_behind() && step.frame.is_none() && !step.is_done())
            .map(|(id, _)| id.clone())
            .collect();
        for id in open {
            self.stop(&id, StepState::Cancelled, reason);
        }
    }

    /// After the last main step: waits for what nobody waited for, and counts how all of them ended.
    pub(super) fn drain(&mut self) {
        if self
            .steps
            .all
            .values()
            .any(|step| step.is_behind() && !step.is_done())
        {
            return;
        }
        let all: Vec<StepId> = self
            .steps
            .all
            .iter()
            .filter(|(_, step)| step.is_behind())
            .map(|(id, _)| id.clone())
            .collect();
        for id in all {
            self.publish(&id);
            let Some(step) = self.steps.get_mut(&id) else {
                continue;
            };
            step.taken = true;
            match step.end {
                Some((_, StepState::Failure | StepState::Lost)) => self.fail(),
                Some((_, StepState::Cancelled)) if !step.meant_to_end => self.status = JobStatus::Cancelled,
                _ => {}
            }
        }
        self.next_post();
    }
}
