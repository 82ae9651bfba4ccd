//! Time as the studio sees it, behind one small trait so that tests decide what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use loom_protocol::Timestamp;

/// Tells the time. Beats, `uptime` and `stale` go by it, never by what a sender claims.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
///
/// The wall clock and not a monotonic one: the latter stands still while a laptop sleeps, and every time shown
/// afterwards would be wrong. A jump forward makes actors stale until their next beat; a jump back makes none stale.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}
