//! What a cell holds for the levers, and for how much its actor may write.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use loom_protocol::Controls;

use super::{ActorCell, BLOCKS, Details, PAUSED};
use crate::events::Limits;
use crate::power::{OrderedRestart, Slot};

/// How many messages are in one queue, shared with those that put them there.
pub type QueueLength = Arc<AtomicU64>;

/// What few actors have, in one place so that the others pay for a pointer.
#[derive(Default)]
pub(crate) struct More {
    pub(crate) limits: Limits,
    /// What may be ordered of it.
    pub(crate) controls: Option<Controls>,
    /// Where orders wait for it.
    pub(crate) slot: Option<Arc<Slot>>,
    /// How its keeper learns that it is to be started again.
    pub(crate) restarter: Option<Arc<OrderedRestart>>,
    /// Its queues, where they are known one by one.
    pub(crate) queues: Vec<QueueLength>,
}

impl Details {
    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
}

impl ActorCell {
    /// Shows what may be ordered of the actor, and takes orders for it there.
    pub(crate) fn control(self: &Arc<Self>, controls: Controls, slot: &Arc<Slot>) {
        self.amend(|details| {
            let more = details.more();
            more.controls = Some(controls);
            more.slot = Some(Arc::clone(slot));
        });
    }

    pub(crate) fn controls(&self) -> Option<Controls> {
        self.of_more(|more| more.controls.clone())
    }

    pub(crate) fn slot(&self) -> Option<Arc<Slot>> {
        self.of_more(|more| more.slot.clone())
    }

    pub(crate) fn restarter(&self) -> Option<Arc<OrderedRestart>> {
        self.of_more(|more| more.restarter.clone())
    }

    fn of_more<T>(&self, get: impl FnOnce(&More) -> Option<T>) -> Option<T> {
        self.details().as_ref()?.more.as_deref().and_then(get)
    }

    /// It is an actor of a `SyncArbiter`, whose thread hears of no orders.
    pub(crate) fn block(&self) {
        self.set_flag(BLOCKS);
    }

    pub(crate) fn blocks(&self) -> bool {
        self.has_flag(BLOCKS)
    }

    /// Whether it is held back by an order, from now on.
    pub(crate) fn pause(self: &Arc<Self>, paused: bool) {
        if paused {
            self.set_flag(PAUSED);
        } else {
            self.clear_flag(PAUSED);
        }
        self.touch();
    }
}
