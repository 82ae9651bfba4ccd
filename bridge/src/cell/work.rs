//! What an actor's work comes to: sums with the counts that go with them, and what of it fell into the last stretch of time.
//!
//! The sums have one writer, the thread that polls the actor, so they are plain loads and stores. What is counted after its
//! end, for answers outlive who gave them, may come while the next life counts on another thread: that is apart, and all
//! lives of a name share it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock};

use loom_protocol::{Latency, Rates, Work};

use crate::clock::Nanos;
use crate::measure::{SenderNumber, Traffic};

/// A stretch of time that is shorter tells more of chance than of the actor.
const SHORTEST_STRETCH: u64 = 250_000_000;

/// How old rates may be that are still said: nobody looks any more.
const STILL_TRUE: u64 = 5_000_000_000;

/// A sum or count of one writer.
#[derive(Default)]
pub(super) struct Tally(AtomicU64);

impl Tally {
    #[inline]
    pub(super) fn add(&self, more: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }
}

/// The sums of one actor. Most actors are looked at closer only for a while, and many never: so what that takes is apart.
#[derive(Default)]
pub(super) struct Sums {
    /// Work that no message asked for.
    pub(super) turns: Tally,
    closer: OnceLock<Box<Closer>>,
}

/// What is measured of an actor only while somebody looks closer.
#[derive(Default)]
pub(super) struct Closer {
    times: Times,
    /// Its messages by type.
    pub(super) traffic: OnceLock<Arc<Traffic>>,
    /// Who it is for those that it sends to.
    pub(super) sender: SenderNumber,
    late: OnceLock<Arc<Late>>,
    /// Held by whoever adds to the others, where several threads may.
    pub(super) writers: Mutex<()>,
}

/// What the lives of one name counted after their ends, from any thread.
#[derive(Default)]
pub(super) struct Late {
    handled: AtomicU64,
    handle_ns: AtomicU64,
    errors: AtomicU32,
}

impl Late {
    pub(super) fn answered(&self, nanos: u64) {
        self.handle_ns.fetch_add(nanos, Relaxed);
        self.handled.fetch_add(1, Relaxed);
    }

    pub(super) fn error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }
}

/// Times, and how many were measured of each.
#[derive(Default)]
pub(super) struct Times {
    /// Messages handled to their end, and the time from their delivery until then.
    pub(super) handled: Tally,
    pub(super) handle_ns: Tally,
    /// Messages that waited in a queue, and for how long.
    pub(super) queued: Tally,
    pub(super) wait_ns: Tally,
    /// Time in which the actor was polled.
    pub(super) busy_ns: Tally,
}

impl Sums {
    /// To add to them.
    #[inline]
    pub(super) fn times(&self) -> &Times {
        &self.closer().times
    }

    /// To write there.
    #[inline]
    pub(super) fn closer(&self) -> &Closer {
        self.closer.get_or_init(Box::default)
    }

    /// To read there, where anything was written.
    #[inline]
    pub(super) fn closer_if_any(&self) -> Option<&Closer> {
        self.closer.get().map(Box::as_ref)
    }

    /// To count there what comes after the end.
    pub(super) fn late(&self) -> &Arc<Late> {
        self.closer().late.get_or_init(Arc::default)
    }

    /// Errors of answers that came after an end.
    pub(super) fn late_errors(&self) -> u32 {
        let late = self.closer_if_any().and_then(|closer| closer.late.get());
        late.map_or(0, |late| late.errors.load(Relaxed))
    }

    pub(super) fn read(&self) -> Totals {
        let mut totals = self.own();
        if let Some(late) = self.closer_if_any().and_then(|closer| closer.late.get()) {
            totals.handled += late.handled.load(Relaxed);
            totals.handle_ns = totals.handle_ns.wrapping_add(late.handle_ns.load(Relaxed));
        }
        totals
    }

