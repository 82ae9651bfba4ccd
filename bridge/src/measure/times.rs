//! Times in the buckets of the wire's histogram, added to while others read.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use loom_protocol::{BUCKETS, Histogram};

/// Times that were measured.
pub(super) struct Times {
    sum_ns: AtomicU64,
    max_ns: AtomicU64,
    buckets: [AtomicU64; BUCKETS],
}

impl Default for Times {
    fn default() -> Self {
        Self {
            sum_ns: AtomicU64::new(0),
            max_ns: AtomicU64::new(0),
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
        }
    }
}

impl Times {
    /// Adds one where other threads add too.
    #[inline]
    pub(super) fn add_among_others(&self, nanos: u64) {
        if let Some(bucket) = self.buckets.get(Histogram::bucket_of(nanos)) {
            bucket.fetch_add(1, Relaxed);
        }
        self.sum_ns.fetch_add(nanos, Relaxed);
        if nanos > self.max_ns.load(Relaxed) {
            self.max_ns.fetch_max(nanos, Relaxed);
        }
    }

    /// Adds one where only this thread adds.
    #[inline]
    pub(super) fn add(&self, nanos: u64) {
        if let Some(bucket) = self.buckets.get(Histogram::bucket_of(nanos)) {
            bucket.store(bucket.load(Relaxed) + 1, Relaxed);
        }
        self.sum_ns
            .store(self.sum_ns.load(Relaxed).wrapping_add(nanos), Relaxed);
        if nanos > self.max_ns.load(Relaxed) {
            self.max_ns.store(nanos, Relaxed);
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }
}

/// A sum of readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) sum_ns: u64,
    max_ns: u64,
    buckets: [u64; BUCKETS],
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            sum_ns: 0,
            max_ns: 0,
            buckets: [0; BUCKETS],
        }
    }
}

impl Reading {
    pub(super) fn add(&mut self, times: &Times) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&times.buckets) {
            *sum += bucket.load(Relaxed);
        }
        self.sum_ns = self.sum_ns.wrapping_add(times.sum_ns.load(Relaxed));
        self.max_ns = self.max_ns.max(times.max_ns.load(Relaxed));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (sum, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum += more;
        }
        self.sum_ns = self.sum_ns.wrapping_add(other.sum_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// For the wire; nothing where nothing was measured.
    pub(super) fn histogram(&self) -> Option<Histogram> {
        let used = self.buckets.iter().rposition(|count| *count > 0)? + 1;
        Some(Histogram {
            sum_us: self.sum_ns / 1_000,
            max_us: self.max_ns / 1_000,
            buckets: self.buckets.iter().take(used).copied().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_the_wires_own_histogram_holds() {
        let (alone, shared, mut expected) = (Times::default(), Times::default(), Histogram::default());
        // Whole microseconds: the wire's own rounds each of them.
        for nanos in [0, 1_000, 2_000, 70_000, 1_000_000, 90_000_000_000, 70_000] {
            alone.add(nanos);
            shared.add_among_others(nanos);
            expected.record(nanos);
        }
        for times in [&alone, &shared] {
            let mut reading = Reading::default();
            reading.add(times);
            assert_eq!(reading.histogram(), Some(expected.clone()));
            assert_eq!((reading.count(), times.count()), (7, 7));
        }
        let mut both = Reading::default();
        both.add(&alone);
        both.add(&shared);
        let mut twice = expected.clone();
        twice.add(&expected);
        assert_eq!(both.histogram(), Some(twice));
        assert_eq!(Reading::default().histogram(), None);
    }
}
