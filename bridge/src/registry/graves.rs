//! How long an actor that ended stays to be seen.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::cell::ActorCell;
use crate::clock::Nanos;

/// No more than so many ended actors are kept, whatever their age, so that a storm of short lives stays small.
const MOST: usize = 10_000;

/// How long a registry keeps actors that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Those that stopped in good order; 10 seconds by default.
    pub stopped: Duration,
    /// Those that panicked or failed; 5 minutes by default.
    pub failed: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            stopped: Duration::from_secs(10),
            failed: Duration::from_secs(300),
        }
    }
}

/// Ended actors in the order of their ends. At most 10,000 of either sort; the oldest go first.
#[derive(Default)]
pub(super) struct Graves {
    retention: Retention,
    stopped: VecDeque<(Nanos, Arc<ActorCell>)>,
    failed: VecDeque<(Nanos, Arc<ActorCell>)>,
}

impl Graves {
    pub(super) fn new(retention: Retention) -> Self {
        Self {
            retention,
            ..Self::default()
        }
    }

    pub(super) fn dig(&mut self, cell: Arc<ActorCell>, failed: bool) {
        let row = if failed {
            &mut self.failed
        } else {
            &mut self.stopped
        };
        let at = cell.ended().map_or_else(Nanos::now, |ended| ended.at);
        row.push_back((at, cell));
    }

    /// Takes those whose time is up, or that are too many.
    pub(super) fn due(&mut self, now: Nanos) -> Vec<Arc<ActorCell>> {
        let mut due = Vec::new();
        for (row, kept) in [
            (&mut self.stopped, self.retention.stopped),
            (&mut self.failed, self.retention.failed),
        ] {
            while row.len() > MOST || row.front().is_some_and(|(at, _)| now.since(*at) >= kept) {
                // One that was replaced by a restart, or left at once, is not there any more.
                due.extend(
                    row.pop_front()
                        .map(|(_, cell)| cell)
                        .filter(|cell| !cell.is_superseded() && !cell.is_buried()),
                );
            }
        }
        due
    }
}
