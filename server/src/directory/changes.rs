//! Which actors changed since somebody last looked. An actor that changes ten times is in here once.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::entry::Text;

/// More waiting than this is cheaper to fetch as a list than to send one by one, now and then.
const BULK: usize = 20_000;
/// More waiting than this is not kept.
const MOST: usize = 10 * BULK;

/// The waiting changes, oldest first.
#[derive(Default)]
pub struct Changes {
    waiting: Mutex<Waiting>,
    arrived: Notify,
    version: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    order: VecDeque<Text>,
    known: HashSet<Text>,
    /// So many came that they were dropped.
    dropped: bool,
}

/// What [`Changes::take`] found.
pub(crate) enum Taken {
    /// These ids changed; there may be more.
    Some(Vec<Text>),
    /// So many changed that they are not told one by one.
    Bulk,
}

impl Changes {
    pub(super) fn mark(&self, id: &Text) {
        self.version.fetch_add(1, Ordering::Relaxed);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.dropped || !waiting.known.insert(id.clone()) {
            return;
        }
        waiting.order.push_back(id.clone());
        if waiting.order.len() > MOST {
            *waiting = Waiting {
                dropped: true,
                ..Waiting::default()
            };
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Another one whenever something changed.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Waits until something changed.
    pub(crate) async fn wait(&self) {
        self.arrived.notified().await;
    }

    /// Takes the `most` oldest changes out. With `may_bulk` very many are taken together, uncounted, which has every viewer
    /// fetch everything: where that is too often, they go round one by one, and later.
    pub(crate) fn take(&self, most: usize, may_bulk: bool) -> Taken {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.dropped || (may_bulk && waiting.order.len() > BULK) {
            *waiting = Waiting::default();
            return Taken::Bulk;
        }
        let count = waiting.order.len().min(most);
        let taken: Vec<Text> = waiting.order.drain(..count).collect();
        for id in &taken {
            waiting.known.remove(id);
        }
        if !waiting.order.is_empty() {
            self.arrived.notify_one();
        }
        Taken::Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(changes: &Changes, ids: std::ops::Range<usize>) {
        for id in ids {
            changes.mark(&id.to_string().into());
        }
    }

    fn count(taken: &Taken) -> Option<usize> {
        match taken {
            Taken::Some(ids) => Some(ids.len()),
            Taken::Bulk => None,
        }
    }

    #[test]
    fn many_changes_are_one_bulk_now_and_then_and_go_round_in_between() {
        let changes = Changes::default();
        mark(&changes, 0..BULK + 1);
        assert_eq!(count(&changes.take(500, true)), None);
        assert_eq!(count(&changes.take(500, true)), Some(0), "once");
        for _ in 0..2 {
            mark(&changes, 0..BULK + 1000);
        }
        assert_eq!(count(&changes.take(500, false)), Some(500));
        mark(&changes, 0..500);
        assert_eq!(
            count(&changes.take(usize::MAX, false)),
            Some(BULK + 1000),
            "each once"
        );
        mark(&changes, 0..MOST + 1);
        assert_eq!(
            count(&changes.take(500, false)),
            None,
            "there is an end to what is kept"
        );
        mark(&changes, 0..1);
        assert_eq!(count(&changes.take(500, false)), Some(1));
    }
}
