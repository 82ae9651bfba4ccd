//! What became of the messages of one type that were sent to actors of one type.
//!
//! Senders and receivers are on several threads, and a count that they all write would cost each of them more than all
//! else that is done here: a few of them share a part of the cell, and who reads adds the parts up. Cells live as long as
//! the process: there are as many as pairs of types that meet.

use std::any::TypeId;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use loom_protocol::MessageTotals;

use super::kind::type_cell;
use super::known::Known;
use super::times::{Reading, Times};
use crate::names::short_type_name;

/// Threads that share no part, where there are no more.
pub(super) const PARTS: usize = 8;

pub(crate) struct MessageCell {
    name: String,
    parts: [OnceLock<Box<Part>>; PARTS],
}

/// What some of the threads counted; a cache line, so that others do not wait for it.
#[derive(Default)]
#[repr(align(64))]
pub(crate) struct Part {
    sent: AtomicU64,
    handled: AtomicU64,
    asked: AtomicU64,
    errors: AtomicU64,
    dead: AtomicU64,
    cancelled: AtomicU64,
    /// There once a time was measured.
    times: OnceLock<Box<PartTimes>>,
}

#[derive(Default)]
struct PartTimes {
    wait: Times,
    handle: Times,
}

impl Part {
    #[inline]
    pub(crate) fn sent(&self) {
        self.sent.fetch_add(1, Relaxed);
    }

    /// It was never sent after all.
    pub(crate) fn not_sent(&self) {
        // Below zero where another thread sent it; the sum is right.
        self.sent.fetch_sub(1, Relaxed);
    }

    #[inline]
    pub(crate) fn handled(&self, is_asked: bool) {
        if is_asked {
            self.asked.fetch_add(1, Relaxed);
        }
        self.handled.fetch_add(1, Relaxed);
    }

    pub(crate) fn error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn dead(&self) {
        self.dead.fetch_add(1, Relaxed);
    }

    pub(crate) fn cancelled(&self) {
        self.cancelled.fetch_add(1, Relaxed);
    }

    #[inline]
    pub(crate) fn waited(&self, nanos: u64) {
        self.times().wait.add_among_others(nanos);
    }

    #[inline]
    pub(crate) fn answered(&self, nanos: u64) {
        self.times().handle.add_among_others(nanos);
    }

    #[inline]
    fn times(&self) -> &PartTimes {
        self.times.get_or_init(Box::default)
    }
}

impl MessageCell {
    pub(super) fn leak(name: String) -> &'static Self {
        Box::leak(Box::new(Self {
            name,
            parts: [const { OnceLock::new() }; PARTS],
        }))
    }

    /// The part that the running thread counts in.
    #[inline]
    pub(crate) fn here(&self) -> &Part {
        let [first, ..] = &self.parts;
        let part = self.parts.get(part_number() % PARTS).unwrap_or(first);
        part.get_or_init(Box::default)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter_map(|part| part.get().map(Box::as_ref))
    }

    /// Messages that wait.
    pub(super) fn queued(&self) -> u64 {
        // What was taken back is not always where it was sent from.
        let sum = |count: fn(&Part) -> u64| self.parts().map(count).fold(0, u64::wrapping_add);
        // What was taken is read first: a message sent in between then counts as waiting, never as negative.
        let taken =
            sum(|part| part.handled.load(Relaxed) + part.dead.load(Relaxed) + part.cancelled.load(Relaxed));
        sum(|part| part.sent.load(Relaxed)).saturating_sub(taken)
    }

    pub(super) fn add_to(&self, counts: &mut Counts) {
        for part in self.parts() {
            counts.handled += part.handled.load(Relaxed);
            counts.asked += part.asked.load(Relaxed);
            counts.errors += part.errors.load(Relaxed);
            counts.dead += part.dead.load(Relaxed);
            counts.cancelled += part.cancelled.load(Relaxed);
            if let Some(times) = part.times.get() {
                counts.wait.add(&times.wait);
                counts.handle.add(&times.handle);
            }
        }
    }
}

/// A reading of a cell, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) handled: u64,
    pub(super) asked: u64,
    pub(super) errors: u64,
    pub(super) dead: u64,
    pub(super) cancelled: u64,
    pub(super) wait: Reading,
    pub(super) handle: Reading,
}

impl Counts {
    /// Whether any message came to its end, whatever that was.
    pub(super) fn is_empty(&self) -> bool {
        self.handled == 0 && self.dead == 0 && self.cancelled == 0
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.handled += other.handled;
        self.asked += other.asked;
        self.errors += other.errors;
        self.dead += other.dead;
        self.cancelled += other.cancelled;
        self.wait.merge(&other.wait);
        self.handle.merge(&other.handle);
    }

    /// For the wire.
    pub(super) fn totals(&self, kind: &str) -> MessageTotals {
        MessageTotals {
            kind: kind.to_owned(),
            handled: self.handled,
            asked: self.asked,
            errors: self.errors,
            dead: self.dead,
            cancelled: self.cancelled,
            wait: self.wait.histogram(),
            handle: self.handle.histogram(),
        }
    }
}

/// Threads are numbered as they come.
#[inline]
pub(super) fn part_number() -> usize {
    const NONE: usize = usize::MAX;
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(NONE) };
    }
    let number = NUMBER.get();
    if number != NONE {
        return number;
    }
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Relaxed) % PARTS;
    NUMBER.set(number);
    number
}

/// What is counted of messages of type `M` to actors of type `A`.
#[inline]
pub(crate) fn message_cell<A: 'static, M: 'static>() -> &'static MessageCell {
    thread_local! {
        // Nothing in it is dropped, so it is there also while the thread's other locals are destroyed.
        static KNOWN: Known<MessageCell> = const { Known::new() };
    }
    let wanted = TypeId::of::<(A, M)>();
    KNOWN.with(|known| known.get(wanted, || look_up::<A, M>(wanted)))
}

#[cold]
fn look_up<A: 'static, M: 'static>(wanted: TypeId) -> &'static MessageCell {
    static ALL: LazyLock<Mutex<HashMap<TypeId, &'static MessageCell>>> = LazyLock::new(Mutex::default);
    // Nothing is left half-done under this lock.
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.entry(wanted).or_insert_with(|| {
        let kind = type_cell::<A>();
        let cell = MessageCell::leak(short_type_name::<M>());
        kind.has_message(cell);
        cell
    })
}
