//! Who caused what: the chain that a message belongs to, and the actor that is running on this thread.
//!
//! Both travel in thread-locals that are set around every poll and every handler, so that a send needs no argument.
//! Futures that an actor spawns into its context keep the cause under which they were spawned; a `ResponseFuture`
//! runs as a task of its own and loses it.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use loom_protocol::ActorId;

use crate::cell::ActorCell;
use crate::measure::Sender;
use crate::names::process_tag;

/// The chain of messages that led to what runs now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// Names the chain within this process; every message that follows from a first one carries it. Zero: none yet.
    trace: u64,
}

thread_local! {
    static CAUSE: Cell<Cause> = const { Cell::new(Cause { trace: 0 }) };
    static ACTOR: RefCell<Option<Arc<ActorCell>>> = const { RefCell::new(None) };
    static TRACES: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

impl Cause {
    /// The cause of what runs on this thread now; `None` outside of every chain.
    pub fn current() -> Option<Self> {
        let cause = CAUSE.get();
        (cause.trace != 0).then_some(cause)
    }

    /// The chain's name: the same for a message and all that follows from it, unique within the process.
    pub fn trace(self) -> u64 {
        self.trace
    }

    /// The chain's name for a studio, in which no two processes' names are the same; `None` outside of every chain.
    pub fn correlation_id(self) -> Option<String> {
        (self.trace != 0).then(|| format!("{}-{}", process_tag(), self.trace))
    }

    /// The cause that a message sent now carries; starts a chain where there is none.
    #[inline]
    pub(crate) fn of_send() -> Self {
        let mut cause = CAUSE.get();
        if cause.trace == 0 {
            cause.trace = next_trace();
        }
        cause
    }

    #[inline]
    pub(crate) fn here() -> Self {
        CAUSE.get()
    }

    /// Makes `self` the current cause and returns what it replaces.
    #[inline]
    pub(crate) fn enter(self) -> Self {
        CAUSE.replace(self)
    }
}

/// Numbers are taken from the process in blocks of 2^20, so that sends on different threads do not meet.
#[inline]
fn next_trace() -> u64 {
    TRACES.with(|traces| {
        let (next, end) = traces.get();
        let (next, end) = if next == end { new_block() } else { (next, end) };
        traces.set((next + 1, end));
        next
    })
}

#[cold]
fn new_block() -> (u64, u64) {
    static BLOCKS: AtomicU64 = AtomicU64::new(0);
    let first = BLOCKS.fetch_add(1, Relaxed) << 20;
    (first.max(1), first + (1 << 20))
}

/// The observed actor that is being polled on this thread.
pub(crate) fn current_actor() -> Option<ActorId> {
    ACTOR.with_borrow(|actor| actor.as_ref().map(|cell| cell.id()))
}

/// Who sends what is sent now on this thread.
#[inline]
pub(crate) fn sender() -> Sender {
    with_current_actor(|cell| cell.sender()).unwrap_or(Sender::OUTSIDE)
}

/// Looks at the observed actor that is being polled on this thread, where there is one.
#[inline]
pub(crate) fn with_current_actor<T>(look: impl FnOnce(&Arc<ActorCell>) -> T) -> Option<T> {
    // While the thread's locals are being destroyed there is none.
    ACTOR
        .try_with(|actor| actor.try_borrow().ok()?.as_ref().map(look))
        .ok()
        .flatten()
}

/// Its cell.
pub(crate) fn current_cell() -> Option<Arc<ActorCell>> {
    with_current_actor(Arc::clone)
}

/// Says that `cell`'s actor is being polled until the returned guard is dropped.
pub(crate) fn polling(cell: Arc<ActorCell>) -> Polling {
    let cause = Cause::default().enter();
    let actor = ACTOR.replace(Some(cell));
    Polling { cause, actor }
}

/// Restores what was current before, also when a panic passes through.
pub(crate) struct Polling {
    cause: Cause,
    actor: Option<Arc<ActorCell>>,
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.cause.enter();
        ACTOR.replace(self.actor.take());
    }
}
