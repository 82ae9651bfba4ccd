//! A line of the list of runs: the projection that the journal keeps beside the events.

use std::collections::{BTreeMap, BTreeSet};

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::Origin;
use crate::event::{Event, OnCrash, PAUSED, Recorded, RunState, Seq, WorkflowRef};
use crate::executor::Owner;
use crate::id::{JobId, RunId, StepId};

/// A run in brief.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its id.
    pub id: RunId,
    /// The workflow it executes.
    pub workflow: WorkflowRef,
    /// The event that triggered it.
    pub event: String,
    /// Where its jobs run.
    pub executor: String,
    /// Its state.
    pub state: RunState,
    /// What its owner's death means.
    pub on_crash: OnCrash,
    /// The process that runs it.
    pub owner: Owner,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its owner began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The last event that is in this line.
    pub last: Seq,
    /// Whether something of it may be left in an engine or on disk: it was lost, or something could not be removed.
    pub remains: bool,
    /// The first attempt at its run, when it is a later one.
    pub first: Option<RunId>,
    /// Which attempt at its run it is, from 1.
    pub attempt: u32,
    /// Which run of its workflow's file it is, from 1. Where its history does not say it, the journal may count.
    pub number: Option<u64>,
    /// Who began it, and at which commit.
    pub origin: Origin,
    /// The jobs that are under way.
    pub under_way: UnderWay,
}

/// The jobs of a run that are under way, each with the steps that it is paused at. Groups are told by their jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnderWay(BTreeMap<JobId, BTreeSet<StepId>>);

impl UnderWay {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::JobStarting { job, .. } => drop(self.0.entry(job.clone()).or_default()),
            Event::JobPaused { job, step, .. } => {
                if let Some(paused) = self.0.get_mut(job) {
                    paused.insert(step.clone());
                }
            }
            Event::JobResumed { job, step, .. } | Event::StepFinished { job, step, .. } => {
                if let Some(paused) = self.0.get_mut(job) {
                    paused.remove(step);
                }
            }
            Event::JobRetrying { job, .. } | Event::JobFinished { job, .. } => drop(self.0.remove(job)),
            Event::RunFinished { .. } => self.0.clear(),
            _ => {}
        }
    }

    /// Whether nothing of it goes on before somebody answers.
    fn is_paused(&self) -> bool {
        !self.0.is_empty() && self.0.values().all(|steps| !steps.is_empty())
    }
}

impl Summary {
    /// The line that a run's first event makes; `None` when the event creates no run.
    pub fn create(first: &Recorded) -> Option<Self> {
        let Event::RunCreated {
            workflow,
            event,
            executor,
            on_crash,
            owner,
            rerun,
            number,
            ..
        } = &first.event
        else {
            return None;
        };
        let rerun = rerun.as_deref();
        Some(Self {
            id: first.run.clone(),
            workflow: workflow.clone(),
            event: event.clone(),
            executor: executor.clone(),
            state: RunState::Queued,
            on_crash: *on_crash,
            owner: owner.clone(),
            created_at: first.time,
            started_at: None,
            finished_at: None,
            last: first.seq,
            remains: false,
            first: rerun.map(|rerun| rerun.first.clone()),
            attempt: rerun.map_or(1, |rerun| rerun.attempt),
            number: *number,
            origin: Origin::of(&first.event),
            under_way: UnderWay::default(),
        })
    }

    /// Whether it is an attempt at the run that begins with this one.
    pub(crate) fn is_attempt_at(&self, first: &RunId) -> bool {
        self.first.as_ref().unwrap_or(&self.id) == first
    }

    /// Whether it goes on only once somebody has said how: [`crate::state::Run::is_paused`], without its history.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.state == RunState::Running && self.under_way.is_paused()
    }

    /// The word for its state, as [`crate::state::Run::state_word`].
    #[must_use]
    pub fn state_word(&self) -> &'static str {
        if self.is_paused() {
            PAUSED
        } else {
            self.state.as_str()
        }
    }

    /// Takes the next event.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.last = recorded.seq;
        if self.state.is_final() {
            return; // as in the state: nothing follows an end
        }
        self.under_way.apply(&recorded.event);
        match &recorded.event {
            Event::RunStarted => {
                self.state = RunState::Running;
                self.started_at = Some(recorded.time);
            }
            Event::RunFinished { state, .. } => {
                self.state = *state;
                self.finished_at = Some(recorded.time);
                self.remains |= *state == RunState::Lost;
            }
            Event::RemainsLeft { .. } => self.remains = true,
            Event::RunTakenOver { owner, .. } => {
                self.owner = owner.clone();
                self.remains = true; // of what the dead owner had
            }
            _ => {}
        }
    }
}
