//! Who is told when a log of this process grows: numbers only, the text is read from the files.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

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

/// Logs that are closed and whose numbers of lines are kept: whoever prints a run comes to the end of a job a little later.
const CLOSED: usize = 1024;

/// Tells of growth. A watcher that is slow misses numbers, never lines: the newest number is all it needs.
pub struct LogHub {
    jobs: DashMap<LogKey, watch::Sender<u64>>,
    all: broadcast::Sender<Grown>,
    totals: Mutex<Totals>,
}

/// How many lines logs of this process have.
#[derive(Default)]
struct Totals {
    known: HashMap<LogKey, u64>,
    /// Those that are closed, the oldest first.
    closed: VecDeque<LogKey>,
}

impl Default for LogHub {
    fn default() -> Self {
        Self {
            jobs: DashMap::new(),
            all: broadcast::channel(1024).0,
            totals: Mutex::default(),
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

    /// The number of lines of a log that this process writes, or wrote a little while ago: nobody else writes to it. `None`
    /// of any other.
    pub fn total(&self, log: &LogKey) -> Option<u64> {
        self.totals().known.get(log).copied()
    }

    /// A log begins, or begins anew.
    pub(super) fn begun(&self, key: &LogKey) {
        let mut totals = self.totals();
        if totals.known.insert(key.clone(), 0).is_some() {
            totals.closed.retain(|closed| closed != key);
        }
    }

    pub(super) fn grew(&self, key: &LogKey, total: u64) {
        if let Some(known) = self.totals().known.get_mut(key) {
            *known = total;
        }
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
        let mut totals = self.totals();
        totals.closed.push_back(key.clone());
        if totals.closed.len() > CLOSED
            && let Some(oldest) = totals.closed.pop_front()
        {
            totals.known.remove(&oldest);
        }
    }

    fn totals(&self) -> MutexGuard<'_, Totals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
