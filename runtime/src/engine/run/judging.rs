//! Finds out what becomes of a job: at once where that costs next to nothing, else apart from the actors' threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::prelude::*;
use loom_bridge::Context;
use loom_workflow::JobId as Key;
use loom_workflow::model::{Job as Written, Repository, WorkflowReference};

use super::actor::RunActor;
use super::writing::Entry;
use crate::actions::{self, ActionError, ActionStore};
use crate::engine::io::Io;
use crate::event::{Event, JobState, JobTerms, Outputs, Reason, SourceFile};
use crate::executor::SilentNotes;
use crate::id::JobId;
use crate::plan::{self, JobPlan, Known, Question, Scope};
use crate::state::Run;

/// What a job whose needs are done is asked with.
///
/// # Errors
/// When the workflow that it stands in is not known.
pub(super) fn question(
    run: &Run,
    scopes: &BTreeMap<Option<JobId>, Arc<Scope>>,
    plans: &BTreeMap<JobId, Arc<JobPlan>>,
    id: &JobId,
) -> Result<Question, Reason> {
    let lost = || Reason::new("source", "the workflow that the job stands in is not known");
    let job = run.jobs.get(id).ok_or_else(lost)?;
    let caller = id.0.rsplit_once('/').map(|(caller, _)| JobId(caller.to_owned()));
    let scope = scopes.get(&caller).cloned().ok_or_else(lost)?;
    let key = Key::from(id.key());
    let known = |need: &JobId| {
        let needed = run.jobs.get(need)?;
        Some((need.key().to_owned(), needed.result(), needed.outputs.clone()))
    };
    let needs = job.needs.iter().filter_map(&known);
    // Without an `if` only their success counts: to list them again for each job of a chain would cost its square.
    let plain = |job: &Written| job.condition.is_none();
    let ancestors: Vec<_> =
        if scope.workflow.jobs.get(&key).is_some_and(plain) && run.all_before_succeeded(id) {
            Vec::new()
        } else {
            run.ancestors(id).into_iter().filter_map(known).collect()
        };
    Ok(Question {
        id: id.clone(),
        key,
        needs: Known(needs.collect()),
        ancestors: Known(ancestors),
        cancelled: run.cancel.is_some(),
        instance: plans.get(id).map(|plan| Box::new(plan.as_ref().clone())),
        fetched: None,
        scope,
    })
}

impl RunActor {
    fn question(&self, id: &JobId) -> Result<Question, Reason> {
        question(&self.run, &self.scopes, &self.plans, id)
    }

    /// Judges a job whose judgement costs next to nothing; `None` when it may cost more, or is being made.
    pub(super) fn judge_at_once(&mut self, id: &JobId) -> Option<Event> {
        if self.asking.contains(id) {
            return None;
        }
        let question = self.question(id).ok()?;
        let written = question.scope.workflow.jobs.get(&question.key)?;
        if question.instance.is_some() || !is_cheap(written) {
            return None;
        }
        let outcome = plan::judge(&question);
        Some(self.take_outcome(id, outcome))
    }

    /// Where a job would run if all that it needs succeeded, when that costs next to nothing to find out.
    pub(super) fn outlook_of(&self, id: &JobId) -> Option<(JobTerms, JobPlan)> {
        let mut question = self.question(id).ok()?;
        let written = question.scope.workflow.jobs.get(&question.key)?;
        if question.instance.is_some() || !is_cheap(written) || written.concurrency.is_some() {
            return None;
        }
        for (_, state, _) in &mut question.ancestors.0 {
            *state = JobState::Success;
        }
        match plan::judge(&question) {
            plan::Outcome::Run(terms, plan) => Some((terms, *plan)),
            _ => None,
        }
    }

    /// Judges a job on the IO threads.
    pub(super) fn judge(&mut self, id: JobId, ctx: &mut Context<Self>) {
        let question = match self.question(&id) {
            Ok(question) => question,
            Err(reason) => {
                let event = self.take_outcome(&id, plan::Outcome::Fail(reason));
                return self.record(event, ctx);
            }
        };
        self.asking.insert(id.clone());
        let store = Arc::clone(&self.store);
        let judging = self
            .shared
            .io
            .spawn(find(question, store, self.shared.io.clone()));
        ctx.spawn(judging.into_actor(self).map(move |outcome, act, ctx| {
            act.asking.remove(&id);
            let outcome = outcome.unwrap_or_else(|_| {
                plan::Outcome::Fail(Reason::new(
                    "panic",
                    "what becomes of the job could not be found out",
                ))
            });
            let event = act.take_outcome(&id, outcome);
            act.record(event, ctx);
        }));
    }

