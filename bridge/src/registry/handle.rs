//! Reporting by hand about what is no actix actor: a thread, a process, a connection.

use std::sync::Arc;

use loom_protocol::{ActorId, ActorStatus, EventKind};
use serde_json::Value;

use super::ActorRegistry;
use crate::cell::ActorCell;
use crate::events::Note;

/// The registration of something that reports about itself. Every method is also its heartbeat; dropping it is its end.
pub struct ActorHandle {
    cell: Arc<ActorCell>,
    registry: ActorRegistry,
    leaves_no_trace: bool,
}

impl ActorHandle {
    pub(super) fn new(cell: Arc<ActorCell>, registry: ActorRegistry) -> Self {
        Self {
            cell,
            registry,
            leaves_no_trace: false,
        }
    }

    /// Has it leave the registry with its end, instead of being shown as stopped for a while: for what comes and goes
    /// often and whose end tells nobody anything, such as a connection.
    #[must_use = "the handle is the registration"]
    pub fn leaving_no_trace(mut self) -> Self {
        self.leaves_no_trace = true;
        self
    }

    /// Says that it is alive for as long as somebody holds the handle, without beats: for what may have nothing to do for
    /// long, such as a thread that waits for orders, or an actor in actix's `SyncArbiter`. The end is the handle's.
    #[must_use = "the handle is the registration"]
    pub fn alive_while_held(self) -> Self {
        self.cell.hold();
        self
    }

    /// Its id; not the wished one when a living actor had that.
    pub fn id(&self) -> ActorId {
        self.cell.id()
    }

    /// Says that it is alive, and nothing else.
    pub fn beat(&self) {
        self.cell.beat();
        if self.cell.is_buried() {
            self.registry.inner.readmit(&self.cell);
        }
    }

    /// What it does now.
    pub fn set_status(&self, status: impl Into<ActorStatus>) {
        let status = status.into();
        self.beat();
        self.cell.report(|details| details.status = Some(status));
    }

    /// It handled a message.
    pub fn message_handled(&self) {
        self.beat();
        self.cell.handled_elsewhere(1);
    }

    /// How many messages wait for it.
    pub fn set_queue_depth(&self, messages: u64) {
        self.beat();
        self.cell.report(|details| details.queue_depth = Some(messages));
    }

    /// Sets one entry of its metadata.
    pub fn set_metadata(&self, key: impl Into<String>, value: impl Into<Value>) {
        self.beat();
        // Before the lock: a conversion may log.
        let (key, value) = (key.into(), value.into());
        self.cell.amend(|details| {
            details.metadata.insert(key, value);
        });
    }

    /// Something went wrong that it survived; counted, and the text shown as `lastError`.
    pub fn error(&self, text: impl Into<String>) {
        let text = text.into();
        self.set_metadata("lastError", text.as_str());
        self.cell.error();
        self.cell.reported(text.into());
    }

    /// Writes a line into its journal: a text, or a [`Note`] with data.
    pub fn note(&self, note: impl Into<Note>) {
        self.beat();
        self.cell.note(EventKind::Note, note.into());
    }

    /// It failed for good: shown as `failed` with the reason, for as long as the registry keeps failures.
    pub fn fail(self, reason: impl Into<String>) {
        let reason = reason.into();
        if self.cell.end(Some(reason.clone())) {
            self.cell.tell_failed(reason);
        }
    }
}

impl Drop for ActorHandle {
    fn drop(&mut self) {
        // After `fail` this does nothing.
        let ended = self.cell.end(None);
        if ended {
            self.cell.tell_stopped();
        }
        if ended && self.leaves_no_trace {
            self.registry.inner.remove(&self.cell);
        }
    }
}
