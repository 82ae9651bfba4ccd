//! Environment variables as written.

use super::template::Template;
use super::values::NamedMap;

/// The value of an `env` key.
#[derive(Clone, Debug, PartialEq)]
pub enum Env {
    /// Names and values, in the order of the file. Numbers and booleans are already the text GitHub makes of them.
    Variables(NamedMap<Template>),
    /// One expression that gives the whole mapping.
    Expression(Template),
}
