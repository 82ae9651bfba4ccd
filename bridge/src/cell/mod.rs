//! The cell of an actor: what is counted about it while it runs, readable from any thread.
//!
//! Counters of an observed actor have one writer, the thread that polls it, so they are plain loads and stores. Who reads
//! them may be a moment behind, never wrong for good: readers look again (see `registry/changes.rs`).

mod journal;
mod marks;
mod power;
mod view;
mod work;

use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use loom_protocol::{ActorId, ActorStatus};
use serde_json::{Map, Value};

pub(crate) use marks::{Bit, MOST, Marks, Queue, Subscriptions, lock};
pub(crate) use power::More;
pub(crate) use view::View;

use crate::clock::{self, Nanos};
use crate::context::Activity;
use crate::measure::{Kind, MessageCell, Row, Sender, Traffic};
use crate::owner::Watcher;
use crate::registry::Inner;
use crate::{figures, names};
use work::{Sample, Sums};

/// The start hook has returned.
const STARTED: u16 = 1;
/// Asked to stop, not stopped yet.
const STOPPING: u16 = 2;
/// Replaced by an actor of the same id; nobody reports it any more.
const SUPERSEDED: u16 = 4;
/// No longer in the registry.
const BURIED: u16 = 8;
/// A handle that is alive as long as somebody holds it.
const HELD: u16 = 16;
/// Held back by an order.
const PAUSED: u16 = 32;
/// Carries journals to a studio: what it logs is in none.
const CARRIES: u16 = 64;
/// On a thread of its own, which waits for messages and for nothing else.
const BLOCKS: u16 = 128;
/// It took no more messages when it was polled last: it waits for a future, or ends.
const HELD_UP: u16 = 256;

pub(crate) struct ActorCell {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Arc<Kind>,
    started: Nanos,
    messages: AtomicU64,
    /// Raw ticks of the last entry into a handler (or beat of a handle) shifted by one; the lowest bit: still in it.
    entered: AtomicU64,
    sums: Sums,
    errors: AtomicU32,
    restarts: AtomicU32,
    flags: AtomicU16,
    declared_busy: AtomicU32,
    declared_waiting: AtomicU32,
    /// What the thread that polls it is called.
    thread: OnceLock<names::Worker>,
    pub(crate) marks: Marks,
    ended: OnceLock<Box<Ended>>,
    details: Mutex<Option<Box<Details>>>,
    sample: Mutex<Option<Box<Sample>>>,
    registry: Weak<Inner>,
}

/// What is rarely there and rarely changes.
#[derive(Default)]
pub(crate) struct Details {
    pub(crate) metadata: Map<String, Value>,
    pub(crate) parent: Option<ActorId>,
    pub(crate) watchers: Vec<Watcher>,
    /// Where somebody chose another name than that of the thread.
    pub(crate) worker: Option<String>,
    /// Of handles only.
    pub(crate) status: Option<ActorStatus>,
    /// Of handles only.
    pub(crate) queue_depth: Option<u64>,
    /// Plumbing of a library.
    pub(crate) system: bool,
    pub(crate) more: Option<Box<More>>,
}

pub(crate) struct Ended {
    pub(crate) at: Nanos,
    /// Why, when it was not in good order.
    pub(crate) failure: Option<String>,
}

impl ActorCell {
    pub(crate) fn new(name: Arc<str>, kind: Arc<Kind>, details: Details, registry: Weak<Inner>) -> Self {
        let empty = details.metadata.is_empty()
            && details.parent.is_none()
            && details.worker.is_none()
            && !details.system
            && details.more.is_none()
            && details.watchers.is_empty();
        let entered = match kind.counters {
            Some(_) => 0,
            // A handle beats by being made.
            None => clock::raw() << 1,
        };
        Self {
            name,
            kind,
            started: Nanos::now(),
            messages: AtomicU64::new(0),
            entered: AtomicU64::new(entered),
            sums: Sums::default(),
            errors: AtomicU32::new(0),
            restarts: AtomicU32::new(0),
            flags: AtomicU16::new(0),
            declared_busy: AtomicU32::new(0),
            declared_waiting: AtomicU32::new(0),
            thread: OnceLock::new(),
            marks: Marks::default(),
            ended: OnceLock::new(),
            details: Mutex::new((!empty).then(|| Box::new(details))),
            sample: Mutex::new(None),
            registry,
        }
    }

    /// Goes on where `before`, which has ended under the same id, left off: counters only grow.
    pub(crate) fn succeed(&self, before: &Self) {
        self.messages.store(before.messages.load(Relaxed), Relaxed);
        self.sums.go_on_from(before.sums.read());
        *self.sample() = before.sample().take();
        if let Some(traffic) = before.traffic() {
            self.sums.closer().traffic.get_or_init(|| Arc::clone(traffic));
        }
        self.errors.store(before.errors.load(Relaxed), Relaxed);
        self.restarts
            .store(before.restarts.load(Relaxed).saturating_add(1), Relaxed);
        if let Some(text) = before.ended.get().and_then(|end| end.failure.as_deref()) {
            self.details()
                .get_or_insert_default()
                .metadata
                .insert("lastFailure".to_owned(), text.into());
        }
        before.set_flag(SUPERSEDED);
    }

