//! The observed context: what an unmodified actix actor takes as its `Context` to be seen.
//!
//! Every send to an actor goes through the static `ToEnvelope::pack` of its context, every delivery through the
//! envelope's proxy, every poll through the future that `run` spawns: three places that actix leaves open, and all that is
//! needed to see messages, waiting times, panics and ends without a fork.

mod activity;
mod answer;
mod envelope;
mod items;
mod life;
mod observed;
mod reply;
mod start;
mod supervisor;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix::dev::channel::AddressReceiver;
use actix::dev::{AsyncContextParts, ContextParts, Mailbox};
use actix::fut::{ActorFuture, ActorStreamExt};
use actix::utils::{IntervalFunc, TimerFunc};
use actix::{
    Actor, ActorContext, ActorState, Addr, AsyncContext, Handler, Message, SpawnHandle, StreamHandler,
};
use loom_protocol::{ActorId, EventKind};
use serde_json::Value;
use tokio::time::Instant;

pub use activity::{Activity, Declared};
pub use observed::Observed;
pub use start::{StartObserved, spawn, spawn_in};
pub use supervisor::Supervisor;

pub use answer::is_error;
pub(crate) use answer::{Manner, is_result, manner};
pub(crate) use envelope::{Seal, answered, answered_wrongly};
pub(crate) use life::{Life, end_telling};
pub(crate) use reply::Reply;

use crate::cell::ActorCell;
use crate::clock;
use crate::events::Note;
use crate::measure::{Level, level};
use crate::power::{Gated, Powers};
use crate::spec::ActorSpec;
use crate::trace::Cause;
use items::{Caused, Delayed, Held, Items, MessageStream, Now, Turn};

/// The context of an actor that is seen: a drop-in for `actix::Context`.
// The compiler shows the next line where this context meets what wants actix's own, as `Actor::start` does.
#[rustfmt::skip]
pub struct Context<A: Actor<Context = Self>> { // HINT: `#[loom_bridge::actor]` on `impl Actor` gives `start`; take Loom's `Supervisor`
    parts: ContextParts<A>,
    mailbox: Option<Mailbox<A>>,
    cell: Arc<ActorCell>,
    /// Until the actor runs, its life ends with this context.
    has_life: bool,
    /// It was polled.
    has_begun: bool,
    /// What is spawned now is a message's answer.
    answering: bool,
    /// When it was polled last it waited for a future, before which it takes no message.
    takes_nothing: bool,
    /// What it lets others order of it; few do.
    pub(crate) powers: Option<Box<Powers<A>>>,
}

impl<A: Actor<Context = Self>> Context<A> {
    /// A context for an actor that is not there yet. It is registered from now on, as starting.
    pub fn new() -> Self {
        Self::with_spec(ActorSpec::of::<A>())
    }

    /// The same with a name, a parent, a watcher and whatever else the spec says.
    pub fn with_spec(spec: ActorSpec) -> Self {
        let (_, receiver) = actix::dev::channel::channel(spec.mailbox_capacity);
        Self::from_parts(receiver, Life::begin::<A>(spec))
    }

    /// A context for an actor whose addresses exist already.
    pub fn with_receiver(receiver: AddressReceiver<A>) -> Self {
        Self::from_parts(receiver, Life::begin::<A>(ActorSpec::of::<A>()))
    }

    fn from_parts(receiver: AddressReceiver<A>, life: Life) -> Self {
        let mailbox = Mailbox::new(receiver);
        Self {
            parts: ContextParts::new(mailbox.sender_producer()),
            mailbox: Some(mailbox),
            cell: life.give_away(),
            has_life: true,
            has_begun: false,
            answering: false,
            takes_nothing: false,
            powers: None,
        }
    }

    /// Starts the actor on the running arbiter.
    pub fn run(self, actor: A) -> Addr<A> {
        let address = self.address();
        actix_rt::spawn(self.into_future(actor));
        address
    }

