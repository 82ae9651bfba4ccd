//! The messages of one actor by type, while traffic is measured.
//!
//! One thread at a time handles an actor's messages, so most of it has one writer, as the actor's cell has. Rows are part of
//! the cell: they go on with an actor that is started again under its name, and go with the last one that had it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::edges::{self, Edges};
use super::message::{Counts, MessageCell};
use super::names::Sender;
use super::room::{Claim, Room};
use super::times::Times;
use crate::registry::Inner;

/// Rows of the whole process, a kilobyte each.
static ROOM: Room = Room::for_most(50_000);

/// Messages that are in no row because there are too many of them.
pub(super) static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// One actor's messages.
pub(crate) struct Traffic {
    pub(super) actor: Arc<str>,
    pub(super) registry: Weak<Inner>,
    first: OnceLock<Box<Row>>,
}

impl Traffic {
    /// For an actor's first message; `None` when there is no room for it.
    #[cold]
    pub(crate) fn begin(actor: &Arc<str>, registry: &Weak<Inner>) -> Option<Arc<Self>> {
        if !ROOM.is_free() {
            return None;
        }
        let traffic = Arc::new(Self {
            actor: Arc::clone(actor),
            registry: Weak::clone(registry),
            first: OnceLock::new(),
        });
        all().enter(&traffic);
        Some(traffic)
    }

    /// The row of a type of message, where there is one.
    #[inline]
    pub(crate) fn find(&self, message: &'static MessageCell) -> Option<&Row> {
        self.rows().find(|row| std::ptr::eq(row.message, message))
    }

    /// The same, made when there is room for it.
    #[inline]
    pub(crate) fn row(&self, message: &'static MessageCell) -> Option<&Row> {
        self.find(message).or_else(|| self.make(message))
    }

    #[cold]
    fn make(&self, message: &'static MessageCell) -> Option<&Row> {
        let row = Row::new(message, ROOM.claim()?);
        let end = self.rows().last().map_or(&self.first, |last| &last.next);
        Some(end.get_or_init(|| Box::new(row)))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        let first = self.first.get().map(Box::as_ref);
        std::iter::successors(first, |row| row.next.get().map(Box::as_ref))
    }
}

/// A message has no room in any row.
#[cold]
pub(crate) fn leave_out(from: Sender) {
    LEFT_OUT.fetch_add(1, Relaxed);
    if from != Sender::NOT_MEASURED {
        edges::LEFT_OUT.fetch_add(1, Relaxed);
    }
}

/// One actor's messages of one type.
pub(crate) struct Row {
    pub(super) message: &'static MessageCell,
    /// Names it among all rows of the process.
    pub(super) number: u64,
    handled: AtomicU64,
    asked: AtomicU64,
    errors: AtomicU64,
    cancelled: AtomicU64,
    wait: Times,
    handle: Times,
    /// Of those that were handled to their end after that of their actor: the next life may count on another thread.
    handle_late: OnceLock<Box<Times>>,
    edges: Mutex<Edges>,
    next: OnceLock<Box<Row>>,
    _claim: Claim,
}

impl Row {
    fn new(message: &'static MessageCell, claim: Claim) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            message,
            number: NEXT.fetch_add(1, Relaxed),
            handled: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            cancelled: AtomicU64::new(0),
            wait: Times::default(),
            handle: Times::default(),
            handle_late: OnceLock::new(),
            edges: Mutex::default(),
            next: OnceLock::new(),
            _claim: claim,
        }
    }

    /// A message reaches its handler.
    #[inline]
    pub(crate) fn handled(&self, is_asked: bool, waited: Option<u64>, from: Sender) {
        add(&self.handled);
        if is_asked {
            add(&self.asked);
        }
        if let Some(nanos) = waited {
            self.wait.add(nanos);
        }
        if from != Sender::NOT_MEASURED {
            self.edges().count(from);
        }
    }

    /// One was handled to its end.
    #[inline]
    pub(crate) fn answered(&self, nanos: u64) {
        self.handle.add(nanos);
    }

    /// One was handled to its end after that of its actor.
    pub(crate) fn answered_late(&self, nanos: u64) {
        self.handle_late.get_or_init(Box::default).add_among_others(nanos);
    }

    /// From whatever thread: answers come from anywhere.
    pub(crate) fn error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn cancelled(&self) {
        add(&self.cancelled);
    }

    pub(super) fn edges(&self) -> MutexGuard<'_, Edges> {
        // Nothing is left half-done under this lock.
        self.edges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grows with everything that is counted here.
    pub(super) fn stamp(&self) -> u64 {
        let counts = [&self.handled, &self.errors, &self.cancelled];
        let counted: u64 = counts.iter().map(|count| count.load(Relaxed)).sum();
        counted + self.handle.count() + self.handle_late.get().map_or(0, |late| late.count())
    }

    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts {
            handled: self.handled.load(Relaxed),
            asked: self.asked.load(Relaxed),
            errors: self.errors.load(Relaxed),
            cancelled: self.cancelled.load(Relaxed),
            ..Counts::default()
        };
        counts.wait.add(&self.wait);
        counts.handle.add(&self.handle);
        if let Some(late) = self.handle_late.get() {
            counts.handle.add(late);
        }
        counts
    }
}

