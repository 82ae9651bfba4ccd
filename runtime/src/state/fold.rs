//! Events in, state out.

use indexmap::IndexMap;
use loom_protocol::Timestamp;
use thiserror::Error;

use super::frontier::Frontier;
use crate::event::{Event, JobState, OnCrash, Reason, Recorded, RunState, Seq, StepState, WorkflowRef};
use crate::executor::Owner;
use crate::id::{JobId, RunId};

/// A run, as its events tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The workflow it executes.
    pub workflow: WorkflowRef,
    /// The event that triggered it.
    pub event: String,
    /// Where its jobs run.
    pub executor: String,
    /// What its owner's death means.
    pub on_crash: OnCrash,
    /// The process that runs it.
    pub owner: Owner,
    /// The project directory.
    pub workspace: String,
    /// Its state.
    pub state: RunState,
    /// Why, when the jobs do not say it.
    pub reason: Option<Reason>,
    /// Who asked to cancel it, if somebody did.
    pub cancel: Option<String>,
    /// Whether the cancel skips the steps' grace. With `cancel` all that an actor needs to go on with it.
    pub forced: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its owner began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Its jobs, in the order of the file.
    pub jobs: IndexMap<JobId, Job>,
    /// The last event that is in this state.
    pub last: Seq,
    pub(super) frontier: Frontier,
}

/// A job of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its display name.
    pub name: String,
    /// The jobs it waits for.
    pub needs: Vec<JobId>,
    /// The image it runs in.
    pub image: Option<String>,
    /// Why it will be skipped whatever its needs come to.
    pub skip: Option<Reason>,
    /// Its state.
    pub state: JobState,
    /// From 1 once it started.
    pub attempt: u32,
    /// Why, when the steps do not say it.
    pub reason: Option<Reason>,
    /// When it started to get a place.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its display name.
    pub name: String,
    /// Its state; once final, the conclusion.
    pub state: StepState,
    /// Before `continue-on-error`, once it ended.
    pub outcome: Option<StepState>,
    /// The code it exited with.
    pub exit_code: Option<i32>,
    /// Why it ended so, when the code does not say it.
    pub reason: Option<Reason>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// The events do not make a run.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoldError {
    /// The first event is not `runCreated`.
    #[error("read run {0}: its first event does not create it")]
    NotCreated(RunId),
    /// An event is missing or stands twice.
    #[error("read run {run}: event {found} follows event {last}")]
    Gap {
        /// The run.
        run: RunId,
        /// The last one applied.
        last: u64,
        /// The one that came.
        found: u64,
    },
    /// An event names a job or step that the run does not have.
    #[error("read run {run}: event {seq} names a job or step that it does not have")]
    Unknown {
        /// The run.
        run: RunId,
        /// The event.
        seq: u64,
    },
}

impl Run {
    /// The run that these events tell, `None` when there are none.
    ///
    /// # Errors
    /// See [`FoldError`].
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Result<Option<Self>, FoldError> {
        let mut run: Option<Self> = None;
        for recorded in events {
            match &mut run {
                None => run = Some(Self::create(recorded)?),
                Some(run) => run.apply(recorded)?,
            }
        }
        Ok(run)
    }

