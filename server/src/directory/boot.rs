//! A sender: one start of one process, with the time it was last heard.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use loom_protocol::{BatchOutcome, BootId, Timestamp};

/// One boot of one process. Its actors point at it, so its beat is theirs.
pub(super) struct Boot {
    pub(super) id: BootId,
    beat: AtomicI64,
    /// What viewers were last told; the sweep compares it with the truth.
    pub(super) shown_stale: AtomicBool,
    /// Held while a batch is applied: batches of one boot are applied one after the other.
    pub(super) progress: Mutex<Progress>,
}

/// How far a boot's batches were applied.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) last_seq: u64,
    pub(super) last_outcome: BatchOutcome,
}

impl Boot {
    pub(super) fn new(id: BootId, now: Timestamp) -> Self {
        Self {
            id,
            beat: AtomicI64::new(now.as_millis()),
            shown_stale: AtomicBool::new(false),
            progress: Mutex::default(),
        }
    }

    pub(super) fn beat(&self, now: Timestamp) {
        self.beat.store(now.as_millis(), Ordering::Relaxed);
    }

    pub(super) fn last_beat(&self) -> Timestamp {
        Timestamp::from_millis(self.beat.load(Ordering::Relaxed))
    }
}
