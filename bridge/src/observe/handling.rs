//! A message that is being handled.

use std::sync::Arc;

use super::kinds::MessageKind;
use super::letter::Letter;
use super::observer::thread;
use crate::cell::{ActorCell, Pending};
use crate::clock;
use crate::events::Unwinding;
use crate::measure::{Level, level};
use crate::trace::Span;

/// A message between the moment in which its actor took it and its end. Dropped, it came to its end in good order, unless its actor
/// panics or was stopped in the middle of it.
#[must_use = "the message is handled until this ends"]
pub struct Handling {
    cell: Arc<ActorCell>,
    /// The cell's life in which it was taken.
    life: u32,
    /// Not there where messages were not counted when it was sent.
    message: Option<MessageKind>,
    /// Raw ticks.
    entered: u64,
    span: Option<Span>,
    /// Its answer comes from elsewhere: the actor waits for it, and takes others meanwhile.
    elsewhere: Option<Pending>,
    is_open: bool,
}

impl Handling {
    #[inline]
    pub(super) fn begin(
        cell: &Arc<ActorCell>,
        mut letter: Letter,
        unaddressed: Option<MessageKind>,
        asked: bool,
    ) -> Self {
        let now = clock::raw();
        if let Some(kind) = unaddressed {
            letter.address(kind);
        }
        let message = letter.kind.take();
        let mut span = None;
        if let Some(kind) = message {
            let here = kind.0.here();
            here.handled(asked);
            let waited = (letter.sent != 0).then(|| clock::between(letter.sent, now));
            if let Some(nanos) = waited {
                here.waited(nanos);
            }
            if level() == Level::Traffic {
                cell.taken_closely(kind.0, asked, waited, letter.from);
            }
            cell.take_among_others(now);
            let (cause, begun) = Span::begin(letter.cause, cell, kind.name());
            cause.enter();
            span = Some(begun);
            thread::takes(kind.name(), now);
        }
        Self {
            cell: Arc::clone(cell),
            life: cell.life(),
            message,
            entered: now,
            span,
            elsewhere: None,
            is_open: message.is_some(),
        }
    }

    /// It was handled to its end.
    #[inline]
    pub fn end(mut self) {
        self.finish(false);
    }

    /// It was answered with an error.
    pub fn fail(mut self) {
        self.finish(true);
    }

    /// The actor goes on to other messages; the answer to this one comes later, from wherever, by [`Self::end`] or [`Self::fail`].
    /// Dropped, it will never come, which is an error.
    pub fn go_on_elsewhere(&mut self) {
        if self.is_open && self.elsewhere.is_none() {
            self.elsewhere = Some(Pending::new(Arc::clone(&self.cell)));
            self.leave();
        }
    }

    /// It will never be answered: an error, unless its actor ends with it.
    pub fn unanswered(mut self) {
        if !std::thread::panicking() && self.cell.is_running() {
            self.go_on_elsewhere();
        }
    }

    /// The actor is done with it here.
    fn leave(&self) {
        self.cell.handles_no_more();
        if let Some(kind) = self.message {
            thread::leaves(&self.cell, kind.name());
        }
    }

    #[inline]
    fn finish(&mut self, is_wrong: bool) {
        let Some(kind) = self.message.filter(|_| std::mem::take(&mut self.is_open)) else {
            return;
        };
        if level() == Level::Traffic {
            let nanos = clock::between(self.entered, clock::raw());
            kind.0.here().answered(nanos);
            // An actor that was started again goes on with the counts.
            self.cell.newest().answered_closely(kind.0, nanos);
        }
        if is_wrong {
            self.count_error(kind)
                .tell_error_answer(kind.name(), clock::raw());
        }
        if let Some(span) = self.span.take() {
            span.end(is_wrong);
        }
        if self.elsewhere.take().is_none() {
            self.leave();
        }
    }

    fn count_error(&self, kind: MessageKind) -> Arc<ActorCell> {
        let cell = self.cell.newest();
        kind.0.here().error();
        if let Some(row) = cell.existing_row(kind.0) {
            row.error();
        }
        cell.error();
        cell
    }

    /// It never comes to its end.
    fn break_off(&mut self, kind: MessageKind) {
        self.is_open = false;
        let is_elsewhere = self.elsewhere.take().is_some();
        // With its actor, or with that one's life, a late answer is no news.
        if is_elsewhere && !(self.cell.is_running() && self.cell.life() == self.life) {
            return;
        }
        if is_elsewhere {
            self.count_error(kind).tell_no_answer(kind.name());
            return;
        }
        // The actor ends in the middle of it; where that is by a panic, its journal names the message.
        if std::thread::panicking() {
            Unwinding::happened(kind.name());
        }
        kind.0.here().error();
        if let Some(row) = self.cell.existing_row(kind.0) {
            row.error();
        }
        self.leave();
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        let Some(kind) = self.message.filter(|_| self.is_open) else {
            return;
        };
        if self.elsewhere.is_some() || std::thread::panicking() || !self.cell.is_running() {
            self.break_off(kind);
        } else {
            self.finish(false);
        }
    }
}
