//! What is wrong with a text that is no filter.

use std::fmt;

/// Why a text is no filter, where, and what is possible instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidFilter {
    /// What kind of mistake it is.
    pub fault: FilterFault,
    /// The first letter of the place, counted in Unicode characters from 0.
    pub start: usize,
    /// The letter after the place.
    pub end: usize,
    /// What is wrong, and what is possible instead.
    pub message: String,
}

/// Kinds of mistakes in filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterFault {
    /// There is no such key.
    UnknownKey,
    /// A key has no value, or a comma has none beside it.
    MissingValue,
    /// A quote has no end.
    OpenQuote,
    /// The key wants a number.
    InvalidNumber,
    /// The key knows no such word.
    UnknownValue,
    /// There is more of it than is taken.
    TooLong,
}

impl FilterFault {
    /// The stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::MissingValue => "missing_value",
            Self::OpenQuote => "open_quote",
            Self::InvalidNumber => "invalid_number",
            Self::UnknownValue => "unknown_value",
            Self::TooLong => "too_long",
        }
    }
}

impl fmt::Display for InvalidFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (at character {} of the filter)",
            self.message,
            self.start + 1
        )
    }
}

impl std::error::Error for InvalidFilter {}

/// The word that was most likely meant: at most two letters away.
pub(super) fn meant<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let far = known.iter().map(|known| (distance(&word, known), *known));
    let (steps, known) = far.min_by_key(|(steps, _)| *steps)?;
    (steps <= 2 && steps < known.len()).then_some(known)
}

/// Letters to add, remove or replace between two words.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().take(32).enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (other, above) in to.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(*other != letter);
            left = replaced.min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
