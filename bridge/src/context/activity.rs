//! What an actor says about itself while none of its handlers runs.

use std::sync::Arc;

use crate::cell::ActorCell;

/// What an actor does in work that goes on after its handler returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It works: shown as `active`.
    Busy,
    /// It waits for somebody else: shown as `waiting`, unless it is also busy.
    Waiting,
}

/// A declaration in force; dropping it takes it back, so that it ends with the future it was moved into.
#[must_use = "the declaration ends when this is dropped"]
pub struct Declared {
    cell: Arc<ActorCell>,
    activity: Activity,
}

impl Declared {
    pub(super) fn new(cell: Arc<ActorCell>, activity: Activity) -> Self {
        cell.declare(activity, true);
        Self { cell, activity }
    }

    /// Declares something else from now on.
    pub fn change(&mut self, activity: Activity) {
        // The new one first, so that nobody sees an idle moment in between.
        self.cell.declare(activity, true);
        self.cell.declare(self.activity, false);
        self.activity = activity;
    }
}

impl Drop for Declared {
    fn drop(&mut self) {
        self.cell.declare(self.activity, false);
    }
}