/// For the one thread that writes.
#[inline]
fn add(count: &AtomicU64) {
    count.store(count.load(Relaxed) + 1, Relaxed);
}

/// Every actor that has rows, and some that are gone.
pub(super) struct All {
    list: Vec<Weak<Traffic>>,
    /// How many there may be before those that are gone are taken out.
    enough: usize,
}

impl All {
    fn enter(&mut self, traffic: &Arc<Traffic>) {
        if self.list.len() >= self.enough {
            self.list.retain(|traffic| traffic.strong_count() > 0);
            self.enough = (2 * self.list.len()).max(1_000);
        }
        self.list.push(Arc::downgrade(traffic));
    }

    pub(super) fn living(&self) -> Vec<Arc<Traffic>> {
        self.list.iter().filter_map(Weak::upgrade).collect()
    }
}

pub(super) fn all() -> MutexGuard<'static, All> {
    static ALL: LazyLock<Mutex<All>> = LazyLock::new(|| {
        Mutex::new(All {
            list: Vec::new(),
            enough: 1_000,
        })
    });
    // Nothing is left half-done under this lock.
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tests that make rows, or take all the room there is for them, have it to themselves.
#[cfg(test)]
pub(super) fn room_for_a_test() -> MutexGuard<'static, ()> {
    static TESTS: Mutex<()> = Mutex::new(());
    TESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{message_cell, type_cell};
    use crate::registry::ActorRegistry;
    use crate::spec::ActorSpec;

    fn living_of(registry: &ActorRegistry) -> usize {
        let living = all().living();
        living
            .iter()
            .filter(|traffic| registry.is(&traffic.registry))
            .count()
    }

    #[test]
    fn rows_and_edges_are_bounded_and_go_with_their_actor() {
        struct Crowded;
        let _alone = room_for_a_test();
        let registry = ActorRegistry::new();
        let message = message_cell::<Crowded, u8>();
        let start = |id: &str| {
            let spec = ActorSpec::new("Crowded").id(id).registry(&registry);
            spec.admit(Some(type_cell::<Crowded>()))
        };
        let first = start("first");
        first.row(message).unwrap().handled(true, None, Sender::OUTSIDE);
        let all_room: Vec<_> = std::iter::from_fn(|| ROOM.claim()).collect();
        assert!(all_room.len() < 50_000 && all_room.len() > 49_000);
        let second = start("second");
        assert!(second.row(message).is_none() && first.row(message_cell::<Crowded, u16>()).is_none());
        assert!(first.row(message).is_some(), "who has one keeps it");
        drop(all_room);
        assert!(second.row(message).is_some());

        let all_edges: Vec<_> = std::iter::from_fn(|| edges::ROOM.claim()).collect();
        let before = edges::LEFT_OUT.load(Relaxed);
        let row = second.row(message).unwrap();
        row.handled(false, None, Sender::OUTSIDE);
        first.row(message).unwrap().handled(false, None, Sender::OUTSIDE);
        assert_eq!(edges::LEFT_OUT.load(Relaxed), before + 1);
        assert_eq!((row.counts().handled, row.edges().all().len()), (1, 0));
        drop(all_edges);

        // Started again under its name an actor goes on; one that leaves the registry takes its rows along.
        first.end(None);
        let again = start("first");
        let row = again.row(message).unwrap();
        assert_eq!((row.counts().handled, row.edges().all()[0].count), (2, 2));
        assert_eq!(living_of(&registry), 2);
        registry.forget(&second);
        drop(second);
        assert_eq!(living_of(&registry), 1);
    }
}
