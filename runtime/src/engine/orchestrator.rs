//! The actor that owns the runs of this process: begins them, cancels them, and puts right those whose actor broke.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::prelude::*;
use loom_bridge::{ActorSpec, ChildGone, Context, End};
use loom_protocol::ActorId;
use tokio::sync::{Semaphore, oneshot, watch};

use super::EngineError;
use super::beginning::write_down;
use super::job::PlaceTasks;
use super::launch::{Launch, Slot};
use super::recovery::{self, settle, sweep_one};
use super::run::{AnswerPauses, CancelRun, CancelRunJob, Outcome, Restored, RunActor, RunHandle, RunOrigin};
use super::shared::{GiveWay, Shared};
use crate::event::{Reason, Recorded};
use crate::id::{JobId, RunId};
use crate::journal::{JournalError, Request};
use crate::state::{BY_CONCURRENCY, Run};

/// Owns the runs of this process.
pub(super) struct Orchestrator {
    pub(super) shared: Arc<Shared>,
    pub(super) runs: BTreeMap<RunId, Held>,
    /// Runs whose creation is being written down, with who asked to cancel them meanwhile.
    pub(super) beginning: BTreeMap<RunId, Vec<String>>,
    /// Who waits for all runs to be known, those that are beginning too.
    until_started: Vec<oneshot::Sender<()>>,
    /// The last request that was looked at.
    seen: u64,
    foreign: Option<i64>,
    looking: bool,
    /// Whether it is about to look.
    pub(super) looks_soon: bool,
    /// Who asked to end everything: nothing begins any more, and what was about to is cancelled.
    pub(super) closing: Option<String>,
}

pub(super) struct Held {
    pub(super) actor: Addr<RunActor>,
    actor_id: ActorId,
    /// What its jobs have under way in them.
    place_tasks: PlaceTasks,
    done: watch::Sender<Option<Outcome>>,
}

