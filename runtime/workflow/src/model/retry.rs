//! Loom's own keys: `retry`, `on-lost`.

use std::time::Duration;

use crate::span::Spanned;

/// The value of `retry`: how often, and how soon again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retry {
    /// `max-attempts`: how often at most, the first time included.
    pub max_attempts: Option<Spanned<u32>>,
    /// `delay` before the second attempt.
    pub delay: Option<Spanned<Duration>>,
    /// `factor` by which each further delay is longer than the one before.
    pub factor: Option<Spanned<f64>>,
    /// `max-delay`: what no delay exceeds.
    pub max_delay: Option<Spanned<Duration>>,
}

/// The value of `on-lost`: what becomes of a step whose end nobody saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnLost {
    /// `retry`: it runs again.
    Retry,
    /// `fail`: it counts as failed.
    Fail,
}

/// Reads a length of time: `500ms`, `10s`, `5m`, `1h`, fractions included; a bare number counts seconds.
#[must_use]
pub fn parse_delay(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text
        .find(|character: char| !(character.is_ascii_digit() || character == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let seconds = match unit.trim_start() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Duration::try_from_secs_f64(number * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_numbers_with_units() {
        for (text, want) in [
            ("10", Some(10_000)),
            ("1.5", Some(1_500)),
            ("500ms", Some(500)),
            ("10s", Some(10_000)),
            ("5 m", Some(300_000)),
            ("2min", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("0", Some(0)),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1d", None),
            ("1.2.3s", None),
            ("99999999999999999999999h", None),
        ] {
            assert_eq!(parse_delay(text), want.map(Duration::from_millis), "{text}");
        }
    }
}
