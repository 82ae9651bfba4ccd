//! The actor of a job: runs the effects that its machine asks for.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{Activity, Context};
use tokio::task::JoinHandle;

use super::holding::Holding;
use super::machine::{Effect, Input, Machine, may_leave};
use super::place::{Order, Place, broke_off, reclaim};
use crate::engine::launch::JobLaunch;
use crate::engine::run::SaveEvents;
use crate::engine::shared::Shared;
use crate::event::Reason;
use crate::executor::{Closed, PullPolicy};
use crate::fault;
use crate::id::JobKey;

/// A job's actor. Its owner, the run's actor, learns of its end whatever the cause.
pub(in crate::engine) struct JobActor {
    machine: Machine,
    seat: JobSeat,
    place: Option<Place>,
    opening: Opening,
}

/// How the making of the place stands.
#[derive(Clone, Copy, PartialEq)]
enum Opening {
    /// It has not begun, or is over.
    No,
    /// It goes on.
    Yes,
    /// It goes on and is given up.
    Abandoned,
}

/// Where a job sits in its run.
pub(in crate::engine) struct JobSeat {
    pub(in crate::engine) key: JobKey,
    pub(in crate::engine) launch: Arc<JobLaunch>,
    pub(in crate::engine) shared: Arc<Shared>,
    pub(in crate::engine) run: Recipient<SaveEvents>,
    pub(in crate::engine) workspace: std::path::PathBuf,
    pub(in crate::engine) pull: PullPolicy,
    /// What the job has under way, which its owner ends when this actor breaks.
    pub(in crate::engine) holding: Holding,
}

impl JobActor {
    pub(in crate::engine) fn new(seat: JobSeat) -> Self {
        let timeouts = seat.launch.steps.iter().map(|step| step.timeout).collect();
        let machine = Machine::new(
            seat.key.job.clone(),
            seat.key.attempt,
            seat.key.resource_name(),
            timeouts,
        );
        Self {
            machine,
            seat,
            place: None,
            opening: Opening::No,
        }
    }

    fn run(&mut self, effect: Effect, ctx: &mut Context<Self>) {
        tracing::debug!(job = %self.seat.key.job, effect = effect.name(), "next");
        match effect {
            Effect::Save(events) => {
                let saved = self.seat.run.send(SaveEvents { events });
                ctx.spawn(
                    saved
                        .into_actor(self)
                        .map(|saved, act, ctx: &mut Context<Self>| match saved {
                            Ok(Ok(())) => ctx.notify(Input::Saved),
                            // The run cannot write its history any more and ends; nothing of this job may stay behind.
                            Ok(Err(_)) | Err(_) => act.abandon(ctx),
                        }),
                );
            }
            Effect::Open => self.open(ctx),
            // The opening's end says that all is gone again.
            Effect::AbandonOpening => {
                self.opening = Opening::Abandoned;
                self.seat.holding.unwanted().cancel();
            }
            Effect::RunStep(step) => self.run_step(step, ctx),
            Effect::Signal(signal) => {
                if let Some(place) = self.place.clone() {
                    self.seat.shared.io.spawn(place.signal(signal));
                }
            }
            Effect::EscalateAfter(round, after) => {
                ctx.notify_later(Input::Escalate(round), after);
            }
            Effect::Close => match self.place.take() {
                Some(place) => {
                    let closing = self.seat.shared.io.spawn(self.seat.holding.track(place.close()));
                    self.when_done(closing, Input::Closed, ctx);
                }
                None => self.reclaim(ctx),
            },
            Effect::Done => ctx.stop(),
        }
    }

