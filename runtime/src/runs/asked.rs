//! The words by which lists of runs are filtered, read.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use loom_protocol::Timestamp;
use thiserror::Error;

use crate::event::{PAUSED, RunState};
use crate::journal::{RunFilter, StateFilter};

/// What a state may be called.
const STATES: &str = "one of: queued, running, paused, success, failure, cancelled, skipped, lost";

/// What somebody typed, as it was typed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'a> {
    /// How they are: a state's word.
    pub(crate) state: Option<&'a str>,
    /// The branch or tag.
    pub(crate) branch: Option<&'a str>,
    /// The event.
    pub(crate) event: Option<&'a str>,
    /// Who caused them.
    pub(crate) actor: Option<&'a str>,
    /// From when on.
    pub(crate) since: Option<&'a str>,
    /// Until when.
    pub(crate) until: Option<&'a str>,
    /// A number, or a part of names.
    pub(crate) text: Option<&'a str>,
}

/// A word that means nothing.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum AskError {
    /// It is none of those that are known.
    #[error("`{name}` is `{found}`; it must be {allowed}")]
    Word {
        /// Which one.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// Nothing can lie between these.
    #[error("`since` ({since}) is not before `until` ({until}); no run can be between them")]
    Turned {
        /// The later one.
        since: Timestamp,
        /// The earlier one.
        until: Timestamp,
    },
}

/// How a time may be written.
const TIMES: &str = "a day (`today`, `yesterday`, `2026-11-30`), a time (`2026-11-30T09:00:00Z`), or how long ago (`30m`, `2h`, `3d`, `1w`)";

impl Asked<'_> {
    /// What is asked for. Days are those of the zone that `now` is in; `since` means from a day's beginning on, `until` to its end.
    ///
    /// # Errors
    /// See [`AskError`].
    pub(crate) fn read(&self, now: &Zoned) -> Result<RunFilter, AskError> {
        let text = |word: Option<&str>| word.filter(|word| !word.is_empty()).map(str::to_owned);
        let since = self
            .since
            .map(|word| time("since", word, now).map(|(start, _)| start));
        let until = self
            .until
            .map(|word| time("until", word, now).map(|(_, end)| end));
        let (since, until) = (since.transpose()?, until.transpose()?);
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            return Err(AskError::Turned { since, until });
        }
        let (number, text_part) = match text(self.text) {
            Some(word) => match word.strip_prefix('#').and_then(|digits| digits.parse().ok()) {
                Some(number) => (Some(number), None),
                None => (None, Some(word)),
            },
            None => (None, None),
        };
        Ok(RunFilter {
            state: self.state.map(state).transpose()?,
            branch: text(self.branch),
            event: text(self.event),
            actor: text(self.actor),
            since,
            until,
            number,
            text: text_part,
        })
    }
}

/// The moment that a word names, of a day its beginning. `name` is what has the word.
///
/// # Errors
/// See [`AskError`].
pub(crate) fn day_or_moment(name: &'static str, word: &str, now: &Zoned) -> Result<Timestamp, AskError> {
    time(name, word, now).map(|(start, _)| start)
}

fn state(word: &str) -> Result<StateFilter, AskError> {
    if word == PAUSED {
        return Ok(StateFilter::Paused);
    }
    let known = RunState::ALL.iter().find(|state| state.as_str() == word);
    known.copied().map(StateFilter::Is).ok_or_else(|| AskError::Word {
        name: "state",
        found: word.to_owned(),
        allowed: STATES,
    })
}

/// The stretch of time that a word names: a day from its beginning to its end, else one moment.
fn time(name: &'static str, word: &str, now: &Zoned) -> Result<(Timestamp, Timestamp), AskError> {
    let wrong = || AskError::Word {
        name,
        found: word.to_owned(),
        allowed: TIMES,
    };
    let today = now.date();
    let day = match word {
        "today" => Some(today),
        "yesterday" => Some(today.yesterday().map_err(|_| wrong())?),
        _ => word
            .parse::<Date>()
            .ok()
            .filter(|_| word.len() == "2026-11-30".len()),
    };
    if let Some(day) = day {
        let start = |day: Date, zone: &TimeZone| {
            let at = day.to_zoned(zone.clone()).map_err(|_| wrong())?;
            Ok(Timestamp::from_millis(at.timestamp().as_millisecond()))
        };
        let next = day.checked_add(1.day()).map_err(|_| wrong())?;
        return Ok((start(day, now.time_zone())?, start(next, now.time_zone())?));
    }
    let moment = match ago(word) {
        Some(seconds) => {
            let millis = seconds.saturating_mul(1000);
            Timestamp::from_millis(now.timestamp().as_millisecond().saturating_sub(millis))
        }
        None => word.parse().map_err(|_| wrong())?,
    };
    Ok((moment, moment))
}

