//! The history as a studio uses it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::disk::{Disk, Order, Row};
use crate::health::{HistoryHealth, Place};
use crate::key::{By, Key};
use crate::options::HistoryOptions;
use crate::read::{Past, Question, read};
use crate::step::Step;
use crate::store::Store;

/// Seconds that a clock must have been behind what is there already before that is forgotten: it may only be wrong for a while.
const BEHIND: i64 = 600;
/// How long an end waits for the file.
const FAREWELL: Duration = Duration::from_secs(5);
/// Chunks that are handed to the writer at once.
const BATCH: usize = 4_096;

/// What a studio remembers. Safe from any thread; see the crate.
pub struct History {
    store: Mutex<Store>,
    disk: Option<Disk>,
    /// Since when the clock is behind what is there.
    behind: Mutex<Option<i64>>,
    place: Place,
    /// Why the directory can't be used.
    refused: Option<String>,
}

impl History {
    /// A history in the directory that is named; in memory where none is, or where it can't be used: [`History::health`] says why. Waits
    /// for the disk.
    pub fn open(options: HistoryOptions) -> Self {
        let opened = options
            .directory
            .as_deref()
            .map(|directory| Disk::open(directory, options.max_disk));
        let (disk, known, place, refused) = match opened {
            None => (None, None, Place::Memory, None),
            Some(Ok((disk, known))) => (Some(disk), Some(known), Place::File, None),
            Some(Err(error)) => {
                let refused = format!("failed to {error}");
                tracing::warn!("the history is kept in memory only: {refused}");
                (None, None, Place::Refused, Some(refused))
            }
        };
        Self {
            store: Mutex::new(Store::new(options, known)),
            disk,
            behind: Mutex::default(),
            place,
            refused,
        }
    }

    /// Takes in what was measured in a second; what is not named was not measured. Seconds come in the order of time, each once:
    /// one that is there already is not taken again. False then.
    pub fn push(&self, second: i64, measured: &[(Key, Step)]) -> bool {
        self.lock().push(second, measured)
    }

    /// To be called about once a second with the second that it is: ends what is over, forgets what is too old, and hands to the file
    /// what is complete.
    pub fn tick(&self, now: i64) {
        let mut store = self.lock();
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        if store.newest.is_some_and(|newest| newest > now) {
            let since = behind.map_or(now, |since| since.min(now));
            *behind = Some(since);
            if now - since >= BEHIND {
                tracing::warn!("the clock went back; what the history has of later is forgotten");
                store.cut(now);
                *behind = None;
            }
        } else {
            *behind = None;
        }
        drop(behind);
        store.tick(now, self.disk.as_ref());
    }

    /// The last second that was taken in; nothing before the first.
    pub fn newest(&self) -> Option<i64> {
        self.lock().newest
    }

    /// How it was. Waits for the disk where the question is of more than is in memory.
    pub fn read(&self, question: &Question<'_>) -> Past {
        read(&self.store, self.disk.as_ref(), question)
    }

    /// Names of a kind that are kept.
    pub fn names(&self, by: By) -> Vec<Key> {
        let store = self.lock();
        let mut names: Vec<Key> = store.series.keys().filter(|key| key.by == by).cloned().collect();
        drop(store);
        names.sort();
        names
    }

    /// How many names of a kind were refused because there was no room.
    pub fn left_out(&self, by: By) -> u64 {
        self.lock().left_out(by)
    }

    /// How it does.
    pub fn health(&self) -> HistoryHealth {
        let status = self.disk.as_ref().map(Disk::status).unwrap_or_default();
        let store = self.lock();
        HistoryHealth {
            place: self.place,
            trouble: self
                .refused
                .clone()
                .or_else(|| status.trouble.map(|trouble| format!("failed to {trouble}"))),
            series: store.series.len(),
            left_out: By::EACH.map(|by| (by, store.left_out(by))),
            forgotten: store.forgotten + status.forgotten,
            memory: store.memory,
            disk: status.bytes,
        }
    }

    /// Writes what is not in the file yet. Takes no longer than some seconds, whatever the disk does. To be called once, at the end.
    pub fn close(&self) {
        let mut rows: Vec<Row> = self.lock().close();
        let Some(disk) = &self.disk else { return };
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(BATCH));
            if !disk.order(Order::Save(rows.clone())) {
                disk.wait(FAREWELL);
                if !disk.order(Order::Save(rows)) {
                    break;
                }
            }
            rows = rest;
        }
        disk.wait(FAREWELL);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }
}