impl Orchestrator {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            runs: BTreeMap::new(),
            beginning: BTreeMap::new(),
            until_started: Vec::new(),
            seen: 0,
            foreign: None,
            looking: false,
            looks_soon: false,
            closing: None,
        }
    }

    pub(super) fn hold(&mut self, run: Run, started: Started, ctx: &mut Context<Self>) -> RunHandle {
        let Started {
            launch,
            slot,
            restored,
        } = started;
        let (done, watching) = watch::channel(None);
        let id = run.id.clone();
        tracing::info!(run = %id, workflow = %launch.workflow.name, "run begins");
        let actor_id = ActorId(format!("run-{}", id.short()));
        let spec = ActorSpec::of::<RunActor>()
            .id(actor_id.clone())
            .meta("run", id.0.clone())
            .meta("workflow", launch.workflow.name.clone())
            .watched_by(ctx.address().recipient());
        let place_tasks = PlaceTasks::default();
        let origin = RunOrigin {
            shared: Arc::clone(&self.shared),
            restored,
            place_tasks: place_tasks.clone(),
            slot,
            done: done.clone(),
        };
        let actor = loom_bridge::spawn(spec, |_| RunActor::new(run, launch, origin));
        if let Some(by) = &self.closing {
            // It was being written down when everything was told to end.
            actor.do_send(CancelRun { by: by.clone() });
        }
        self.runs.insert(
            id.clone(),
            Held {
                actor,
                actor_id,
                place_tasks,
                done,
            },
        );
        RunHandle { id, done: watching }
    }

    pub(super) fn look_for_requests(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (journal, seen, foreign) = (Arc::clone(&self.shared.journal), self.seen, self.foreign);
        let patience = self.patience();
        let looked = self.shared.io.spawn(async move {
            let version = journal.foreign_change(foreign, patience).await?;
            if foreign == Some(version) {
                return Ok((version, Vec::new()));
            }
            journal.requests(seen).await.map(|requests| (version, requests))
        });
        ctx.spawn(looked.into_actor(self).map(|looked, act, ctx| {
            act.looking = false;
            act.look_soon(ctx);
            match looked {
                Ok(Ok((version, requests))) => act.take_requests(version, requests),
                Ok(Err(error)) => tracing::warn!(%error, "requests of other processes cannot be read"),
                Err(_) => {}
            }
        }));
    }

    fn take_requests(&mut self, version: i64, requests: Vec<(u64, RunId, Request)>) {
        self.foreign = Some(version);
        for (place, run, request) in requests {
            self.seen = place;
            // One for a run that is not ours is its owner's to answer.
            match request {
                Request::Cancel { by } if by == BY_CONCURRENCY => {
                    self.give_way(&run, None);
                }
                Request::Cancel { by } => drop(self.cancel(&run, by)),
                Request::Answer {
                    job,
                    step,
                    pause,
                    answer,
                } => {
                    let answers = AnswerPauses {
                        job,
                        step,
                        pause,
                        answer,
                    };
                    self.answer(&run, answers);
                }
                // Only concurrency groups ask for that.
                Request::CancelJob { job, .. } => {
                    self.give_way(&run, Some(job));
                }
            }
        }
    }

    /// Tells a run of this process, or a job of it, to make room for a newer one. Whether it is one of this process.
    pub(super) fn give_way(&self, run: &RunId, job: Option<JobId>) -> bool {
        let Some(held) = self.runs.get(run) else {
            return false;
        };
        let why = Reason::new("concurrency", "a newer one of its concurrency group runs instead");
        // `do_send`: somebody waits for it to end.
        held.actor.do_send(CancelRunJob { job, why, by: None });
        true
    }

    /// Cancels a run of this process; the name of who asked comes back when it is not one of this process.
    pub(super) fn cancel(&mut self, run: &RunId, by: String) -> Result<(), String> {
        if let Some(held) = self.runs.get(run) {
            // `do_send`: somebody asked once and was told it will happen.
            held.actor.do_send(CancelRun { by });
            return Ok(());
        }
        match self.beginning.get_mut(run) {
            Some(asked) => {
                asked.push(by);
                Ok(())
            }
            None => Err(by),
        }
    }

    /// Whether a run was written down is known now: who asked to cancel it meanwhile.
    pub(super) fn no_longer_beginning(&mut self, id: &RunId) -> Vec<String> {
        let asked = self.beginning.remove(id).unwrap_or_default();
        if self.beginning.is_empty() {
            // Who waits may have gone.
            for waiting in self.until_started.drain(..) {
                let _heard = waiting.send(());
            }
        }
        asked
    }

    /// A run could not be written down, as far as is known.
    fn not_started(&mut self, id: &RunId, error: EngineError) -> Result<RunHandle, EngineError> {
        self.no_longer_beginning(id);
        if !matches!(error, EngineError::Source(_) | EngineError::Rerun(_)) {
            // It may be there all the same; then it must not stay open for ever.
            let reason = Reason::new("panic", format!("its beginning broke off: failed to {error}"));
            self.shared.orphans.add(id.clone(), reason);
        }
        Err(error)
    }

    /// A run's creation was written, or not. What was asked for meanwhile is done now.
    fn started(
        &mut self,
        id: &RunId,
        written: Result<Vec<Recorded>, EngineError>,
        started: Started,
        ctx: &mut Context<Self>,
    ) -> Result<RunHandle, EngineError> {
        let asked = self.no_longer_beginning(id);
        let run = written.and_then(|recorded| Run::replay(&recorded)?.ok_or(EngineError::Stopped));
        let run = match run {
            Ok(run) => run,
            Err(error) => {
                // It may be there all the same; then it must not stay open for ever.
                let reason = Reason::new("panic", format!("its beginning broke off: failed to {error}"));
                self.shared.orphans.add(id.clone(), reason);
                return Err(error);
            }
        };
        let handle = self.hold(run, started, ctx);
        for by in asked {
            drop(self.cancel(id, by));
        }
        Ok(handle)
    }
}

impl Actor for Orchestrator {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        // Set once: there is one orchestrator an engine.
        drop(
            self.shared
                .orchestrator
                .set(ctx.address().recipient().downgrade()),
        );
        self.look_for_requests(ctx);
        self.look_again(ctx);
    }
}

/// Begin a run.
/// Answered once it has started: timers that an actor sets for itself cannot be set any more when its system has ended.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct UntilStarted;

impl Handler<UntilStarted> for Orchestrator {
    type Result = ();

    fn handle(&mut self, _: UntilStarted, _: &mut Context<Self>) {}
}

#[derive(Message)]
#[rtype(result = "Result<RunHandle, EngineError>")]
pub(super) struct StartRun {
    pub(super) launch: Box<Launch>,
    /// Slots of which it takes one.
    pub(super) slots: Option<Arc<Semaphore>>,
}

impl Handler<StartRun> for Orchestrator {
    type Result = ResponseActFuture<Self, Result<RunHandle, EngineError>>;

    fn handle(&mut self, message: StartRun, _: &mut Context<Self>) -> Self::Result {
        if self.closing.is_some() {
            return Box::pin(async { Err(EngineError::Stopped) }.into_actor(self));
        }
        let (launch, slots) = (*message.launch, message.slots);
        let (shared, id) = (Arc::clone(&self.shared), self.shared.world.new_run_id());
        self.beginning.insert(id.clone(), Vec::new());
        let run = id.clone();
        // The workflow is read again from what is kept of it: nothing for an arbiter.
        let written = self.shared.io.spawn(async move {
            let slot = Slot::take(slots.as_ref());
            loop {
                match write_down(&shared, &run, &launch, &slot).await {
                    // It is another process's run that has it, which will not happen for ever.
                    Err(EngineError::Journal(JournalError::NumberTaken { .. })) => {}
                    Err(error) => return Err(error),
                    Ok((recorded, scope)) => {
                        let restored = Restored::new(scope);
                        return Ok((
                            recorded,
                            Started {
                                launch,
                                slot,
                                restored,
                            },
                        ));
                    }
                }
            }
        });
        Box::pin(written.into_actor(self).map(move |written, act, ctx| {
            let (recorded, started) = match written.unwrap_or(Err(EngineError::Stopped)) {
                Ok(written) => written,
                Err(error) => return act.not_started(&id, error),
            };
            act.started(&id, Ok(recorded), started, ctx)
        }))
    }
}

