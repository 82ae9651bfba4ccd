//! The value of an `if`.

use std::sync::Arc;

use crate::tree::Style;

/// The value of an `if` as written: an expression, with `${{ }}` around it or without.
///
/// What it means is told by [`expression::Condition`](crate::expression::Condition).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The text; empty where the key has no value, which means `success()`.
    pub text: Arc<str>,
    /// How it was written.
    pub style: Style,
}
