//! Which actors changed since somebody last looked. An actor that changes ten times is in here once.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::entry::Text;

/// More waiting than this is cheaper to fetch as a list than to send one by one.
const BULK: usize = 20_000;

/// The waiting changes, oldest first.
#[derive(Default)]
pub struct Changes {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Default)]
struct Waiting {
    order: VecDeque<Text>,
    known: HashSet<Text>,
    bulk: bool,
}

/// What [`Changes::take`] found.
pub(crate) enum Taken {
    /// These ids changed; there may be more.
    Some(Vec<Text>),
    /// So many changed that they were not counted one by one.
    Bulk,
}

impl Changes {
    pub(super) fn mark(&self, id: &Text) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bulk || !waiting.known.insert(id.clone()) {
            return;
        }
        waiting.order.push_back(id.clone());
        if waiting.order.len() > BULK {
            *waiting = Waiting {
                bulk: true,
                ..Waiting::default()
            };
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Waits until something changed.
    pub(crate) async fn wait(&self) {
        self.arrived.notified().await;
    }

    /// Takes the `most` oldest changes out.
    pub(crate) fn take(&self, most: usize) -> Taken {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bulk {
            waiting.bulk = false;
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
