//! The life of an observed actor: from its registration to the notice of its end, with no way around either.

use std::sync::Arc;

use actix::Actor;

use crate::cell::{ActorCell, Origin};
use crate::owner::{ChildGone, End, Watcher};
use crate::spec::ActorSpec;
use crate::types::type_cell;

/// Ends the actor's registration and tells the watchers, at the latest when it is dropped.
pub(super) struct Life {
    cell: Arc<ActorCell>,
    watchers: Vec<Watcher>,
    over: bool,
}

impl Life {
    pub(super) fn begin<A: Actor>(mut spec: ActorSpec) -> Self {
        let watchers = std::mem::take(&mut spec.watchers);
        let cell = spec.admit(Origin::Context(type_cell::<A>()));
        Self {
            cell,
            watchers,
            over: false,
        }
    }

    pub(super) fn cell(&self) -> Arc<ActorCell> {
        Arc::clone(&self.cell)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn end(&mut self, end: End) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        if let End::Panicked(text) = &end {
            tracing::error!(actor = %self.cell.name, kind = %self.cell.kind, panic = %text, "an actor panicked and is gone");
        }
        self.cell.end(match &end {
            End::Stopped => None,
            End::Panicked(text) => Some(text.clone()),
        });
        for watcher in self.watchers.drain(..) {
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
