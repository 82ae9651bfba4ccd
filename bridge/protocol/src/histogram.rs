//! How long things took, so that percentiles of any stretch of time and of many actors together can be told.

use serde::{Deserialize, Serialize};

/// The shortest time that buckets tell apart, in nanoseconds, as a power of two: 512 ns.
const FIRST: u32 = 9;
/// Buckets of a histogram: two for each doubling from 512 ns, so a time is known to a quarter of itself; the last one is
/// open and begins at 68 seconds.
pub const BUCKETS: usize = 56;

/// Times in buckets. Counts only grow, so those of a stretch of time are a difference, and those of several actors a sum.
///
/// Bucket 0 is below 512 ns; each bucket after it begins where [`Histogram::lower_bound`] says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Histogram {
    /// Microseconds of all of them together.
    pub sum_us: u64,
    /// The longest one, in microseconds.
    pub max_us: u64,
    /// How many fell into each bucket; empty ones at the end are left out.
    pub buckets: Vec<u64>,
}

impl Histogram {
    /// The bucket of a time.
    pub fn bucket_of(nanos: u64) -> usize {
        if nanos < 1 << FIRST {
            return 0;
        }
        let doublings = nanos.ilog2() - FIRST;
        let upper_half = (nanos >> (FIRST + doublings - 1)) & 1;
        let bucket = 1 + 2 * doublings as usize + usize::from(upper_half == 1);
        bucket.min(BUCKETS - 1)
    }

    /// Where a bucket begins, in nanoseconds.
    pub fn lower_bound(bucket: usize) -> u64 {
        let Some(bucket) = bucket.checked_sub(1) else {
            return 0;
        };
        let bucket = bucket.min(BUCKETS - 2);
        let start = 1_u64 << (FIRST as usize + bucket / 2);
        if bucket % 2 == 0 { start } else { start + start / 2 }
    }

    /// Adds one time.
    pub fn record(&mut self, nanos: u64) {
        let bucket = Self::bucket_of(nanos);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.sum_us = self.sum_us.saturating_add(nanos / 1_000);
        self.max_us = self.max_us.max(nanos / 1_000);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.buckets
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Adds another one's times.
    pub fn add(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (count, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *count = count.saturating_add(*more);
        }
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
    }

    /// What came since `earlier`, an older state of the same histogram. The longest time is that of all, where any came.
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |bucket: usize| earlier.buckets.get(bucket).copied().unwrap_or(0);
        let buckets: Vec<u64> = self
            .buckets
            .iter()
            .enumerate()
            .map(|(bucket, count)| count.saturating_sub(before(bucket)))
            .collect();
        let any = buckets.iter().any(|count| *count > 0);
        Self {
            sum_us: self.sum_us.saturating_sub(earlier.sum_us),
            max_us: if any { self.max_us } else { 0 },
            buckets,
        }
    }

    /// The time in milliseconds that a `share` of all (0.95, say) did not exceed: the middle of the bucket it falls in. `None`
    /// when there are none.
    pub fn percentile_ms(&self, share: f64) -> Option<f64> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank need not be exact beyond 2^53, and is at least 1"
        )]
        let rank = (share.clamp(0.0, 1.0) * total as f64).ceil().max(1.0) as u64;
        let mut seen: u64 = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen = seen.saturating_add(*count);
            if seen >= rank {
                let (from, to) = (Self::lower_bound(bucket), Self::lower_bound(bucket + 1));
                #[expect(clippy::cast_precision_loss, reason = "far below 2^53 nanoseconds")]
                let middle = (from + to.max(from)) as f64 / 2e6;
                #[expect(clippy::cast_precision_loss, reason = "to three digits")]
                return Some(middle.min(self.max_us as f64 / 1e3 + 0.001));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_order_and_a_time_is_in_the_one_that_begins_before_it() {
        for bucket in 1..BUCKETS {
            let bound = Histogram::lower_bound(bucket);
            assert_eq!(Histogram::bucket_of(bound), bucket, "{bound}");
            assert_eq!(Histogram::bucket_of(bound - 1), bucket - 1, "{bound}");
        }
        assert_eq!(Histogram::bucket_of(0), 0);
        assert_eq!(Histogram::bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_within_a_quarter_and_differences_are_of_the_stretch() {
        let mut times = Histogram::default();
        (1..=1_000).for_each(|micros| times.record(micros * 1_000));
        for (share, expected) in [(0.5, 0.5), (0.95, 0.95), (0.99, 0.99)] {
            let read = times.percentile_ms(share).unwrap();
            assert!((read / expected - 1.0_f64).abs() < 0.26, "{share}: {read}");
        }
        assert_eq!((times.count(), times.max_us), (1_000, 1_000));
        let before = times.clone();
        assert_eq!(times.since(&before).percentile_ms(0.5), None);
        times.record(5_000_000);
        assert_eq!(times.since(&before).count(), 1);
        let mut sum = before.clone();
        sum.add(&times.since(&before));
        assert_eq!(sum, times);
    }

    #[test]
    fn one_time_is_told_as_no_longer_than_it_was() {
        let mut times = Histogram::default();
        times.record(1_000_000);
        assert!(times.percentile_ms(0.99).unwrap() <= 1.001);
    }
}
