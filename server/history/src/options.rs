//! How much is remembered, and where.

use std::path::PathBuf;

use crate::key::By;

/// How much is remembered, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryOptions {
    /// The directory that the file is in; without one, all is in memory and ends with the process.
    pub directory: Option<PathBuf>,
    /// Bytes of the rings in memory.
    pub max_memory: usize,
    /// Bytes of the file; beyond, the oldest goes before its week is over.
    pub max_disk: u64,
    /// Types that are kept.
    pub max_types: usize,
    /// Actors that are kept.
    pub max_actors: usize,
    /// Processes that are kept.
    pub max_processes: usize,
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self {
            directory: None,
            max_memory: 96 << 20,
            max_disk: 1 << 30,
            max_types: 2_000,
            max_actors: 1_000,
            max_processes: 200,
        }
    }
}

impl HistoryOptions {
    pub(crate) fn most(&self, by: By) -> usize {
        match by {
            By::All => 1,
            By::Type => self.max_types,
            By::Actor => self.max_actors,
            By::Process => self.max_processes,
        }
    }
}
