//! Counters per type of actor: exact queue lengths, waiting times, live instances.
//!
//! A message carries no target until it is taken from its queue, so a queue is exact per type, and per instance only
//! where a type has one instance. Cells live as long as the process: there are as many as types of actors.

use std::any::TypeId;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use crate::names::short_type_name;

/// What is known of all actors of one Rust type, whatever their registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeStats {
    /// The type's name without its modules.
    pub kind: String,
    /// Instances alive.
    pub live: u64,
    /// Messages sent and not yet taken or dropped; exact.
    pub queued: u64,
    /// Messages that reached their handler.
    pub handled: u64,
    /// Messages that never did: their actor ended first, or the asker had given up.
    pub dropped: u64,
    /// Mean time between sending and handling, of those that were timed; `None` when none was.
    pub mean_wait: Option<Duration>,
}

/// Every type of actor that was started or sent to on [`Context`](crate::Context), in no order.
pub fn type_stats() -> Vec<TypeStats> {
    let cells: Vec<_> = lock_all().values().copied().collect();
    cells.into_iter().map(TypeCell::stats).collect()
}

/// On a cache line of its own: senders and receivers are often on different processors.
#[derive(Default)]
#[repr(align(64))]
struct Line(AtomicU64);

#[derive(Default)]
#[repr(align(64))]
struct Taken {
    handled: AtomicU64,
    dropped: AtomicU64,
    waits: AtomicU64,
    waited_ns: AtomicU64,
}

pub(crate) struct TypeCell {
    name: String,
    sent: Line,
    taken: Taken,
    live: AtomicU64,
    /// Two instances lived at a time once. For good: a queue length that comes and goes would help nobody.
    had_several: AtomicBool,
}

impl TypeCell {
    #[inline]
    pub(crate) fn sent(&self) {
        self.sent.0.fetch_add(1, Relaxed);
    }

    #[inline]
    pub(crate) fn handled(&self) {
        self.taken.handled.fetch_add(1, Relaxed);
    }

    #[inline]
    pub(crate) fn dropped(&self) {
        self.taken.dropped.fetch_add(1, Relaxed);
    }

    #[inline]
    pub(crate) fn waited(&self, nanos: u64) {
        self.taken.waits.fetch_add(1, Relaxed);
        self.taken.waited_ns.fetch_add(nanos, Relaxed);
    }

    pub(crate) fn born(&self) {
        if self.live.fetch_add(1, Relaxed) > 0 {
            self.had_several.store(true, Relaxed);
        }
    }

    pub(crate) fn died(&self) {
        self.live.fetch_sub(1, Relaxed);
    }

    /// What waits for the only instance; `None` where there are, or were, others beside it.
    pub(crate) fn queued_for_only_instance(&self) -> Option<u64> {
        (!self.had_several.load(Relaxed)).then(|| self.queued())
    }

    fn queued(&self) -> u64 {
        // What was taken is read first: a message sent in between then counts as waiting, never as negative.
        let taken = self.taken.handled.load(Relaxed) + self.taken.dropped.load(Relaxed);
        self.sent.0.load(Relaxed).saturating_sub(taken)
    }

    pub(crate) fn name(&'static self) -> &'static str {
        &self.name
    }

    fn stats(&self) -> TypeStats {
        let waits = self.taken.waits.load(Relaxed);
        TypeStats {
            kind: self.name.clone(),
            live: self.live.load(Relaxed),
            queued: self.queued(),
            handled: self.taken.handled.load(Relaxed),
            dropped: self.taken.dropped.load(Relaxed),
            mean_wait: self
                .taken
                .waited_ns
                .load(Relaxed)
                .checked_div(waits)
                .map(Duration::from_nanos),
        }
    }
}

type Cells = HashMap<TypeId, &'static TypeCell>;

fn lock_all() -> std::sync::MutexGuard<'static, Cells> {
    static ALL: LazyLock<Mutex<Cells>> = LazyLock::new(Mutex::default);
    // Nothing is left half-done under this lock.
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The counters of actor type `A`. Cheap: the type asked for last on this thread is remembered.
#[inline]
pub(crate) fn type_cell<A: 'static>() -> &'static TypeCell {
    thread_local! {
        static LAST: Cell<Option<(TypeId, &'static TypeCell)>> = const { Cell::new(None) };
    }
    let wanted = TypeId::of::<A>();
    match LAST.get() {
        Some((id, cell)) if id == wanted => cell,
        _ => {
            let cell = look_up::<A>(wanted);
            LAST.set(Some((wanted, cell)));
            cell
        }
    }
}

fn look_up<A: 'static>(wanted: TypeId) -> &'static TypeCell {
    thread_local! {
        static KNOWN: RefCell<Cells> = RefCell::default();
    }
    let find = || {
        *lock_all().entry(wanted).or_insert_with(|| {
            Box::leak(Box::new(TypeCell {
                name: short_type_name::<A>(),
                sent: Line::default(),
                taken: Taken::default(),
                live: AtomicU64::new(0),
                had_several: AtomicBool::new(false),
            }))
        })
    };
    // A message may be dropped while the thread's locals are being destroyed.
    KNOWN
        .try_with(|known| *known.borrow_mut().entry(wanted).or_insert_with(find))
        .unwrap_or_else(|_| find())
}
