//! The context of an actor on a thread of its own, and its life there.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

use actix::dev::EnvelopeProxy;
use actix::{Actor, ActorContext, ActorState, Addr, Running};
use loom_protocol::{ActorId, EventKind};
use serde_json::Value;

use super::arbiter::{Make, SharedQueue};
use crate::cell::ActorCell;
use crate::clock;
use crate::context::Life;
use crate::events::Note;
use crate::measure::{Level, level};
use crate::owner::{End, panic_text};
use crate::spec::ActorSpec;
use crate::trace;

/// The context of an observed actor that may block: a drop-in for `actix::SyncContext`.
///
/// As there, stopping the actor replaces it by a new one of the factory; to a studio it is one actor whose `restartCount`
/// grows. One that panics is gone with its thread, as in actix, and is shown as failed, with the text.
// The compiler shows the next line where this context meets actix's own `SyncArbiter`.
#[rustfmt::skip]
pub struct SyncContext<A: Actor<Context = Self>> { // HINT: `use loom_bridge::{SyncArbiter, SyncContext}`, both of Loom
    life: Life,
    make: Make<A>,
    /// actix has no public name for what makes addresses.
    address: Box<dyn Fn() -> Addr<A> + Send>,
    state: ActorState,
    /// Asked to be replaced.
    is_stopping: bool,
}

impl<A: Actor<Context = Self>> SyncContext<A> {
    pub(super) fn new(spec: ActorSpec, make: Make<A>, address: Box<dyn Fn() -> Addr<A> + Send>) -> Self {
        let life = Life::begin::<A>(spec);
        life.cell().block();
        Self {
            life,
            make,
            address,
            state: ActorState::Started,
            is_stopping: false,
        }
    }

    /// An address of all the actors that share the queue.
    pub fn address(&self) -> Addr<A> {
        (self.address)()
    }

    /// The id under which the actor is registered.
    pub fn id(&self) -> ActorId {
        self.life.cell().id()
    }

    /// Sets one entry of the metadata that the actor is shown with. Never a secret.
    pub fn set_metadata(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        // Before the lock: a conversion may log.
        let (key, value) = (key.into(), value.into());
        self.life.cell().amend(|details| {
            details.metadata.insert(key, value);
        });
    }

    /// Counts an error that the actor survived and shows its text as `lastError`.
    pub fn report_error(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.set_metadata("lastError", text.as_str());
        self.life.cell().error();
        self.life.cell().reported(text.into());
    }

    /// Writes a line into the actor's journal: a text, or a [`Note`] with data.
    pub fn note(&self, note: impl Into<Note>) {
        self.life.cell().note(EventKind::Note, note.into());
    }

    pub(super) fn cell(&self) -> &Arc<ActorCell> {
        self.life.cell()
    }

    /// The whole life of the actor, on the thread that calls.
    pub(super) fn run(mut self, queue: &SharedQueue<A>) {
        let _polling = trace::polling(Arc::clone(self.life.cell()));
        // The actor is dropped within after a panic, and never looked into again.
        let lived = catch_unwind(AssertUnwindSafe(|| self.live(queue)));
        self.life.end(match lived {
            Ok(()) => End::Stopped,
            Err(payload) => End::Panicked(panic_text(&*payload)),
        });
    }

    fn live(&mut self, queue: &SharedQueue<A>) {
        let mut actor = self.begin();
        while let Some(mut message) = next(queue) {
            self.timed(|context| message.handle(&mut actor, context));
            if std::mem::take(&mut self.is_stopping) {
                self.finish(&mut actor);
                self.life.cell().started_again();
                self.life.cell().tell_restarted_in_place();
                actor = self.begin();
            }
        }
        self.state = ActorState::Stopping;
        self.life.cell().stopping();
        self.finish(&mut actor);
    }

    fn begin(&mut self) -> A {
        self.state = ActorState::Started;
        self.life.cell().tell_begun();
        let mut actor = (self.make)();
        self.timed(|context| A::started(&mut actor, context));
        self.state = ActorState::Running;
        self.life.cell().polled(false);
        actor
    }

    fn finish(&mut self, actor: &mut A) {
        if A::stopping(actor, self) != Running::Stop {
            tracing::warn!(actor = %self.life.cell().name, "an actor of a SyncArbiter cannot refuse to stop");
        }
        self.state = ActorState::Stopped;
        A::stopped(actor, self);
    }

    fn timed(&mut self, work: impl FnOnce(&mut Self)) {
        let begin = (level() == Level::Traffic).then(clock::raw);
        work(self);
        if let Some(begin) = begin {
            self.life.cell().worked(clock::between(begin, clock::raw()));
        }
    }
}

/// The next message; `None` once nobody can send any more and none is left.
fn next<A: Actor>(queue: &SharedQueue<A>) -> Option<actix::dev::Envelope<A>> {
    // A receiver is whole whenever its lock is free.
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

impl<A: Actor<Context = Self>> ActorContext for SyncContext<A> {
    /// Has the actor replaced by a new one after this message.
    fn stop(&mut self) {
        self.is_stopping = true;
        self.state = ActorState::Stopping;
        self.life.cell().stopping();
    }

    /// The same as [`Self::stop`].
    fn terminate(&mut self) {
        self.stop();
    }

    fn state(&self) -> ActorState {
        self.state
    }
}
