//! Events in, state out.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use loom_protocol::Timestamp;
use thiserror::Error;

use super::frontier::Frontier;
use super::run::{Claim, Job, Pause, Run, Step};
use crate::event::{Event, JobOutline, JobState, PauseAnswer, Phase, Recorded, Rerun, RunState, StepState};
use crate::id::{JobId, RunId, StepId};

/// A history that makes no sense. Fits after "failed to …".
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoldError {
    /// The first event does not create a run.
    #[error("read run {0}: its history does not begin with its creation")]
    NotCreated(RunId),
    /// An event is missing or comes twice.
    #[error("read run {run}: event {found} follows event {last}")]
    Gap {
        /// The run.
        run: RunId,
        /// The last event before.
        last: u64,
        /// The one that came.
        found: u64,
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
            concurrency,
            source,
            number,
            rerun,
        } = &first.event
        else {
            return Err(FoldError::NotCreated(first.run.clone()));
        };
        let jobs: IndexMap<JobId, Job> = jobs
            .iter()
            .map(|outline| (outline.id.clone(), Job::new(outline)))
            .collect();
        Ok(Self {
            id: first.run.clone(),
            workflow: workflow.clone(),
            event: event.clone(),
            executor: executor.clone(),
            on_crash: *on_crash,
            owner: owner.clone(),
            resumed_at: Vec::new(),
            resumed_in_vain: 0,
            workspace: workspace.clone(),
            concurrency: concurrency.clone(),
            claim: Claim::None,
            source: source.clone(),
            number: *number,
            reused: places_of_reused(rerun.as_deref()),
            rerun: rerun.clone(),
            state: RunState::Queued,
            reason: None,
            unreachable: BTreeMap::new(),
            cancel: None,
            forced: false,
            created_at: first.time,
            started_at: None,
            finished_at: None,
            frontier: Frontier::of(&jobs),
            jobs,
            last: first.seq,
        })
    }

    /// Takes the next event. What follows the end of a run, a job or a step changes nothing and is no error; a job or step
    /// that nobody announced is taken for one of a newer Loom.
    ///
    /// # Errors
    /// When it is not the next one; the state is then as before.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        if recorded.seq != self.last.next() {
            return Err(FoldError::Gap {
                run: self.id.clone(),
                last: self.last.0,
                found: recorded.seq.0,
            });
        }
        self.last = recorded.seq;
        let time = recorded.time;
        if self.state.is_final() {
            // Nothing follows an end: what a process wrote that did not know of it changes nothing.
            return Ok(());
        }
        match &recorded.event {
            Event::RunStarted => {
                self.state = RunState::Running;
                self.started_at = Some(time);
            }
            Event::CancelRequested { by, force } => {
                if !self.somebody_cancelled() {
                    self.cancel = Some(by.clone());
                }
                self.forced |= force;
            }
            Event::ConcurrencyClaimed { job: None, held, .. } => self.claim = Claim::of(*held),
            Event::RunTakenOver { owner, resumes, .. } => {
                self.owner = owner.clone();
                self.resumed_at.extend(resumes.then_some(time));
                self.resumed_in_vain += u32::from(*resumes);
            }
            Event::RunFinished { state, reason } => {
                self.state = *state;
                self.reason.clone_from(reason);
                self.finished_at = Some(time);
            }
            event => {
                if matches!(event, Event::JobFinished { .. } | Event::StepFinished { .. }) {
                    self.resumed_in_vain = 0;
                }
                if let Some(id) = event.job() {
                    self.apply_to_job(&id.clone(), event, time);
                }
            }
        }
        Ok(())
    }

    fn apply_to_job(&mut self, id: &JobId, event: &Event, time: Timestamp) {
        if let Event::RemainsLeft { reason, .. } = event
            && reason.code == UNREACHABLE
        {
            // Told when a job's place is removed, which may be after its end.
            let attempt = self.jobs.get(id).map_or(1, |job| job.attempt);
            self.unreachable
                .entry(id.clone())
                .or_insert((attempt, reason.clone()));
        }
        let place = self.place_of(id);
        let Some((_, job)) = self.jobs.get_index_mut(place) else {
            return;
        };
        if matches!(event, Event::JobKept { .. }) {
            // Told of one that is over.
            job.place_kept = true;
        }
        if job.state.is_final() {
            return; // an end stands
        }
        job.apply(event, time);
        job.lost_by_cancel = job.state == JobState::Lost && self.cancel.is_some();
        let (state, result) = (job.state, job.result());
        let earlier = self.unreachable.get(id).map(|(attempt, _)| *attempt);
        if state == JobState::Success && earlier.is_some_and(|attempt| attempt < job.attempt) {
            self.unreachable.remove(id);
        }
        match event {
            Event::JobExpanded { jobs, .. } => {
                self.add(jobs);
                self.frontier.expanded(place);
            }
            Event::JobQueued { .. } | Event::JobRetrying { .. } => self.frontier.queued(place),
            Event::JobStarting { .. } | Event::JobStarted { .. } if !state.is_final() => {
                self.frontier.started(place)
            }
            Event::JobFinished { reused: Some(_), .. } => self.frontier.reused(place, result),
            Event::JobFinished { .. } => self.frontier.ended(place, result),
            _ => {}
        }
    }

    /// The job's place; one that nobody announced gets one.
    fn place_of(&mut self, id: &JobId) -> usize {
        match self.jobs.get_index_of(id) {
            Some(place) => place,
            None => {
                let (place, _) = self.jobs.insert_full(id.clone(), Job::placeholder(id));
                self.frontier.add(self.jobs.get_index(place).into_iter());
                place
            }
        }
    }

    fn add(&mut self, outlines: &[JobOutline]) {
        let first = self.jobs.len();
        for outline in outlines {
            self.jobs
                .entry(outline.id.clone())
                .or_insert_with(|| Job::new(outline));
        }
        self.frontier
            .add(self.jobs.get_range(first..).into_iter().flatten());
    }
}

