//! A run, its jobs and their steps, as their events tell them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use loom_protocol::Timestamp;

use super::attempts::{EarlierAttempt, EarlierTry};
use super::frontier::Frontier;
use crate::event::{
    Annotation, ConcurrencyGroup, GroupRules, JobOutline, JobState, JobTerms, OnCrash, Outputs, PAUSED,
    Phase, Reason, Rerun, ReusedFrom, RunSource, RunState, Seq, StepState, WorkflowRef,
};
use crate::executor::Owner;
use crate::id::{JobId, RunId, StepId};

/// Who asks to cancel a run, or a job of it, when a newer one of its concurrency group wants its turn.
pub(crate) const BY_CONCURRENCY: &str = "concurrency";

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
    /// When another process went on with it, because the one before had died.
    pub resumed_at: Vec<Timestamp>,
    /// How many processes have gone on with it since a job or a step of it ended last.
    pub resumed_in_vain: u32,
    /// The project directory.
    pub workspace: String,
    /// With which runs it does not run at once.
    pub concurrency: Option<ConcurrencyGroup>,
    /// How it stands with that group.
    pub claim: Claim,
    /// What it was made from; absent in histories of the first version.
    pub source: Option<Box<RunSource>>,
    /// Which run of its workflow's file it is, from 1; absent in older histories.
    pub number: Option<u64>,
    /// What it goes back to, when it is another attempt at a run.
    pub rerun: Option<Box<Rerun>>,
    /// The places in it of the jobs that are reused.
    pub(super) reused: BTreeMap<JobId, usize>,
    /// Its state.
    pub state: RunState,
    /// Why, when the jobs do not say it.
    pub reason: Option<Reason>,
    /// Why the places of jobs could not be removed, when their engine did not answer any more, with the attempts that had
    /// them. A later attempt that ends well shows that it answers again.
    pub unreachable: BTreeMap<JobId, (u32, Reason)>,
    /// Who asked to cancel it, if somebody did: the first, and a newer run of its concurrency group only when nobody else.
    pub cancel: Option<String>,
    /// Whether the cancel skips the steps' grace. With `cancel` all that an actor needs to go on with it.
    pub forced: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its owner began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Its jobs: those of the file in their order, each followed in time by those that it brought.
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
    /// The job that brought it, with its matrix or by a call.
    pub parent: Option<JobId>,
    /// The jobs it waits for.
    pub needs: Vec<JobId>,
    /// The workflow that it calls instead of having steps.
    pub calls: Option<String>,
    /// The image it runs in.
    pub image: Option<String>,
    /// Why it will be skipped whatever its needs come to.
    pub skip: Option<Reason>,
    /// What was found when it was judged.
    pub terms: Option<JobTerms>,
    /// How the jobs that it brought run beside each other, once there are any.
    pub group: Option<GroupRules>,
    /// How it stands with its concurrency group.
    pub claim: Claim,
    /// Where it ran, when it did not run in this attempt of its run.
    pub reused: Option<ReusedFrom>,
    /// Its state.
    pub state: JobState,
    /// From 1 once it started.
    pub attempt: u32,
    /// The attempts before this one, the first one first.
    pub earlier: Vec<EarlierAttempt>,
    /// Not before this time, when it failed and is tried again.
    pub retry_at: Option<Timestamp>,
    /// Why it is to end though the run goes on.
    pub cancel: Option<Reason>,
    /// Whether it was lost after somebody had cancelled the run.
    pub lost_by_cancel: bool,
    /// Why, when the steps do not say it.
    pub reason: Option<Reason>,
    /// When it started to get a place.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Its steps, those of the file first.
    pub steps: IndexMap<StepId, Step>,
    /// What it tells the jobs that need it.
    pub outputs: Outputs,
    /// The number of its last pause, over all attempts.
    pub last_pause: u32,
    /// The steps that it is paused at: they failed, and somebody has to say how they go on.
    pub pauses: IndexMap<StepId, Pause>,
    /// Whether its place was kept when it was done. It may have been removed since.
    pub place_kept: bool,
}

