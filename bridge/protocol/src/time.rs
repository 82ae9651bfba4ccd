//! A moment on the wire: RFC 3339 in UTC with milliseconds, `2025-12-13T03:33:58.077Z`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

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
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
