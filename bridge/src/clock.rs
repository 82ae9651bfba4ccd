//! One cheap clock for everything the bridge measures.
//!
//! Raw ticks are what a hot path stores; nanoseconds since the process looked first are what everybody else reads.
//! Never wall-clock time: that is asked for only where a moment goes on the wire.

use std::sync::LazyLock;
use std::time::Duration;

use loom_protocol::Timestamp;

static CLOCK: LazyLock<(quanta::Clock, u64)> = LazyLock::new(|| {
    let clock = quanta::Clock::new();
    let base = clock.raw();
    (clock, base)
});

/// Nanoseconds since this process looked at its clock for the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Nanos(pub(crate) u64);

impl Nanos {
    pub(crate) fn now() -> Self {
        Self::of(raw())
    }

    pub(crate) fn of(raw: u64) -> Self {
        let (clock, base) = &*CLOCK;
        Self(clock.delta_as_nanos(*base, raw))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    #[cfg(test)]
    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        )
    }

    /// The wall-clock moment that `self` was, seen from `now`.
    pub(crate) fn on_the_wall(self, now: Self) -> Timestamp {
        let wall = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default()
            .saturating_sub(now.since(self));
        Timestamp::from_millis(i64::try_from(wall.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The moment it is, by the wall clock.
pub(crate) fn wall() -> Timestamp {
    let now = Nanos::now();
    now.on_the_wall(now)
}

/// Ticks of the processor where it has a steady counter, of the system's monotonic clock elsewhere.
#[inline]
pub(crate) fn raw() -> u64 {
    CLOCK.0.raw()
}

/// Nanoseconds between two raw readings, zero when they are out of order.
#[inline]
pub(crate) fn between(start: u64, end: u64) -> u64 {
    CLOCK.0.delta_as_nanos(start, end)
}
