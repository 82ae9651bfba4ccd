//! When a schedule is due: its five fields, read in its time zone.
//!
//! Where clocks go forward, a time that there is not is at the end of the hour that is skipped, as GitHub has it ("Events that
//! trigger workflows", note on `timezone`, read in November 2026). Where they go back, a time that there is twice is the first of
//! the two; what is of every hour goes on through both changes as if there was none.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use loom_workflow::cron::{Cron, CronError};
use thiserror::Error;

/// How many days are searched for a time: 29 February is at most eight years away.
const DAYS: u32 = 8 * 366 + 2;

/// The times of a schedule.
#[derive(Clone, Debug)]
pub(super) struct Times {
    cron: Cron,
    zone: TimeZone,
}

/// Why a schedule has no times.
#[derive(Debug, Error)]
pub(super) enum TimesError {
    /// Its `cron` cannot be read.
    #[error("its `cron` is no time: {0}")]
    Cron(#[from] CronError),
    /// Its `timezone` is not known.
    #[error("the time zone `{0}` is not known; use a name of the IANA list, e.g. `Europe/Berlin`")]
    Zone(String),
}

impl Times {
    /// # Errors
    /// See [`TimesError`].
    pub(super) fn new(cron: &str, zone: Option<&str>) -> Result<Self, TimesError> {
        let zone = match zone {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|_| TimesError::Zone(name.to_owned()))?,
        };
        Ok(Self {
            cron: Cron::parse(cron)?,
            zone,
        })
    }

    /// The first time later than a moment; `None` where there is none, as on 31 February.
    pub(super) fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        // A time that is skipped may be due on the day after its own.
        let mut day = self.zone.to_datetime(moment).date().yesterday().ok()?;
        for _ in 0..DAYS {
            if self.is_on(day) {
                let times = self
                    .cron
                    .times_of_day()
                    .flat_map(|(hour, minute)| self.instants(day, hour, minute));
                if let Some(first) = times.filter(|time| *time > moment).min() {
                    return Some(first);
                }
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn is_on(&self, day: Date) -> bool {
        let number = |number: i8| u32::try_from(number).unwrap_or_default();
        let weekday = number(day.weekday().to_sunday_zero_offset());
        self.cron.is_on(number(day.day()), number(day.month()), weekday)
    }

    /// When a clock on the wall shows this and it counts: once as a rule.
    fn instants(&self, day: Date, hour: u32, minute: u32) -> impl Iterator<Item = Timestamp> {
        let number = |number: u32| i8::try_from(number).unwrap_or_default();
        let shown = day.at(number(hour), number(minute), 0, 0);
        let hourly = self.cron.is_hourly();
        let (first, second) = match self.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset.to_timestamp(shown).ok(), None),
            AmbiguousOffset::Fold { before, after } => {
                let second = after.to_timestamp(shown).ok().filter(|_| hourly);
                (before.to_timestamp(shown).ok(), second)
            }
            AmbiguousOffset::Gap { .. } if hourly => (None, None),
            AmbiguousOffset::Gap { after, .. } => {
                // With the offset of afterwards it is before the change.
                let earlier = after.to_timestamp(shown).ok();
                let change = earlier.and_then(|earlier| self.zone.following(earlier).next());
                (change.map(|change| change.timestamp()), None)
            }
        };
        first.into_iter().chain(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, zone: Option<&str>, from: &str, count: usize) -> Vec<String> {
        let times = Times::new(cron, zone).unwrap();
        let first = times.after(from.parse().unwrap());
        std::iter::successors(first, |time| times.after(*time))
            .take(count)
            .map(|time| time.to_string())
            .collect()
    }

    #[test]
    fn the_next_times_are_those_of_the_calendar() {
        for (cron, from, want) in [
            (
                "*/20 * * * *",
                "2026-11-30T23:20:00Z",
                ["2026-11-30T23:40:00Z", "2026-12-01T00:00:00Z"],
            ),
            (
                "30 4 * * 1",
                "2026-11-30T04:30:00Z",
                ["2026-12-07T04:30:00Z", "2026-12-14T04:30:00Z"],
            ),
            (
                "0 0 29 2 *",
                "2026-11-30T00:00:00Z",
                ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"],
            ),
            // Either kind of day is enough.
            (
                "0 0 13 * FRI",
                "2026-12-10T00:00:00Z",
                ["2026-12-11T00:00:00Z", "2026-12-13T00:00:00Z"],
            ),
            (
                "59 23 31 12 *",
                "2026-12-31T23:58:59Z",
                ["2026-12-31T23:59:00Z", "2027-12-31T23:59:00Z"],
            ),
        ] {
            assert_eq!(next(cron, None, from, 2), want, "{cron}");
        }
        assert_eq!(
            next("0 0 31 2 *", None, "2026-11-30T00:00:00Z", 1),
            Vec::<String>::new()
        );
    }

    #[test]
    fn where_clocks_change_no_time_is_lost_or_doubled() {
        // New York: forward on 8 March 2026 at 2:00 (7:00 UTC), back on 1 November at 2:00 (6:00 UTC).
        let zone = Some("America/New_York");
        let night = |cron, from, count| next(cron, zone, from, count);
        assert_eq!(
            night("30 2 * * *", "2026-03-07T12:00:00Z", 2),
            ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
            "a time that there is not is at the end of what is skipped"
        );
        assert_eq!(
            night("30 1 * * *", "2026-10-31T12:00:00Z", 2),
            ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
            "a time that there is twice is the first"
        );
        assert_eq!(
            night("30 * * * *", "2026-11-01T04:45:00Z", 3),
            [
                "2026-11-01T05:30:00Z",
                "2026-11-01T06:30:00Z",
                "2026-11-01T07:30:00Z"
            ],
            "each hour is each hour, also the one that is repeated"
        );
        assert_eq!(
            night("0 * * * *", "2026-03-08T05:30:00Z", 3),
            [
                "2026-03-08T06:00:00Z",
                "2026-03-08T07:00:00Z",
                "2026-03-08T08:00:00Z"
            ],
            "nor is one of them doubled where an hour is skipped"
        );
        // Beirut skips midnight.
        assert_eq!(
            next("30 0 * * *", Some("Asia/Beirut"), "2026-03-28T12:00:00Z", 2),
            ["2026-03-28T22:00:00Z", "2026-03-29T21:30:00Z"]
        );
    }

    #[test]
    fn what_has_no_times_says_why() {
        let why = |cron, zone| Times::new(cron, zone).unwrap_err().to_string();
        assert!(why("0 4 * *", None).starts_with("its `cron` is no time: five fields"));
        assert!(why("0 4 * * *", Some("Mars/Olympus")).contains("`Mars/Olympus` is not known"));
    }
}
