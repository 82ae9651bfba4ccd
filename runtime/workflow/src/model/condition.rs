//! The value of an `if`.

use std::sync::{Arc, OnceLock};

use crate::expression::{self, ExpressionError, Scope};
use crate::style::Style;

/// The value of an `if` as written: an expression, with `${{ }}` around it or without.
///
/// What it means is told by [`expression::Condition`](crate::expression::Condition).
#[derive(Clone, Debug)]
pub struct Condition {
    /// The text; empty where the key has no value, which means `success()`.
    pub text: Arc<str>,
    /// How it was written.
    pub style: Style,
    /// The same read, once somebody has asked; clones share it.
    parsed: Arc<OnceLock<ParsedCondition>>,
}

/// A condition that was read, whose places count from its beginning, and what is wrong with it first.
pub(crate) type ParsedCondition = (expression::Condition, Option<ExpressionError>);

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.style == other.style
    }
}

impl Eq for Condition {}

impl Condition {
    pub(crate) fn new(text: Arc<str>, style: Style) -> Self {
        Self {
            text,
            style,
            parsed: Arc::default(),
        }
    }

    /// The condition read, which is done once however often it is asked for.
    pub(crate) fn parsed(&self) -> &ParsedCondition {
        self.parsed.get_or_init(|| {
            let (condition, errors) = expression::Condition::parse(&self.text, 0, &Scope::anything());
            (condition, errors.into_iter().next())
        })
    }
}
