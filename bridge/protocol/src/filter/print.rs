//! Filters as texts, in the one form that all of them have: what is read of it is the same filter again.

use std::fmt;

use super::pattern::Piece;
use super::{Condition, Filter, Limit, Pattern, Term};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, term) in self.terms.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negated {
            f.write_str("-")?;
        }
        match &self.condition {
            Condition::Text(pattern) => pattern.fmt(f),
            Condition::Field(field, patterns) => list(f, field.word(), patterns),
            Condition::Measure(measure, limits) => list(f, measure.word(), limits),
            Condition::Is(natures) => {
                let words: Vec<&str> = natures.iter().map(|nature| nature.word()).collect();
                list(f, "is", &words)
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, key: &str, values: &[impl fmt::Display]) -> fmt::Result {
    f.write_str(key)?;
    for (place, value) in values.iter().enumerate() {
        f.write_str(if place == 0 { ":" } else { "," })?;
        value.fmt(f)?;
    }
    Ok(())
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, (unit, _)) = (self.comparison.sign(), self.amount.unit().parts());
        write!(f, "{sign}{}{unit}", self.amount.number())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("\"\"");
        }
        for piece in self.pieces() {
            match piece {
                Piece::Any => f.write_str("*")?,
                Piece::Text(text) if is_plain(text) => f.write_str(text)?,
                Piece::Text(text) => quoted(f, text)?,
            }
        }
        Ok(())
    }
}

/// Whether a text means itself without quotes, wherever it stands.
fn is_plain(text: &str) -> bool {
    !text.starts_with('-')
        && text.chars().all(|letter| {
            letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/' | '@' | '#')
        })
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{letter}")?;
    }
    f.write_str("\"")
}
