//! A line of the list of runs: the projection that the journal keeps beside the events.

use loom_protocol::Timestamp;

use crate::event::{Event, OnCrash, Recorded, RunState, Seq, WorkflowRef};
use crate::executor::Owner;
use crate::id::RunId;

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
    /// Which run of its workflow's file it is, from 1, where its history says so.
    pub number: Option<u64>,
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
        })
    }

    /// Whether it is an attempt at the run that begins with this one.
    pub(crate) fn is_attempt_at(&self, first: &RunId) -> bool {
        self.first.as_ref().unwrap_or(&self.id) == first
    }

    /// Takes the next event.
    pub fn apply(&mut self, recorded: &Recorded) {
        self.last = recorded.seq;
        if self.state.is_final() {
            return; // as in the state: nothing follows an end
        }
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
            Event::RunTakenOver { owner } => self.owner = owner.clone(),
            _ => {}
        }
    }
}
