//! Which seconds a report is of.

use loom_protocol::Timestamp;

use super::{GAP_MILLIS, WINDOW};

/// The seconds between two reports: that of the later one at least, where both came in one.
pub(super) fn span(last: Option<i64>, now: Timestamp) -> (i64, i64) {
    let to = second_of(now);
    let from = last.map_or(to - 1, |last| last.div_euclid(1_000));
    (from.clamp(to - WINDOW, to - 1), to)
}

/// Whether what grew since the last report may be spread over the time since then.
pub(super) fn is_whole(last: Option<i64>, now: Timestamp) -> bool {
    last.is_some_and(|last| {
        let between = now.as_millis().saturating_sub(last);
        u64::try_from(between).is_ok_and(|between| between <= GAP_MILLIS)
    })
}

/// The second in which a moment is.
pub(crate) fn second_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1_000)
}
