//! The steps of a job on their way.

use std::collections::VecDeque;

use indexmap::IndexMap;

use super::messages::{JobStatus, StepWork, Verdict, WorkEnd};
use crate::event::{Reason, StepState};
use crate::executor::Signal;
use crate::id::StepId;

/// How many background steps run at once: GitHub's `system.runner.maxbackgroundsteps`.
pub(super) const MOST_IN_BACKGROUND: usize = 10;

/// A step that was planned.
#[derive(Debug)]
pub(super) struct Step {
    /// The composite action that it is a step of; none for those of the job.
    pub(super) frame: Option<StepId>,
    /// What people call it, as it was planned.
    pub(super) name: String,
    pub(super) stage: Stage,
    /// Known once it was judged.
    pub(super) verdict: Option<Box<Verdict>>,
    /// Whether the steps behind it do not wait for it.
    pub(super) background: bool,
    /// Why it is being stopped, and what it counts as then.
    pub(super) stop: Option<Stop>,
    /// Tells timers of the last signal from those of earlier ones.
    pub(super) round: u32,
    /// From 1; more when it failed and is tried again.
    pub(super) attempt: u32,
    /// How it ended, while it is paused there.
    pub(super) held: Option<Box<Held>>,
    /// How it ended: before and after `continue-on-error`.
    pub(super) end: Option<(StepState, StepState)>,
    /// Of a background step: whether a wait or cancel has taken its end.
    pub(super) taken: bool,
    /// Of a background step: whether a `cancel` named it.
    pub(super) meant_to_end: bool,
}

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    /// Asked whether it runs, with the job in this status.
    Judging(JobStatus),
    /// A background step that waits for one of the others to end.
    WaitsForSlot,
    /// Its start is being written down.
    Starting,
    Running,
    /// It has failed, and waits for somebody to say how it goes on.
    Paused,
    /// An attempt failed; it waits for the next one.
    Resting,
    Done,
}

/// How a step ended that is paused: before and after `continue-on-error`, and what else there is to say.
#[derive(Debug)]
pub(super) struct Held {
    /// The pause's number in its job.
    pub(super) pause: u32,
    pub(super) outcome: StepState,
    pub(super) conclusion: StepState,
    pub(super) end: WorkEnd,
}

/// A step that is being stopped.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stop {
    pub(super) counts_as: StepState,
    pub(super) reason: Reason,
    /// The last signal that was sent.
    pub(super) sent: Option<Signal>,
}

impl Stop {
    pub(super) fn new(counts_as: StepState, reason: &Reason) -> Self {
        Self {
            counts_as,
            reason: reason.clone(),
            sent: None,
        }
    }
}

/// Steps that follow each other: those of the job, or of a composite action.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) queue: VecDeque<Turn>,
    /// The step whose turn it is.
    pub(super) current: Option<StepId>,
    /// Whether one of them failed.
    pub(super) failed: bool,
    /// All have ended, and what they give is being found out.
    pub(super) gathering: bool,
}

/// What comes next in a frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Turn {
    Step(StepId),
    /// The steps that a `parallel` brought have all begun: wait for their ends.
    Join(StepId),
}

impl Turn {
    /// The step whose turn it is.
    pub(super) fn step(&self) -> &StepId {
        match self {
            Self::Step(id) | Self::Join(id) => id,
        }
    }
}

/// All steps of a job.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) all: IndexMap<StepId, Step>,
    pub(super) main: Frame,
    pub(super) frames: IndexMap<StepId, Frame>,
    /// Background steps that wait for a slot.
    pub(super) slots: VecDeque<StepId>,
}

impl Step {
    pub(super) fn new(name: String, frame: Option<StepId>, background: bool) -> Self {
        Self {
            frame,
            name,
            stage: Stage::Waiting,
            verdict: None,
            background,
            stop: None,
            round: 0,
            attempt: 1,
            held: None,
            end: None,
            taken: false,
            meant_to_end: false,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Whether it was taken up as one that the others do not wait for.
    pub(super) fn is_behind(&self) -> bool {
        self.background && self.verdict.is_some()
    }

    pub(super) fn work(&self) -> Option<&StepWork> {
        self.verdict.as_ref().map(|verdict| &verdict.work)
    }

    /// Whether its start was written down and its end was not.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::Running | Stage::Resting)
    }

    /// Whether something of it runs that can be signalled.
    pub(super) fn is_process(&self) -> bool {
        self.stage == Stage::Running && self.work() == Some(&StepWork::Process)
    }
}

impl Steps {
    pub(super) fn frame(&mut self, owner: Option<&StepId>) -> Option<&mut Frame> {
        match owner {
            None => Some(&mut self.main),
            Some(owner) => self.frames.get_mut(owner),
        }
    }

    pub(super) fn get(&self, id: &StepId) -> Option<&Step> {
        self.all.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &StepId) -> Option<&mut Step> {
        self.all.get_mut(id)
    }

    /// Background steps of the job that have begun and not ended.
    pub(super) fn in_background(&self) -> impl Iterator<Item = (&StepId, &Step)> {
        self.all
            .iter()
            .filter(|(_, step)| step.background && step.frame.is_none() && step.is_open())
    }

    /// A step and those that it brought, however deep.
    pub(super) fn with_inner(&self, id: &StepId) -> Vec<StepId> {
        let mut found = vec![id.clone()];
        let mut at = 0;
        while let Some(outer) = found.get(at).cloned() {
            found.extend(
                self.all
                    .iter()
                    .filter(|(_, step)| step.frame.as_ref() == Some(&outer))
                    .map(|(id, _)| id.clone()),
            );
            at += 1;
        }
        found
    }
}