    fn own(&self) -> Totals {
        let turns = self.turns.get();
        let Some(Closer { times, .. }) = self.closer_if_any() else {
            return Totals {
                turns,
                ..Totals::default()
            };
        };
        // Counts before their sums would make a mean too large beside a write; a moment later they agree again.
        Totals {
            handled: times.handled.get(),
            handle_ns: times.handle_ns.get(),
            queued: times.queued.get(),
            wait_ns: times.wait_ns.get(),
            busy_ns: times.busy_ns.get(),
            turns,
        }
    }

    /// Shared from now on is what came late, or will.
    pub(super) fn go_on_from(&self, before: &Self) {
        self.closer().late.get_or_init(|| Arc::clone(before.late()));
        let before = before.own();
        self.turns.set(before.turns);
        let untimed = Totals {
            turns: before.turns,
            ..Totals::default()
        };
        if before == untimed {
            return;
        }
        let times = self.times();
        times.handled.set(before.handled);
        times.handle_ns.set(before.handle_ns);
        times.queued.set(before.queued);
        times.wait_ns.set(before.wait_ns);
        times.busy_ns.set(before.busy_ns);
    }
}

/// A reading of [`Sums`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    handled: u64,
    handle_ns: u64,
    queued: u64,
    wait_ns: u64,
    busy_ns: u64,
    turns: u64,
}

impl Totals {
    /// For the wire; nothing where nothing was measured.
    pub(super) fn work(self) -> Option<Work> {
        (self != Self::default()).then_some(Work {
            handled: self.handled,
            handle_us: self.handle_ns / 1_000,
            queued: self.queued,
            wait_us: self.wait_ns / 1_000,
            busy_us: self.busy_ns / 1_000,
            turns: self.turns,
        })
    }

    /// Means over what came since `before`; where nothing came, those of `latest` stay.
    fn means_since(self, before: Self, latest: Latency) -> Latency {
        let mean = |sum: u64, sum_before: u64, count: u64, count_before: u64| {
            let count = count.saturating_sub(count_before);
            // Whole nanoseconds, in milliseconds.
            (count > 0).then(|| (sum.saturating_sub(sum_before) as f64 / count as f64).round() / 1e6)
        };
        let handled = mean(self.handle_ns, before.handle_ns, self.handled, before.handled);
        let waited = mean(self.wait_ns, before.wait_ns, self.queued, before.queued);
        Latency {
            handle_ms: handled.or(latest.handle_ms),
            wait_ms: waited.or(latest.wait_ms),
        }
    }
}

/// What an actor had counted when it was looked at, and what the stretch before that look was like. There only for actors
/// that somebody subscribed to.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    at: Nanos,
    counted: Counted,
    /// A look that came too soon found something: it is part of the stretch that goes on.
    found: bool,
    pub(super) rates: Option<Rates>,
    pub(super) latency: Latency,
}

/// What rates and means are made of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) messages: u64,
    pub(super) errors: u32,
    pub(super) totals: Totals,
}

impl Sample {
    /// Begins at `now` with what was counted before, which fell into no stretch that anybody watched.
    pub(super) fn begin(now: Nanos, counted: Counted) -> Self {
        Self {
            at: now,
            counted,
            ..Self::default()
        }
    }

    /// Somebody begins to watch at `now`: what was counted until then is of no stretch any more.
    pub(super) fn begin_again(&mut self, now: Nanos, counted: Counted) {
        (self.at, self.counted, self.found) = (now, counted, false);
    }

    /// Nothing comes any more.
    pub(super) fn stand_still(&mut self, now: Nanos) {
        self.at = now;
        self.rates = self.rates.take().map(|_| Rates {
            messages: Some(0.0),
            errors: Some(0.0),
        });
    }

