//! Values under names that the writer of the file chose.

use std::sync::Arc;

use indexmap::IndexMap;

use super::template::Template;
use crate::number::format_number;
use crate::span::{Span, Spanned};

/// Values under free names, in the order of the file; of names that come twice, which is reported, the first counts.
///
/// A name may hold expressions itself (`${{ matrix.os }}-flags: x`); it stands here as it is written then.
pub type NamedMap<T> = IndexMap<Arc<str>, Named<T>>;

/// A value under a free name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T> {
    /// Where the name stands.
    pub key: Span,
    /// The value.
    pub value: Spanned<T>,
}

/// A value that keeps its type: an input of a called workflow is a number, a boolean or text.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Text; as one expression it gives a value of any type.
    Text(Template),
}

impl Scalar {
    /// The text GitHub makes of it where text is wanted; of a text, the text as written.
    #[must_use]
    pub fn to_text(&self) -> Arc<str> {
        match self {
            Self::Null => Arc::from(""),
            Self::Boolean(truth) => Arc::from(if *truth { "true" } else { "false" }),
            Self::Number(number) => Arc::from(format_number(*number)),
            Self::Text(text) => Arc::clone(&text.text),
        }
    }

    /// What messages call it.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
        }
    }
}
