//! Having the figures read, and what was read last.

use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use loom_protocol::ProcessFigures;

use super::read::Reader;

/// What this process uses, as it was last read.
#[derive(Clone, Default)]
pub(crate) struct Figures {
    reader: Arc<Mutex<Reader>>,
    latest: Arc<Mutex<Option<ProcessFigures>>>,
}

impl Figures {
    /// Has them read anew, by a thread that may wait, unless that is under way. Must be called within a runtime.
    pub(crate) fn look(&self) {
        let Self { reader, latest } = self.clone();
        let read = move || {
            let read = match reader.try_lock() {
                Ok(mut reader) => reader.read(),
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().read(),
                Err(TryLockError::WouldBlock) => return,
            };
            *latest.lock().unwrap_or_else(PoisonError::into_inner) = read;
        };
        // Nobody waits for it.
        drop(tokio::task::spawn_blocking(read));
    }

    /// What was read last, once.
    pub(crate) fn take(&self) -> Option<ProcessFigures> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
