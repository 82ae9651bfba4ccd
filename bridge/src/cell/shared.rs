//! What is counted of an actor by an adapter (`observe/`), which may do so from several threads.
//!
//! The observed context has one thread that writes, and pays for plain stores only. Here counts are added to atomically, and times
//! under a lock of the actor's, which is there only while times are measured.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::{ActorCell, GAVE_UP, HANDLING, QueueLength};
use crate::measure::{MessageCell, Sender, leave_out};

/// Queues that are counted together; a queue beyond them is not.
const MOST_QUEUES: usize = 16;

impl ActorCell {
    /// A message is taken. Counted here, so that one whose handling panics counts too.
    #[inline]
    pub(crate) fn take_among_others(self: &Arc<Self>, now: u64) {
        self.messages.fetch_add(1, Relaxed);
        self.set_flag(HANDLING);
        self.begin_poll(now);
    }

    /// Its message came to an end, or is answered elsewhere from now on.
    #[inline]
    pub(crate) fn handles_no_more(&self) {
        self.clear_flag(HANDLING);
    }

    /// Whether it is in the middle of a message.
    #[inline]
    pub(crate) fn is_handling(&self) -> bool {
        self.has_flag(HANDLING)
    }

    /// It works from now on.
    #[inline]
    pub(crate) fn begin_poll(self: &Arc<Self>, now: u64) {
        self.entered.store((now << 1) | 1, Relaxed);
        self.touch();
    }

    /// It did something that no message asked for.
    #[inline]
    pub(crate) fn took_a_turn(&self) {
        self.sums.turns.add(1);
    }

    /// How many messages it took.
    #[inline]
    pub(crate) fn taken(&self) -> u64 {
        self.messages.load(Relaxed)
    }

    /// Counts a message with its times, its type and its sender.
    pub(crate) fn taken_closely(
        &self,
        message: &'static MessageCell,
        asked: bool,
        waited: Option<u64>,
        from: Sender,
    ) {
        let _alone = self.writing();
        if let Some(nanos) = waited {
            self.waited(nanos);
        }
        match self.row(message) {
            Some(row) => row.handled(asked, waited, from),
            None => leave_out(from),
        }
    }

    /// A message came to its end, so long after it was taken.
    pub(crate) fn answered_closely(&self, message: &'static MessageCell, nanos: u64) {
        let _alone = self.writing();
        self.answered(nanos);
        if let Some(row) = self.existing_row(message) {
            row.answered(nanos);
        }
    }

    /// Whoever asked gave up before it was taken.
    pub(crate) fn cancelled_closely(&self, message: &'static MessageCell) {
        let _alone = self.writing();
        if let Some(row) = self.row(message) {
            row.cancelled();
        }
    }

    /// A thread worked for it for so long.
    pub(crate) fn worked_closely(&self, nanos: u64) {
        let _alone = self.writing();
        self.worked(nanos);
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        let writers = &self.sums.closer().writers;
        // Sums are whole whenever the lock is free.
        writers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its end is by its own word.
    pub(crate) fn gives_up(&self) {
        self.set_flag(GAVE_UP);
    }

    /// One of its queues, for as long as it lives; false where there are too many.
    pub(crate) fn has_queue(self: &Arc<Self>, length: &QueueLength) -> bool {
        let mut fits = false;
        self.report(|details| {
            let queues = &mut details.more().queues;
            fits = queues.len() < MOST_QUEUES;
            if fits {
                queues.push(Arc::clone(length));
            }
        });
        fits
    }

    /// One of its queues is no more.
    pub(crate) fn has_queue_no_more(self: &Arc<Self>, length: &QueueLength) {
        self.report(|details| details.more().queues.retain(|queue| !Arc::ptr_eq(queue, length)));
    }

    /// How many messages are in its queues; `None` where none is known.
    pub(super) fn in_queues(&self) -> Option<u64> {
        let details = self.details();
        let queues = &details.as_ref()?.more.as_deref()?.queues;
        (!queues.is_empty()).then(|| queues.iter().map(|queue| queue.load(Relaxed)).sum())
    }
}
