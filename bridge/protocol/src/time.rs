//! A moment on the wire: RFC 3339 in UTC with milliseconds, `2025-12-13T03:33:58.077Z`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

/// Milliseconds since the Unix epoch, written as RFC 3339 in UTC with exactly three decimals.
///
/// Any RFC 3339 offset is read, and none as UTC; `Z` is what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no RFC 3339 date and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimestampError(String);

impl Timestamp {
    /// From milliseconds since the Unix epoch; years beyond 9999 are held at its end, years before 1 at its start.
    pub fn from_millis(millis: i64) -> Self {
        // Whole seconds: jiff converts milliseconds only up to the last full second of its range.
        let (low, high) = (jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
        Self(millis.clamp(low * 1000, high * 1000))
    }

    /// Milliseconds since the Unix epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Milliseconds from `earlier` to this moment, zero when `earlier` is later.
    pub fn millis_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{}", jiff::Timestamp::UNIX_EPOCH),
        }
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseTimestampError(text.to_owned());
        let at: jiff::Timestamp = match text.parse() {
            Ok(at) => at,
            // Many languages write no zone unless they are asked to.
            Err(_) => {
                let date_and_time: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
                let zoned = date_and_time.to_zoned(jiff::tz::TimeZone::UTC);
                zoned.map_err(|_| wrong())?.timestamp()
            }
        };
        Ok(Self::from_millis(at.as_millisecond()))
    }
}

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no RFC 3339 time such as 2025-12-13T03:33:58.077Z",
            self.0
        )
    }
}

impl std::error::Error for ParseTimestampError {}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match written(self.0) {
            Some(text) => serializer.serialize_str(std::str::from_utf8(&text).map_err(S::Error::custom)?),
            None => serializer.collect_str(self),
        }
    }
}

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;
/// Days of 400 years, after which the calendar is the same again.
const ERA: u64 = 146_097;
/// Days from the first of March of the year 0 to 1970.
const BEFORE: u64 = 719_468;
/// Where the year 10000 begins.
const END: u64 = 253_402_300_800_000;

/// The text of a moment from 1970 to 9999: a list of actors has one of each, and takes a good part of its time to write them.
fn written(millis: i64) -> Option<[u8; 24]> {
    let millis = u64::try_from(millis).ok().filter(|millis| *millis < END)?;
    let (day, of_day) = (millis / DAY + BEFORE, millis % DAY);
    // Years begin in March here, so that the day that not all of them have is their last.
    let (era, of_era) = (day / ERA, day % ERA);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 {
        (month + 3, year)
    } else {
        (month - 9, year + 1)
    };
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (place, digits, number) in [
        (0, 4, era * 400 + year),
        (5, 2, month),
        (8, 2, date),
        (11, 2, of_day / 3_600_000),
        (14, 2, of_day / 60_000 % 60),
        (17, 2, of_day / 1_000 % 60),
        (20, 3, of_day % 1_000),
    ] {
        let mut rest = number;
        for letter in text.iter_mut().skip(place).take(digits).rev() {
            *letter = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }
    Some(text)
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_moment_is_written_as_it_is_shown(millis in -100_000_000_000_i64..300_000_000_000_000) {
            let at = Timestamp::from_millis(millis);
            prop_assert_eq!(serde_json::to_value(at).unwrap(), at.to_string());
        }
    }

    #[test]
    fn days_that_not_all_years_have_are_written_as_they_are_shown() {
        for text in [
            "1970-01-01",
            "2000-02-29",
            "2000-03-01",
            "2100-02-28",
            "2100-03-01",
            "2400-02-29",
            "2024-12-31",
            "9999-12-29",
        ] {
            for time in ["00:00:00.000", "23:59:59.999"] {
                let at: Timestamp = format!("{text}T{time}Z").parse().unwrap();
                assert_eq!(serde_json::to_value(at).unwrap(), format!("{text}T{time}Z"));
            }
        }
    }

    #[test]
    fn milliseconds_are_always_written_with_three_decimals() {
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Timestamp::from_millis(1_765_596_838_077).to_string(),
            "2025-12-13T03:33:58.077Z"
        );
    }

    #[test]
    fn offsets_are_read_and_written_as_utc() {
        let at: Timestamp = "2025-12-13T05:33:58.077+02:00".parse().unwrap();
        assert_eq!(at.to_string(), "2025-12-13T03:33:58.077Z");
    }

    #[test]
    fn extremes_neither_panic_nor_wrap() {
        for millis in [i64::MIN, i64::MAX] {
            let text = Timestamp::from_millis(millis).to_string();
            assert_eq!(
                text.parse::<Timestamp>().unwrap(),
                Timestamp::from_millis(millis),
                "{text}"
            );
        }
    }

    #[test]
    fn words_are_refused_with_an_example() {
        let error = "yesterday".parse::<Timestamp>().unwrap_err();
        assert!(error.to_string().contains("2025-12-13T03:33:58.077Z"), "{error}");
    }
}
