//! A job whose process is gone, and whose place is not: its machine goes on where its history ends.
//!
//! The steps that have ended stay as they ended. The one that runs is judged again, for what it is and how long it may take
//! is in no history; nothing is asked of the job before that is known. That it started is not written again.

use super::messages::{Input, Judgement, StepWork, Verdict, WorkEnd};
use super::steps::Stage;
use super::{JobOrder, Machine, Phase};
use crate::event::{Reason, StepState};
use crate::id::StepId;

/// How far a job has come by its history.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::engine::job) struct Standstill {
    /// The steps that have ended, in their order: before and after `continue-on-error`.
    pub(in crate::engine::job) ended: Vec<(StepId, StepState, StepState)>,
    /// The step that began and has not ended.
    pub(in crate::engine::job) running: Option<StepId>,
}

/// What a machine that goes on has still to find out.
#[derive(Debug)]
pub(super) struct Resuming {
    /// The step that runs; once the place is there, the one that is being judged.
    running: Option<StepId>,
    /// What was asked of the job meanwhile.
    asked: Vec<Input>,
}

impl Machine {
    /// The machine of a job that goes on. To be begun as any other.
    pub(in crate::engine::job) fn attached(order: JobOrder, past: Standstill) -> Self {
        let mut machine = Self::new(order);
        for (id, outcome, conclusion) in past.ended {
            let Some(step) = machine.steps.get_mut(&id) else {
                continue;
            };
            step.stage = Stage::Done;
            step.end = Some((outcome, conclusion));
            if conclusion == StepState::Failure {
                machine.fail();
            }
        }
        // Should its place be gone, its end is not known.
        if let Some(step) = past.running.as_ref().and_then(|id| machine.steps.get_mut(id)) {
            step.stage = Stage::Running;
        }
        let steps = &machine.steps.all;
        let is_done = |id: &StepId| steps.get(id).is_some_and(|step| step.stage == Stage::Done);
        machine.steps.main.queue.retain(|turn| !is_done(turn.step()));
        machine.resuming = Some(Resuming {
            running: past.running,
            asked: Vec::new(),
        });
        machine
    }

    /// Keeps for later what is asked of the job before it is known what its step is.
    pub(super) fn keep_for_later(&mut self, input: Input) -> Option<Input> {
        match (&mut self.resuming, input) {
            (Some(resuming), asked @ (Input::Cancel { .. } | Input::JobTimeout | Input::CancelTimeout)) => {
                resuming.asked.push(asked);
                None
            }
            (_, input) => Some(input),
        }
    }

    /// The place is there: goes on with the step that runs, else with the next one.
    pub(super) fn go_on(&mut self) {
        self.phase = Phase::Main;
        self.advance(None);
        if self
            .resuming
            .as_ref()
            .is_some_and(|resuming| resuming.running.is_none())
        {
            self.has_gone_on();
        }
    }

    /// What was asked meanwhile.
    pub(super) fn has_gone_on(&mut self) {
        let asked = self.resuming.take().map(|resuming| resuming.asked);
        for input in asked.into_iter().flatten() {
            self.take(input);
        }
    }

    /// What the step is that runs; `None` for any other step.
    pub(super) fn judged_again(&mut self, id: &StepId, judgement: Judgement) -> Option<Judgement> {
        let is_it = |resuming: &Resuming| resuming.running.as_ref() == Some(id);
        if !self.resuming.as_ref().is_some_and(is_it) {
            return Some(judgement);
        }
        match judgement {
            Judgement::Run(verdict) if verdict.work == StepWork::Process && verdict.post.is_none() => {
                self.take_up_again(id, verdict);
            }
            judgement => {
                let reason = match judgement {
                    Judgement::Fail { reason, .. } | Judgement::Broken(reason) => reason,
                    Judgement::Skip | Judgement::Run(_) => Reason::new(
                        "owner-died",
                        "the step that runs is another one now than when it began: what it looks at has changed",
                    ),
                };
                self.lose(reason.clone());
                let end = WorkEnd {
                    reason: Some(reason),
                    ..WorkEnd::default()
                };
                self.ended(id, StepState::Lost, StepState::Lost, end);
            }
        }
        self.has_gone_on();
        None
    }

    fn take_up_again(&mut self, id: &StepId, verdict: Box<Verdict>) {
        if let Some(step) = self.steps.get_mut(id) {
            step.verdict = Some(verdict);
            step.stage = Stage::Starting;
        }
        self.begin_work(id);
    }
}