/// The code of a reason: the engine does not answer.
const UNREACHABLE: &str = "unreachable";

fn places_of_reused(rerun: Option<&Rerun>) -> BTreeMap<JobId, usize> {
    let reused = rerun.iter().flat_map(|rerun| &rerun.reused).enumerate();
    reused
        .map(|(place, reused)| (reused.job.clone(), place))
        .collect()
}

impl Claim {
    fn of(held: bool) -> Self {
        if held { Self::Held } else { Self::Waiting }
    }
}

impl Job {
    /// Takes an event of this job, which has not ended.
    fn apply(&mut self, event: &Event, time: Timestamp) {
        match event {
            Event::JobExpanded { rules, .. } => {
                self.group = Some(*rules);
                self.state = JobState::Running;
                // They are its instances' to run.
                self.steps.clear();
                self.started_at.get_or_insert(time);
            }
            Event::JobQueued { terms, .. } => {
                self.state = JobState::Queued;
                if let Some(name) = &terms.name {
                    self.name.clone_from(name);
                }
                if terms.image.is_some() {
                    self.image.clone_from(&terms.image);
                }
                self.terms = Some(terms.clone());
            }
            Event::ConcurrencyClaimed { held, .. } => self.claim = Claim::of(*held),
            Event::JobRetrying {
                until, state, reason, ..
            } => {
                self.keep_attempt(*state, reason.clone(), time);
                self.state = JobState::Queued;
                self.retry_at = Some(*until);
                self.claim = Claim::None;
                self.pauses.clear();
                self.forget_steps();
            }
            Event::JobCancelRequested { reason, .. } => {
                self.cancel.get_or_insert_with(|| reason.clone());
            }
            Event::JobStarting { attempt, .. } => {
                self.state = JobState::Running;
                self.attempt = *attempt;
                self.retry_at = None;
                self.started_at = Some(time);
            }
            Event::JobFinished {
                state,
                reason,
                outputs,
                reused,
                ..
            } => {
                self.state = *state;
                self.reason.clone_from(reason);
                self.outputs.clone_from(outputs);
                self.reused.clone_from(reused);
                if reused.is_some() {
                    // They are where it ran.
                    self.steps.clear();
                }
                self.finished_at = Some(time);
                self.pauses.clear();
                self.end_steps(time);
            }
            Event::StepPlanned { outline, .. } => {
                let step = Step::new(outline.name.clone(), outline.parent.clone(), outline.phase);
                self.steps.entry(outline.step.clone()).or_insert(step);
            }
            Event::StepStarted {
                step,
                name,
                background,
                waits_for,
                ..
            } => {
                let step = self.open_step(step);
                if let Some(step) = step {
                    step.state = StepState::Running;
                    step.started_at = Some(time);
                    step.background = *background;
                    step.waits_for.clone_from(waits_for);
                    if let Some(name) = name {
                        step.name.clone_from(name);
                    }
                }
            }
            Event::StepRetrying {
                step,
                attempt,
                exit_code,
                reason,
                ..
            } => {
                self.forget_inner(step);
                if let Some(step) = self.open_step(step) {
                    step.keep_try(*exit_code, reason.clone(), time);
                    // What the attempt said stays in its log.
                    step.attempt = *attempt;
                    step.annotations.clear();
                }
            }
            Event::StepFinished {
                step,
                outcome,
                conclusion,
                exit_code,
                reason,
                outputs,
                ..
            } => {
                self.pauses.shift_remove(step);
                if let Some(step) = self.open_step(step) {
                    step.state = *conclusion;
                    step.outcome = Some(*outcome);
                    step.exit_code = *exit_code;
                    step.reason.clone_from(reason);
                    step.outputs.clone_from(outputs);
                    step.finished_at = Some(time);
                }
            }
            Event::JobPaused {
                step,
                pause: number,
                exit_code,
                reason,
                problem,
                ..
            } => {
                let since = self.pauses.get(step).map_or(time, |pause| pause.since);
                self.last_pause = self.last_pause.max(*number);
                let pause = Pause {
                    number: *number,
                    since,
                    exit_code: *exit_code,
                    reason: reason.clone(),
                    problem: problem.clone(),
                };
                self.step(step);
                self.pauses.insert(step.clone(), pause);
            }
            Event::JobResumed { step, answer, .. } => {
                let pause = self.pauses.shift_remove(step);
                if *answer == PauseAnswer::Retry {
                    self.begin_anew(step, pause);
                }
            }
            Event::Annotated { step, annotation, .. } => {
                self.step(step).annotations.push(annotation.clone());
            }
            Event::Summarized { step, text, .. } => self.step(step).summary = Some(text.clone()),
            _ => {}
        }
    }

