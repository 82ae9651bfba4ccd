//! How many of something there may be in the process.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A bound, and how much of it is taken.
pub(super) struct Room {
    taken: AtomicUsize,
    most: usize,
}

impl Room {
    pub(super) const fn for_most(most: usize) -> Self {
        Self {
            taken: AtomicUsize::new(0),
            most,
        }
    }

    /// Room for one; `None` when all is taken. Given back when the claim is dropped.
    pub(super) fn claim(&'static self) -> Option<Claim> {
        if !self.is_free() {
            return None;
        }
        let before = self.taken.fetch_add(1, Relaxed);
        let claim = Claim(self);
        (before < self.most).then_some(claim)
    }

    #[inline]
    pub(super) fn is_free(&self) -> bool {
        self.taken.load(Relaxed) < self.most
    }

    /// Whether more than half is taken.
    pub(super) fn is_scarce(&self) -> bool {
        self.taken.load(Relaxed) > self.most / 2
    }
}

/// Room that is taken.
pub(super) struct Claim(&'static Room);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        static ROOM: Room = Room::for_most(2);
        let (first, second) = (ROOM.claim(), ROOM.claim());
        assert!(first.is_some() && second.is_some() && ROOM.is_scarce());
        assert!(ROOM.claim().is_none() && ROOM.claim().is_none());
        drop(first);
        assert!(ROOM.claim().is_some());
    }
}
