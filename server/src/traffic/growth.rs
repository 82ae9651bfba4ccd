//! By how much totals grew between two reports.

use loom_protocol::{Histogram, MessageTotals};
use serde::{Deserialize, Serialize};

use super::series::Sample;

/// How far a total of one type in one boot came by two ways of counting: the sum over its actors, which is there at every level
/// of detail and knows none that lived between two reports, and the total by type, which stands still while nobody looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    by_actors: u64,
    by_type: u64,
    before: u64,
}

impl Tally {
    /// What is to be added after one report.
    pub(super) fn add(&mut self, by_actors: u64, by_type: Option<u64>) -> u64 {
        self.by_actors = self.by_actors.saturating_add(by_actors);
        if let Some(by_type) = by_type {
            self.by_type = self.by_type.saturating_add(by_type);
        }
        let now = self.by_actors.max(self.by_type);
        if by_type.is_none() {
            // That way of counting stood still, or there was nothing to count.
            (self.by_actors, self.by_type) = (now, now);
        }
        let grown = now.saturating_sub(self.before);
        self.before = now;
        grown
    }
}

/// What a message's totals grew by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Growth {
    pub(super) handled: u64,
    pub(super) asked: u64,
    pub(super) errors: u64,
    pub(super) dead: u64,
    pub(super) cancelled: u64,
    pub(super) wait: Histogram,
    pub(super) handle: Histogram,
}

impl Growth {
    pub(super) fn has_times(&self) -> bool {
        let any = |times: &Histogram| times.buckets.iter().any(|count| *count > 0);
        any(&self.wait) || any(&self.handle)
    }

    pub(super) fn add_times(&self, sample: &mut Sample) {
        sample.wait.add(&self.wait);
        sample.handle.add(&self.handle);
    }
}

/// The growth from `before`, or from nothing.
pub(super) fn growth(before: Option<&MessageTotals>, now: &MessageTotals) -> Growth {
    let none = MessageTotals::default();
    let before = before.unwrap_or(&none);
    let times = |before: &Option<Histogram>, now: &Option<Histogram>| match (before, now) {
        (Some(before), Some(now)) => now.since(before),
        (None, Some(now)) => now.clone(),
        (_, None) => Histogram::default(),
    };
    Growth {
        handled: now.handled.saturating_sub(before.handled),
        asked: now.asked.saturating_sub(before.asked),
        errors: now.errors.saturating_sub(before.errors),
        dead: now.dead.saturating_sub(before.dead),
        cancelled: now.cancelled.saturating_sub(before.cancelled),
        wait: times(&before.wait, &now.wait),
        handle: times(&before.handle, &now.handle),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_two_ways_of_counting_is_told_and_nothing_twice() {
        let mut tally = Tally::default();
        assert_eq!(tally.add(10, Some(11)), 11, "one lived between two reports");
        assert_eq!(tally.add(11, Some(10)), 10, "the same message, seen later");
        assert_eq!(tally.add(5, None), 5, "only actors count");
        assert_eq!(tally.add(3, Some(3)), 3, "types count on from there");
        assert_eq!(tally.add(0, Some(4)), 4);
    }

    #[test]
    fn totals_that_fall_grew_by_nothing() {
        let totals = |handled| MessageTotals {
            handled,
            ..MessageTotals::default()
        };
        assert_eq!(growth(Some(&totals(9)), &totals(4)), Growth::default());
        assert_eq!(growth(Some(&totals(4)), &totals(9)).handled, 5);
    }
}
