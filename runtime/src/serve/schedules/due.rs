//! What is to be done about a schedule now. Pure: the caller says what time it is, and up to when was looked before.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::times::Times;

/// How late a run may still begin: a `serve` that is started anew, or a machine that was busy, misses nothing.
pub(super) const LATEST: Duration = Duration::from_secs(5 * 60);

/// How far ahead the last look may be. Further, the clock was wrong then.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// Seconds at which no clock can stand that is right: before there was this program, 1 January 2026.
const EARLIEST: i64 = 1_767_225_600;

/// How many missed times are counted one by one.
const COUNTED: u64 = 1_000;

/// Times that passed without a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Missed {
    /// How many; from a thousand on there may be more.
    pub(super) count: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// The time whose run begins now.
    pub(super) start: Option<Timestamp>,
    /// Those for which it is too late.
    pub(super) missed: Option<Missed>,
    /// Up to when was looked, where that is news.
    pub(super) until: Option<Timestamp>,
}

/// What came due since the last look. Of several times the newest begins, so that what was missed does not pile up. A clock that
/// went back begins nothing again: those times were looked at.
pub(super) fn due(times: &Times, until: Timestamp, now: Timestamp) -> Due {
    // The clock of a machine that starts and has not asked for the time yet.
    if now.as_second() < EARLIEST {
        return Due::default();
    }
    if until > now {
        let wrong = until.duration_since(now).unsigned_abs() > AHEAD;
        return Due {
            until: wrong.then_some(now),
            ..Due::default()
        };
    }
    let latest = now.checked_sub(LATEST).unwrap_or(now);
    let mut due = Due::default();
    let mut next = times.after(until);
    while let Some(time) = next.filter(|time| *time <= now) {
        due.until = Some(time);
        if let Some(earlier) = due.start.take() {
            due.miss(earlier);
        }
        if time >= latest {
            due.start = Some(time);
        } else {
            due.miss(time);
        }
        next = if due.missed.is_some_and(|missed| missed.count == COUNTED) && time < latest {
            times.after(latest)
        } else {
            times.after(time)
        };
    }
    due
}

impl Due {
    fn miss(&mut self, time: Timestamp) {
        let missed = self.missed.get_or_insert(Missed {
            count: 0,
            first: time,
            last: time,
        });
        missed.count += 1;
        missed.last = time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(cron: &str, until: &str, now: &str) -> Due {
        let at = |text: &str| format!("2026-11-{text}Z").parse::<Timestamp>().unwrap();
        due(&Times::new(cron, None).unwrap(), at(until), at(now))
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}Z").parse().unwrap()
    }

    #[test]
    fn a_time_begins_once_and_what_is_too_late_is_missed() {
        let quarter = "*/15 * * * *";
        assert_eq!(look(quarter, "30T12:00:00", "30T12:14:59"), Due::default());
        let on_time = Due {
            start: Some(at("30T12:15:00")),
            until: Some(at("30T12:15:00")),
            missed: None,
        };
        assert_eq!(look(quarter, "30T12:00:00", "30T12:15:00"), on_time);
        assert_eq!(
            look(quarter, "30T12:00:00", "30T12:20:00"),
            on_time,
            "late, but not too late"
        );
        assert_eq!(
            look(quarter, "30T12:15:00", "30T12:16:00"),
            Due::default(),
            "only once"
        );
        let too_late = look(quarter, "30T12:00:00", "30T12:20:01");
        assert_eq!((too_late.start, too_late.until), (None, Some(at("30T12:15:00"))));
        let missed = too_late.missed.unwrap();
        assert_eq!((missed.count, missed.first), (1, at("30T12:15:00")));
    }

    #[test]
    fn of_several_the_newest_begins_and_the_others_are_missed() {
        let due = look("* * * * *", "30T12:00:00", "30T12:10:30");
        assert_eq!(due.start, Some(at("30T12:10:00")));
        let missed = Missed {
            count: 9,
            first: at("30T12:01:00"),
            last: at("30T12:09:00"),
        };
        assert_eq!(due.missed, Some(missed));
    }

    #[test]
    fn a_month_of_minutes_is_not_counted_to_the_end_but_told_to_its_end() {
        let due = look("* * * * *", "01T00:00:00", "30T12:00:30");
        assert_eq!(due.start, Some(at("30T12:00:00")));
        let missed = due.missed.unwrap();
        assert!(
            missed.count >= COUNTED && missed.count < COUNTED + 10,
            "{missed:?}"
        );
        assert_eq!(
            (missed.first, missed.last),
            (at("01T00:01:00"), at("30T11:59:00"))
        );
    }

    #[test]
    fn a_clock_that_goes_back_begins_nothing_again() {
        assert_eq!(look("0 * * * *", "30T12:00:00", "30T11:00:30"), Due::default());
        let times = Times::new("0 * * * *", None).unwrap();
        let unset = Timestamp::from_second(40).unwrap();
        assert_eq!(
            due(&times, at("30T12:00:00"), unset),
            Due::default(),
            "one that was never set"
        );
        // One that was days ahead was wrong.
        let wrong = look("0 * * * *", "30T12:00:00", "20T11:00:30");
        assert_eq!((wrong.start, wrong.until), (None, Some(at("20T11:00:30"))));
    }
}
