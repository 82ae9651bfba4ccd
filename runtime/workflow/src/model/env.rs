//! Environment variables as written.

use indexmap::IndexMap;

use super::template::Template;
use crate::span::Spanned;

/// The value of an `env` key.
#[derive(Clone, Debug, PartialEq)]
pub enum Env {
    /// Names and values, in the order of the file. Numbers and booleans are already the text GitHub makes of them.
    Variables(IndexMap<String, Spanned<Template>>),
    /// One expression that gives the whole mapping.
    Expression(Template),
}
