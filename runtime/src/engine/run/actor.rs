//! The actor of a run: writes its history, starts its jobs, learns of their ends.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{ActorSpec, ChildGone, Context, End};
use loom_protocol::ActorId;
use tokio::sync::{oneshot, watch};

use super::Outcome;
use crate::engine::job::{Input, JobActor, JobSeat};
use crate::engine::launch::{JobLaunch, Launch};
use crate::engine::shared::Shared;
use crate::event::{Event, JobState, Reason, Recorded, RunState};
use crate::id::{JobId, JobKey};
use crate::journal::JournalError;
use crate::state::{Decision, Run};

/// How often a write is tried before the run is given up; the pause doubles from 100 ms, six seconds in all.
const WRITE_TRIES: u32 = 6;

/// A run's actor.
pub(in crate::engine) struct RunActor {
    run: Run,
    launch: Launch,
    jobs: HashMap<JobId, Arc<JobLaunch>>,
    children: HashMap<ActorId, Child>,
    /// Jobs whose actors ended before they did: they do not start again.
    lost: HashSet<JobId>,
    shared: Arc<Shared>,
    /// What waits for the write that is under way to end.
    waiting: Vec<Entry>,
    writing: bool,
    done: watch::Sender<Option<Outcome>>,
}

struct Child {
    job: JobId,
    actor: Addr<JobActor>,
}

struct Entry {
    events: Vec<Event>,
    saved: Option<oneshot::Sender<Result<(), Unwritable>>>,
}

/// The run's history cannot be written.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Unwritable;

impl RunActor {
    pub(in crate::engine) fn new(
        run: Run,
        launch: Launch,
        shared: Arc<Shared>,
        done: watch::Sender<Option<Outcome>>,
    ) -> Self {
        let jobs = launch
            .jobs
            .iter()
            .map(|job| (job.id.clone(), Arc::new(job.clone())))
            .collect();
        Self {
            run,
            launch,
            jobs,
            children: HashMap::new(),
            lost: HashSet::new(),
            shared,
            waiting: Vec::new(),
            writing: false,
            done,
        }
    }

    /// Does what follows from the state; called after every change.
    fn advance(&mut self, ctx: &mut Context<Self>) {
        if self.run.state.is_final() {
            tracing::info!(run = %self.run.id, state = %self.run.state, "run has ended");
            // `send_replace`: the outcome stands also when nobody listens yet.
            self.done.send_replace(Some(Outcome {
                state: self.run.state,
                problem: None,
            }));
            return ctx.stop();
        }
        if self.writing || !self.waiting.is_empty() {
            return; // the state is about to change: ask again then
        }
        let mut facts = Vec::new();
        let room = self.launch.parallel.max(1).saturating_sub(self.children.len());
        let begun: HashSet<&JobId> = self
            .children
            .values()
            .map(|child| &child.job)
            .chain(&self.lost)
            .collect();
        for decision in self.run.decide(room, |job| begun.contains(job)) {
            match decision {
                Decision::Record(event) => facts.push(event),
                Decision::Start(job) => self.start(&job, ctx),
            }
        }
        if !facts.is_empty() {
            self.write(
                Entry {
                    events: facts,
                    saved: None,
                },
                ctx,
            );
        }
    }

    fn start(&mut self, id: &JobId, ctx: &mut Context<Self>) {
        let Some(launch) = self.jobs.get(id) else { return };
        let key = JobKey {
            run: self.run.id.clone(),
            job: id.clone(),
            attempt: 1,
        };
        let actor_id = ActorId(format!("job-{}-{id}", self.run.id.short()));
        let mut spec = ActorSpec::of::<JobActor>()
            .id(actor_id.clone())
            .meta("run", self.run.id.0.clone())
            .meta("job", id.0.clone())
            .meta("executor", launch.executor.name())
            .watched_by(ctx.address().recipient());
        if let Some(image) = &launch.image {
            spec = spec.meta("image", image.clone());
        }
        let seat = JobSeat {
            key,
            launch: Arc::clone(launch),
            shared: Arc::clone(&self.shared),
            run: ctx.address().recipient(),
            workspace: self.launch.workspace.clone(),
            pull: self.launch.pull,
        };
        let actor = loom_bridge::spawn(spec, |_| JobActor::new(seat));
        self.children.insert(
            actor_id,
            Child {
                job: id.clone(),
                actor,
            },
        );
    }

    fn write(&mut self, entry: Entry, ctx: &mut Context<Self>) {
        self.waiting.push(entry);
        if !self.writing {
            self.flush(ctx);
        }
    }

