//! The actor that owns the runs of this process: begins them, cancels them, and puts right those whose actor broke.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{ActorSpec, ChildGone, Context, End};
use loom_protocol::ActorId;
use tokio::sync::watch;

use super::EngineError;
use super::launch::Launch;
use super::recovery::settle;
use super::run::{CancelRun, Outcome, RunActor, RunHandle};
use super::shared::Shared;
use crate::event::{Event, OnCrash, Reason};
use crate::executor::Executor;
use crate::id::RunId;
use crate::journal::{Request, RunQuery};
use crate::state::Run;

/// How often to look for requests that other processes left.
const REQUEST_POLL: Duration = Duration::from_millis(200);

/// Owns the runs of this process.
pub(super) struct Orchestrator {
    shared: Arc<Shared>,
    runs: HashMap<RunId, Held>,
    /// The last request that was looked at; `None` until the first look, which only finds the place.
    seen: Option<u64>,
    foreign: Option<i64>,
    looking: bool,
    /// Who asked to end everything: nothing begins any more, and what was about to is cancelled.
    closing: Option<String>,
}

struct Held {
    actor: Addr<RunActor>,
    actor_id: ActorId,
    executors: Vec<Arc<dyn Executor>>,
    done: watch::Sender<Option<Outcome>>,
}

impl Orchestrator {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            runs: HashMap::new(),
            seen: None,
            foreign: None,
            looking: false,
            closing: None,
        }
    }

    fn hold(&mut self, run: Run, launch: Launch, ctx: &mut Context<Self>) -> RunHandle {
        let (done, watching) = watch::channel(None);
        let id = run.id.clone();
        tracing::info!(run = %id, workflow = %launch.workflow.name, executor = %launch.executor, "run begins");
        let actor_id = ActorId(format!("run-{}", id.short()));
        let mut executors: Vec<Arc<dyn Executor>> = Vec::new();
        for job in &launch.jobs {
            if !executors.iter().any(|known| Arc::ptr_eq(known, &job.executor)) {
                executors.push(Arc::clone(&job.executor));
            }
        }
        let spec = ActorSpec::of::<RunActor>()
            .id(actor_id.clone())
            .meta("run", id.0.clone())
            .meta("workflow", launch.workflow.name.clone())
            .watched_by(ctx.address().recipient());
        let (shared, sender) = (Arc::clone(&self.shared), done.clone());
        let actor = loom_bridge::spawn(spec, |_| RunActor::new(run, launch, shared, sender));
        if let Some(by) = &self.closing {
            // It was being written down when everything was told to end.
            actor.do_send(CancelRun { by: by.clone() });
        }
        self.runs.insert(
            id.clone(),
            Held {
                actor,
                actor_id,
                executors,
                done,
            },
        );
        RunHandle { id, done: watching }
    }

    fn look_for_requests(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (journal, seen, foreign) = (Arc::clone(&self.shared.journal), self.seen, self.foreign);
        let looked = self.shared.io.spawn(async move {
            let version = journal.foreign_version().await?;
            if seen.is_some() && foreign == Some(version) {
                return Ok((version, Vec::new()));
            }
            journal
                .requests(seen.unwrap_or(0))
                .await
                .map(|requests| (version, requests))
        });
        ctx.spawn(looked.into_actor(self).map(|looked, act, _| {
            act.looking = false;
            match looked {
                Ok(Ok((version, requests))) => act.take_requests(version, requests),
                Ok(Err(error)) => tracing::warn!(%error, "requests of other processes cannot be read"),
                Err(_) => {}
            }
        }));
    }

    fn take_requests(&mut self, version: i64, requests: Vec<(u64, RunId, Request)>) {
        self.foreign = Some(version);
        let before_us = self.seen.is_none();
        self.seen = requests
            .last()
            .map(|(place, ..)| *place)
            .or(self.seen)
            .or(Some(0));
        if before_us {
            return; // left for owners before us
        }
        for (_, run, request) in requests {
            if let (Some(held), Request::Cancel { by }) = (self.runs.get(&run), request) {
                // `do_send`: somebody asked once and was told it will happen.
                held.actor.do_send(CancelRun { by });
            }
        }
    }
}

