//! Subscriptions: what changed since the last look, for the price of what changed.
//!
//! An actor tells a subscription once between two looks, by putting its cell into a queue (see `cell/marks.rs`). The mark
//! and the counters are relaxed, so a change may slip in right beside a look; and an actor becomes idle without doing
//! anything. Both are why what was reported is looked at once more the next time, and again as long as it is restless.

use std::sync::Arc;

use loom_protocol::{ActorId, ActorPatch, ActorRecord};

use super::ActorRegistry;
use crate::cell::{ActorCell, Bit, MOST, Queue, View, lock};
use crate::clock::Nanos;

/// What happened in a registry between two looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    /// Actors that the subscriber has not seen, or whose record is to be replaced as a whole: one started again under its
    /// id, or of which something is no longer known.
    pub new: Vec<ActorRecord>,
    /// Actors that may have changed: what may be different. An actor that is `new` may be here too, with later values.
    pub changed: Vec<ActorPatch>,
    /// Actors that left the registry. One that came and left between two looks is `new` and here.
    pub gone: Vec<ActorId>,
}

impl Delta {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.changed.is_empty() && self.gone.is_empty()
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.new.len() + self.changed.len() + self.gone.len()
    }
}

/// The registry has as many subscriptions as it can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "subscribe to the actor registry: it serves {MOST} subscriptions at a time and all are taken; drop one that is no longer read"
)]
pub struct TooManySubscriptions;

/// A subscription to a registry. Dropping it ends it; while it is there and not polled, it remembers each changed actor
/// once.
pub struct Changes {
    registry: ActorRegistry,
    bit: Bit,
    queue: Queue,
    again: Vec<(Arc<ActorCell>, View)>,
    looked: Nanos,
}

impl Changes {
    pub(super) fn open(registry: ActorRegistry) -> Result<Self, TooManySubscriptions> {
        let (bit, queue) = registry.inner.subscriptions.open().ok_or(TooManySubscriptions)?;
        // From here on new actors enter the queue by themselves; those that do during this loop are there twice, which
        // `poll` can take.
        for cell in registry.inner.cells.iter() {
            cell.marks.forget(bit);
            lock(&queue).push(cell);
        }
        Ok(Self {
            registry,
            bit,
            queue,
            again: Vec::new(),
            looked: Nanos::now(),
        })
    }

    /// What changed since the last call; at the first, everything there is. O(changed + active).
    pub fn poll(&mut self) -> Delta {
        self.poll_at(Nanos::now())
    }

    /// Cells that wait to be looked at: those that changed, and those to be looked at once more.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> (usize, usize) {
        (lock(&self.queue).len(), self.again.len())
    }

    #[cfg(test)]
    pub(super) fn bit(&self) -> Bit {
        self.bit
    }

    pub(super) fn poll_at(&mut self, now: Nanos) -> Delta {
        self.registry.inner.bury(now);
        let since = std::mem::replace(&mut self.looked, now);
        let mut delta = Delta::default();
        for (cell, before) in std::mem::take(&mut self.again) {
            self.look_again(cell, &before, since, &mut delta);
        }
        let touched = std::mem::take(&mut *lock(&self.queue));
        for cell in touched {
            self.look(cell, since, &mut delta);
        }
        delta
    }

    fn look_again(&mut self, cell: Arc<ActorCell>, before: &View, since: Nanos, delta: &mut Delta) {
        // Otherwise it is in the queue, and looked at there.
        if !cell.marks.is_wanted_by(self.bit) || cell.is_superseded() || cell.is_buried() {
            return;
        }
        let view = cell.look(since, self.looked, false);
        if view != *before {
            self.report(&cell, view.clone(), false, delta);
            self.again.push((cell, view));
        } else if view.is_restless() {
            self.again.push((cell, view));
        }
    }

    fn look(&mut self, cell: Arc<ActorCell>, since: Nanos, delta: &mut Delta) {
        if cell.is_superseded() {
            return;
        }
        // Before the values are read: what changes after this puts it into the queue again.
        cell.marks.want(self.bit);
        let amended = cell.marks.take_amended(self.bit);
        let is_first = !cell.marks.is_known_to(self.bit);
        let view = cell.look(since, self.looked, is_first);
        if cell.is_buried() {
            self.look_at_grave(&cell, view, amended, delta);
            return;
        }
        self.report(&cell, view.clone(), amended, delta);
        self.again.push((cell, view));
    }

    fn report(&self, cell: &Arc<ActorCell>, view: View, amended: bool, delta: &mut Delta) {
        let has_queue = view.has_queue();
        let lost_queue = cell.marks.swap_reported_queue(self.bit, has_queue) && !has_queue;
        // A patch cannot say that something is no longer known; a whole record can.
        if cell.marks.swap_known(self.bit) && !lost_queue {
            delta.changed.push(cell.patch(view, amended));
        } else {
            delta.new.push(cell.record(view, self.looked));
        }
    }

    fn look_at_grave(&self, cell: &Arc<ActorCell>, view: View, amended: bool, delta: &mut Delta) {
        // Its name may have a new owner, who is told of instead.
        if self.registry.inner.cells.has(&cell.name) || cell.marks.swap_reported_gone(self.bit) {
            return;
        }
        if !cell.marks.swap_known(self.bit) {
            delta.new.push(cell.record(view, self.looked));
        } else if amended {
            // Its end was not reported yet.
            delta.changed.push(cell.patch(view, amended));
        }
        delta.gone.push(cell.id());
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        // Before the bit is free: whoever owns it next would be deaf for what is forgotten under it. Actors that come in
        // meanwhile have no marks of ours, because only our looks set them.
        for cell in self.registry.inner.cells.iter() {
            cell.marks.forget(self.bit);
        }
        self.registry.inner.subscriptions.close(self.bit);
    }
}
