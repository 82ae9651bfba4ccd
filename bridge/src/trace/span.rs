//! Messages that are recorded, one span each from its delivery to its end, and the queue of those that wait to be carried off.
//!
//! Nothing is recorded of a chain that nobody wants recorded, nor before somebody carries spans off. The queue is bounded:
//! when it is full spans are dropped and counted, and no actor waits.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

use super::cause::Cause;
use super::ids::once;
use crate::cell::ActorCell;

/// Spans that wait.
const MOST: usize = 8_192;

/// Somebody carries spans off.
static RECORDING: AtomicBool = AtomicBool::new(false);

/// Chains that begin here are recorded where the lower half of their name is no higher; zero records none.
static THRESHOLD: AtomicU64 = AtomicU64::new(0);

static DROPPED: AtomicU64 = AtomicU64::new(0);
static FULL: Notify = Notify::const_new();
static QUEUE: Mutex<VecDeque<Recorded>> = Mutex::new(VecDeque::new());

/// A message that was handled to its end.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) trace: u128,
    pub(crate) id: u64,
    /// Zero where it is the first of its chain.
    pub(crate) parent: u64,
    /// The whole name of the message's type.
    pub(crate) message: &'static str,
    pub(crate) actor: Arc<str>,
    pub(crate) kind: Cow<'static, str>,
    /// Nanoseconds since the Unix epoch.
    pub(crate) began: u64,
    pub(crate) took: u64,
    /// What kind of error it ended with.
    pub(crate) error: Option<&'static str>,
}

/// A message that is being handled. Dropped before its end, it ended by a panic or will never be answered.
pub(crate) struct Span(Option<Box<Begun>>);

struct Begun {
    record: Recorded,
    at: Instant,
}

impl Span {
    /// Begins where the chain is recorded; with the cause under which the message is handled, so that what it sends is below it.
    #[inline]
    pub(crate) fn begin(cause: Cause, cell: &ActorCell, message: &'static str) -> (Cause, Self) {
        if cause.is_sampled() && RECORDING.load(Relaxed) {
            Self::record(cause, cell, message)
        } else {
            (cause, Self(None))
        }
    }

    #[cold]
    fn record(cause: Cause, cell: &ActorCell, message: &'static str) -> (Cause, Self) {
        let (here, parent) = cause.below(once().max(1));
        let record = Recorded {
            trace: here.trace,
            id: here.span,
            parent,
            message,
            actor: Arc::clone(&cell.name),
            kind: cell.kind.name.clone(),
            began: nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            took: 0,
            error: None,
        };
        let at = Instant::now();
        (here, Self(Some(Box::new(Begun { record, at }))))
    }

    /// It was handled to its end, and answered with an error or not.
    #[inline]
    pub(crate) fn end(mut self, is_error: bool) {
        if let Some(begun) = self.0.take() {
            begun.end(is_error.then_some("error"));
        }
    }
}

impl Begun {
    #[cold]
    fn end(mut self, error: Option<&'static str>) {
        self.record.took = nanos(self.at.elapsed());
        self.record.error = error;
        let mut queue = queue();
        // Under the lock: what waits is forgotten under it when nobody carries it off any more.
        if !RECORDING.load(Relaxed) {
            return;
        }
        if queue.len() >= MOST {
            DROPPED.fetch_add(1, Relaxed);
            return;
        }
        queue.push_back(self.record);
        if queue.len() >= MOST / 4 {
            FULL.notify_one();
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(begun) = self.0.take() {
            begun.end(Some(if std::thread::panicking() {
                "panic"
            } else {
                "no_answer"
            }));
        }
    }
}

/// Whether a chain with this name is recorded, where it begins here.
#[inline]
pub(super) fn samples(trace: u128) -> bool {
    let threshold = THRESHOLD.load(Relaxed);
    // The lower half looks like chance.
    threshold != 0 && (trace as u64) <= threshold
}

/// Somebody begins to carry spans off, of this part of the chains that begin here; false when somebody does already.
pub(crate) fn begin_to_record(ratio: f64) -> bool {
    if RECORDING.swap(true, Relaxed) {
        return false;
    }
    // A cast of a float holds at the ends, and takes no number for zero.
    THRESHOLD.store((ratio * u64::MAX as f64) as u64, Relaxed);
    true
}

/// Nobody does any more; what waits is forgotten.
pub(crate) fn record_no_more() {
    let mut queue = queue();
    RECORDING.store(false, Relaxed);
    THRESHOLD.store(0, Relaxed);
    queue.clear();
}

/// At most so many of those that wait, the oldest.
pub(crate) fn carry_off(most: usize) -> Vec<Recorded> {
    let mut queue = queue();
    let count = most.min(queue.len());
    queue.drain(..count).collect()
}

/// Returns when many wait.
pub(crate) async fn many_wait() {
    FULL.notified().await;
}

/// How many wait.
#[cfg(test)]
fn waiting() -> usize {
    queue().len()
}

/// Spans that were lost, since the process began.
pub(crate) fn dropped() -> u64 {
    DROPPED.load(Relaxed)
}

pub(crate) fn drop_some(spans: usize) {
    DROPPED.fetch_add(spans as u64, Relaxed);
}

fn queue() -> MutexGuard<'static, VecDeque<Recorded>> {
    // A queue is whole whenever its lock is free.
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::ActorRegistry;
    use crate::spec::ActorSpec;

    #[test]
    fn what_ends_after_nobody_records_any_more_does_not_wait_for_ever() {
        assert!(begin_to_record(1.0));
        let cell = ActorSpec::new("T").registry(&ActorRegistry::new()).admit(None);
        let begin = || Span::begin(Cause::begin(), &cell, "M").1;
        begin().end(false);
        assert_eq!(waiting(), 1);
        let late = [begin(), begin()];
        record_no_more();
        let [one, other] = late;
        one.end(false);
        drop(other);
        assert_eq!(waiting(), 0);
        assert!(begin_to_record(0.0), "nobody records now");
        record_no_more();
    }
}