    /// The future that is the actor, for those who spawn it themselves.
    pub fn into_future(self, actor: A) -> Observed<A> {
        Observed::new(self, actor)
    }

    /// The handle of the spawned future that is running.
    pub fn handle(&self) -> SpawnHandle {
        self.parts.curr_handle()
    }

    /// How many messages may wait before `send` waits and `try_send` refuses; 16 by default.
    pub fn set_mailbox_capacity(&mut self, messages: usize) {
        self.parts.set_mailbox_capacity(messages);
    }

    /// Whether anybody still has an address of the actor.
    pub fn connected(&self) -> bool {
        self.parts.connected()
    }

    /// The id under which the actor is registered.
    pub fn id(&self) -> ActorId {
        self.cell.id()
    }

    /// Says what the actor does while no handler of it runs: that it works, or waits, until the returned value is dropped.
    /// Move that value into the future that does the work. Without it an actor is `idle` between messages.
    pub fn declare(&self, activity: Activity) -> Declared {
        Declared::new(Arc::clone(&self.cell), activity)
    }

    /// Sets one entry of the metadata that the actor is shown with. Never a secret.
    pub fn set_metadata(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        // Before the lock: a conversion may log.
        let (key, value) = (key.into(), value.into());
        self.cell.amend(|details| {
            details.metadata.insert(key, value);
        });
    }

    /// Counts an error that the actor survived, shows its text as `lastError` and writes it into the actor's journal.
    pub fn report_error(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.set_metadata("lastError", text.as_str());
        self.cell.error();
        self.cell.reported(text.into());
    }

    /// Writes a line into the actor's journal: a text, or a [`Note`] with data. An actor may write a hundred a second; the
    /// others are counted. [`loom_bridge::note`](crate::note) does the same where no context is at hand.
    pub fn note(&self, note: impl Into<Note>) {
        self.cell.note(EventKind::Note, note.into());
    }
}

impl<A: Actor<Context = Self>> Context<A> {
    pub(crate) fn cell(&self) -> &Arc<ActorCell> {
        &self.cell
    }

    /// What it allows, to allow more.
    pub(crate) fn powers_mut(&mut self) -> &mut Powers<A> {
        self.powers
            .get_or_insert_with(|| Box::new(Powers::new(Arc::default())))
    }

    /// Shows what it allows.
    pub(crate) fn publish_controls(&self) {
        if let Some(powers) = &self.powers {
            self.cell.control(powers.controls().clone(), &powers.slot);
        }
    }

    /// Runs beside the mailbox, as long as nothing holds the actor.
    fn push<F>(&mut self, future: F) -> SpawnHandle
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        self.parts.spawn(Gated::new(future))
    }
}

impl<A: Actor<Context = Self>> Drop for Context<A> {
    fn drop(&mut self) {
        // The actor never ran.
        if self.has_life {
            life::end(&self.cell, life::unborn());
        }
    }
}

impl<A: Actor<Context = Self>> Default for Context<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Actor<Context = Self>> fmt::Debug for Context<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("id", &self.cell.name)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

impl<A: Actor<Context = Self>> ActorContext for Context<A> {
    fn stop(&mut self) {
        self.parts.stop();
        self.cell.stopping();
    }

    fn terminate(&mut self) {
        self.parts.terminate();
        self.cell.stopping();
    }

    fn state(&self) -> ActorState {
        self.parts.state()
    }
}

impl<A: Actor<Context = Self>> AsyncContext<A> for Context<A> {
    fn address(&self) -> Addr<A> {
        self.parts.address()
    }

