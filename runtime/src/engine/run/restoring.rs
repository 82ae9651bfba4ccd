//! What the actor of a run knows beside its history, found out again: the workflows that are called, and what the jobs are
//! made of that have not ended. Both follow from what the run was made from, its secrets and its history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loom_protocol::Timestamp;

use super::judging::{find_with, question};
use super::losing;
use crate::actions::{ActionError, ActionStore};
use crate::engine::executors::Executors;
use crate::engine::io::Io;
use crate::engine::job::Past;
use crate::event::{Event, JobState, JobTerms, Outputs, Reason, StepState};
use crate::id::{JobId, JobKey};
use crate::plan::{Expansion, JobPlan, Outcome, Scope};
use crate::state::{Job, Run, Step};

/// What was found out of a run's jobs.
#[derive(Debug, Default)]
pub(in crate::engine) struct Restored {
    /// The workflows, by the job that calls them; that of the run itself by none.
    pub(super) scopes: BTreeMap<Option<JobId>, Arc<Scope>>,
    /// Jobs that were judged and run themselves.
    pub(super) plans: BTreeMap<JobId, Arc<JobPlan>>,
    /// Jobs that are gone on with where they run, if that is still there.
    pub(super) pasts: BTreeMap<JobId, Past>,
}

/// Why what a run's actor has to know is not found out again.
#[derive(Debug)]
pub(in crate::engine) enum NotRestored {
    /// It is something else now than the history says.
    Changed(Reason),
    /// A workflow of another repository cannot be had now.
    NotFetched(Reason),
}

impl From<Reason> for NotRestored {
    fn from(reason: Reason) -> Self {
        Self::Changed(reason)
    }
}

impl Restored {
    /// Of a run that begins: its workflow.
    pub(in crate::engine) fn new(root: Arc<Scope>) -> Self {
        Self {
            scopes: BTreeMap::from([(None, root)]),
            plans: BTreeMap::new(),
            pasts: BTreeMap::new(),
        }
    }

    /// Judges the jobs again that were judged and have not ended. A called workflow of another repository comes from the
    /// first of the stores that has it.
    ///
    /// # Errors
    /// When one becomes something else than its history says: a workflow that it calls is another one now, or a newer Loom
    /// wrote the history. When such a workflow cannot be had.
    pub(in crate::engine) async fn of(
        run: &Run,
        root: Arc<Scope>,
        stores: &[Arc<ActionStore>],
        io: &Io,
    ) -> Result<Self, NotRestored> {
        let mut restored = Self::new(root);
        // A job stands behind the one that brought it.
        for (id, job) in &run.jobs {
            let judged = job.group.is_some() || matches!(job.state, JobState::Queued | JobState::Running);
            let known = job.group.is_none() && restored.plans.contains_key(id);
            if job.state.is_final() || !judged || known || run.is_reused(id) {
                continue;
            }
            let outcome = restored.judge(run, id, stores, io).await?;
            restored.take(run, id, job, outcome)?;
        }
        Ok(restored)
    }

    async fn judge(
        &self,
        run: &Run,
        id: &JobId,
        stores: &[Arc<ActionStore>],
        io: &Io,
    ) -> Result<Outcome, NotRestored> {
        let not_had = |error: ActionError| {
            let why = format!(
                "the workflow that job `{id}` calls cannot be had: {}",
                error.with_help()
            );
            let reason = Reason::new("source", why);
            if error.may_pass() {
                NotRestored::NotFetched(reason)
            } else {
                NotRestored::Changed(reason)
            }
        };
        let mut asked = question(run, &self.scopes, &self.plans, id)?;
        // Whether the run was cancelled before the job was judged or after it decides only whether the job runs.
        asked.cancelled = false;
        let outcome = find_with(asked.clone(), stores, io.clone())
            .await
            .map_err(not_had)?;
        if !matches!(outcome, Outcome::Skip(_)) {
            return Ok(outcome);
        }
        asked.cancelled = true;
        find_with(asked, stores, io.clone()).await.map_err(not_had)
    }

