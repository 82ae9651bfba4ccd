//! Who is told when a log of this process grows: numbers only, the text is read from the files.

use dashmap::DashMap;
use tokio::sync::{broadcast, watch};

use super::LogKey;

/// A log that grew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grown {
    /// Which.
    pub log: LogKey,
    /// Lines there are now.
    pub total: u64,
}

/// Tells of growth. A watcher that is slow misses numbers, never lines: the newest number is all it needs.
pub struct LogHub {
    jobs: DashMap<LogKey, watch::Sender<u64>>,
    all: broadcast::Sender<Grown>,
}

impl Default for LogHub {
    fn default() -> Self {
        Self {
            jobs: DashMap::new(),
            all: broadcast::channel(1024).0,
        }
    }
}

impl LogHub {
    /// The number of lines of one log, as it grows in this process.
    pub fn subscribe(&self, log: &LogKey) -> watch::Receiver<u64> {
        self.jobs
            .entry(log.clone())
            .or_insert_with(|| watch::channel(0).0)
            .subscribe()
    }

    /// Growth of every log of this process.
    pub fn all(&self) -> broadcast::Receiver<Grown> {
        self.all.subscribe()
    }

    pub(super) fn grew(&self, key: &LogKey, total: u64) {
        if let Some(sender) = self.jobs.get(key) {
            sender.send_replace(total);
        }
        if self.all.receiver_count() > 0 {
            // Nobody listening any more is no error.
            drop(self.all.send(Grown {
                log: key.clone(),
                total,
            }));
        }
    }

    pub(super) fn closed(&self, key: &LogKey) {
        // Watchers keep the last number; the entry would otherwise stay for ever.
        self.jobs.remove(key);
    }
}
