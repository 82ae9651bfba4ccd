//! An actor that is observed, for whoever counts or tells something of it.

use std::sync::Arc;
use std::task::Waker;

use loom_protocol::{ActorId, Controls, EventKind};
use serde_json::Value;

use super::handling::Handling;
use super::kinds::{ActorKind, MessageKind};
use super::letter::Letter;
use super::order::{TakenOrder, taken};
use crate::cell::{ActorCell, QueueLength};
use crate::events::{Burying, Letters, Note};
use crate::power::Slot;
use crate::trace;

/// One actor. A clone is another handle to the same; none keeps it alive.
#[derive(Clone)]
pub struct ActorRef {
    pub(super) cell: Arc<ActorCell>,
}

impl ActorRef {
    /// The actor that is polled on this thread, of whatever system; `None` outside of all.
    pub fn current() -> Option<Self> {
        trace::current_cell().map(|cell| Self { cell })
    }

    /// The id under which it is registered.
    pub fn id(&self) -> ActorId {
        self.cell.id()
    }

    /// Of which type it is; `None` of one that reports by hand, whose messages are not counted by type.
    pub fn kind(&self) -> Option<ActorKind> {
        self.cell.kind.counters.map(ActorKind)
    }

    /// Whether it has not ended.
    pub fn is_alive(&self) -> bool {
        self.cell.ended().is_none()
    }

    /// It takes a message that is handled from now on, and that nobody waits for an answer to. Messages that it sends meanwhile
    /// belong to that message's chain.
    #[inline]
    pub fn take(&self, letter: Letter) -> Handling {
        Handling::begin(&self.cell, letter, None, false)
    }

    /// The same of a message that somebody waits for the answer to.
    #[inline]
    pub fn take_ask(&self, letter: Letter) -> Handling {
        Handling::begin(&self.cell, letter, None, true)
    }

    /// The same of a message that was sent before it was known to whom; of this type.
    #[inline]
    pub fn take_as(&self, letter: Letter, kind: MessageKind, asked: bool) -> Handling {
        Handling::begin(&self.cell, letter, Some(kind), asked)
    }

    /// Whoever asked gave up before it came to the message, which is not handled.
    pub fn cancel(&self, letter: Letter) {
        letter.cancel(&self.cell);
    }

    /// A queue of its own, whose length is shown from now on: whoever puts a message in adds one, whoever takes one out takes one
    /// off. False where it has sixteen already, and this one is not counted.
    pub fn add_queue(&self, length: &QueueLength) -> bool {
        self.cell.has_queue(length)
    }

    /// That queue is no more.
    pub fn remove_queue(&self, length: &QueueLength) {
        self.cell.has_queue_no_more(length);
    }

    /// Something about it changed that nobody else tells: a message was put into its queue.
    #[inline]
    pub fn changed(&self) {
        self.cell.touch();
    }

    /// Has `work` drop the messages that wait for it, and writes into its journal how many of which types were never taken.
    pub fn bury<T>(&self, work: impl FnOnce() -> T) -> T {
        let burying = Burying::begin();
        let result = work();
        let letters: Letters = burying.end();
        if letters.all() > 0 {
            self.cell.tell_dead_letters(&letters);
        }
        result
    }

    /// Writes a line into its journal. A hundred a second; the others are counted.
    pub fn note(&self, note: impl Into<Note>) {
        self.cell.note(EventKind::Note, note.into());
    }

    /// Counts an error that it survived, and writes it into its journal.
    pub fn report_error(&self, text: impl Into<String>) {
        self.cell.error();
        self.cell.reported(text.into().into());
    }

    /// Sets one entry of its metadata. Never a secret.
    pub fn set_metadata(&self, key: impl Into<String>, value: impl Into<Value>) {
        // Before the lock: a conversion may log.
        let (key, value) = (key.into(), value.into());
        self.cell.amend(|details| {
            details.metadata.insert(key, value);
        });
    }

    /// It was asked to stop.
    pub fn stopping(&self) {
        self.cell.stopping();
    }

    /// It begins a new life in place, after a panic or a stop that it survived in its own system; why, for its journal.
    pub fn started_again(&self, why: impl Into<String>) {
        self.cell.started_again();
        self.cell.tell_restarted_because(why.into());
    }

    /// A panic that its own system caught; it goes on, or is about to end.
    pub fn panicked(&self, text: &str) {
        self.cell.error();
        self.cell.tell_panicked(text);
    }

    /// Lets such things be ordered of it; the adapter carries them out, as [`Self::orders`] gives them.
    pub fn allow(&self, controls: Controls) {
        let slot = self.cell.slot().unwrap_or_default();
        self.cell.control(controls, &slot);
    }

    /// Whether there is an order. Cheap.
    pub fn has_orders(&self) -> bool {
        self.slot().is_some_and(|slot| slot.has_orders())
    }

    /// The orders that came in and that it allows, each once; they are in its journal. What it does not allow is refused.
    pub fn orders(&self) -> Vec<TakenOrder> {
        self.slot()
            .map(|slot| taken(&self.cell, &slot))
            .unwrap_or_default()
    }

    /// Has the task woken when an order comes.
    pub fn listen(&self, waker: &Waker) {
        if let Some(slot) = self.slot() {
            slot.listen(waker);
        }
    }

    /// Whether it is held back by an order, as it is shown.
    pub fn set_paused(&self, is_paused: bool) {
        self.cell.pause(is_paused);
    }

    fn slot(&self) -> Option<Arc<Slot>> {
        self.cell.slot()
    }
}