impl Actor for Orchestrator {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.look_for_requests(ctx);
        ctx.run_interval(REQUEST_POLL, |act, ctx| act.look_for_requests(ctx));
    }
}

/// Begin a run.
#[derive(Message)]
#[rtype(result = "Result<RunHandle, EngineError>")]
pub(super) struct StartRun {
    pub(super) launch: Launch,
}

impl Handler<StartRun> for Orchestrator {
    type Result = ResponseActFuture<Self, Result<RunHandle, EngineError>>;

    fn handle(&mut self, message: StartRun, _: &mut Context<Self>) -> Self::Result {
        if self.closing.is_some() {
            return Box::pin(async { Err(EngineError::Stopped) }.into_actor(self));
        }
        let launch = message.launch;
        let created = Event::RunCreated {
            workflow: launch.workflow.clone(),
            event: launch.event.clone(),
            executor: launch.executor.clone(),
            on_crash: OnCrash::CleanUp,
            owner: self.shared.owner.clone(),
            workspace: launch.workspace.display().to_string(),
            jobs: launch.outline(),
        };
        let (journal, id) = (Arc::clone(&self.shared.journal), self.shared.world.new_run_id());
        let written = self
            .shared
            .io
            .spawn(async move { journal.append(&id, vec![created]).await });
        Box::pin(written.into_actor(self).map(|written, act, ctx| {
            let recorded = written.map_err(|_| EngineError::Stopped)??;
            let run = Run::replay(&recorded)?.ok_or(EngineError::Stopped)?;
            Ok(act.hold(run, launch, ctx))
        }))
    }
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
        if let Some(held) = self.runs.get(&run) {
            held.actor.do_send(CancelRun { by });
            return Box::pin(async { Ok(()) });
        }
        let journal = Arc::clone(&self.shared.journal);
        let left = self.shared.io.spawn(async move {
            let query = RunQuery {
                // A part of an id finds more than one; only the whole one is meant.
                id: Some(run.0.clone()),
                limit: usize::MAX,
                ..RunQuery::default()
            };
            match journal.runs(query).await?.iter().find(|known| known.id == run) {
                None => Err(EngineError::UnknownRun(run)),
                Some(known) if known.state.is_final() => Ok(()),
                Some(known) => Ok(journal.request(&known.id, Request::Cancel { by }).await?),
            }
        });
        Box::pin(async move { left.await.map_err(|_| EngineError::Stopped)? })
    }
}

/// Cancel every run of this process and say when they have ended.
#[derive(Message)]
#[rtype(result = "Vec<RunHandle>")]
pub(super) struct CancelAll {
    pub(super) by: String,
}

impl Handler<CancelAll> for Orchestrator {
    type Result = MessageResult<CancelAll>;

    fn handle(&mut self, message: CancelAll, _: &mut Context<Self>) -> Self::Result {
        self.closing = Some(message.by.clone());
        let cancel = |(id, held): (&RunId, &Held)| {
            held.actor.do_send(CancelRun {
                by: message.by.clone(),
            });
            RunHandle {
                id: id.clone(),
                done: held.done.subscribe(),
            }
        };
        MessageResult(self.runs.iter().map(cancel).collect())
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
        let End::Panicked(text) = message.end else { return };
        let reason = Reason::new("panic", format!("the run's actor panicked: {text}"));
        tracing::error!(run = %id, cause = %reason.message, "a run is lost");
        let (shared, executors) = (Arc::clone(&self.shared), held.executors);
        let settled = self
            .shared
            .io
            .spawn(async move { settle(&shared, &id, &executors, &reason).await });
        ctx.spawn(settled.into_actor(self).map(move |settled, _, _| {
            let problem = match settled {
                Ok(Ok(_)) => None,
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
