//! This process, whatever job it has.

use std::os::unix::net::UnixStream;

use crate::leftovers;
use crate::memory::OutOfMemory;

/// What stays the same for as long as the process lives, whatever job it has.
pub(crate) struct Process {
    signals: UnixStream,
    pub(crate) memory: OutOfMemory,
    /// The content of [`layout::PROCESS`].
    pub(crate) name: String,
}

impl Process {
    /// This process, whose signals come by this stream.
    pub(crate) fn new(signals: UnixStream) -> Self {
        Self {
            signals,
            memory: OutOfMemory::find(),
            name: format!("{} {}\n", std::process::id(), leftovers::own_start()),
        }
    }

    /// Signals: one byte each, its number.
    pub(crate) fn signals(&self) -> &UnixStream {
        &self.signals
    }
}
