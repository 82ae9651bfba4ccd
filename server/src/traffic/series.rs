//! A window: what happened in each second, where anything did.

use std::collections::VecDeque;

use loom_protocol::Histogram;

/// Times in few buckets: most seconds have times in a handful of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Times {
    buckets: Vec<(u8, u32)>,
    /// Microseconds, and how many, where only sums are told.
    sum: f32,
    count: f32,
}

impl Times {
    pub(super) fn add(&mut self, grown: &Histogram) {
        for (bucket, count) in grown.buckets.iter().enumerate() {
            let Ok(bucket) = u8::try_from(bucket) else { break };
            if *count == 0 {
                continue;
            }
            let count = u32::try_from(*count).unwrap_or(u32::MAX);
            match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
                Ok(place) => {
                    if let Some((_, sum)) = self.buckets.get_mut(place) {
                        *sum = sum.saturating_add(count);
                    }
                }
                Err(place) => self.buckets.insert(place, (bucket, count)),
            }
        }
    }

    /// Adds times of which only the sum is known.
    #[expect(clippy::cast_precision_loss, reason = "means need no more than a few digits")]
    pub(super) fn add_sum(&mut self, micros: u64, count: u64) {
        self.sum += micros as f32;
        self.count += count as f32;
    }

    pub(super) fn add_to(&self, all: &mut Histogram) {
        for (bucket, count) in &self.buckets {
            let bucket = usize::from(*bucket);
            if all.buckets.len() <= bucket {
                all.buckets.resize(bucket + 1, 0);
            }
            if let Some(sum) = all.buckets.get_mut(bucket) {
                *sum = sum.saturating_add(u64::from(*count));
            }
            all.max_us = all.max_us.max(Histogram::lower_bound(bucket + 1) / 1_000);
        }
    }

    /// What 95 % did not exceed, in milliseconds; the mean where only sums were told.
    pub(super) fn typical_ms(&self) -> Option<f64> {
        if self.buckets.is_empty() {
            return (self.count > 0.0).then(|| f64::from(self.sum / self.count) / 1e3);
        }
        let mut all = Histogram::default();
        self.add_to(&mut all);
        all.percentile_ms(0.95)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let mut all = Histogram::default();
        other.add_to(&mut all);
        self.add(&all);
        self.sum += other.sum;
        self.count += other.count;
    }
}

/// What happened in one step of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// The second in which the step ends.
    pub(super) second: i64,
    pub(super) handled: f32,
    pub(super) errors: f32,
    /// Messages that waited at its end, where that changed.
    pub(super) queue: Option<u32>,
    pub(super) wait: Times,
    pub(super) handle: Times,
}

/// Samples in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series {
    samples: VecDeque<Sample>,
    /// What waited before the first of them.
    queue_before: Option<u32>,
}

impl Series {
    /// Changes the sample of a second, which may be new.
    pub(super) fn at(&mut self, second: i64, change: impl FnOnce(&mut Sample)) {
        let newer = self
            .samples
            .iter()
            .rev()
            .take_while(|sample| sample.second > second)
            .count();
        let place = self.samples.len() - newer;
        let last = place.checked_sub(1).and_then(|last| self.samples.get_mut(last));
        match last {
            Some(sample) if sample.second == second => change(sample),
            _ => {
                let mut sample = Sample {
                    second,
                    ..Sample::default()
                };
                change(&mut sample);
                self.samples.insert(place, sample);
            }
        }
    }

    /// Spreads counts over the seconds after `from` up to `to`, in steps of `step` seconds.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of a second are far below 2^24, or need not be exact"
    )]
    pub(super) fn spread(&mut self, (from, to): (i64, i64), step: i64, handled: u64, errors: u64) {
        if handled == 0 && errors == 0 {
            return;
        }
        let from = from.min(to - 1);
        let seconds = (to - from) as f32;
        for second in from + 1..=to {
            self.at(end_of_step(second, step), |sample| {
                sample.handled += handled as f32 / seconds;
                sample.errors += errors as f32 / seconds;
            });
        }
    }

    /// Says how many wait at the end of a step.
    pub(super) fn set_queue(&mut self, second: i64, step: i64, queue: u64) {
        let queue = u32::try_from(queue).unwrap_or(u32::MAX);
        self.at(end_of_step(second, step), |sample| sample.queue = Some(queue));
    }

    /// Forgets what is older than `oldest`.
    pub(super) fn trim(&mut self, oldest: i64) {
        while self.samples.front().is_some_and(|sample| sample.second < oldest) {
            if let Some(sample) = self.samples.pop_front() {
                self.queue_before = sample.queue.or(self.queue_before);
            }
        }
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    pub(super) fn queue_before(&self) -> Option<u32> {
        self.queue_before
    }

    pub(super) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The step that runs ends with this second: from here on each second is kept.
    pub(super) fn end_step(&mut self, second: i64) {
        if let Some(running) = self.samples.back_mut() {
            running.second = running.second.min(second);
        }
    }

    /// The same with what was kept in steps of `coarse` seconds spread over their seconds, up to `until`, with which the last of
    /// them ended: since then each second is kept, and the sum of a step would look like one second's.
    pub(super) fn refined(&self, until: i64, coarse: i64) -> Self {
        let is_sum = |sample: &&Sample| {
            sample.second == until || (sample.second < until && sample.second % coarse == 0)
        };
        let mut refined = self.clone();
        for sum in self.samples.iter().filter(is_sum) {
            let before = end_of_step(sum.second, coarse) - coarse;
            #[expect(clippy::cast_precision_loss, reason = "a step has a few seconds")]
            let seconds = (sum.second - before) as f32;
            refined.at(sum.second, |sample| {
                sample.handled -= sum.handled;
                sample.errors -= sum.errors;
            });
            for second in before + 1..=sum.second {
                refined.at(second, |part| {
                    part.handled += sum.handled / seconds;
                    part.errors += sum.errors / seconds;
                });
            }
        }
        refined
    }

    /// Messages and errors after `from` up to `to`.
    pub(super) fn counts(&self, from: i64, to: i64) -> (f64, f64) {
        let within = self
            .samples
            .iter()
            .rev()
            .take_while(|sample| sample.second > from);
        within
            .filter(|sample| sample.second <= to)
            .fold((0.0, 0.0), |(handled, errors), sample| {
                (
                    handled + f64::from(sample.handled),
                    errors + f64::from(sample.errors),
                )
            })
    }

    /// Times after `from` up to `to`, added to two histograms.
    pub(super) fn times(&self, from: i64, to: i64, wait: &mut Histogram, handle: &mut Histogram) {
        let within = self
            .samples
            .iter()
            .rev()
            .take_while(|sample| sample.second > from);
        for sample in within.filter(|sample| sample.second <= to) {
            sample.wait.add_to(wait);
            sample.handle.add_to(handle);
        }
    }

    /// Reckons what it weighs, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let times = |times: &Times| times.buckets.capacity() * size_of::<(u8, u32)>();
        let samples = self.samples.iter();
        let buckets: usize = samples
            .map(|sample| times(&sample.wait) + times(&sample.handle))
            .sum();
        self.samples.capacity() * size_of::<Sample>() + buckets
    }
}

/// The second in which the step ends that a second is in.
pub(super) fn end_of_step(second: i64, step: i64) -> i64 {
    (second - 1).div_euclid(step) * step + step
}
