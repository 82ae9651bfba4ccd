//! The newest events that this process wrote, kept in memory: who follows a run of its own reads them without the file.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{Recorded, Seq};
use crate::id::RunId;

/// Bytes of events that are kept, as they are written down.
const MOST_BYTES: usize = 1024 * 1024;

/// What was committed last. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(super) struct Recent(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    /// Of each run what was written at once, without a gap, the oldest first.
    runs: HashMap<RunId, VecDeque<Batch>>,
    /// The runs of all batches, in the order in which they were written.
    order: VecDeque<RunId>,
    bytes: usize,
}

struct Batch {
    events: Vec<Recorded>,
    bytes: usize,
}

impl Recent {
    /// Takes events of one run that are in the file for certain; `bytes` is how much they are there.
    pub(super) fn keep(&self, events: &[Recorded], bytes: usize) {
        let mut kept = self.lock();
        let Some(first) = events.first() else { return };
        let known = kept
            .runs
            .get(&first.run)
            .and_then(VecDeque::back)
            .and_then(Batch::last);
        if known.is_some_and(|known| first.seq <= known) {
            return; // the same append once more
        }
        if known.is_some_and(|known| first.seq != known.next()) {
            kept.forget(&first.run);
        }
        kept.runs.entry(first.run.clone()).or_default().push_back(Batch {
            events: events.to_vec(),
            bytes,
        });
        kept.order.push_back(first.run.clone());
        kept.bytes += bytes;
        while kept.bytes > MOST_BYTES && kept.drop_oldest() {}
    }

    /// Events of a run after a place, at most so many; `None` when those are not all here, or there are none: the file
    /// knows. Behind them there may be more, which others wrote.
    pub(super) fn after(&self, run: &RunId, after: Seq, limit: usize) -> Option<Vec<Recorded>> {
        let kept = self.lock();
        let batches = kept.runs.get(run)?;
        let first = batches.front()?.events.first()?.seq;
        if first > after.next() {
            return None;
        }
        let from = batches.partition_point(|batch| batch.last().is_none_or(|last| last <= after));
        let events = batches.range(from..).flat_map(|batch| &batch.events);
        let events: Vec<_> = events
            .filter(|event| event.seq > after)
            .take(limit)
            .cloned()
            .collect();
        Some(events).filter(|events| !events.is_empty())
    }

    /// Keeps nothing any more, as when histories were removed.
    pub(super) fn clear(&self) {
        *self.lock() = Kept::default();
    }

    /// A panic leaves nothing half done here: what is counted may be more than there is.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget(&mut self, run: &RunId) {
        let batches = self.runs.remove(run).unwrap_or_default();
        self.bytes -= batches.iter().map(|batch| batch.bytes).sum::<usize>();
        self.order.retain(|other| other != run);
    }

    /// Whether there was one.
    fn drop_oldest(&mut self) -> bool {
        let Some(run) = self.order.pop_front() else {
            return false;
        };
        if let Some(batches) = self.runs.get_mut(&run) {
            self.bytes -= batches.pop_front().map_or(0, |batch| batch.bytes);
            if batches.is_empty() {
                self.runs.remove(&run);
            }
        }
        true
    }
}

impl Batch {
    fn last(&self) -> Option<Seq> {
        self.events.last().map(|event| event.seq)
    }
}

#[cfg(test)]
mod tests {
    use loom_protocol::Timestamp;

    use super::*;
    use crate::event::Event;

    fn events(run: &str, seqs: std::ops::RangeInclusive<u64>) -> Vec<Recorded> {
        let event = |seq| Recorded {
            run: RunId(run.into()),
            seq: Seq(seq),
            time: Timestamp::from_millis(0),
            event: Event::RunStarted,
        };
        seqs.map(event).collect()
    }

    fn read(recent: &Recent, run: &str, after: u64) -> Option<Vec<u64>> {
        let found = recent.after(&RunId(run.into()), Seq(after), 3)?;
        Some(found.into_iter().map(|event| event.seq.0).collect())
    }

    #[test]
    fn what_is_here_without_a_gap_is_read_and_nothing_else() {
        let recent = Recent::default();
        assert_eq!(read(&recent, "a", 0), None);
        recent.keep(&events("a", 4..=5), 10);
        recent.keep(&events("b", 1..=1), 10);
        recent.keep(&events("a", 6..=7), 10);
        recent.keep(&events("a", 6..=7), 10);
        assert_eq!(read(&recent, "a", 2), None, "event 3 is in the file alone");
        assert_eq!(read(&recent, "a", 3), Some(vec![4, 5, 6]));
        assert_eq!(read(&recent, "a", 5), Some(vec![6, 7]));
        assert_eq!(read(&recent, "a", 7), None, "others may have written more");
        assert_eq!(read(&recent, "b", 0), Some(vec![1]));
        // What others wrote between is in the file alone.
        recent.keep(&events("a", 10..=10), 10);
        assert_eq!(read(&recent, "a", 5), None);
        assert_eq!(read(&recent, "a", 9), Some(vec![10]));
        recent.clear();
        assert_eq!((read(&recent, "a", 9), read(&recent, "b", 0)), (None, None));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let recent = Recent::default();
        for seq in 1..=10 {
            recent.keep(&events("a", seq..=seq), MOST_BYTES / 4);
        }
        assert_eq!(read(&recent, "a", 5), None);
        assert_eq!(read(&recent, "a", 6), Some(vec![7, 8, 9]));
        recent.keep(&events("b", 1..=2), MOST_BYTES * 2);
        let kept = recent.lock();
        assert_eq!((kept.bytes, kept.runs.len(), kept.order.len()), (0, 0, 0));
    }
}