/// A pause at a step that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    /// Which pause of the job it is, from 1; 0 in histories that do not count them.
    pub number: u32,
    /// Since when.
    pub since: Timestamp,
    /// The code its process exited with.
    pub exit_code: Option<i32>,
    /// Why it failed, when the exit code does not say it.
    pub reason: Option<Reason>,
    /// Why it could not be done again, when that was tried.
    pub problem: Option<Reason>,
}

impl Pause {
    /// Its number, where its history counts pauses.
    #[must_use]
    pub fn counted(&self) -> Option<u32> {
        (self.number > 0).then_some(self.number)
    }
}

/// How a job or a run stands with its concurrency group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// It has not asked.
    #[default]
    None,
    /// Another has it.
    Waiting,
    /// It has it.
    Held,
}

/// A step of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its display name.
    pub name: String,
    /// The step that brought it.
    pub parent: Option<StepId>,
    /// When it runs.
    pub phase: Phase,
    /// Its state; its conclusion once that is final.
    pub state: StepState,
    /// From 1; more when it failed and was tried again.
    pub attempt: u32,
    /// The attempts before this one, the first one first; also those that somebody had done again after a pause.
    pub earlier: Vec<EarlierTry>,
    /// Whether the steps behind it, or beside it in a `parallel`, do not wait for its end.
    pub background: bool,
    /// The background steps that it waits for, or ends.
    pub waits_for: Vec<StepId>,
    /// Before `continue-on-error`.
    pub outcome: Option<StepState>,
    /// The code its process exited with.
    pub exit_code: Option<i32>,
    /// Why it ended so, when the exit code does not say it.
    pub reason: Option<Reason>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What it gave, masked.
    pub outputs: Outputs,
    /// What it said of places in files.
    pub annotations: Vec<Annotation>,
    /// What it wrote for people, in Markdown.
    pub summary: Option<String>,
}

impl Run {
    /// Which attempt at its run it is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.rerun.as_ref().map_or(1, |rerun| rerun.attempt)
    }

    /// Whether it goes on only once somebody has said how.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        let mut under_way = self
            .jobs
            .values()
            .filter(|job| job.group.is_none() && job.state == JobState::Running)
            .peekable();
        self.state == RunState::Running && under_way.peek().is_some() && under_way.all(Job::is_paused)
    }

    /// Whether somebody asked to cancel it: not its concurrency group alone, which wants its turn for a newer run.
    #[must_use]
    pub fn somebody_cancelled(&self) -> bool {
        self.cancel.as_deref().is_some_and(|by| by != BY_CONCURRENCY)
    }

    /// The word for its state: `paused` is one for people, who may have to answer.
    #[must_use]
    pub fn state_word(&self) -> &'static str {
        if self.is_paused() {
            PAUSED
        } else {
            self.state.as_str()
        }
    }

    /// The first attempt at its run.
    #[must_use]
    pub fn first_attempt(&self) -> &RunId {
        self.rerun.as_ref().map_or(&self.id, |rerun| &rerun.first)
    }

    /// The run and the attempt of the job that have a job's newest log: those of an earlier attempt for one that was reused.
    #[must_use]
    pub fn log_of(&self, job: &JobId) -> (RunId, u32) {
        let attempt = self.jobs.get(job).map_or(1, Job::newest_attempt);
        (self.ran_in(job).clone(), attempt)
    }

    /// The run that has a job's logs and steps: an earlier attempt for one that was reused.
    #[must_use]
    pub fn ran_in(&self, job: &JobId) -> &RunId {
        let reused = self.jobs.get(job).and_then(|job| job.reused.as_ref());
        reused.map_or(&self.id, |from| &from.run)
    }
}