/// The seconds of `30m`, `2h`, `3d`, `1w`.
fn ago(word: &str) -> Option<i64> {
    let unit = match word.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let count = word.get(..word.len() - 1)?;
    let is_number = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| count.parse::<i64>().ok()?.checked_mul(unit))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the afternoon, in a zone that is not Greenwich's.
    fn now() -> Zoned {
        "2026-11-30T15:00:00+02:00[+02:00]".parse().unwrap()
    }

    #[test]
    fn times_are_days_moments_or_how_long_ago() {
        for (word, since, until) in [
            ("today", "2026-11-29T22:00:00.000Z", "2026-11-30T22:00:00.000Z"),
            (
                "yesterday",
                "2026-11-28T22:00:00.000Z",
                "2026-11-29T22:00:00.000Z",
            ),
            (
                "2026-11-01",
                "2026-10-31T22:00:00.000Z",
                "2026-11-01T22:00:00.000Z",
            ),
            ("2h", "2026-11-30T11:00:00.000Z", "2026-11-30T11:00:00.000Z"),
            ("1w", "2026-11-23T13:00:00.000Z", "2026-11-23T13:00:00.000Z"),
            (
                "2026-11-30T09:00:00Z",
                "2026-11-30T09:00:00.000Z",
                "2026-11-30T09:00:00.000Z",
            ),
        ] {
            let (from, to) = time("since", word, &now()).unwrap();
            assert_eq!(
                (from.to_string(), to.to_string()),
                (since.into(), until.into()),
                "{word}"
            );
        }
        for word in [
            "",
            "h",
            "-2h",
            "2x",
            "2 h",
            "tomorrow",
            "2026-13-01",
            "30.11.",
            "99999999999999999999d",
            "é",
        ] {
            let error = time("since", word, &now()).unwrap_err().to_string();
            assert!(
                error.contains("`since`") && error.contains("yesterday"),
                "{word}: {error}"
            );
        }
    }

    #[test]
    fn words_become_a_filter_and_wrong_ones_say_what_is_allowed() {
        let asked = Asked {
            state: Some("failure"),
            branch: Some("main"),
            event: Some("push"),
            actor: Some("ana"),
            since: Some("yesterday"),
            until: Some("yesterday"),
            text: Some("ci"),
        };
        let filter = asked.read(&now()).unwrap();
        assert_eq!(filter.state, Some(StateFilter::Is(RunState::Failure)));
        assert_eq!((filter.number, filter.text.as_deref()), (None, Some("ci")));
        assert!(filter.since < filter.until, "all of a day");
        let numbered = Asked {
            text: Some("#138"),
            ..Asked::default()
        };
        assert_eq!(numbered.read(&now()).unwrap().number, Some(138));
        let empty = Asked {
            branch: Some(""),
            text: Some(""),
            ..Asked::default()
        };
        assert_eq!(empty.read(&now()), Ok(RunFilter::default()));
        let turned = Asked {
            since: Some("today"),
            until: Some("yesterday"),
            ..Asked::default()
        };
        assert!(
            turned
                .read(&now())
                .unwrap_err()
                .to_string()
                .contains("not before")
        );
        let wrong = Asked {
            state: Some("red"),
            ..Asked::default()
        };
        let said = wrong.read(&now()).unwrap_err().to_string();
        assert_eq!(said, format!("`state` is `red`; it must be {STATES}"));
    }

    #[test]
    fn every_state_can_be_asked_for() {
        let known: Vec<&str> = STATES.trim_start_matches("one of: ").split(", ").collect();
        for state in RunState::ALL {
            assert!(known.contains(&state.as_str()), "{state}");
        }
        for word in known {
            state(word).unwrap();
        }
    }
}
