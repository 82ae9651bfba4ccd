//! The life of an observed actor: from its registration to the notice of its end, with no way around either.

use std::sync::Arc;

use actix::Actor;

use crate::cell::ActorCell;
use crate::measure::type_cell;
use crate::owner::{ChildGone, End};
use crate::spec::ActorSpec;

/// Ends the actor's registration and tells the watchers, at the latest when it is dropped.
pub(crate) struct Life {
    cell: Arc<ActorCell>,
    /// Somebody else sees to its end.
    is_given_away: bool,
}

impl Life {
    pub(crate) fn begin<A: Actor>(spec: ActorSpec) -> Self {
        Self {
            cell: spec.admit(Some(type_cell::<A>())),
            is_given_away: false,
        }
    }

    /// The cell, for who calls [`end`] for it from now on.
    pub(super) fn give_away(mut self) -> Arc<ActorCell> {
        self.is_given_away = true;
        Arc::clone(&self.cell)
    }

    pub(crate) fn cell(&self) -> &Arc<ActorCell> {
        &self.cell
    }

    /// Only the first call counts.
    pub(crate) fn end(&self, end: End) {
        self::end(&self.cell, end);
    }
}

/// Ends an actor's registration and tells its watchers. Only the first call counts.
pub(crate) fn end(cell: &Arc<ActorCell>, end: End) {
    let failure = match &end {
        End::Stopped => None,
        End::Panicked(text) => Some(text.clone()),
    };
    end_telling(cell, end, failure, |end| match end {
        End::Stopped => cell.tell_stopped(),
        End::Panicked(text) => cell.tell_panicked(text),
    });
}

/// The same with a line of the caller's in the journal.
pub(crate) fn end_telling(cell: &Arc<ActorCell>, end: End, failure: Option<String>, tell: impl FnOnce(&End)) {
    if !cell.end(failure) {
        return;
    }
    tell(&end);
    if let End::Panicked(text) = &end {
        tracing::error!(actor = %cell.name, kind = %cell.kind.name, panic = %text, "an actor panicked and is gone");
    }
    for watcher in cell.take_watchers() {
        watcher.tell(ChildGone {
            id: cell.id(),
            end: end.clone(),
        });
    }
}

/// As which an actor ends that never ran.
pub(super) fn unborn() -> End {
    if std::thread::panicking() {
        End::Panicked("what was creating the actor panicked".to_owned())
    } else {
        End::Stopped
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if !self.is_given_away {
            self.end(unborn());
        }
    }
}