    pub(crate) fn id(&self) -> ActorId {
        ActorId(self.name.to_string())
    }

    pub(crate) fn details(&self) -> MutexGuard<'_, Option<Box<Details>>> {
        // Nothing is left half-done under this lock.
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sample(&self) -> MutexGuard<'_, Option<Box<Sample>>> {
        // Nothing is left half-done under this lock.
        self.sample.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_handle(&self) -> bool {
        self.kind.counters.is_none()
    }

    pub(crate) fn ended(&self) -> Option<&Ended> {
        self.ended.get().map(Box::as_ref)
    }

    pub(crate) fn is_superseded(&self) -> bool {
        self.has_flag(SUPERSEDED)
    }

    /// How often it was started again: what was begun in an earlier life ended with that.
    pub(crate) fn life(&self) -> u32 {
        self.restarts.load(Relaxed)
    }

    /// Itself, or who has taken over its counters since.
    pub(crate) fn newest(self: &Arc<Self>) -> Arc<Self> {
        if !self.is_superseded() {
            return Arc::clone(self);
        }
        let registry = self.registry.upgrade();
        registry
            .and_then(|registry| registry.find(&self.name))
            .unwrap_or_else(|| Arc::clone(self))
    }

    pub(crate) fn is_buried(&self) -> bool {
        self.has_flag(BURIED)
    }

    /// Whether it lives and was not asked to stop.
    pub(crate) fn is_running(&self) -> bool {
        self.ended().is_none() && !self.has_flag(STOPPING)
    }

    /// Whether it takes no messages at the moment: it is in a handler, waits for a future, or is held back by an order.
    pub(crate) fn is_held_up(&self) -> bool {
        self.has_flag(HELD_UP | PAUSED) || self.entered.load(Relaxed) & 1 != 0
    }

    /// A handle that is alive without beats.
    pub(crate) fn is_held(&self) -> bool {
        self.has_flag(HELD)
    }

    pub(crate) fn hold(&self) {
        self.set_flag(HELD);
    }

    /// When a handle was last used.
    pub(crate) fn last_beat(&self) -> Nanos {
        Nanos::of(self.entered.load(Relaxed) >> 1)
    }

    fn has_flag(&self, flag: u16) -> bool {
        self.flags.load(Relaxed) & flag != 0
    }

    fn set_flag(&self, flag: u16) {
        self.flags.fetch_or(flag, Relaxed);
    }

    fn clear_flag(&self, flag: u16) {
        self.flags.fetch_and(!flag, Relaxed);
    }
}

/// What the observed context writes, from the one thread that polls the actor.
impl ActorCell {
    /// A handler is about to run. Counts the message here, so that one whose handler panics counts too.
    #[inline]
    pub(crate) fn enter(self: &Arc<Self>, now: u64) {
        self.messages.store(self.messages.load(Relaxed) + 1, Relaxed);
        self.entered.store((now << 1) | 1, Relaxed);
        self.touch();
    }

    #[inline]
    pub(crate) fn leave(&self) {
        self.entered.store(self.entered.load(Relaxed) & !1, Relaxed);
    }

    /// It is about to do what no message asked for.
    #[inline]
    pub(crate) fn take_turn(self: &Arc<Self>, now: u64) {
        self.sums.turns.add(1);
        self.entered.store((now << 1) | 1, Relaxed);
        self.touch();
    }

    /// A message was in a queue for so long.
    #[inline]
    pub(crate) fn waited(&self, nanos: u64) {
        let times = self.sums.times();
        times.queued.add(1);
        times.wait_ns.add(nanos);
    }

    /// A message was handled to its end, so long after it was delivered.
    #[inline]
    pub(crate) fn answered(&self, nanos: u64) {
        let times = self.sums.times();
        times.handled.add(1);
        times.handle_ns.add(nanos);
    }

    /// The totals of its messages of one type; `None` when there is no room for them.
    #[inline]
    pub(crate) fn row(&self, message: &'static MessageCell) -> Option<&Row> {
        let traffic = match self.traffic() {
            Some(traffic) => traffic,
            None => {
                let started = Traffic::begin(&self.name, &self.registry)?;
                self.sums.closer().traffic.get_or_init(|| started)
            }
        };
        traffic.row(message)
    }

    /// Its thread worked for it for so long.
    #[inline]
    pub(crate) fn worked(&self, nanos: u64) {
        self.sums.times().busy_ns.add(nanos);
    }

    /// It was started again in place, by whoever polls it.
    pub(crate) fn started_again(self: &Arc<Self>) {
        self.restarts.fetch_add(1, Relaxed);
        self.clear_flag(STOPPING | PAUSED);
        self.touch();
    }

