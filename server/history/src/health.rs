//! How the history does.

use crate::key::By;

/// Where a history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file, which outlives the process.
    File,
    /// In memory, as nobody named a directory.
    Memory,
    /// In memory, though a directory was named: it can't be used.
    Refused,
}

/// How a history does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryHealth {
    /// Where it is kept.
    pub place: Place,
    /// Why the file does not take what it should, and what to do about it.
    pub trouble: Option<String>,
    /// Series that are kept.
    pub series: usize,
    /// Names that were refused because there was no room, by kind.
    pub left_out: [(By, u64); 4],
    /// Pieces of the past (up to 60 steps of one series each) that had to be forgotten before their time, in memory or in the file.
    pub forgotten: u64,
    /// Bytes in memory.
    pub memory: usize,
    /// Bytes in the file.
    pub disk: u64,
}
