//! How long somebody may be silent, not counting the time in which nobody could be heard.
//!
//! While what several servers share is away, none of them takes reports: a process that was not heard then was not silent.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// The last stretch of time in which nobody could be heard, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deaf {
    from: i64,
    to: i64,
}

/// The same, of a directory. Safe from any thread.
#[derive(Default)]
pub(super) struct Hearing(RwLock<Deaf>);

/// A silence that is longer counts.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    limit: Duration,
    deaf: Deaf,
}

impl Deaf {
    pub(crate) fn between(from: Timestamp, to: Timestamp) -> Self {
        Self {
            from: from.as_millis(),
            to: to.as_millis(),
        }
    }

    /// When one begins before the last is over, it is one.
    fn and(self, next: Self) -> Self {
        if next.from <= self.to && next.to >= self.to {
            return Self {
                from: self.from.min(next.from),
                ..next
            };
        }
        next
    }
}

impl Hearing {
    pub(super) fn deaf(&self) -> Deaf {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn was(&self, deaf: Deaf) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *kept = kept.and(deaf);
    }

    pub(super) fn is(&self, deaf: Deaf) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = deaf;
    }
}

impl Patience {
    pub(super) fn new(limit: Duration, deaf: Deaf) -> Self {
        Self { limit, deaf }
    }

    /// Whether `last` is so long before `now` that it no longer counts as a sign of life.
    pub(super) fn is_over(self, last: Timestamp, now: Timestamp) -> bool {
        let Deaf { from, to } = self.deaf;
        let (last, now) = (last.as_millis(), now.as_millis());
        let deaf = now.min(to).saturating_sub(last.max(from)).max(0);
        let silent = now.saturating_sub(last).saturating_sub(deaf);
        silent >= 0 && u128::from(silent.unsigned_abs()) >= self.limit.as_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_nobody_could_be_heard_is_no_silence() {
        let at = Timestamp::from_millis;
        let hearing = Hearing::default();
        let over = |last, now| {
            let patience = Patience::new(Duration::from_millis(10), hearing.deaf());
            patience.is_over(at(last), at(now))
        };
        assert!(over(100, 110) && !over(100, 109) && !over(100, 50));
        hearing.was(Deaf::between(at(105), at(205)));
        assert!(!over(100, 110) && !over(100, 205) && !over(100, 209));
        assert!(over(100, 210), "five before and five after");
        assert!(over(95, 106), "it was silent before");
        assert!(!over(150, 214) && over(150, 215), "heard of in between");
        assert!(over(300, 310));
        hearing.was(Deaf::between(at(200), at(300)));
        assert!(!over(100, 304) && over(100, 305), "both are one");
    }
}
