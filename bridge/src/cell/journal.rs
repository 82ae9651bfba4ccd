//! How a cell writes into its registry's journal.

use super::{ActorCell, CARRIES};
use crate::clock::Nanos;
use crate::events::{Lane, Line};

impl ActorCell {
    pub(crate) fn write(&self, line: Line) {
        if let Some(registry) = self.registry.upgrade() {
            registry.journal.write(line);
        }
    }

    /// A line of this actor is not written because it writes too much.
    pub(crate) fn left_out(&self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.journal.left_out();
        }
    }

    /// From now on nothing that it logs is in its journal.
    pub(crate) fn carry_journals(&self) {
        self.set_flag(CARRIES);
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn carries_journals(&self) -> bool {
        self.has_flag(CARRIES)
    }

    /// Whether the actor may write a line of this sort now; with it, how many it could not write before.
    pub(crate) fn admit(&self, lane: Lane, now: Nanos) -> Option<u64> {
        self.details()
            .get_or_insert_default()
            .more()
            .limits
            .admit(lane, now)
    }
}
