//! Another attempt at a run that has ended: what of it runs again, and what is reused.
//!
//! As GitHub has it: a job that runs again takes along what needs it, directly or not; the others are reused, with
//! what they gave. Of a matrix, or of a called workflow, single jobs may run again: then the group is judged anew, since
//! what its jobs are made of is not reused, and those of its jobs that are reused end as soon as they are there.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use thiserror::Error;

use super::decide::{Decision, record};
use super::run::{Job, Run};
use crate::event::{Brought, Event, JobOutline, JobState, Recorded, ReusedFrom, ReusedJob, RunState};
use crate::id::{JobId, RunId};

/// What is to run again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Again {
    /// All of it.
    #[default]
    All,
    /// The jobs that failed, were cancelled or lost, or did not begin because of that, and what needs them.
    Failed,
    /// These jobs, and what needs them.
    Jobs(Vec<JobId>),
}

/// Why a run is not run again. Fits after "failed to …".
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RerunError {
    /// It has not ended.
    #[error("run {0} again: it has not ended yet")]
    Open(RunId),
    /// Another attempt of it has not ended.
    #[error("run {run} again: attempt {attempt} of it, run {other}, has not ended yet")]
    OtherOpen {
        /// The run.
        run: RunId,
        /// The attempt.
        attempt: u32,
        /// Its id.
        other: RunId,
    },
    /// Only what failed was to run again.
    #[error("run again what failed of run {0}: nothing did")]
    NothingFailed(RunId),
    /// It has no such job.
    #[error("run job `{job}` of run {run} again: it has no such job; its jobs: {}", known.join(", "))]
    UnknownJob {
        /// The run.
        run: RunId,
        /// The job.
        job: JobId,
        /// Those that it has.
        known: Vec<String>,
    },
    /// It was written by a Loom that did not keep what runs are made from.
    #[error("run {0} again: its history does not say what it was made from")]
    NoSource(RunId),
}

impl Run {
    /// Whether a job did not run in this attempt, but in an earlier one.
    #[must_use]
    pub fn is_reused(&self, id: &JobId) -> bool {
        let job = self.jobs.get(id);
        job.is_some_and(|job| self.reused_as(id, job).is_some())
    }

    /// How a job ended that this run reuses, as long as it is the same job.
    pub(super) fn reused_as(&self, id: &JobId, job: &Job) -> Option<&ReusedJob> {
        let reused = self.rerun.as_ref()?.reused.get(*self.reused.get(id)?)?;
        let is_same = reused.name.as_ref().is_none_or(|name| *name == job.name);
        is_same.then_some(reused)
    }

    /// The ends of the jobs that are reused, once it is their turn.
    pub(super) fn reuse(&self, decisions: &mut Vec<Decision>) {
        if self.reused.is_empty() {
            return;
        }
        let places = self.frontier.due().chain(self.frontier.waiting_for_room());
        for (id, job) in places.filter_map(|place| self.jobs.get_index(place)) {
            let Some(reused) = self.reused_as(id, job) else {
                continue;
            };
            if job.state.is_final() || job.group.is_some() {
                continue;
            }
            if let Some(Brought { rules, jobs }) = &reused.brought {
                decisions.push(record(Event::JobExpanded {
                    job: id.clone(),
                    rules: *rules,
                    jobs: jobs.clone(),
                }));
                continue;
            }
            if let Some(terms) = reused.terms.as_ref().filter(|_| job.terms.is_none()) {
                decisions.push(record(Event::JobQueued {
                    job: id.clone(),
                    terms: terms.clone(),
                }));
            }
            decisions.push(record(reused.end()));
        }
    }

    /// The jobs that another attempt reuses of this run, which has ended with this history. `now` has the jobs of the file,
    /// as the new attempt has it.
    ///
    /// # Errors
    /// When it cannot be run again so.
    pub fn reuses(
        &self,
        history: &[Recorded],
        now: &[JobOutline],
        again: &Again,
    ) -> Result<Vec<ReusedJob>, RerunError> {
        if !self.state.is_final() {
            return Err(RerunError::Open(self.id.clone()));
        }
        let seeds = match again {
            Again::All => return Ok(Vec::new()),
            Again::Failed => self.failed()?,
            Again::Jobs(jobs) => self.named(jobs)?,
        };
        let mut spread = Spread::of(self, now);
        for job in seeds {
            // One that failed only in telling what its jobs give needs none of them again.
            let whole = *again != Again::Failed || self.jobs.get(&job).is_none_or(|job| job.group.is_none());
            spread.runs_again(&job, whole);
        }
        for outline in now.iter().filter(|outline| !self.jobs.contains_key(&outline.id)) {
            spread.runs_again(&outline.id, true);
        }
        let mut brought: BTreeMap<&JobId, Brought> = BTreeMap::new();
        for recorded in history {
            if let Event::JobExpanded { job, rules, jobs } = &recorded.event {
                let (rules, jobs) = (*rules, jobs.clone());
                brought.insert(job, Brought { rules, jobs });
            }
        }
        let mut reused = Vec::new();
        for (id, job) in self.jobs.iter().filter(|(id, _)| spread.is_reused(id)) {
            reused.push(self.as_reused(id, job, brought.remove(id)));
        }
        Ok(reused)
    }