    fn take(&mut self, run: &Run, id: &JobId, job: &Job, outcome: Outcome) -> Result<(), Reason> {
        match outcome {
            Outcome::Run(terms, plan) if job.group.is_none() && same_terms(job, &terms) => {
                self.plans.insert(id.clone(), Arc::new(*plan));
            }
            Outcome::Expand(expansion) if same_jobs(run, id, job, &expansion) => {
                for (instance, plan) in expansion.plans {
                    self.plans.insert(instance, Arc::new(plan));
                }
                if let Some(scope) = expansion.scope {
                    self.scopes.insert(Some(id.clone()), scope);
                }
            }
            Outcome::Fail(reason) | Outcome::Skip(reason) => {
                let why = format!("job `{id}` cannot be judged as before: {}", reason.message);
                return Err(Reason::new("source", why));
            }
            _ => {
                return Err(Reason::new(
                    "source",
                    format!(
                        "job `{id}` is not what it was when the run began: what it is made of has changed"
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Looks which of the jobs that were under way may be gone on with where they run; `why` says what became of their process.
    pub(in crate::engine) fn look_for_pasts(&mut self, run: &Run, executors: &Executors, why: &Reason) {
        if run.cancel.is_some() {
            // Whoever cancelled it is not to wait for what was told to end long ago.
            return;
        }
        for (id, job) in run.jobs.iter().filter(|(_, job)| is_under_way(job)) {
            let plan = self.plans.get(id);
            let outlives = |plan: &&Arc<JobPlan>| executors.of(&plan.room).outlives_its_process();
            let past = plan.filter(outlives).and_then(|plan| Past::of(job, plan, why));
            self.pasts.extend(past.map(|past| (id.clone(), past)));
        }
    }

    /// The names of the places that are gone on with: a sweep leaves them alone.
    pub(in crate::engine) fn places(&self, run: &Run) -> BTreeSet<String> {
        let job = |id: &JobId| {
            let attempt = run.jobs.get(id)?.attempt;
            let key = JobKey {
                run: run.id.clone(),
                job: id.clone(),
                attempt,
            };
            Some(key.resource_name())
        };
        self.pasts.keys().filter_map(job).collect()
    }

    /// What becomes of the other jobs that were under way: the places that they ran in are gone with the process that had them.
    pub(in crate::engine) fn broken_off(&self, run: &Run, reason: &Reason, now: Timestamp) -> Vec<Event> {
        let is_over = |id: &JobId, job: &Job| is_under_way(job) && !self.pasts.contains_key(id);
        let under_way = run.jobs.iter().filter(|(id, job)| is_over(id, job));
        under_way
            .flat_map(|(id, job)| self.end_of(run, (id, job), reason, now))
            .collect()
    }

    fn end_of(&self, run: &Run, (id, job): (&JobId, &Job), reason: &Reason, now: Timestamp) -> Vec<Event> {
        // Those that a step brought end before it.
        let steps = job.steps.iter().rev();
        let mut events: Vec<Event> = steps
            .filter(|(_, step)| step.state == StepState::Running)
            .map(|(step, known)| {
                let began = known.started_at.unwrap_or(now);
                Event::StepFinished {
                    job: id.clone(),
                    step: step.clone(),
                    outcome: StepState::Lost,
                    conclusion: StepState::Lost,
                    exit_code: None,
                    signal: None,
                    reason: Some(reason.clone()),
                    duration_ms: u64::try_from(now.as_millis() - began.as_millis()).unwrap_or_default(),
                    outputs: Outputs::new(),
                }
            })
            .collect();
        events.push(if job.steps.values().any(Step::has_begun) {
            let lost = Event::JobFinished {
                job: id.clone(),
                state: JobState::Lost,
                reason: Some(reason.clone()),
                outputs: Outputs::new(),
                reused: None,
            };
            losing::or_retry(
                run,
                self.plans.get(id).map(Arc::as_ref),
                lost,
                run.cancel.is_some(),
                now,
            )
        } else {
            // Nothing of it has happened: it begins anew.
            Event::JobRetrying {
                job: id.clone(),
                attempt: job.attempt + 1,
                until: now,
                state: Some(JobState::Lost),
                reason: Some(reason.clone()),
            }
        });
        events
    }
}

/// Whether a job has a place, or is about to have one.
pub(in crate::engine) fn is_under_way(job: &Job) -> bool {
    job.state == JobState::Running && job.runs_itself()
}

/// Whether a job that was judged again is the one that the history has. Texts may differ: values that a step had masked are
/// masked there.
fn same_terms(job: &Job, terms: &JobTerms) -> bool {
    job.terms.as_ref().is_some_and(|known| {
        known.image == terms.image
            && known.continue_on_error == terms.continue_on_error
            && known.attempts == terms.attempts
            && known.concurrency.is_some() == terms.concurrency.is_some()
    })
}

fn same_jobs(run: &Run, id: &JobId, job: &Job, expansion: &Expansion) -> bool {
    let known = run
        .jobs
        .iter()
        .filter(|(_, child)| child.parent.as_ref() == Some(id));
    let known: Vec<_> = known
        .map(|(child, known)| (child, &known.needs, &known.calls))
        .collect();
    let found: Vec<_> = expansion
        .outlines
        .iter()
        .map(|outline| (&outline.id, &outline.needs, &outline.calls))
        .collect();
    job.group == Some(expansion.rules) && known == found
}
