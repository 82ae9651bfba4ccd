//! What was measured in a stretch of time: sums and histograms, which may be added.

use loom_protocol::{BUCKETS, Histogram};

/// A number that was measured in some seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// In how many seconds.
    pub seconds: u32,
    /// What it came to in all of them together.
    pub sum: u64,
    /// The most that it was in one of them.
    pub max: u64,
}

/// How many times fell into each bucket of [`Histogram`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Buckets in order, each once, none of them empty.
    pub(crate) used: Vec<(u8, u32)>,
}

/// What was measured in a second, or in several: four numbers, which [`Metric`](crate::Metric) names, and times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Of actors the messages handled and the errors (both in thousandths), the messages that wait, and the living actors; of a
    /// process its processor time (in millionths of a core), memory, files and load (in millionths).
    pub slots: [Slot; 4],
    /// Times in queues.
    pub wait: Counts,
    /// Times from delivery to the end of handling.
    pub handle: Counts,
}

impl Slot {
    /// What was measured in one second.
    pub fn once(value: u64) -> Self {
        Self {
            seconds: 1,
            sum: value,
            max: value,
        }
    }

    /// The mean of a second.
    #[expect(
        clippy::cast_precision_loss,
        reason = "means need no more than fifteen digits"
    )]
    pub fn mean(&self) -> Option<f64> {
        (self.seconds > 0).then(|| self.sum as f64 / f64::from(self.seconds))
    }

    /// Adds what was measured in other seconds.
    fn then(&mut self, later: Self) {
        self.seconds = self.seconds.saturating_add(later.seconds);
        self.sum = self.sum.saturating_add(later.sum);
        self.max = self.max.max(later.max);
    }

    /// Adds what was measured of others in the same seconds.
    fn beside(&mut self, other: Self) {
        self.seconds = self.seconds.max(other.seconds);
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.saturating_add(other.max);
    }
}

impl Counts {
    /// Adds so many times of a bucket.
    pub fn add(&mut self, bucket: u8, count: u32) {
        if count == 0 || usize::from(bucket) >= BUCKETS {
            return;
        }
        match self.used.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(place) => {
                if let Some((_, sum)) = self.used.get_mut(place) {
                    *sum = sum.saturating_add(count);
                }
            }
            Err(place) => self.used.insert(place, (bucket, count)),
        }
    }

    /// Adds all of others.
    pub fn join(&mut self, other: &Self) {
        if self.used.is_empty() {
            self.used.clone_from(&other.used);
            return;
        }
        for (bucket, count) in &other.used {
            self.add(*bucket, *count);
        }
    }

    /// Buckets in order, and how many are in each; those without any are left out.
    pub fn iter(&self) -> impl Iterator<Item = (u8, u32)> + '_ {
        self.used.iter().copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// What a share of them (0.95, say) did not exceed, in milliseconds; nothing where there are none.
    pub fn percentile_ms(&self, share: f64) -> Option<f64> {
        let last = usize::from(self.used.last()?.0);
        let mut all = Histogram {
            sum_us: 0,
            // Of the longest one only the bucket is known.
            max_us: Histogram::lower_bound(last + 1) / 1_000,
            buckets: vec![0; last + 1],
        };
        for (bucket, count) in &self.used {
            if let Some(sum) = all.buckets.get_mut(usize::from(*bucket)) {
                *sum = u64::from(*count);
            }
        }
        all.percentile_ms(share)
    }
}

impl From<&Histogram> for Counts {
    fn from(times: &Histogram) -> Self {
        let mut counts = Self::default();
        for (bucket, count) in times.buckets.iter().enumerate() {
            if let Ok(bucket) = u8::try_from(bucket) {
                counts.add(bucket, u32::try_from(*count).unwrap_or(u32::MAX));
            }
        }
        counts
    }
}

impl Step {
    /// Adds what was measured in other seconds.
    pub fn then(&mut self, later: &Self) {
        for (slot, later) in self.slots.iter_mut().zip(later.slots) {
            slot.then(later);
        }
        self.wait.join(&later.wait);
        self.handle.join(&later.handle);
    }

    /// Adds what was measured of others in the same seconds. The most of both together is known only of a single second.
    pub fn beside(&mut self, other: &Self) {
        for (slot, other) in self.slots.iter_mut().zip(other.slots) {
            slot.beside(other);
        }
        self.wait.join(&other.wait);
        self.handle.join(&other.handle);
    }

    /// Whether nothing was measured.
    pub fn is_gap(&self) -> bool {
        self.slots.iter().all(|slot| slot.seconds == 0) && self.wait.is_empty() && self.handle.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_of_the_seconds_that_were_measured_and_times_are_joined() {
        let mut first = Step::default();
        first.slots[0] = Slot::once(10);
        first.wait.add(3, 7);
        let mut second = Step::default();
        second.slots[0] = Slot::once(20);
        second.wait.add(3, 1);
        second.wait.add(1, 1);
        first.then(&second);
        first.then(&Step::default());
        assert_eq!(first.slots[0].mean(), Some(15.0));
        assert_eq!(first.slots[1].mean(), None);
        assert_eq!(first.wait.used, [(1, 1), (3, 8)]);
        let mut both = second.clone();
        both.beside(&second);
        assert_eq!(both.slots[0], Slot::once(40));
    }

    #[test]
    fn quantiles_are_those_of_the_wires_histogram() {
        let mut times = Histogram::default();
        (1..=1_000).for_each(|micros| times.record(micros * 1_000));
        let counts = Counts::from(&times);
        for share in [0.5, 0.95, 0.99] {
            let (ours, theirs) = (
                counts.percentile_ms(share).unwrap(),
                times.percentile_ms(share).unwrap(),
            );
            assert!((ours / theirs - 1.0).abs() < 0.26, "{share}: {ours} {theirs}");
        }
        assert_eq!(Counts::default().percentile_ms(0.5), None);
    }
}
