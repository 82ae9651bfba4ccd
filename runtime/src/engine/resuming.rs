//! Going on with a run whose owner has died: its history is folded, this process becomes its owner, what the dead one left is
//! removed, and what the run's actor knows beside the history is found out again.
//!
//! Jobs that have ended stay as they are. Those that were under way have lost their places, and with those what was in
//! them: what becomes of them is written down in one step with the change of owners, before anything is removed.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::Context;
use thiserror::Error;
use tokio::sync::Semaphore;

use super::EngineError;
use super::appending::append;
use super::launch::{Launch, Slot};
use super::orchestrator::{Orchestrator, Started};
use super::recovery;
use super::rerun::number_of;
use super::run::{NotRestored, Restored, RunHandle, is_under_way};
use super::shared::Shared;
use crate::actions::{ActionOptions, ActionStore};
use crate::event::{Event, JobState, Reason, RunState, Seq};
use crate::id::{JobId, RunId};
use crate::journal::Request;
use crate::plan::Scope;
use crate::state::{BY_CONCURRENCY, Claim, Run};

/// How often the change of owners is tried; the pause doubles from 100 ms.
const TRIES: u32 = 6;

/// Why a run is not gone on with. Fits after "failed to …".
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResumeError {
    /// It has ended.
    #[error("go on with run {run}: it has ended, as {state}")]
    Ended {
        /// The run.
        run: RunId,
        /// How.
        state: RunState,
    },
    /// A process runs it.
    #[error("go on with run {run}: process {pid} runs it")]
    Alive {
        /// The run.
        run: RunId,
        /// The process.
        pid: u32,
    },
    /// What it is made of is not what it was.
    #[error("go on with run {run}: {cause}")]
    Source {
        /// The run.
        run: RunId,
        /// Why.
        cause: String,
    },
    /// Something that it is made of cannot be fetched now; it may be later.
    #[error("go on with run {run}: {cause}")]
    NotFetched {
        /// The run.
        run: RunId,
        /// What, and why.
        cause: String,
    },
}

/// A run that this process owns from now on.
pub(super) struct Resumed {
    pub(super) run: Run,
    pub(super) restored: Restored,
    /// Whether it was under way before, or had its concurrency group, or waited for its turn in it.
    pub(super) had_begun: bool,
    /// What was asked of it and never answered.
    pub(super) asked: Asked,
}

/// What was asked of the run while nobody heard it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Who asked to cancel it, each time.
    pub(super) cancels: Vec<String>,
    /// The jobs, or the run by none, that are to make room for newer ones of their concurrency groups.
    pub(super) gives_way: Vec<Option<JobId>>,
}

/// Go on with a run whose owner is dead.
#[derive(Message)]
#[rtype(result = "Result<RunHandle, EngineError>")]
pub(super) struct ResumeRun {
    pub(super) run: RunId,
    pub(super) launch: Box<Launch>,
    /// Slots of which it takes one.
    pub(super) slots: Option<Arc<Semaphore>>,
}

impl Handler<ResumeRun> for Orchestrator {
    type Result = ResponseActFuture<Self, Result<RunHandle, EngineError>>;

    fn handle(&mut self, message: ResumeRun, _: &mut Context<Self>) -> Self::Result {
        let ResumeRun { run, launch, slots } = message;
        if self.closing.is_some() {
            return Box::pin(async { Err(EngineError::Stopped) }.into_actor(self));
        }
        if self.runs.contains_key(&run) || self.beginning.contains_key(&run) {
            let pid = self.shared.owner.pid;
            let ours = ResumeError::Alive { run, pid };
            return Box::pin(async { Err(ours.into()) }.into_actor(self));
        }
        // What is asked of it from now on is heard here, what was asked before is in the history.
        self.beginning.insert(run.clone(), Vec::new());
        let (shared, id) = (Arc::clone(&self.shared), run.clone());
        let taken = self.shared.io.spawn(async move {
            let resumed = take(&shared, &id, &launch).await?;
            let slot = match Slot::take(slots.as_ref()) {
                // One that had begun may have what those wait for that have the slots.
                Slot::Wanted(_) if resumed.had_begun => Slot::None,
                slot => slot,
            };
            Ok((resumed, *launch, slot))
        });
        Box::pin(taken.into_actor(self).then(move |taken, act, ctx| {
            let (resumed, launch, slot) = match taken.unwrap_or(Err(EngineError::Stopped)) {
                Ok(taken) => taken,
                Err(error) => return act.not_resumed(run, error),
            };
            let Resumed {
                run: known,
                restored,
                asked,
                ..
            } = resumed;
            let started = Started {
                launch,
                slot,
                restored,
            };
            let heard = act.no_longer_beginning(&run);
            let handle = act.hold(known, started, ctx);
            // The same request may have come both ways.
            let cancels = if heard.len() > asked.cancels.len() {
                heard
            } else {
                asked.cancels
            };
            for by in cancels {
                drop(act.cancel(&run, by));
            }
            for job in asked.gives_way {
                act.give_way(&run, job);
            }
            Box::pin(actix::fut::ready(Ok(handle)))
        }))
    }
}