    fn step(&mut self, id: &StepId) -> &mut Step {
        self.steps
            .entry(id.clone())
            .or_insert_with(|| Step::new(id.0.clone(), None, Phase::Main))
    }

    /// A step that has not ended: an end stands.
    fn open_step(&mut self, id: &StepId) -> Option<&mut Step> {
        Some(self.step(id)).filter(|step| !step.state.is_final())
    }

    /// A step is done again: what it brought and said so far is of no more account.
    fn begin_anew(&mut self, id: &StepId, pause: Option<Pause>) {
        let inner = format!("{id}.");
        self.steps
            .retain(|step, known| known.parent.is_none() || !step.0.starts_with(&inner));
        if let Some(step) = self.open_step(id) {
            if let Some(pause) = pause {
                step.keep_try(pause.exit_code, pause.reason, pause.since);
            }
            let earlier = std::mem::take(&mut step.earlier);
            *step = Step::new(std::mem::take(&mut step.name), step.parent.take(), step.phase);
            step.earlier = earlier;
        }
    }

    /// A new attempt begins with the steps as written.
    fn forget_steps(&mut self) {
        self.steps
            .retain(|_, step| step.parent.is_none() && step.phase == Phase::Main);
        for step in self.steps.values_mut() {
            *step = Step::new(std::mem::take(&mut step.name), None, Phase::Main);
        }
    }

    /// A new attempt at a step brings its own steps anew.
    fn forget_inner(&mut self, outer: &StepId) {
        let inner = format!("{outer}.");
        self.steps.retain(|id, _| !id.0.starts_with(&inner));
    }

    /// A job that has ended has no step that still waits or runs.
    pub(super) fn end_steps(&mut self, time: Timestamp) {
        for step in self.steps.values_mut() {
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
