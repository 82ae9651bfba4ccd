//! What an actor did in the last minute, as lists show it, filter by it and order by it.
//!
//! Who tells totals (`messageCount`, `work`) is measured here: by how much they grew in the last minute, which is written down
//! once a second by whoever keeps those windows. What it says of its own speed counts only where it tells no totals, for
//! nobody knows over which time that is.

use loom_protocol::{Latency, Rates};

/// Messages and errors a second, and mean times in milliseconds, of the last minute.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    pub(super) rate: Number,
    pub(super) errors: Number,
    pub(super) wait: Number,
    pub(super) handle: Number,
}

/// A number that may be unknown, in eight bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(f64);

/// How an actor stands, as far as its numbers depend on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// It tells how many messages it handled.
    pub(super) counts: bool,
    /// It tells the sums of its times.
    pub(super) times: bool,
    /// Its process was heard in the last minute, so that whoever grew by nothing did nothing.
    pub(super) heard: bool,
    /// It has ended, or nobody speaks for it any more.
    pub(super) silent: bool,
}

/// A change of a rate by less than this part of it is no news to viewers.
const NEWS: f64 = 0.1;

impl Number {
    pub(super) fn of(number: Option<f64>) -> Self {
        Self(number.unwrap_or(f64::NAN))
    }

    pub(super) fn get(self) -> Option<f64> {
        (!self.0.is_nan()).then_some(self.0)
    }

    fn is(self, other: Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }

    fn is_near(self, other: Self) -> bool {
        match (self.get(), other.get()) {
            (Some(one), Some(other)) => {
                (one - other).abs() <= NEWS * one.abs().max(other.abs()) && (one == 0.0) == (other == 0.0)
            }
            (one, other) => one.is_none() == other.is_none(),
        }
    }
}

impl Default for Number {
    fn default() -> Self {
        Self(f64::NAN)
    }
}

impl Measured {
    /// `rate` and `errors` are per second, `wait` and `handle` in microseconds.
    pub(crate) fn new(rate: f64, errors: f64, wait: Option<f64>, handle: Option<f64>) -> Self {
        let to_millis = |micros: Option<f64>| Number::of(micros.map(|micros| rounded(micros / 1e3, 1e6)));
        Self {
            rate: Number(rounded(rate, 1e3)),
            errors: Number(rounded(errors, 1e3)),
            wait: to_millis(wait),
            handle: to_millis(handle),
        }
    }

    /// The numbers alone, unknown ones as NaN.
    pub(super) fn to_bare(self) -> [f64; 4] {
        [self.rate.0, self.errors.0, self.wait.0, self.handle.0]
    }

    /// Of what [`Measured::to_bare`] gave.
    pub(super) fn of_bare([rate, errors, wait, handle]: [f64; 4]) -> Self {
        Self {
            rate: Number(rate),
            errors: Number(errors),
            wait: Number(wait),
            handle: Number(handle),
        }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.rate.is(other.rate)
            && self.errors.is(other.errors)
            && self.wait.is(other.wait)
            && self.handle.is(other.handle)
    }

    /// Whether viewers need not be told of `other` in its place.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        self.rate.is_near(other.rate) && self.errors.is_near(other.errors) && self.wait.is_near(other.wait)
    }
}

impl Standing {
    /// Messages a second, where `reported` is what the actor says of itself.
    pub(super) fn rate(self, measured: Number, reported: Number) -> Option<f64> {
        if !self.counts {
            return reported.get();
        }
        match measured.get() {
            Some(rate) => Some(rate),
            None if self.heard => Some(0.0),
            None if self.silent => None,
            None => reported.get(),
        }
    }

    /// A mean time in milliseconds, where `reported` is what the actor says of itself. Who handled nothing has none.
    pub(super) fn time(self, measured: Number, reported: Number) -> Option<f64> {
        if !self.times {
            return reported.get();
        }
        match measured.get() {
            Some(time) => Some(time),
            None if self.heard || self.silent => None,
            None => reported.get(),
        }
    }

    /// Both rates of a record.
    pub(super) fn rates(self, measured: &Measured, reported: Option<&Rates>) -> Option<Rates> {
        let of = |read: fn(&Rates) -> Option<f64>| Number::of(reported.and_then(read));
        let errors = of(|rates| rates.errors);
        let rates = Rates {
            messages: self.rate(measured.rate, of(|rates| rates.messages)),
            errors: self.rate(measured.errors, errors),
        };
        (rates != Rates::default()).then_some(rates)
    }

    /// Both times of a record.
    pub(super) fn latency(self, measured: &Measured, reported: Option<&Latency>) -> Option<Latency> {
        let of = |read: fn(&Latency) -> Option<f64>| Number::of(reported.and_then(read));
        let latency = Latency {
            handle_ms: self.time(measured.handle, of(|latency| latency.handle_ms)),
            wait_ms: self.time(measured.wait, of(|latency| latency.wait_ms)),
        };
        (latency != Latency::default()).then_some(latency)
    }
}

/// Sums are kept in few digits; the last of them would be noise.
fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARD: Standing = Standing {
        counts: true,
        times: true,
        heard: true,
        silent: false,
    };

    #[test]
    fn what_was_measured_counts_before_what_is_said() {
        let (five, nine, none) = (Number(5.0), Number(9.0), Number::default());
        assert_eq!(HEARD.rate(five, nine), Some(5.0));
        assert_eq!(HEARD.rate(none, nine), Some(0.0), "heard, and it did nothing");
        assert_eq!(HEARD.time(five, nine), Some(5.0));
        assert_eq!(HEARD.time(none, nine), None, "nothing was handled");
        let told = Standing {
            counts: false,
            times: false,
            ..HEARD
        };
        assert_eq!(
            (told.rate(none, nine), told.time(none, nine)),
            (Some(9.0), Some(9.0))
        );
        let first = Standing {
            heard: false,
            ..HEARD
        };
        assert_eq!(
            (first.rate(none, nine), first.time(none, nine)),
            (Some(9.0), Some(9.0))
        );
        let silent = Standing {
            silent: true,
            ..first
        };
        assert_eq!((silent.rate(none, nine), silent.time(none, nine)), (None, None));
    }

    #[test]
    fn a_little_more_is_no_news_and_the_first_message_is() {
        let of = |rate| Measured::new(rate, 0.0, None, None);
        assert!(of(100.0).is_near(&of(105.0)));
        assert!(!of(100.0).is_near(&of(120.0)));
        assert!(!of(0.0).is_near(&of(0.001)));
        assert!(!of(0.0).is_near(&Measured::default()));
        assert!(of(29.999_999).is(&of(30.0)), "noise of sums is rounded away");
    }
}
