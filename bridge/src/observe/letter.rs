//! What travels with a message from where it is sent to where it is taken.

use super::kinds::MessageKind;
use crate::cell::ActorCell;
use crate::clock;
use crate::events::dead_letter_of;
use crate::measure::{Level, Sender, level};
use crate::trace::{self, Cause};

/// Who sent a message, when, and to which chain it belongs. Where its receiver's type is known it counts as sent, and dropped
/// without being taken it counts as dead.
#[must_use = "a letter goes with its message"]
pub struct Letter {
    /// Of a receiver that is known.
    pub(super) kind: Option<MessageKind>,
    /// Raw ticks; zero where time is not measured, or where there was no queue.
    pub(super) sent: u64,
    pub(super) cause: Cause,
    pub(super) from: Sender,
    /// It counts with messages: the level was not off when it was sent.
    pub(super) is_counted: bool,
}

impl Letter {
    /// For a message that enters a queue now, whoever takes it.
    #[inline]
    pub fn new() -> Self {
        let level = level();
        let is_close = level == Level::Traffic;
        Self {
            kind: None,
            sent: if is_close { clock::raw() } else { 0 },
            cause: if level == Level::Off {
                Cause::default()
            } else {
                Cause::of_send()
            },
            from: if is_close {
                trace::sender()
            } else {
                Sender::NOT_MEASURED
            },
            is_counted: level > Level::Off,
        }
    }

    /// For a message of this type that enters a queue now.
    #[inline]
    pub fn to(kind: MessageKind) -> Self {
        let mut letter = Self::new();
        letter.address(kind);
        letter
    }

    /// For one that was in no queue, and that no actor sent: an item of a stream, a tick.
    pub fn from_outside(kind: MessageKind) -> Self {
        let mut letter = Self::to(kind);
        letter.sent = 0;
        if letter.from != Sender::NOT_MEASURED {
            letter.from = Sender::OUTSIDE;
        }
        letter
    }

    /// Says of which type it is, where that was not known when it was sent. Counts once.
    #[inline]
    pub fn address(&mut self, kind: MessageKind) {
        if self.is_counted && self.kind.is_none() {
            kind.0.here().sent();
            self.kind = Some(kind);
        }
    }

    /// It comes back to its sender: nobody was sent anything.
    pub fn take_back(mut self) {
        if let Some(kind) = self.kind.take() {
            kind.0.here().not_sent();
        }
    }

    /// Whoever asked gave up before `actor` came to it.
    pub(super) fn cancel(mut self, actor: &ActorCell) {
        let Some(kind) = self.kind.take() else { return };
        kind.0.here().cancelled();
        if level() == Level::Traffic {
            actor.cancelled_closely(kind.0);
        }
    }
}

impl Default for Letter {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Letter {
    fn drop(&mut self) {
        if let Some(kind) = self.kind {
            kind.0.here().dead();
            dead_letter_of(kind.name());
        }
    }
}
