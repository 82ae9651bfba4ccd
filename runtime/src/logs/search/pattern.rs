//! What is searched for.

use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use thiserror::Error;

/// Characters of a pattern at most.
const LONGEST: usize = 1000;
/// Bytes that a compiled pattern may take. The time that a byte of text takes at worst grows with it.
const LARGEST: usize = 1024 * 1024;
/// Bytes of what it keeps while it searches.
const MOST_MEMORY: usize = 10 * 1024 * 1024;
/// Brackets within brackets.
const DEEPEST: u32 = 100;

/// How the text of a pattern is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// As it stands.
    #[default]
    Literal,
    /// As a regular expression.
    Regex,
}

/// Which letters are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// As in the text, unless the pattern has small letters alone: then as with [`Case::Insensitive`].
    #[default]
    Smart,
    /// As in the text.
    Sensitive,
    /// Capital and small letters are the same.
    Insensitive,
}

/// A pattern, ready to be searched for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pattern {
    pub(super) matcher: RegexMatcher,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Nothing to search for.
    #[error("the pattern is empty; say what to search for")]
    Empty,
    /// More than anybody writes.
    #[error("the pattern has more than {LONGEST} characters")]
    TooLong,
    /// Lines are searched one by one.
    #[error("the pattern has a line end in it, and each line is searched by itself")]
    LineEnd,
    /// A mistake in a regular expression.
    #[error("the pattern is no regular expression: {what}, at character {column}")]
    Syntax {
        /// What is wrong.
        what: String,
        /// Where, in characters from 1.
        column: usize,
    },
    /// It cannot be compiled.
    #[error("the pattern cannot be used: {what}")]
    Unusable {
        /// Why.
        what: String,
    },
}

impl PatternError {
    /// Where the mistake is, in characters from 1, if it is at a place.
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::Syntax { column, .. } => Some(*column),
            _ => None,
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When there is nothing to search for, or it is no regular expression where it is to be one.
    pub fn new(text: &str, kind: Kind, case: Case) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.chars().nth(LONGEST).is_some() {
            return Err(PatternError::TooLong);
        }
        if text.contains('\n') {
            return Err(PatternError::LineEnd);
        }
        if kind == Kind::Regex {
            check(text)?;
        }
        let mut builder = RegexMatcherBuilder::new();
        builder
            .fixed_strings(kind == Kind::Literal)
            .case_smart(case == Case::Smart)
            .case_insensitive(case == Case::Insensitive)
            .multi_line(true)
            .line_terminator(Some(b'\n'))
            .nest_limit(DEEPEST)
            .size_limit(LARGEST)
            .dfa_size_limit(MOST_MEMORY);
        let built = builder.build_many(&[text]);
        built
            .map(|matcher| Self { matcher })
            .map_err(|error| match error.kind() {
                grep_regex::ErrorKind::NotAllowed(_) => PatternError::LineEnd,
                _ => PatternError::Unusable {
                    what: error.to_string(),
                },
            })
    }
}

/// Looks for a mistake in a regular expression, for the engine's own message has its place only as a drawing.
fn check(text: &str) -> Result<(), PatternError> {
    let parsed = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .multi_line(true)
        .nest_limit(DEEPEST)
        .build()
        .parse(text);
    let (what, span) = match &parsed {
        Ok(_) => return Ok(()),
        Err(regex_syntax::Error::Parse(error)) => (error.kind().to_string(), error.span()),
        Err(regex_syntax::Error::Translate(error)) => (error.kind().to_string(), error.span()),
        Err(error) => {
            return Err(PatternError::Unusable {
                what: error.to_string(),
            });
        }
    };
    Err(PatternError::Syntax {
        what,
        column: span.start.column,
    })
}

#[cfg(test)]
mod tests {
    use grep_matcher::Matcher;

    use super::*;

    fn matches(pattern: &str, kind: Kind, case: Case, line: &str) -> bool {
        let pattern = Pattern::new(pattern, kind, case).unwrap();
        pattern.matcher.is_match(line.as_bytes()).unwrap()
    }

    #[test]
    fn a_literal_means_itself_and_case_goes_by_the_letters_unless_it_is_said() {
        use Case::{Insensitive, Sensitive, Smart};
        for (pattern, kind, case, line, wanted) in [
            ("a.b(", Kind::Literal, Smart, "x a.b( y", true),
            ("a.b", Kind::Literal, Smart, "axb", false),
            ("a.b", Kind::Regex, Smart, "axb", true),
            ("error", Kind::Literal, Smart, "ERROR", true),
            ("Error", Kind::Literal, Smart, "ERROR", false),
            ("error", Kind::Literal, Sensitive, "ERROR", false),
            ("Error", Kind::Literal, Insensitive, "eRROR", true),
            ("größe", Kind::Literal, Smart, "GRÖSSE GRÖßE", true),
            ("^ok$", Kind::Regex, Smart, "ok", true),
            ("^ok$", Kind::Regex, Smart, "not ok", false),
        ] {
            assert_eq!(matches(pattern, kind, case, line), wanted, "{pattern} in {line}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let wrong = |text: &str, kind| Pattern::new(text, kind, Case::Smart).unwrap_err();
        let error = wrong("é(ab", Kind::Regex);
        assert_eq!(error.column(), Some(2));
        assert_eq!(
            error.to_string(),
            "the pattern is no regular expression: unclosed group, at character 2"
        );
        assert_eq!(wrong(r"ab\p{Nothing}", Kind::Regex).column(), Some(3));
        assert_eq!(wrong("", Kind::Literal), PatternError::Empty);
        assert_eq!(wrong("a\nb", Kind::Literal), PatternError::LineEnd);
        assert_eq!(wrong(r"a\nb", Kind::Regex), PatternError::LineEnd);
        assert_eq!(wrong(&"x".repeat(1001), Kind::Literal), PatternError::TooLong);
        let huge = wrong(r"\w{500}{500}", Kind::Regex);
        assert!(matches!(huge, PatternError::Unusable { .. }), "{huge}");
        assert!(wrong(&"(".repeat(500), Kind::Regex).column().is_some());
    }
}