impl Orchestrator {
    /// A run is not gone on with, as far as is known. Who asked to cancel it meanwhile was promised that.
    fn not_resumed(
        &mut self,
        id: RunId,
        error: EngineError,
    ) -> ResponseActFuture<Self, Result<RunHandle, EngineError>> {
        let heard = self.no_longer_beginning(&id);
        if !matches!(error, EngineError::Resume(_) | EngineError::UnknownRun(_)) {
            // It may be this process's by now, which nobody else would end.
            let reason = Reason::new(
                "owner-died",
                format!("going on with it broke off: failed to {error}"),
            );
            self.shared.orphans.add(id.clone(), reason);
        }
        let shared = Arc::clone(&self.shared);
        let passed_on = self.shared.io.spawn(async move {
            if let Err(error) = pass_on(&shared, &id, heard).await {
                tracing::warn!(run = %id, %error, "a cancel of the run could not be passed on");
            }
        });
        Box::pin(
            async move { drop(passed_on.await) }
                .into_actor(self)
                .map(|(), _, _| Err(error)),
        )
    }
}

/// Passes on what was asked of a run that this process was about to go on with: to its owner, or as its end.
async fn pass_on(shared: &Shared, id: &RunId, cancels: Vec<String>) -> Result<(), EngineError> {
    if cancels.is_empty() {
        return Ok(());
    }
    // Those that came by way of the journal are there.
    let known = shared.journal.requests(0).await?;
    let is_cancel = |request: &Request| matches!(request, Request::Cancel { by } if by != BY_CONCURRENCY);
    let known = known
        .iter()
        .filter(|(_, of, request)| of == id && is_cancel(request));
    let known = known.count();
    if let Some(by) = cancels.first().filter(|_| known > 0) {
        recovery::cancel_dead(shared, id, by).await?;
    }
    for by in cancels.iter().skip(known) {
        recovery::cancel_elsewhere(shared, id.clone(), by).await?;
    }
    Ok(())
}

/// Takes a run over from its dead owner.
///
/// # Errors
/// [`EngineError::Resume`] and [`EngineError::UnknownRun`] when the run was left as it is; any other when it may be this
/// process's by now.
pub(super) async fn take(shared: &Shared, id: &RunId, launch: &Launch) -> Result<Resumed, EngineError> {
    let (run, restored) = take_over(shared, id, launch).await?;
    let left = recovery::sweep_dead(shared, id, &restored.places(&run)).await?;
    let run = tell_left(shared, run, left).await?;
    let now = shared.world.now();
    for (job, state) in &run.jobs {
        let claims = state
            .terms
            .as_ref()
            .is_some_and(|terms| terms.concurrency.is_some());
        // It claims anew when its time has come; until then the group is free for others.
        let waits_to_retry = state.state == JobState::Queued
            && state.claim == Claim::None
            && state.retry_at.is_some_and(|at| at > now);
        if claims && (state.state.is_final() || waits_to_retry) {
            // The dead owner may not have come to it.
            shared.journal.release(id, Some(job)).await?;
        }
    }
    let asked = asked(shared, &run).await?;
    // The dead owner may have claimed the group and not have come to write it down.
    let had_begun = run.state != RunState::Queued
        || run.claim != Claim::None
        || shared.journal.claim_state(id, None).await?.is_some();
    Ok(Resumed {
        run,
        restored,
        had_begun,
        asked,
    })
}

/// Makes this process the run's owner. What becomes of the jobs that were under way is written with it.
async fn take_over(shared: &Shared, id: &RunId, launch: &Launch) -> Result<(Run, Restored), EngineError> {
    let mut restored: Option<(Seq, Restored)> = None;
    let mut pause = Duration::from_millis(100);
    for _ in 0..TRIES {
        let run = read(shared, id).await?;
        let (upto, mut known) = match restored.take() {
            // It was written, and the answer was lost.
            Some((upto, known)) if run.owner == shared.owner && run.last > upto => return Ok((run, known)),
            Some((upto, known)) if run.last == upto => (upto, known),
            _ => {
                check(shared, &run)?;
                (run.last, restore(shared, &run, launch).await?)
            }
        };
        let reason = recovery::owner_died(&run.owner);
        known.look_for_pasts(&run, &shared.executors, &reason);
        let events = known.broken_off(&run, &reason, shared.world.now());
        let taken = shared
            .journal
            .take_over(id, &run.owner, &shared.owner, run.last, events)
            .await;
        restored = Some((upto, known));
        match taken {
            Ok(true) => {}
            // Somebody else was faster; who, is found by the next look.
            Ok(false) => restored = None,
            Err(error) => {
                tracing::warn!(run = %id, %error, "the run's history cannot be written; trying again");
                shared.world.sleep(pause).await;
                pause *= 2;
            }
        }
    }
    Err(EngineError::Busy(id.clone()))
}

