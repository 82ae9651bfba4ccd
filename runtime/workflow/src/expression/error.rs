//! What can be wrong with an expression, with its place.

use std::fmt;

use super::reason::Reason;
use crate::codes::Code;
use crate::diagnostic::Diagnostic;
use crate::span::Span;

/// The stage that objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Characters that are no token.
    Lexing,
    /// Tokens that are no expression, or names that nobody knows.
    Parsing,
    /// A right expression that has no value.
    Evaluation,
}

impl ErrorKind {
    /// The kind as a word: `lexing`, `parsing` or `evaluation`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lexing => "lexing",
            Self::Parsing => "parsing",
            Self::Evaluation => "evaluation",
        }
    }
}

/// A mistake in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ExpressionError {
    /// The stage that objects.
    pub kind: ErrorKind,
    /// What is wrong.
    pub reason: Reason,
    /// Where in the file.
    pub span: Span,
    /// The next step, when there is one to name.
    pub help: Option<String>,
    /// What was probably meant instead of the text at `span`.
    pub meant: Option<String>,
    /// Whether nothing else can have been meant.
    pub certain: bool,
    /// The end of GitHub's message: where it is in which expression; empty when GitHub names no place.
    pub(super) place: Box<str>,
}

impl ExpressionError {
    pub(super) fn new(kind: ErrorKind, reason: Reason, span: Span) -> Self {
        Self {
            kind,
            reason,
            span,
            help: None,
            meant: None,
            certain: false,
            place: Box::default(),
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The message as GitHub words it, place included.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The same as a finding of a check, under the code that the check gives it.
    pub fn to_diagnostic(&self, code: Code) -> Diagnostic {
        let message = crate::words::plain(&lowercase_first(&self.reason.first_sentence())).into_owned();
        let mut found = Diagnostic::new(code, message).at(self.span, "");
        if let Some(help) = &self.help {
            found = found.help(help.as_str());
        }
        if let Some(meant) = &self.meant {
            found = found.guess(self.span, meant.as_str(), self.certain);
        }
        found
    }
}

/// Names stand in quotes in GitHub's messages and begin further right, so only its own first word changes.
fn lowercase_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.reason, self.place)
    }
}

impl std::error::Error for ExpressionError {}