    /// The run that its first event creates.
    ///
    /// # Errors
    /// When the event does not create a run.
    pub fn create(first: &Recorded) -> Result<Self, FoldError> {
        let Event::RunCreated {
            workflow,
            event,
            executor,
            on_crash,
            owner,
            workspace,
            jobs,
        } = &first.event
        else {
            return Err(FoldError::NotCreated(first.run.clone()));
        };
        let jobs = jobs.iter().map(|outline| {
            let steps = outline.steps.iter().map(|name| Step {
                name: name.clone(),
                state: StepState::Waiting,
                outcome: None,
                exit_code: None,
                reason: None,
                started_at: None,
                finished_at: None,
            });
            let job = Job {
                name: outline.name.clone(),
                needs: outline.needs.clone(),
                image: outline.image.clone(),
                skip: outline.skip.clone(),
                state: JobState::Waiting,
                attempt: 0,
                reason: None,
                started_at: None,
                finished_at: None,
                steps: steps.collect(),
            };
            (outline.id.clone(), job)
        });
        let jobs: IndexMap<JobId, Job> = jobs.collect();
        let frontier = Frontier::new(jobs.iter().map(|(id, job)| (id, job.needs.as_slice())));
        Ok(Self {
            id: first.run.clone(),
            workflow: workflow.clone(),
            event: event.clone(),
            executor: executor.clone(),
            on_crash: *on_crash,
            owner: owner.clone(),
            workspace: workspace.clone(),
            state: RunState::Queued,
            reason: None,
            cancel: None,
            forced: false,
            created_at: first.time,
            started_at: None,
            finished_at: None,
            jobs,
            last: first.seq,
            frontier,
        })
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// When it is not the next one, or names what the run does not have; the state is then as before. What follows the end
    /// of a run, a job or a step changes nothing and is no error.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        if recorded.seq != self.last.next() {
            return Err(FoldError::Gap {
                run: self.id.clone(),
                last: self.last.0,
                found: recorded.seq.0,
            });
        }
        let unknown = || FoldError::Unknown {
            run: recorded.run.clone(),
            seq: recorded.seq.0,
        };
        let time = recorded.time;
        if self.state.is_final() {
            // Nothing follows an end: what a process wrote that did not know of it changes nothing.
            self.last = recorded.seq;
            return Ok(());
        }
        if let Some(id) = recorded.event.job() {
            let (place, _, job) = self.jobs.get_full_mut(id).ok_or_else(unknown)?;
            let had_ended = job.state.is_final();
            job.apply(&recorded.event, time).ok_or_else(unknown)?;
            match job.state {
                JobState::Waiting => {}
                JobState::Queued => self.frontier.queued(place),
                state if !state.is_final() => self.frontier.started(place),
                _ if had_ended => {}
                _ => self.frontier.ended(place),
            }
        }
        match &recorded.event {
            Event::RunStarted => {
                self.state = RunState::Running;
                self.started_at = Some(time);
            }
            Event::CancelRequested { by, force } => {
                self.cancel.get_or_insert_with(|| by.clone());
                self.forced |= force;
            }
            Event::RunTakenOver { owner } => self.owner = owner.clone(),
            Event::RunFinished { state, reason } => {
                self.state = *state;
                self.reason.clone_from(reason);
                self.finished_at = Some(time);
            }
            _ => {}
        }
        self.last = recorded.seq;
        Ok(())
    }
}

impl Job {
    /// Takes an event of this job. One that comes after the end of what it is about changes nothing: an end stands.
    /// `None` when the event names a step that the job does not have.
    fn apply(&mut self, event: &Event, time: Timestamp) -> Option<()> {
        if let Event::StepStarted { step, .. } | Event::StepFinished { step, .. } = event {
            let step = self.steps.get(usize::try_from(*step).ok()?)?;
            if step.state.is_final() {
                return Some(());
            }
        }
        if self.state.is_final() {
            return Some(());
        }
        match event {
            Event::JobQueued { .. } => self.state = JobState::Queued,
            Event::JobStarting { attempt, .. } => {
                self.state = JobState::Running;
                self.attempt = *attempt;
                self.started_at = Some(time);
            }
            Event::StepStarted { step, .. } => {
                let step = self.steps.get_mut(usize::try_from(*step).ok()?)?;
                step.state = StepState::Running;
                step.started_at = Some(time);
            }
            Event::StepFinished {
                step,
                outcome,
                conclusion,
                exit_code,
                reason,
                ..
            } => {
                let step = self.steps.get_mut(usize::try_from(*step).ok()?)?;
                step.state = *conclusion;
                step.outcome = Some(*outcome);
                step.exit_code = *exit_code;
                step.reason.clone_from(reason);
                step.finished_at = Some(time);
            }
            Event::JobFinished { state, reason, .. } => {
                self.state = *state;
                self.reason.clone_from(reason);
                self.finished_at = Some(time);
                self.settle_steps(time);
            }
            _ => {}
        }
        Some(())
    }

    /// A job that has ended has no step that still waits or runs.
    fn settle_steps(&mut self, time: Timestamp) {
        for step in &mut self.steps {
            step.state = match step.state {
                StepState::Waiting => StepState::Skipped,
                StepState::Running => {
                    step.finished_at = Some(time);
                    match self.state {
                        JobState::Cancelled => StepState::Cancelled,
                        _ => StepState::Lost,
                    }
                }
                done => done,
            };
        }
    }
}