    /// Looks again at `now`. An actor that was at rest is looked at when it moves: what it counted came after `since`.
    pub(super) fn look(&mut self, now: Nanos, since: Nanos, counted: Counted) {
        let was_at_rest = !self.found && !self.is_moving();
        let start = if was_at_rest { self.at.max(since) } else { self.at };
        let stretch = now.0.saturating_sub(start.0);
        if stretch < SHORTEST_STRETCH {
            let moved = counted.messages != self.counted.messages || counted.errors != self.counted.errors;
            if was_at_rest && moved {
                (self.at, self.found) = (start, true);
            }
            return;
        }
        let seconds = stretch as f64 / 1e9;
        // To a hundredth: more digits are noise, and cost bytes.
        let rate = |more: u64| Some((more as f64 / seconds * 100.0).round() / 100.0);
        let errors = counted.errors.saturating_sub(self.counted.errors);
        self.rates = Some(Rates {
            messages: rate(counted.messages.saturating_sub(self.counted.messages)),
            errors: rate(errors.into()),
        });
        self.latency = counted
            .totals
            .means_since(self.counted.totals, std::mem::take(&mut self.latency));
        self.begin_again(now, counted);
    }

    /// The rates, while they are of a time that still counts as now.
    pub(super) fn rates_at(&self, now: Nanos) -> Option<Rates> {
        let rates = self.rates.clone()?;
        (now.0.saturating_sub(self.at.0) < STILL_TRUE).then_some(rates)
    }

    /// Whether the rates will change by themselves, as time goes by.
    pub(super) fn is_moving(&self) -> bool {
        let moves = |rate: Option<f64>| rate.is_some_and(|rate| rate > 0.0);
        self.rates
            .as_ref()
            .is_some_and(|rates| moves(rates.messages) || moves(rates.errors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(messages: u64, totals: Totals) -> Counted {
        Counted {
            messages,
            errors: 0,
            totals,
        }
    }

    fn seconds(seconds: f64) -> Nanos {
        Nanos((seconds * 1e9) as u64)
    }

    fn messages_a_second(sample: &Sample) -> Option<f64> {
        sample.rates.as_ref().and_then(|rates| rates.messages)
    }

    #[test]
    fn rates_are_of_the_last_stretch_and_fall_to_zero() {
        let mut sample = Sample::begin(seconds(10.0), counted(1_000_000, Totals::default()));
        assert_eq!(
            messages_a_second(&sample),
            None,
            "what came before was never watched"
        );
        sample.look(
            seconds(12.0),
            seconds(11.0),
            counted(1_000_050, Totals::default()),
        );
        assert_eq!(
            messages_a_second(&sample),
            Some(50.0),
            "it came after the last look"
        );
        assert!(sample.is_moving());
        sample.look(
            seconds(12.1),
            seconds(12.0),
            counted(1_000_051, Totals::default()),
        );
        assert_eq!(messages_a_second(&sample), Some(50.0), "too short to tell");
        sample.look(
            seconds(13.0),
            seconds(12.1),
            counted(1_000_051, Totals::default()),
        );
        assert_eq!(messages_a_second(&sample), Some(1.0), "nothing is lost between");
        // Looks that follow each other fast do not keep it up.
        for millis in 0..=1_000 {
            let now = seconds(13.0 + f64::from(millis) / 1e3);
            sample.look(now, now, counted(1_000_051, Totals::default()));
        }
        assert_eq!(messages_a_second(&sample), Some(0.0));
        assert!(!sample.is_moving());
        assert_eq!(sample.rates_at(seconds(30.0)), None, "nobody looked for long");
    }

    #[test]
    fn means_are_of_the_last_stretch_in_which_there_was_something() {
        let totals = |handled, handle_ns, queued, wait_ns| Totals {
            handled,
            handle_ns,
            queued,
            wait_ns,
            ..Totals::default()
        };
        let mut sample = Sample::begin(seconds(0.0), counted(0, totals(10, 10_000_000_000, 0, 0)));
        sample.look(
            seconds(1.0),
            seconds(0.0),
            counted(4, totals(12, 10_004_000_000, 1, 7_000_000)),
        );
        let expected = Latency {
            handle_ms: Some(2.0),
            wait_ms: Some(7.0),
        };
        assert_eq!(sample.latency, expected);
        sample.look(
            seconds(2.0),
            seconds(1.0),
            counted(4, totals(12, 10_004_000_000, 1, 7_000_000)),
        );
        assert_eq!(sample.latency, expected);
    }
}
