//! Who watches one actor, from its beginning to its end.

use super::actor::ActorRef;
use super::kinds::ActorKind;
use crate::cell::Pending;
use crate::clock;
use crate::context::end_telling;
use crate::events::held_thread;
use crate::measure::{Level, level};
use crate::owner::End;
use crate::spec::ActorSpec;
use crate::trace::{self, Cause};

/// The registration of an actor that an adapter runs. Dropping it ends the actor in good order, unless something else was said.
///
/// The spec's parent is, unless another one is named, the actor that is polled where this is made. Its mailbox capacity and its
/// watchers, which are actix's, have no meaning here but that the watchers hear of the end.
pub struct Observer {
    actor: ActorRef,
    has_begun: bool,
    /// In which chain it goes on when it is polled next, and with which message.
    cause: Cause,
    message: &'static str,
    /// It rests in the middle of a message.
    resting: Option<Pending>,
}

impl Observer {
    /// Registers an actor, as starting.
    pub fn begin(kind: ActorKind, spec: ActorSpec) -> Self {
        Self {
            actor: ActorRef {
                cell: spec.admit(Some(kind.0)),
            },
            has_begun: false,
            cause: Cause::default(),
            message: "",
            resting: None,
        }
    }

    /// The actor, for whoever counts or writes something of it elsewhere.
    pub fn actor(&self) -> &ActorRef {
        &self.actor
    }

    /// Runs one poll of the actor, or one of its handlers: what is sent, noted, logged and started meanwhile is this actor's. A
    /// poll in which it took no message, and was in none before, counts as a turn. A panic passes through; tell of it by
    /// [`Self::panicked`].
    pub fn poll<T>(&mut self, work: impl FnOnce(&ActorRef) -> T) -> T {
        let cell = &self.actor.cell;
        let polling = trace::polling(cell.clone());
        if !std::mem::replace(&mut self.has_begun, true) {
            cell.tell_begun();
        }
        let level = level();
        let begin = clock::raw();
        let (taken, was_handling) = (cell.taken(), cell.is_handling());
        if level > Level::Off {
            cell.begin_poll(begin);
        }
        self.resting = None;
        let outer = thread::enter(std::mem::take(&mut self.message), begin);
        self.cause.enter();
        let result = work(&self.actor);
        self.cause = Cause::here();
        drop(polling);
        let (message, since) = outer.leave();
        self.message = message;
        let end = clock::raw();
        let is_handling = cell.is_handling();
        if level > Level::Off {
            let took_no_message = !was_handling && cell.taken() == taken;
            if took_no_message {
                cell.took_a_turn();
            }
            if took_no_message || is_handling {
                let what = if message.is_empty() { "poll" } else { message };
                held_thread(cell, what, clock::between(since, end));
            }
        }
        if level == Level::Traffic {
            cell.worked_closely(clock::between(begin, end));
        }
        cell.leave();
        if is_handling {
            self.resting = Some(Pending::new(cell.clone()));
        }
        cell.polled(is_handling);
        result
    }

    /// It came to its end in good order.
    pub fn stopped(self) {
        // The drop says so.
    }

    /// It was dropped before it came to its end, and why, for its journal. What it had in hand counts as broken off, so say this
    /// before that is dropped, and drop it within `work`.
    pub fn broken_off(mut self, why: &'static str, work: impl FnOnce()) {
        self.actor.cell.stopping();
        self.poll_at_its_end(work);
        self.end(End::Stopped, None, |cell, _| cell.tell_dropped(why));
    }

    /// Drops what the actor was made of, as the actor's own doing.
    pub fn poll_at_its_end(&mut self, work: impl FnOnce()) {
        let _polling = trace::polling(self.actor.cell.clone());
        self.resting = None;
        work();
    }

    /// It ended by a panic with this text, in the message that it was handling.
    pub fn panicked(mut self, text: &str) {
        let text = text.to_owned();
        let failure = Some(text.clone());
        self.end(End::Panicked(text), failure, |cell, end| {
            if let End::Panicked(text) = end {
                cell.tell_panicked(text);
            }
        });
    }

    /// It ended by its own word, with an error.
    pub fn failed(mut self, reason: impl Into<String>) {
        let reason = reason.into();
        self.actor.cell.gives_up();
        let failure = Some(reason.clone());
        self.end(End::Stopped, failure, |cell, _| cell.tell_failed(reason));
    }

    fn end(&mut self, end: End, failure: Option<String>, tell: impl FnOnce(&crate::cell::ActorCell, &End)) {
        self.resting = None;
        let cell = &self.actor.cell;
        end_telling(cell, end, failure, |end| tell(cell, end));
        if let Some(slot) = cell.slot() {
            slot.close();
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        // After another word this does nothing.
        self.end(End::Stopped, None, |cell, _| cell.tell_stopped());
    }
}

/// What runs on this thread at the moment: a message's name, and since when.
pub(super) mod thread {
    use std::cell::Cell;
    use std::sync::Arc;

    use crate::cell::ActorCell;
    use crate::clock;
    use crate::events::held_thread;

    thread_local! {
        static NOW: Cell<(&'static str, u64)> = const { Cell::new(("", 0)) };
    }

    /// What was before; it is again once this is dropped.
    pub(super) struct Outer((&'static str, u64));

    impl Outer {
        /// What is now.
        pub(super) fn leave(self) -> (&'static str, u64) {
            NOW.get()
        }
    }

    impl Drop for Outer {
        fn drop(&mut self) {
            NOW.set(self.0);
        }
    }

    pub(super) fn enter(message: &'static str, since: u64) -> Outer {
        Outer(NOW.replace((message, since)))
    }

    /// The actor takes a message.
    #[inline]
    pub(in crate::observe) fn takes(message: &'static str, now: u64) {
        NOW.set((message, now));
    }

    /// It is done with one, which may have held the thread for long.
    #[inline]
    pub(in crate::observe) fn leaves(cell: &Arc<ActorCell>, message: &'static str) {
        let (now, since) = NOW.get();
        // Elsewhere, or in between, it held nothing.
        if std::ptr::eq(now, message) && !message.is_empty() {
            held_thread(cell, message, clock::between(since, clock::raw()));
            NOW.set(("", since));
        }
    }
}