async fn read(shared: &Shared, id: &RunId) -> Result<Run, EngineError> {
    let events = shared.journal.read(id, Seq::default(), usize::MAX).await?;
    Run::replay(&events)?.ok_or_else(|| EngineError::UnknownRun(id.clone()))
}

fn check(shared: &Shared, run: &Run) -> Result<(), ResumeError> {
    if run.state.is_final() {
        return Err(ResumeError::Ended {
            run: run.id.clone(),
            state: run.state,
        });
    }
    if !recovery::is_dead(shared, &run.owner) {
        return Err(ResumeError::Alive {
            run: run.id.clone(),
            pid: run.owner.pid,
        });
    }
    Ok(())
}

/// What the run's actor has to know beside the history.
async fn restore(shared: &Shared, run: &Run, launch: &Launch) -> Result<Restored, EngineError> {
    let wrong = |reason: Reason| ResumeError::Source {
        run: run.id.clone(),
        cause: reason.message,
    };
    let number = match run.number {
        Some(number) => number,
        None => number_of(&*shared.journal, run).await?,
    };
    let (of, attempt) = (run.first_attempt().clone(), run.attempt());
    let (source, name) = (Arc::new(launch.source.clone()), launch.workflow.name.clone());
    let secrets = launch.secrets.clone();
    let root = shared
        .io
        .blocking(move || Scope::root(&of, (number, attempt), &name, source, secrets));
    let root = root.await.map_err(|_| EngineError::Stopped)?.map_err(wrong)?;
    // What the cache knew last is nearer to what the run had than what the network has now, if there is one.
    let cached = ActionOptions {
        offline: true,
        ..launch.actions.clone()
    };
    let stores = [cached, launch.actions.clone()].map(|options| Arc::new(ActionStore::new(options)));
    let restored = Restored::of(run, Arc::new(root), &stores, &shared.io).await;
    let restored = restored.map_err(|error| match error {
        NotRestored::Changed(reason) => wrong(reason),
        NotRestored::NotFetched(reason) => ResumeError::NotFetched {
            run: run.id.clone(),
            cause: reason.message,
        },
    });
    Ok(restored?)
}

/// Writes down what of the dead owner's could not be removed: it is looked for again once the run has ended.
async fn tell_left(shared: &Shared, run: Run, left: Vec<String>) -> Result<Run, EngineError> {
    for problem in &left {
        tracing::warn!(run = %run.id, %problem, "something of the run's dead owner is left");
    }
    let had_places = |job: &crate::state::Job| is_under_way(job) || !job.earlier.is_empty();
    let job = run.jobs.iter().find(|(_, job)| had_places(job));
    let (Some(problem), Some((job, _))) = (left.into_iter().next(), job) else {
        return Ok(run);
    };
    let event = Event::RemainsLeft {
        job: job.clone(),
        reason: Reason::new("cleanup", problem),
    };
    append(shared, &run.id, run.last, vec![event]).await?;
    read(shared, &run.id).await
}

/// What was asked of the run, as far as its history does not say that it was heard.
async fn asked(shared: &Shared, run: &Run) -> Result<Asked, EngineError> {
    let mut asked = Asked::default();
    let requests = shared.journal.requests(0).await?;
    for (_, of, request) in requests {
        match request {
            _ if of != run.id => {}
            Request::Cancel { by } if by == BY_CONCURRENCY => asked.gives_way.push(None),
            Request::Cancel { by } => asked.cancels.push(by),
            Request::CancelJob { job, .. } => asked.gives_way.push(Some(job)),
            // What was paused has lost its place.
            Request::Answer { .. } => {}
        }
    }
    let heard = usize::from(run.somebody_cancelled()) + usize::from(run.forced);
    asked.cancels.drain(..heard.min(asked.cancels.len()));
    let is_cancelled = |job: &Option<JobId>| match job {
        None => run.cancel.is_some(),
        Some(job) => run.jobs.get(job).is_none_or(|job| job.cancel.is_some()),
    };
    asked.gives_way.retain(|job| !is_cancelled(job));
    asked.gives_way.dedup();
    Ok(asked)
}
