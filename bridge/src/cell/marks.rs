//! Dirty marks: how a change finds the subscriptions that have not heard of it yet.
//!
//! Each subscription of a registry owns one bit. `wanted` has the bit of every subscription that wants to be told of the
//! cell's next change; telling clears it and puts the cell into that subscription's queue, so a cell stands in a queue
//! at most once between two polls however often it changes.

use std::sync::atomic::{AtomicU32, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::ActorCell;

/// How many subscriptions a registry can have at a time: the bits of a mark.
pub(crate) const MOST: usize = u32::BITS as usize;

/// One bit of each mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bit(u32);

#[derive(Default)]
pub(crate) struct Marks {
    wanted: AtomicU32,
    known: AtomicU32,
    amended: AtomicU32,
    reported_gone: AtomicU32,
    reported_queue: AtomicU32,
}

impl Marks {
    #[inline]
    pub(super) fn wanted(&self) -> bool {
        self.wanted.load(Relaxed) != 0
    }

    #[cfg(test)]
    pub(crate) fn is_wanted_by_anyone(&self) -> bool {
        self.wanted()
    }

    pub(super) fn take_wanted(&self) -> u32 {
        self.wanted.swap(0, AcqRel)
    }

    pub(super) fn amended(&self) {
        self.amended.store(u32::MAX, Relaxed);
    }

    /// Whether the subscription waits to be told, that is, does not have the cell in its queue.
    pub(crate) fn is_wanted_by(&self, bit: Bit) -> bool {
        self.wanted.load(Acquire) & bit.0 != 0
    }

    pub(crate) fn want(&self, bit: Bit) {
        self.wanted.fetch_or(bit.0, AcqRel);
    }

    /// Whether the subscription was told of the cell.
    pub(crate) fn is_known_to(&self, bit: Bit) -> bool {
        self.known.load(Relaxed) & bit.0 != 0
    }

    /// Whether the subscription had been told of the cell before; now it has.
    pub(crate) fn swap_known(&self, bit: Bit) -> bool {
        self.known.fetch_or(bit.0, Relaxed) & bit.0 != 0
    }

    /// Whether metadata changed since the subscription took it last.
    pub(crate) fn take_amended(&self, bit: Bit) -> bool {
        self.amended.fetch_and(!bit.0, Relaxed) & bit.0 != 0
    }

    /// Whether the subscription had been told of the end before; now it has.
    pub(crate) fn swap_reported_gone(&self, bit: Bit) -> bool {
        self.reported_gone.fetch_or(bit.0, Relaxed) & bit.0 != 0
    }

    /// Notes whether the subscription is told a queue length now, and returns whether it had been before.
    pub(crate) fn swap_reported_queue(&self, bit: Bit, has_queue: bool) -> bool {
        let before = match has_queue {
            true => self.reported_queue.fetch_or(bit.0, Relaxed),
            false => self.reported_queue.fetch_and(!bit.0, Relaxed),
        };
        before & bit.0 != 0
    }

    fn all(&self) -> [&AtomicU32; 5] {
        [
            &self.wanted,
            &self.known,
            &self.amended,
            &self.reported_gone,
            &self.reported_queue,
        ]
    }

    /// Forgets all about a subscription, for the next one that owns its bit.
    pub(crate) fn forget(&self, bit: Bit) {
        for mark in self.all() {
            mark.fetch_and(!bit.0, AcqRel);
        }
    }

    /// As if no subscription had ever heard of the cell.
    pub(crate) fn forget_all(&self) {
        for mark in self.all() {
            mark.store(0, Relaxed);
        }
    }
}

/// The cells that a subscription has not looked at since they changed; each at most once, but for rare doubles.
pub(crate) type Queue = Arc<Mutex<Vec<Arc<ActorCell>>>>;

/// The subscriptions of a registry, by bit.
#[derive(Default)]
pub(crate) struct Subscriptions {
    slots: RwLock<[Option<Queue>; MOST]>,
}

impl Subscriptions {
    /// Takes a free bit; `None` when there is none.
    pub(crate) fn open(&self) -> Option<(Bit, Queue)> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let (index, slot) = slots.iter_mut().enumerate().find(|(_, slot)| slot.is_none())?;
        let queue = Queue::default();
        *slot = Some(Arc::clone(&queue));
        Some((Bit(1 << index), queue))
    }

    pub(crate) fn close(&self, bit: Bit) {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get_mut(bit.0.trailing_zeros() as usize) {
            *slot = None;
        }
    }

    #[cfg(test)]
    pub(crate) fn is_free(&self, bit: Bit) -> bool {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots
            .get(bit.0.trailing_zeros() as usize)
            .is_some_and(Option::is_none)
    }

    /// Puts a cell into the queues of the subscriptions whose bits are set.
    pub(crate) fn push(&self, mut who: u32, cell: &Arc<ActorCell>) {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        while who != 0 {
            if let Some(Some(queue)) = slots.get(who.trailing_zeros() as usize) {
                lock(queue).push(Arc::clone(cell));
            }
            who &= who - 1;
        }
    }

    /// Puts a cell into every queue.
    pub(crate) fn push_to_all(&self, cell: &Arc<ActorCell>) {
        self.push(u32::MAX, cell);
    }
}

pub(crate) fn lock(queue: &Queue) -> std::sync::MutexGuard<'_, Vec<Arc<ActorCell>>> {
    // A vector is whole whenever its lock is free.
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
