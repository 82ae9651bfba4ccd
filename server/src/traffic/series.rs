//! A window: what happened in each second, where anything did.

use std::collections::VecDeque;

use loom_history::Counts;
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

    /// How many fell into each bucket. Times of which only sums are told are in none.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (bucket, count) in &self.buckets {
            counts.add(*bucket, *count);
        }
        counts
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
    /// The step is of the seconds after this one,
    pub(super) from: i64,
    /// up to this one. Steps do not overlap.
    pub(super) second: i64,
    pub(super) handled: f32,
    pub(super) errors: f32,
    /// Messages that waited at its end, where that changed.
    pub(super) queue: Option<u32>,
    /// Of a type, the actors that had not ended at its end, where that changed.
    pub(super) live: Option<u32>,
    pub(super) wait: Times,
    pub(super) handle: Times,
}

/// Samples in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series {
    samples: VecDeque<Sample>,
    /// What waited before the first of them.
    queue_before: Option<u32>,
    live_before: Option<u32>,
    /// Steps of the length that is in force begin after this second; before it each second was kept, or ten of them.
    steps_from: i64,
}

impl Series {
    /// Changes the sample that a second is in; where there is none, a new one of a step of so many seconds.
    pub(super) fn at(&mut self, second: i64, step: i64, change: impl FnOnce(&mut Sample)) {
        let later = self
            .samples
            .iter()
            .rev()
            .take_while(|sample| sample.second >= second)
            .count();
        let place = self.samples.len() - later;
        let next = self.samples.get_mut(place);
        let next_from = next.as_ref().map(|next| next.from);
        if let Some(next) = next.filter(|next| next.from < second) {
            change(next);
            return;
        }
        let end = if second > self.steps_from {
            end_of_step(second, step)
        } else {
            second
        };
        let end = next_from.map_or(end, |next| next.min(end));
        let before = place.checked_sub(1).and_then(|before| self.samples.get(before));
        let limits = [Some(self.steps_from), before.map(|before| before.second)];
        let limits = limits.into_iter().flatten().filter(|limit| *limit < second);
        let mut sample = Sample {
            from: limits.fold(end - step, i64::max),
            second: end,
            ..Sample::default()
        };
        change(&mut sample);
        self.samples.insert(place, sample);
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
            self.at(second, step, |sample| {
                sample.handled += handled as f32 / seconds;
                sample.errors += errors as f32 / seconds;
            });
        }
    }

    /// Says how many wait at the end of a step.
    pub(super) fn set_queue(&mut self, second: i64, step: i64, queue: u64) {
        let queue = u32::try_from(queue).unwrap_or(u32::MAX);
        self.at(second, step, |sample| sample.queue = Some(queue));
    }

    /// Says how many actors there are at the end of a second.
    pub(super) fn set_live(&mut self, second: i64, live: u64) {
        let live = u32::try_from(live).unwrap_or(u32::MAX);
        self.at(second, 1, |sample| sample.live = Some(live));
    }

    /// How many waited, and how many actors there were, at the end of a second; nothing where that is not known.
    pub(super) fn standing(&self, second: i64) -> (Option<u32>, Option<u32>) {
        let (mut queue, mut live) = (None, None);
        for sample in self.samples.iter().rev().filter(|sample| sample.second <= second) {
            queue = queue.or(sample.queue);
            live = live.or(sample.live);
            if queue.is_some() && live.is_some() {
                break;
            }
        }
        (queue.or(self.queue_before), live.or(self.live_before))
    }

    /// What happened in a single second, where anything did and single seconds are kept.
    pub(super) fn of_second(&self, second: i64) -> Option<&Sample> {
        let mut newer = self.samples.iter().rev();
        newer
            .find(|sample| sample.second <= second)
            .filter(|sample| sample.second == second && sample.from == second - 1)
    }

    /// Forgets what is older than `oldest`.
    pub(super) fn trim(&mut self, oldest: i64) {
        while self.samples.front().is_some_and(|sample| sample.second < oldest) {
            if let Some(sample) = self.samples.pop_front() {
                self.queue_before = sample.queue.or(self.queue_before);
                self.live_before = sample.live.or(self.live_before);
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

    /// The step that runs ends with this second: those after it are of another length.
    pub(super) fn change_step(&mut self, second: i64) {
        if let Some(running) = self.samples.back_mut() {
            running.second = running.second.min(second.max(running.from + 1));
        }
        self.steps_from = second;
    }

    /// The same with what was kept in longer steps spread over their seconds.
    pub(super) fn refined(&self) -> Self {
        let mut refined = Self {
            queue_before: self.queue_before,
            ..Self::default()
        };
        for sum in &self.samples {
            #[expect(clippy::cast_precision_loss, reason = "a step has a few seconds")]
            let seconds = (sum.second - sum.from).max(1) as f32;
            for second in sum.from + 1..sum.second {
                refined.samples.push_back(Sample {
                    from: second - 1,
                    second,
                    handled: sum.handled / seconds,
                    errors: sum.errors / seconds,
                    ..Sample::default()
                });
            }
            refined.samples.push_back(Sample {
                from: sum.second - 1,
                handled: sum.handled / seconds,
                errors: sum.errors / seconds,
                ..sum.clone()
            });
        }
        refined
    }

    /// What was handled after a second: the seconds of each step, as in a sample, and how much that was.
    pub(super) fn handled_since(&self, from: i64) -> Vec<(i64, i64, f32)> {
        let within = self.samples.iter().filter(|sample| sample.second > from);
        within
            .map(|sample| (sample.from, sample.second, sample.handled))
            .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Five a second, told each second.
    fn told(series: &mut Series, seconds: std::ops::RangeInclusive<i64>, step: i64) {
        for second in seconds {
            series.spread((second - 1, second), step, 5, 1);
        }
    }

    fn each_second(series: &Series) -> Vec<(i64, f32)> {
        let refined = series.refined();
        let samples = refined.samples();
        samples.map(|sample| (sample.second, sample.handled)).collect()
    }

    #[test]
    fn a_constant_rate_stays_one_however_often_it_is_followed_each_second() {
        // From every second of a step to every other one.
        for first in 101..=111 {
            for (long, pause) in [(1, 1), (3, 13), (9, 2), (20, 7), (10, 10)] {
                let mut series = Series::default();
                let mut now = 100;
                let mut go = |series: &mut Series, to: i64, step| {
                    told(series, now + 1..=to, step);
                    series.change_step(to);
                    now = to;
                };
                go(&mut series, first, 10);
                for _ in 0..3 {
                    let begun = series.steps_from;
                    go(&mut series, begun + long, 1);
                    go(&mut series, begun + long + pause, 10);
                }
                let seconds = each_second(&series);
                assert!(
                    seconds.iter().all(|(_, handled)| (handled - 5.0).abs() < 0.01),
                    "{first} {long} {pause}: {seconds:?}"
                );
                let expected: Vec<i64> = (101..=now).collect();
                let told: Vec<i64> = seconds.iter().map(|(second, _)| *second).collect();
                assert_eq!(told, expected, "{first} {long} {pause}");
            }
        }
    }

    #[test]
    fn what_comes_late_is_counted_where_it_belongs() {
        let mut series = Series::default();
        told(&mut series, 101..=115, 10);
        series.change_step(115);
        // Told at 118 of the last ten seconds, most of which are in the long steps before.
        series.spread((108, 118), 1, 100, 0);
        let seconds = each_second(&series);
        let all: f32 = seconds.iter().map(|(_, handled)| handled).sum();
        assert!((all - 175.0).abs() < 0.1, "{seconds:?}");
        let places: Vec<i64> = series.samples().map(|sample| sample.second).collect();
        assert_eq!(places, [110, 115, 116, 117, 118]);
        assert_eq!(series.handled_since(115).len(), 3);
    }
}
