//! The actor of a run: writes its history, starts its jobs, learns of their ends.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{ActorSpec, ChildGone, Context, End};
use loom_protocol::ActorId;
use tokio::sync::{oneshot, watch};

use super::Outcome;
use crate::engine::job::{Holding, Input, JobActor, JobSeat, reclaim};
use crate::engine::launch::{JobLaunch, Launch, Place};
use crate::engine::shared::Shared;
use crate::event::{Event, JobState, Reason, Recorded, RunState};
use crate::fault;
use crate::id::{JobId, JobKey};
use crate::journal::JournalError;
use crate::state::{Decision, Run};

/// How often a write is tried before the run is given up; the pause doubles from 100 ms, six seconds in all.
const WRITE_TRIES: u32 = 6;

/// A run's actor.
pub(in crate::engine) struct RunActor {
    /// With what is being written just now: nobody is told of it, and no job started, before it is in the history.
    run: Run,
    launch: Launch,
    jobs: HashMap<JobId, Arc<JobLaunch>>,
    children: HashMap<ActorId, Child>,
    /// Jobs whose actors ended before they did: they do not start again.
    lost: HashSet<JobId>,
    /// Whether the run is being cancelled: told to the jobs before it is in the history.
    cancelling: bool,
    shared: Arc<Shared>,
    holding: Holding,
    place: Place,
    /// Whether it stands in line for one.
    asked: bool,
    /// What waits for the write that is under way to end.
    waiting: Vec<Entry>,
    writing: bool,
    done: watch::Sender<Option<Outcome>>,
}

struct Child {
    job: JobId,
    actor: Addr<JobActor>,
    holding: Holding,
}

/// Where a run sits in its engine.
pub(in crate::engine) struct RunSeat {
    pub(in crate::engine) shared: Arc<Shared>,
    /// What its jobs have under way in their executors.
    pub(in crate::engine) holding: Holding,
    /// Its place among the runs that are under way.
    pub(in crate::engine) place: Place,
    pub(in crate::engine) done: watch::Sender<Option<Outcome>>,
}

struct Entry {
    events: Vec<Event>,
    saved: Option<oneshot::Sender<Result<(), Unwritable>>>,
}

/// The run's history cannot be written.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Unwritable;

impl RunActor {
    pub(in crate::engine) fn new(run: Run, launch: Launch, seat: RunSeat) -> Self {
        let jobs = launch
            .jobs
            .iter()
            .map(|job| (job.id.clone(), Arc::new(job.clone())))
            .collect();
        Self {
            cancelling: run.cancel.is_some(),
            run,
            launch,
            jobs,
            children: HashMap::new(),
            lost: HashSet::new(),
            shared: seat.shared,
            holding: seat.holding,
            place: seat.place,
            asked: false,
            waiting: Vec::new(),
            writing: false,
            done: seat.done,
        }
    }

    /// Does what follows from the state; called after every change.
    fn advance(&mut self, ctx: &mut Context<Self>) {
        if self.writing || !self.waiting.is_empty() {
            return; // the state is ahead of the history: ask again when that has caught up
        }
        if self.run.state.is_final() {
            tracing::info!(run = %self.run.id, state = %self.run.state, "run has ended");
            // `send_replace`: the outcome stands also when nobody listens yet.
            self.done.send_replace(Some(Outcome {
                state: self.run.state,
                problem: None,
            }));
            return ctx.stop();
        }
        if self.waits_for_a_place(ctx) {
            return;
        }
        let mut facts = Vec::new();
        let room = self.launch.parallel.max(1).saturating_sub(self.children.len());
        let begun = self.begun();
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

    /// The jobs that have actors or had one.
    fn begun(&self) -> HashSet<JobId> {
        let children = self.children.values().map(|child| &child.job);
        children.chain(&self.lost).cloned().collect()
    }

    /// Whether it must not begin yet. One that is cancelled does not wait: it begins in order to end.
    fn waits_for_a_place(&mut self, ctx: &mut Context<Self>) -> bool {
        let Place::Wanted(places) = &self.place else {
            return false;
        };
        if self.run.cancel.is_some() {
            return false;
        }
        if std::mem::replace(&mut self.asked, true) {
            return true;
        }
        let given = Arc::clone(places).acquire_owned().into_actor(self);
        ctx.spawn(given.map(|given, act, ctx| {
            // Nobody closes the places; without them there is nothing to wait for.
            act.place = given.map_or(Place::None, Place::Held);
            act.advance(ctx);
        }));
        true
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
        let holding = self.holding.part();
        let seat = JobSeat {
            key,
            holding: holding.clone(),
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
                holding,
            },
        );
    }