/// A run that was written down.
pub(super) struct Started {
    pub(super) launch: Launch,
    pub(super) slot: Slot,
    pub(super) restored: Restored,
}

/// Cancel a run, of this process or of another.
#[derive(Message)]
#[rtype(result = "Result<(), EngineError>")]
pub(super) struct Cancel {
    pub(super) run: RunId,
    pub(super) by: String,
}

impl Handler<Cancel> for Orchestrator {
    type Result = ResponseFuture<Result<(), EngineError>>;

    fn handle(&mut self, message: Cancel, _: &mut Context<Self>) -> Self::Result {
        let Cancel { run, by } = message;
        let by = match self.cancel(&run, by) {
            Ok(()) => return Box::pin(async { Ok(()) }),
            Err(by) => by,
        };
        let shared = Arc::clone(&self.shared);
        let left = self
            .shared
            .io
            .spawn(async move { recovery::cancel_elsewhere(&shared, run, &by).await });
        Box::pin(async move { left.await.map_err(|_| EngineError::Stopped)? })
    }
}

/// Cancel every run of this process, those that are being written down too, and say when they have ended.
#[derive(Message)]
#[rtype(result = "Vec<RunHandle>")]
pub(super) struct CancelAll {
    pub(super) by: String,
}

impl Handler<CancelAll> for Orchestrator {
    type Result = ResponseActFuture<Self, Vec<RunHandle>>;

    fn handle(&mut self, message: CancelAll, _: &mut Context<Self>) -> Self::Result {
        self.closing = Some(message.by.clone());
        for held in self.runs.values() {
            held.actor.do_send(CancelRun {
                by: message.by.clone(),
            });
        }
        let (started, all_started) = oneshot::channel();
        if self.beginning.is_empty() {
            drop(started);
        } else {
            self.until_started.push(started);
        }
        Box::pin(
            async move { drop(all_started.await) }
                .into_actor(self)
                .map(|(), act, _| {
                    let handle = |(id, held): (&RunId, &Held)| RunHandle {
                        id: id.clone(),
                        done: held.done.subscribe(),
                    };
                    act.runs.iter().map(handle).collect()
                }),
        )
    }
}

impl Handler<GiveWay> for Orchestrator {
    type Result = bool;

    fn handle(&mut self, message: GiveWay, _: &mut Context<Self>) -> bool {
        self.give_way(&message.run, message.job)
    }
}

impl Handler<ChildGone> for Orchestrator {
    type Result = ();

    fn handle(&mut self, message: ChildGone, ctx: &mut Context<Self>) {
        let Some(id) = self
            .runs
            .iter()
            .find(|(_, held)| held.actor_id == message.id)
            .map(|(id, _)| id.clone())
        else {
            return;
        };
        let Some(held) = self.runs.remove(&id) else { return };
        let reason = match message.end {
            End::Panicked(text) => Reason::new("panic", format!("the run's actor panicked: {text}")),
            End::Stopped => {
                // It has ended, or was given up: then its end is not in the history.
                let problem = held
                    .done
                    .borrow()
                    .as_ref()
                    .and_then(|outcome| outcome.problem.clone());
                if let Some(problem) = problem {
                    self.shared.orphans.add(id, Reason::new("journal", problem));
                }
                return;
            }
        };
        tracing::error!(run = %id, cause = %reason.message, "a run is lost");
        // Until its end is written it is nobody's: whoever looks for such runs tries again.
        self.shared.orphans.add(id.clone(), reason.clone());
        let (shared, place_tasks) = (Arc::clone(&self.shared), held.place_tasks);
        let settled = self.shared.io.spawn(async move {
            place_tasks.end().await;
            settle(&shared, &id, &shared.owner, &reason).await?;
            shared.orphans.remove(&id);
            sweep_one(&shared, &id).await
        });
        ctx.spawn(settled.into_actor(self).map(move |settled, _, _| {
            let problem = match settled {
                Ok(Ok(left)) => {
                    for left in left {
                        tracing::warn!(problem = %left, "something of a lost run is left");
                    }
                    None
                }
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("putting it right broke off".to_owned()),
            };
            held.done.send_replace(Some(Outcome {
                state: crate::event::RunState::Lost,
                problem,
            }));
        }));
    }
}