    /// After a poll that the actor survived: the start hook has run, and a stop was taken back.
    #[inline]
    pub(crate) fn polled(self: &Arc<Self>, is_held_up: bool) {
        let flags = self.flags.load(Relaxed);
        if is_held_up != (flags & HELD_UP != 0) {
            self.hold_up(is_held_up);
        }
        if flags & (STARTED | STOPPING) != STARTED {
            self.set_flag(STARTED);
            self.clear_flag(STOPPING);
            if flags & STARTED == 0 {
                self.thread.get_or_init(names::worker);
                // A library's plumbing does not say how busy the application is.
                if !self.details().as_ref().is_some_and(|details| details.system) {
                    figures::note_this_thread();
                }
                self.marks.amended();
            }
            self.touch();
        }
    }

    fn hold_up(&self, is_held_up: bool) {
        if is_held_up {
            self.set_flag(HELD_UP);
        } else {
            self.clear_flag(HELD_UP);
        }
    }

    pub(crate) fn stopping(self: &Arc<Self>) {
        self.set_flag(STOPPING);
        self.touch();
    }
}

/// An answer that is still to come: until this is dropped the actor waits, unless it also works.
pub(crate) struct Pending {
    cell: Arc<ActorCell>,
}

impl Pending {
    pub(crate) fn new(cell: Arc<ActorCell>) -> Self {
        cell.declare(Activity::Waiting, true);
        Self { cell }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.cell.declare(Activity::Waiting, false);
    }
}

/// What anybody writes.
impl ActorCell {
    /// The totals of its messages of one type, where there are any.
    #[inline]
    pub(crate) fn existing_row(&self, message: &'static MessageCell) -> Option<&Row> {
        self.traffic()?.find(message)
    }

    #[inline]
    fn traffic(&self) -> Option<&Arc<Traffic>> {
        self.sums.closer_if_any()?.traffic.get()
    }

    /// Who sends when it does.
    #[inline]
    pub(crate) fn sender(&self) -> Sender {
        self.sums.closer().sender.of(&self.name)
    }

    /// A message was handled; for handles, which several threads may use.
    pub(crate) fn handled_elsewhere(self: &Arc<Self>, messages: u64) {
        self.messages.fetch_add(messages, Relaxed);
        self.beat();
        self.touch();
    }

    pub(crate) fn beat(&self) {
        self.entered.store(clock::raw() << 1, Relaxed);
    }

    pub(crate) fn error(self: &Arc<Self>) {
        self.errors.fetch_add(1, Relaxed);
        self.touch();
    }

    pub(crate) fn declare(self: &Arc<Self>, activity: Activity, more: bool) {
        let counter = match activity {
            Activity::Busy => &self.declared_busy,
            Activity::Waiting => &self.declared_waiting,
        };
        if more {
            counter.fetch_add(1, Relaxed);
        } else {
            counter.fetch_sub(1, Relaxed);
        }
        self.touch();
    }

    /// Changes what a handle reports.
    pub(crate) fn report(self: &Arc<Self>, change: impl FnOnce(&mut Details)) {
        change(self.details().get_or_insert_default());
        self.touch();
    }

    /// Changes what rarely changes; subscribers get the metadata anew.
    pub(crate) fn amend(self: &Arc<Self>, change: impl FnOnce(&mut Details)) {
        change(self.details().get_or_insert_default());
        self.marks.amended();
        self.touch();
    }

    /// The actor is gone. Only the first call counts, and returns true.
    pub(crate) fn end(self: &Arc<Self>, failure: Option<String>) -> bool {
        let failed = failure.is_some();
        let at = Nanos::now();
        if self.ended.set(Box::new(Ended { at, failure })).is_err() {
            return false;
        }
        if failed {
            self.errors.fetch_add(1, Relaxed);
        }
        if let Some(counters) = self.kind.counters {
            counters.died();
        }
        self.leave();
        self.marks.amended();
        self.touch();
        if let Some(registry) = self.registry.upgrade() {
            registry.dug(self, failed);
        }
        true
    }

    /// Those who are to be told of the end, once.
    pub(crate) fn take_watchers(&self) -> Vec<Watcher> {
        self.details()
            .as_mut()
            .map(|details| std::mem::take(&mut details.watchers))
            .unwrap_or_default()
    }

    pub(crate) fn bury(&self) {
        self.set_flag(BURIED);
    }

    pub(crate) fn unbury(&self) {
        self.clear_flag(BURIED);
    }

    /// Tells those who subscribed that something changed. One relaxed load when they know already or nobody listens.
    #[inline]
    pub(crate) fn touch(self: &Arc<Self>) {
        if self.marks.wanted() {
            self.tell();
        }
    }

    #[cold]
    fn tell(self: &Arc<Self>) {
        let who = self.marks.take_wanted();
        if let Some(registry) = self.registry.upgrade() {
            registry.subscriptions.push(who, self);
        }
    }
}

/// There may be a million of them. With the counts of its `Arc` and of the allocator it just fits into 208 bytes.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<ActorCell>() <= 184);
