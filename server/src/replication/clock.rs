//! The time of the log that servers share: the same at each of them, and standing still while that can't be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use loom_protocol::Timestamp;

use crate::Clock;

/// Milliseconds without a word of the log after which the time stands still.
pub(crate) const STANDS_AFTER: i64 = 3_000;
/// Nothing was heard yet.
const NEVER: i64 = i64::MIN;

/// The machine's clock, as far before or behind as the log's is.
pub(crate) struct StudioClock {
    machine: Arc<dyn Clock>,
    ahead: AtomicI64,
    /// The moment of the newest record when the log was last read to its end.
    heard: AtomicI64,
}

impl StudioClock {
    pub(crate) fn new(machine: Arc<dyn Clock>) -> Self {
        Self {
            machine,
            ahead: AtomicI64::new(0),
            heard: AtomicI64::new(NEVER),
        }
    }

    /// The log says what time it is there.
    pub(crate) fn set(&self, there: Timestamp) {
        let ahead = there.as_millis().saturating_sub(self.machine.now().as_millis());
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// The log was read to its end, which is of this moment. So time stands still at the same one at all servers.
    pub(crate) fn heard(&self, end: Timestamp) {
        self.heard.store(end.as_millis(), Ordering::Relaxed);
    }

    /// Whether time goes on.
    pub(crate) fn goes(&self) -> bool {
        let heard = self.heard.load(Ordering::Relaxed);
        heard != NEVER && self.running() <= heard.saturating_add(STANDS_AFTER)
    }

    fn running(&self) -> i64 {
        let ahead = self.ahead.load(Ordering::Relaxed);
        self.machine.now().as_millis().saturating_add(ahead)
    }
}

impl Clock for StudioClock {
    fn now(&self) -> Timestamp {
        let (running, heard) = (self.running(), self.heard.load(Ordering::Relaxed));
        if heard == NEVER {
            return Timestamp::from_millis(running);
        }
        Timestamp::from_millis(running.min(heard.saturating_add(STANDS_AFTER)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Hands(Arc<AtomicI64>);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn it_is_the_time_of_the_log_and_stands_still_without_that() {
        let hands = Hands::default();
        let clock = StudioClock::new(Arc::new(hands.clone()));
        clock.set(Timestamp::from_millis(1_000_000));
        hands.0.fetch_add(50_000, Ordering::SeqCst);
        assert!(!clock.goes());
        clock.heard(Timestamp::from_millis(1_050_000));
        hands.0.fetch_add(2_000, Ordering::SeqCst);
        assert!(clock.goes());
        assert_eq!(clock.now().as_millis(), 1_052_000);
        hands.0.fetch_add(60_000, Ordering::SeqCst);
        assert!(!clock.goes());
        assert_eq!(clock.now().as_millis(), 1_053_000);
        clock.heard(Timestamp::from_millis(1_111_900));
        assert_eq!(clock.now().as_millis(), 1_112_000);
    }
}
