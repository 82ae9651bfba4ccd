//! Waiting for something to become true.

use std::time::{Duration, Instant};

/// How long anything may take that is not expected to: generous, since it is only ever waited out by a failing test.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Looks again and again until there is something, at most for [`LIMIT`].
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "waited {} s for this: {what}",
            LIMIT.as_secs()
        );
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