    fn as_reused(&self, id: &JobId, job: &Job, brought: Option<Brought>) -> ReusedJob {
        if let Some(earlier) = self.not_reached(id, job) {
            return earlier.clone();
        }
        let from = job.reused.clone().unwrap_or_else(|| ReusedFrom {
            run: self.id.clone(),
            attempt: self.attempt(),
            job_attempt: job.attempt,
        });
        let is_instance = id.0.rsplit('/').next().is_some_and(|last| last.contains('#'));
        ReusedJob {
            job: id.clone(),
            name: is_instance.then(|| job.name.clone()),
            from,
            state: job.state,
            reason: job.reason.clone(),
            outputs: job.outputs.clone(),
            terms: job.terms.clone(),
            brought,
        }
    }

    /// What this run was to reuse of a job, when it was broken off before it got that far.
    fn not_reached(&self, id: &JobId, job: &Job) -> Option<&ReusedJob> {
        let unfinished =
            job.reused.is_none() && job.attempt == 0 && job.group.is_none() && was_broken_off(job);
        self.reused_as(id, job).filter(|_| unfinished)
    }

    /// The jobs that failed themselves, not by those that they brought.
    fn failed(&self) -> Result<Vec<JobId>, RerunError> {
        let nothing = || RerunError::NothingFailed(self.id.clone());
        if matches!(self.state, RunState::Success | RunState::Skipped) {
            return Err(nothing());
        }
        let wrong = |id: &JobId, job: &Job| self.not_reached(id, job).is_none() && was_broken_off(job);
        let mut with_wrong: BTreeSet<&JobId> = BTreeSet::new();
        for (_, job) in self.jobs.iter().filter(|(id, job)| wrong(id, job)) {
            with_wrong.extend(job.parent.iter());
        }
        let is_seed = |id: &JobId, job: &Job| wrong(id, job) && !with_wrong.contains(id);
        let seeds = self.jobs.iter().filter(|(id, job)| is_seed(id, job));
        let seeds: Vec<JobId> = seeds.map(|(id, _)| id.clone()).collect();
        if seeds.is_empty() {
            Err(nothing())
        } else {
            Ok(seeds)
        }
    }

    /// The jobs of these ids; where there is none, those that are called so.
    fn named(&self, jobs: &[JobId]) -> Result<Vec<JobId>, RerunError> {
        let mut found = Vec::new();
        for wanted in jobs {
            if self.jobs.contains_key(wanted) {
                found.push(wanted.clone());
                continue;
            }
            let before = found.len();
            let called = self.jobs.iter().filter(|(_, job)| job.name == wanted.0);
            found.extend(called.map(|(id, _)| id.clone()));
            if found.len() == before {
                return Err(RerunError::UnknownJob {
                    run: self.id.clone(),
                    job: wanted.clone(),
                    known: self.jobs.keys().map(|id| id.0.clone()).collect(),
                });
            }
        }
        Ok(found)
    }
}

/// Whether a job did not come to the end that its workflow gives it: it failed, or was not let go on.
fn was_broken_off(job: &Job) -> bool {
    match job.state {
        JobState::Success => false,
        JobState::Skipped => job.reason.as_ref().is_some_and(|reason| {
            !matches!(
                reason.code.as_str(),
                "needs" | "condition" | "matrix" | "unmapped-label"
            )
        }),
        _ => true,
    }
}

impl ReusedJob {
    /// Its end, as the new attempt has it.
    pub(super) fn end(&self) -> Event {
        Event::JobFinished {
            job: self.job.clone(),
            state: self.state,
            reason: self.reason.clone(),
            outputs: self.outputs.clone(),
            reused: Some(self.from.clone()),
        }
    }
}

/// What running jobs again takes along.
struct Spread<'a> {
    parents: IndexMap<&'a JobId, Option<&'a JobId>>,
    dependents: BTreeMap<&'a JobId, Vec<&'a JobId>>,
    /// Judged anew, with all that they bring.
    anew: BTreeSet<JobId>,
    /// Judged anew, while some of what they bring is reused.
    open: BTreeSet<JobId>,
}

impl<'a> Spread<'a> {
    fn of(run: &'a Run, now: &'a [JobOutline]) -> Self {
        let mut dependents: BTreeMap<&JobId, Vec<&JobId>> = BTreeMap::new();
        let before = run.jobs.iter().map(|(id, job)| (id, &job.needs));
        let now = now.iter().map(|outline| (&outline.id, &outline.needs));
        for (id, needs) in before.chain(now) {
            for need in needs {
                dependents.entry(need).or_default().push(id);
            }
        }
        Self {
            parents: run
                .jobs
                .iter()
                .map(|(id, job)| (id, job.parent.as_ref()))
                .collect(),
            dependents,
            anew: BTreeSet::new(),
            open: BTreeSet::new(),
        }
    }

    /// `whole`: with all that it brings.
    fn runs_again(&mut self, job: &JobId, whole: bool) {
        let mut next = vec![(job.clone(), whole)];
        while let Some((job, whole)) = next.pop() {
            let is_new = if whole {
                self.anew.insert(job.clone())
            } else {
                self.open.insert(job.clone())
            };
            if !is_new {
                continue;
            }
            let dependents = self.dependents.get(&job).into_iter().flatten();
            next.extend(dependents.map(|dependent| ((*dependent).clone(), true)));
            let parent = self.parents.get(&job).copied().flatten();
            next.extend(parent.map(|parent| (parent.clone(), false)));
        }
    }

    fn is_reused(&self, job: &JobId) -> bool {
        if self.open.contains(job) {
            return false;
        }
        let mut at = Some(job);
        while let Some(id) = at {
            if self.anew.contains(id) {
                return false;
            }
            at = self.parents.get(id).copied().flatten();
        }
        true
    }
}
