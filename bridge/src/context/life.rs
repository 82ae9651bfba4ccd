//! The life of an observed actor: from its registration to the notice of its end, with no way around either.

use std::sync::Arc;

use actix::Actor;

use crate::cell::{ActorCell, Origin};
use crate::measure::type_cell;
use crate::owner::{ChildGone, End};
use crate::spec::ActorSpec;

/// Ends the actor's registration and tells the watchers, at the latest when it is dropped.
pub(crate) struct Life {
    cell: Arc<ActorCell>,
}

impl Life {
    pub(crate) fn begin<A: Actor>(spec: ActorSpec) -> Self {
        Self::of(spec.admit(Origin::Context(type_cell::<A>())))
    }

    pub(crate) fn of(cell: Arc<ActorCell>) -> Self {
        Self { cell }
    }

    pub(crate) fn cell(&self) -> &Arc<ActorCell> {
        &self.cell
    }

    /// Only the first call counts.
    pub(crate) fn end(&self, end: End) {
        let failure = match &end {
            End::Stopped => None,
            End::Panicked(text) => Some(text.clone()),
        };
        if !self.cell.end(failure) {
            return;
        }
        match &end {
            End::Stopped => self.cell.tell_stopped(),
            End::Panicked(text) => self.cell.tell_panicked(text),
        }
        if let End::Panicked(text) = &end {
            tracing::error!(actor = %self.cell.name, kind = %self.cell.kind, panic = %text, "an actor panicked and is gone");
        }
        for watcher in self.cell.take_watchers() {
            watcher.tell(ChildGone {
                id: self.cell.id(),
                end: end.clone(),
            });
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.end(if std::thread::panicking() {
            End::Panicked("what was creating the actor panicked".to_owned())
        } else {
            End::Stopped
        });
    }
}