    fn open(&mut self, ctx: &mut Context<Self>) {
        let seat = &self.seat;
        let order = Order {
            shared: Arc::clone(&seat.shared),
            launch: Arc::clone(&seat.launch),
            key: seat.key.clone(),
            workspace: seat.workspace.clone(),
            pull: seat.pull,
            unwanted: seat.holding.unwanted().clone(),
        };
        let opening = seat.shared.io.spawn(seat.holding.track(Place::open(order)));
        self.opening = Opening::Yes;
        ctx.notify_later(Input::JobTimeout, seat.launch.timeout);
        let waiting = ctx.declare(Activity::Waiting);
        fault::while_opening(&self.seat.key.job);
        ctx.spawn(opening.into_actor(self).map(|opened, act, ctx| {
            drop(waiting);
            let opened = opened.unwrap_or_else(|broken| Err(broke_off(&broken)));
            let abandoned = std::mem::replace(&mut act.opening, Opening::No) != Opening::Yes;
            match opened {
                // Given up at the very moment it was ready: it is closed like any other.
                Ok(place) if abandoned => {
                    let closing = act.seat.shared.io.spawn(act.seat.holding.track(place.close()));
                    act.when_done(closing, Input::Closed, ctx);
                }
                Ok(place) => {
                    act.place = Some(place);
                    ctx.notify(Input::Opened(Ok(())));
                }
                Err(left) if abandoned && may_leave(&left) => {
                    ctx.notify(Input::Closed(Err(left)));
                }
                Err(_) if abandoned => {
                    ctx.notify(Input::Closed(Ok(Closed::default())));
                }
                Err(reason) => {
                    ctx.notify(Input::Opened(Err(reason)));
                }
            }
        }));
    }

    fn run_step(&mut self, step: u32, ctx: &mut Context<Self>) {
        let spec = usize::try_from(step)
            .ok()
            .and_then(|step| self.seat.launch.steps.get(step))
            .map(|s| s.spec.clone());
        let (Some(place), Some(spec)) = (self.place.clone(), spec) else {
            let lost = Reason::new("session-lost", "the job has no place to run its step in");
            ctx.notify(Input::StepEnded(Err(lost)));
            return;
        };
        if let Some(limit) = self.machine.step_timeout(step) {
            ctx.notify_later(Input::StepTimeout(step), limit);
        }
        let running = self.seat.shared.io.spawn(place.run_step(spec));
        let busy = ctx.declare(Activity::Busy);
        let ended = move |end| {
            drop(busy);
            Input::StepEnded(end)
        };
        self.when_done(running, ended, ctx);
        if fault::in_job(&self.seat.key.job) {
            // Late enough for the step to be under way, which is when a panic leaves most behind.
            ctx.run_later(Duration::from_millis(300), |act, _| {
                fault::panic_now(&act.seat.key.job.0)
            });
        }
    }

    /// Removes what the job may hold without a session to close.
    fn reclaim(&self, ctx: &mut Context<Self>) {
        let reclaiming = self.seat.shared.io.spawn(self.removal());
        self.when_done(reclaiming, Input::Closed, ctx);
    }

    fn removal(&self) -> impl Future<Output = Result<Closed, Reason>> + use<> {
        let seat = &self.seat;
        let (shared, executor, key) = (
            Arc::clone(&seat.shared),
            Arc::clone(&seat.launch.executor),
            seat.key.clone(),
        );
        let removal = async move {
            reclaim(&shared, &*executor, &key)
                .await
                .map(|()| Closed::default())
        };
        seat.holding.track(removal)
    }

    /// Ends without a history to write to.
    fn abandon(&mut self, ctx: &mut Context<Self>) {
        let removing = self.seat.shared.io.spawn(self.removal());
        ctx.wait(removing.into_actor(self).map(|_, _, ctx| ctx.stop()));
    }

    fn when_done<T: Send + 'static>(
        &self,
        task: JoinHandle<Result<T, Reason>>,
        input: impl FnOnce(Result<T, Reason>) -> Input + 'static,
        ctx: &mut Context<Self>,
    ) {
        ctx.spawn(task.into_actor(self).map(|done, _, ctx| {
            let done = done.unwrap_or_else(|broken| Err(broke_off(&broken)));
            ctx.notify(input(done));
        }));
    }
}

impl Actor for JobActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.notify(Input::Begin);
    }
}

impl Handler<Input> for JobActor {
    type Result = ();

    fn handle(&mut self, input: Input, ctx: &mut Context<Self>) {
        for effect in self.machine.handle(input) {
            self.run(effect, ctx);
        }
    }
}