    /// Writes all that waits as one, then tells those who asked, then does what follows.
    fn flush(&mut self, ctx: &mut Context<Self>) {
        if self.waiting.is_empty() {
            return;
        }
        let entries = std::mem::take(&mut self.waiting);
        let events: Vec<Event> = entries.iter().flat_map(|entry| entry.events.clone()).collect();
        self.writing = true;
        let (journal, run) = (Arc::clone(&self.shared.journal), self.run.id.clone());
        let writing = self.shared.io.spawn(async move {
            let mut pause = Duration::from_millis(100);
            for _ in 1..WRITE_TRIES {
                match journal.append(&run, events.clone()).await {
                    Ok(recorded) => return Ok(recorded),
                    Err(error) => tracing::warn!(%error, "the run's history cannot be written; trying again"),
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            journal.append(&run, events).await
        });
        ctx.spawn(writing.into_actor(self).map(move |written, _, ctx| {
            ctx.notify(Written {
                result: written.unwrap_or(Err(JournalError::Closed)),
                entries,
            });
        }));
    }

    fn written(
        &mut self,
        written: Result<Vec<Recorded>, JournalError>,
        entries: Vec<Entry>,
        ctx: &mut Context<Self>,
    ) {
        let problem = match written {
            Ok(recorded) => recorded
                .iter()
                .find_map(|event| self.run.apply(event).err())
                .map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let answer = problem.as_ref().map_or(Ok(()), |_| Err(Unwritable));
        for saved in entries.into_iter().filter_map(|entry| entry.saved) {
            // The job may have gone meanwhile; its end arrives by its own notice.
            drop(saved.send(answer.clone()));
        }
        match problem {
            None => {
                self.flush(ctx);
                self.advance(ctx);
            }
            Some(problem) => self.give_up(problem, ctx),
        }
    }

    /// The history cannot be written: a run that cannot say what it did must not go on.
    fn give_up(&mut self, problem: String, ctx: &mut Context<Self>) {
        tracing::error!(run = %self.run.id, %problem, "the run is given up");
        for entry in std::mem::take(&mut self.waiting) {
            entry.saved.map(|saved| saved.send(Err(Unwritable)));
        }
        let held: Vec<_> = self
            .children
            .values()
            .filter_map(|child| self.reclaiming(&child.job))
            .collect();
        let removed = futures_util::future::join_all(held).into_actor(self);
        // Told last: who waits for the run may end the process.
        ctx.wait(removed.map(|_, act, ctx| {
            act.done.send_replace(Some(Outcome {
                state: RunState::Lost,
                problem: Some(problem),
            }));
            ctx.stop();
        }));
    }

    /// Removes what a job may still hold, on the IO threads.
    fn reclaiming(&self, id: &JobId) -> Option<impl Future<Output = Option<String>> + use<>> {
        let executor = Arc::clone(&self.jobs.get(id)?.executor);
        let key = JobKey {
            run: self.run.id.clone(),
            job: id.clone(),
            attempt: 1,
        };
        let task = self.shared.io.spawn(async move { executor.reclaim(&key).await });
        Some(async move { task.await.ok()?.err().map(|error| error.to_string()) })
    }
}

impl Actor for RunActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.advance(ctx);
    }
}

/// Write these events to the run's history; answered once they are there.
#[derive(Message)]
#[rtype(result = "Result<(), Unwritable>")]
pub(in crate::engine) struct SaveEvents {
    pub(in crate::engine) events: Vec<Event>,
}

impl Handler<SaveEvents> for RunActor {
    type Result = ResponseFuture<Result<(), Unwritable>>;

    fn handle(&mut self, message: SaveEvents, ctx: &mut Context<Self>) -> Self::Result {
        let (saved, answer) = oneshot::channel();
        self.write(
            Entry {
                events: message.events,
                saved: Some(saved),
            },
            ctx,
        );
        Box::pin(async move { answer.await.unwrap_or(Err(Unwritable)) })
    }
}

/// A write has ended.
#[derive(Message)]
#[rtype(result = "()")]
struct Written {
    result: Result<Vec<Recorded>, JournalError>,
    entries: Vec<Entry>,
}

impl Handler<Written> for RunActor {
    type Result = ();

    fn handle(&mut self, message: Written, ctx: &mut Context<Self>) {
        self.writing = false;
        self.written(message.result, message.entries, ctx);
    }
}

/// Cancel the run; a second one skips the grace.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::engine) struct CancelRun {
    pub(in crate::engine) by: String,
}

impl Handler<CancelRun> for RunActor {
    type Result = ();

    fn handle(&mut self, message: CancelRun, ctx: &mut Context<Self>) {
        let force = self.run.cancel.is_some();
        if !force && !self.run.state.is_final() {
            self.write(
                Entry {
                    events: vec![Event::CancelRequested { by: message.by }],
                    saved: None,
                },
                ctx,
            );
        }
        for child in self.children.values() {
            // `do_send`: one order for each job, and it must not be lost to a full mailbox.
            child.actor.do_send(Input::Cancel { force });
        }
    }
}

impl Handler<ChildGone> for RunActor {
    type Result = ();

    fn handle(&mut self, message: ChildGone, ctx: &mut Context<Self>) {
        let Some(child) = self.children.remove(&message.id) else {
            return;
        };
        let ended = self
            .run
            .jobs
            .get(&child.job)
            .is_none_or(|job| job.state.is_final());
        if ended {
            return self.advance(ctx);
        }
        let reason = match message.end {
            End::Panicked(text) => Reason::new("panic", format!("its actor panicked: {text}")),
            End::Stopped => Reason::new("panic", "its actor ended before it did"),
        };
        self.lost.insert(child.job.clone());
        tracing::error!(run = %self.run.id, job = %child.job, cause = %reason.message, "a job is lost");
        // What it holds goes first: a run that has ended leaves nothing behind.
        let reclaiming = self.reclaiming(&child.job);
        let removed = async move {
            match reclaiming {
                Some(reclaiming) => reclaiming.await,
                None => None,
            }
        };
        ctx.spawn(removed.into_actor(self).map(move |left, act, ctx| {
            let message = match left {
                None => reason.message,
                Some(left) => format!("{}; besides, it failed to {left}", reason.message),
            };
            let reason = Some(Reason { message, ..reason });
            let event = Event::JobFinished {
                job: child.job,
                state: JobState::Lost,
                reason,
            };
            act.write(
                Entry {
                    events: vec![event],
                    saved: None,
                },
                ctx,
            );
        }));
    }
}
