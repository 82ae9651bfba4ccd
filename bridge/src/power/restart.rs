//! How an actor that is ordered to start again tells its keeper.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::slot::Reply;

/// Shared by a keeper and each life of its child.
#[derive(Default)]
pub(crate) struct OrderedRestart(Mutex<Option<(Reply, String)>>);

impl OrderedRestart {
    /// The child is about to end and wants to be started again; with who ordered it.
    pub(super) fn order(&self, reply: Reply, by: String) {
        *self.waiting() = Some((reply, by));
    }

    /// What was ordered, once.
    pub(crate) fn take(&self) -> Option<(Reply, String)> {
        self.waiting().take()
    }

    fn waiting(&self) -> MutexGuard<'_, Option<(Reply, String)>> {
        // Nothing is left half-done under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