    /// Keeps what was found out, and says it.
    fn take_outcome(&mut self, id: &JobId, outcome: plan::Outcome) -> Event {
        let finished = |state, reason| Event::JobFinished {
            job: id.clone(),
            state,
            reason: Some(reason),
            outputs: Outputs::new(),
            reused: None,
        };
        match outcome {
            plan::Outcome::Skip(reason) if reason.code == "cancelled" => {
                finished(JobState::Cancelled, reason)
            }
            plan::Outcome::Skip(reason) => finished(JobState::Skipped, reason),
            plan::Outcome::Fail(reason) => finished(JobState::Failure, reason),
            plan::Outcome::Run(terms, plan) => {
                self.plans.insert(id.clone(), Arc::new(*plan));
                Event::JobQueued {
                    job: id.clone(),
                    terms,
                }
            }
            plan::Outcome::Expand(expansion) => {
                for (instance, plan) in expansion.plans {
                    self.plans.insert(instance, Arc::new(plan));
                }
                if let Some(scope) = expansion.scope {
                    for secret in scope.secrets.values() {
                        self.masks.add(secret.expose());
                    }
                    self.scopes.insert(Some(id.clone()), scope);
                }
                Event::JobExpanded {
                    job: id.clone(),
                    rules: expansion.rules,
                    jobs: expansion.outlines,
                }
            }
        }
    }

    /// The jobs of a called workflow are done: what does it give?
    pub(super) fn conclude(&mut self, id: &JobId, ctx: &mut Context<Self>) {
        let (state, _) = self.run.sum(id);
        let (state, reason, outputs) = match self.scopes.get(&Some(id.clone())) {
            None => (state, None, Outputs::new()),
            Some(scope) => match plan::called_outputs(scope, &self.known_jobs(scope)) {
                Ok(mut outputs) => {
                    outputs.retain(|_, value| !self.masks.reveals(value));
                    (state, None, outputs)
                }
                Err(reason) => (JobState::Failure, Some(reason), Outputs::new()),
            },
        };
        let event = Event::JobFinished {
            job: id.clone(),
            state,
            reason,
            outputs,
            reused: None,
        };
        self.write(
            Entry {
                events: vec![event],
                saved: None,
            },
            ctx,
        );
    }

    /// How the jobs of a called workflow went.
    fn known_jobs(&self, scope: &Scope) -> Known {
        let keys = scope.workflow.jobs.keys();
        Known(
            keys.filter_map(|key| {
                let job = self.run.jobs.get(&scope.id_of(key.as_str()))?;
                Some((key.to_string(), job.result(), job.outputs.clone()))
            })
            .collect(),
        )
    }
}

/// Whether judging a job costs next to nothing: no matrix, nothing called, no condition that may look at much.
fn is_cheap(job: &Written) -> bool {
    job.strategy.is_none() && job.uses.is_none() && job.condition.is_none() && job.services.is_none()
}

/// Judges a job. A workflow of another repository that it calls is fetched for it.
pub(super) async fn find(question: Question, store: Arc<ActionStore>, io: Io) -> plan::Outcome {
    find_with(question, &[store], io)
        .await
        .unwrap_or_else(|error| plan::Outcome::Fail(Reason::new("call", error.with_help())))
}

/// The same; a workflow of another repository comes from the first of these stores that has it.
///
/// # Errors
/// When that cannot be had.
pub(super) async fn find_with(
    mut question: Question,
    stores: &[Arc<ActionStore>],
    io: Io,
) -> Result<plan::Outcome, ActionError> {
    // A workflow of another repository is fetched when its caller is sure to run; to find that out costs little.
    if let Some(reference) = called_elsewhere(&question) {
        question.fetched = Some(fetch(&reference, stores).await?);
    }
    let judged = io.blocking(move || plan::judge(&question));
    Ok(judged.await.unwrap_or_else(|_| {
        plan::Outcome::Fail(Reason::new(
            "panic",
            "what becomes of the job could not be found out",
        ))
    }))
}

async fn fetch(reference: &Repository, stores: &[Arc<ActionStore>]) -> Result<SourceFile, ActionError> {
    let mut last = ActionError::Offline {
        reference: reference.to_string(),
    };
    for store in stores {
        match store.fetch(reference, &SilentNotes).await {
            Ok(fetched) => {
                let text = actions::read_workflow(&fetched).await?;
                return Ok(SourceFile {
                    name: reference.to_string(),
                    of_loom: false,
                    sha256: text.hash,
                    text: text.source.text().to_owned(),
                    commit: fetched.commit,
                });
            }
            // The next one may fetch it.
            Err(error @ ActionError::Offline { .. }) => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// The workflow of another repository that the job calls, if it does: as written there, or beside the one that was called.
fn called_elsewhere(question: &Question) -> Option<Repository> {
    let written = match &question.instance {
        Some(plan) => plan.instance.call.as_ref()?.reference.to_string(),
        None => question
            .scope
            .workflow
            .jobs
            .get(&question.key)?
            .uses
            .as_ref()?
            .text
            .to_string(),
    };
    match WorkflowReference::parse(&written)? {
        WorkflowReference::Repository(repository) => Some(repository),
        WorkflowReference::Local(path) => {
            let of = question.scope.repository.clone()?;
            Some(Repository {
                path: Arc::from(path.trim_start_matches("./")),
                ..of
            })
        }
    }
}