impl Job {
    pub(super) fn new(outline: &JobOutline) -> Self {
        let terms = outline.terms.clone();
        let known = terms.as_ref();
        Self {
            name: known
                .and_then(|terms| terms.name.clone())
                .unwrap_or_else(|| outline.name.clone()),
            parent: outline.parent.clone(),
            needs: outline.needs.clone(),
            calls: outline.calls.clone(),
            image: known
                .and_then(|terms| terms.image.clone())
                .or_else(|| outline.image.clone()),
            skip: outline.skip.clone(),
            state: if terms.is_some() && outline.calls.is_none() {
                JobState::Queued
            } else {
                JobState::Waiting
            },
            terms,
            group: None,
            claim: Claim::None,
            reused: None,
            attempt: 0,
            earlier: Vec::new(),
            retry_at: None,
            cancel: None,
            reason: None,
            started_at: None,
            finished_at: None,
            steps: outline
                .steps
                .iter()
                .enumerate()
                .map(|(index, name)| (StepId::at(index), Step::new(name.clone(), None, Phase::Main)))
                .collect(),
            outputs: Outputs::new(),
            last_pause: 0,
            lost_by_cancel: false,
            pauses: IndexMap::new(),
            place_kept: false,
        }
    }

    /// One that an event names and no other announced: written by a newer Loom.
    pub(super) fn placeholder(id: &JobId) -> Self {
        Self::new(&JobOutline {
            id: id.clone(),
            name: id.0.clone(),
            ..JobOutline::default()
        })
    }

    /// Whether its failure leaves the run a success.
    #[must_use]
    pub fn continues_on_error(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.continue_on_error)
    }

    /// Whether it waits for somebody to say how it goes on.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        !self.pauses.is_empty()
    }

    /// The word for its state, as that of a run.
    #[must_use]
    pub fn state_word(&self) -> &'static str {
        if self.state == JobState::Running && self.is_paused() {
            PAUSED
        } else {
            self.state.as_str()
        }
    }

    /// Whether one of its steps goes on while it is paused at others, as far as its history says.
    #[must_use]
    pub fn goes_on_beside_pauses(&self) -> bool {
        let brings_others = |id: &StepId| self.steps.values().any(|step| step.parent.as_ref() == Some(id));
        self.steps.iter().any(|(id, step)| {
            // One that is done again has not begun anew yet.
            let is_done_again = step.state == StepState::Waiting && step.has_begun();
            (step.state == StepState::Running || is_done_again)
                && !self.pauses.contains_key(id)
                && step.waits_for.is_empty()
                && !brings_others(id)
        })
    }

    /// Whether it runs though the run is cancelled.
    #[must_use]
    pub fn survives_cancel(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.survives_cancel)
    }

    /// The state that those who need it see, once it is final: a failure that may be is none, and a lost job has failed.
    #[must_use]
    pub fn result(&self) -> JobState {
        match self.state {
            JobState::Failure | JobState::Lost if self.continues_on_error() => JobState::Success,
            JobState::Lost => JobState::Failure,
            state => state,
        }
    }

    /// Whether it has steps of its own, now or later: others are done when the jobs are that they bring.
    #[must_use]
    pub fn runs_itself(&self) -> bool {
        self.calls.is_none() && self.group.is_none()
    }
}

impl Step {
    /// Whether it has begun in this attempt of its job, also when it is about to be done again.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.state != StepState::Waiting || !self.earlier.is_empty()
    }

    /// One that waits for its first attempt.
    pub(crate) fn new(name: String, parent: Option<StepId>, phase: Phase) -> Self {
        Self {
            name,
            parent,
            phase,
            state: StepState::Waiting,
            attempt: 1,
            earlier: Vec::new(),
            background: false,
            waits_for: Vec::new(),
            outcome: None,
            exit_code: None,
            reason: None,
            started_at: None,
            finished_at: None,
            outputs: Outputs::new(),
            annotations: Vec::new(),
            summary: None,
        }
    }
}