    fn spawn<F>(&mut self, future: F) -> SpawnHandle
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        if self.answering {
            return self.push(Caused::new(future, Cause::here()));
        }
        self.push(Caused::new(Turn::new(future), Cause::here()))
    }

    fn wait<F>(&mut self, future: F)
    where
        F: ActorFuture<A, Output = ()> + 'static,
    {
        // Until it is done the actor takes no message.
        let waiting = self.declare(Activity::Waiting);
        if self.answering {
            self.parts
                .wait(Held::new(Caused::new(future, Cause::here()), waiting));
            return;
        }
        self.parts
            .wait(Held::new(Caused::new(Turn::new(future), Cause::here()), waiting));
    }

    fn waiting(&self) -> bool {
        self.parts.waiting()
    }

    fn cancel_future(&mut self, handle: SpawnHandle) -> bool {
        self.parts.cancel_future(handle)
    }

    fn notify<M>(&mut self, message: M)
    where
        A: Handler<M>,
        M: Message + 'static,
    {
        if self.accepts("notify") {
            // In a queue from now on, though not in the mailbox.
            let seal = (level() > Level::Off).then(Seal::new::<A, M>);
            self.push(Now::new(message, seal));
        }
    }

    fn notify_later<M>(&mut self, message: M, after: Duration) -> SpawnHandle
    where
        A: Handler<M>,
        M: Message + 'static,
    {
        if !self.accepts("notify_later") {
            return SpawnHandle::default();
        }
        self.push(Delayed::new(message, after, Cause::of_send()))
    }

    fn add_message_stream<S>(&mut self, stream: S)
    where
        S: futures_util::Stream + 'static,
        S::Item: Message,
        A: Handler<S::Item>,
    {
        if self.accepts("add_message_stream") {
            self.push(MessageStream::new(stream));
        }
    }

    fn add_stream<S>(&mut self, stream: S) -> SpawnHandle
    where
        S: futures_util::Stream + 'static,
        A: StreamHandler<S::Item>,
    {
        if !self.accepts("add_stream") {
            return SpawnHandle::default();
        }
        self.push(Items::new(stream, Cause::here()))
    }

    fn run_later<F>(&mut self, after: Duration, work: F) -> SpawnHandle
    where
        F: FnOnce(&mut A, &mut Self) + 'static,
    {
        let timer = TimerFunc::new(after, |actor, context: &mut Self| {
            context.turn(|context| work(actor, context));
        });
        self.push(Caused::new(timer, Cause::here()))
    }

    fn run_interval<F>(&mut self, every: Duration, mut work: F) -> SpawnHandle
    where
        F: FnMut(&mut A, &mut Self) + 'static,
    {
        let interval = IntervalFunc::new(every, move |actor, context: &mut Self| {
            context.turn(|context| work(actor, context));
        });
        self.push(Caused::new(interval.finish(), Cause::here()))
    }

    fn run_interval_at<F>(&mut self, start: Instant, every: Duration, mut work: F) -> SpawnHandle
    where
        F: FnMut(&mut A, &mut Self) + 'static,
    {
        let interval = IntervalFunc::new_at(start, every, move |actor, context: &mut Self| {
            context.turn(|context| work(actor, context));
        });
        self.push(Caused::new(interval.finish(), Cause::here()))
    }
}

impl<A: Actor<Context = Self>> Context<A> {
    /// Does what no message asked for. Counted before, so that work that panics or never ends is seen.
    fn turn(&mut self, work: impl FnOnce(&mut Self)) {
        // Ticks that an interval makes up for at once, after the one that was a step.
        if self.is_held() {
            return;
        }
        if level() == Level::Off {
            work(self);
            return;
        }
        self.cell.take_turn(clock::raw());
        work(self);
        self.cell.leave();
        self.passed("a turn of its own");
    }

    /// As in actix: a stopped actor takes no more, and says so in the log.
    fn accepts(&self, what: &'static str) -> bool {
        let alive = self.parts.state() != ActorState::Stopped;
        if !alive {
            tracing::error!(actor = %self.cell.name, what, "a message to itself is lost: the actor has stopped");
        }
        alive
    }
}

impl<A: Actor<Context = Self>> AsyncContextParts<A> for Context<A> {
    fn parts(&mut self) -> &mut ContextParts<A> {
        &mut self.parts
    }
}