    fn write(&mut self, entry: Entry, ctx: &mut Context<Self>) {
        self.waiting.push(entry);
        if !self.writing {
            self.flush(ctx);
        }
    }

    /// Writes all that waits, and what follows from it by itself, as one; then tells those who asked and starts what is due.
    fn flush(&mut self, ctx: &mut Context<Self>) {
        if self.waiting.is_empty() {
            return;
        }
        let mut entries = std::mem::take(&mut self.waiting);
        let events: Vec<Event> = entries
            .iter_mut()
            .flat_map(|entry| std::mem::take(&mut entry.events))
            .collect();
        self.writing = true;
        let after = self.run.last;
        let (now, begun) = (self.shared.world.now(), self.begun());
        let events = match self.run.ahead(events, now, |job| begun.contains(job)) {
            Ok(events) => events,
            Err(error) => {
                ctx.notify(Written {
                    result: Err(JournalError::Write(error.to_string())),
                    entries,
                });
                return;
            }
        };
        let (shared, run) = (Arc::clone(&self.shared), self.run.id.clone());
        let writing = self.shared.io.spawn(async move {
            let append = |events| shared.journal.append(&run, &shared.owner, after, events);
            let mut pause = Duration::from_millis(100);
            for _ in 1..WRITE_TRIES {
                match append(events.clone()).await {
                    Ok(recorded) => return Ok(recorded),
                    // Somebody else has the run now, or its history is not what it is here: no other try helps.
                    Err(error @ JournalError::Refused { .. }) => return Err(error),
                    Err(error) => tracing::warn!(%error, "the run's history cannot be written; trying again"),
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            append(events).await
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
        let begun = written.as_ref().is_ok_and(|recorded| {
            recorded
                .iter()
                .any(|event| matches!(event.event, Event::JobStarted { .. }))
        });
        let problem = match written {
            // The state has taken them already.
            Ok(recorded) if recorded.last().is_none_or(|last| last.seq == self.run.last) => None,
            Ok(_) => Some("the journal numbers events in another way".to_owned()),
            Err(error) => Some(format!("failed to {error}")),
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
                if begun {
                    fault::in_run(&self.run.workflow.name);
                }
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
            .filter_map(|child| self.reclaiming(child))
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

    /// Removes what a job may still hold, on the IO threads, once nothing is under way for it any more. What is left is
    /// the answer.
    fn reclaiming(&self, child: &Child) -> Option<impl Future<Output = Option<String>> + use<>> {
        let executor = Arc::clone(&self.jobs.get(&child.job)?.executor);
        let key = JobKey {
            run: self.run.id.clone(),
            job: child.job.clone(),
            attempt: 1,
        };
        let (shared, holding) = (Arc::clone(&self.shared), child.holding.clone());
        let task = self.shared.io.spawn(async move {
            holding.end().await;
            reclaim(&shared, &*executor, &key).await
        });
        Some(async move { task.await.ok()?.err().map(|left| left.message) })
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
        if self.run.state.is_final() {
            return;
        }
        // Not by the history: the first one may still be on its way there.
        let force = std::mem::replace(&mut self.cancelling, true);
        if !self.run.forced {
            let cancel = Event::CancelRequested {
                by: message.by,
                force,
            };
            self.write(
                Entry {
                    events: vec![cancel],
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
        let reclaiming = self.reclaiming(&child);
        let removed = async move {
            match reclaiming {
                Some(reclaiming) => reclaiming.await,
                None => None,
            }
        };
        ctx.spawn(removed.into_actor(self).map(move |left, act, ctx| {
            let left = left.map(|left| Event::RemainsLeft {
                job: child.job.clone(),
                reason: Reason::new("cleanup", left),
            });
            let event = Event::JobFinished {
                job: child.job,
                state: JobState::Lost,
                reason: Some(reason),
            };
            act.write(
                Entry {
                    events: left.into_iter().chain([event]).collect(),
                    saved: None,
                },
                ctx,
            );
        }));
    }
}
