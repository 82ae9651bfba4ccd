//! The tree itself.

use std::sync::Arc;

use super::scalar::Value;
use crate::number::format_number;
use crate::span::Span;
use crate::style::Style;

/// A value of the file with its place. Cloning is cheap: what an alias repeats is shared, not copied.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where the value is written; for an alias, where its anchor's value is.
    pub span: Span,
    /// Where the `*alias` stands that put the value here.
    pub alias: Option<Span>,
    /// What it is.
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Text, number, boolean or nothing.
    Scalar(Scalar),
    /// A list.
    Sequence(Arc<[Node]>),
    /// Keys and values.
    Mapping(Arc<Mapping>),
    /// Something that was wrong and has been reported; readers pass over it in silence.
    Invalid,
}

/// A scalar as written and as YAML 1.2 reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The text, after escapes and folding.
    pub text: Arc<str>,
    /// How it was written: only plain text can be anything but a string.
    pub style: Style,
    /// What it means.
    pub value: Value,
}

/// Keys and values in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// All entries, those with repeated keys included.
    pub entries: Vec<Entry>,
    /// Whether entries were left out because of a mistake that has been reported (a merge key, a key that is no
    /// word). A reader must not complain about missing keys then.
    pub incomplete: bool,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; always a scalar.
    pub key: Key,
    /// Its value.
    pub value: Node,
}

/// The key of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key as text.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// A node that is written where it stands.
    #[must_use]
    pub fn new(kind: Kind, span: Span) -> Self {
        Self {
            span,
            alias: None,
            kind,
        }
    }

    /// The entries, when it is a mapping.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.kind {
            Kind::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The items, when it is a list.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The scalar, when it is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether nothing stands here: `key:`, `key: ~` or `key: null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.value == Value::Null)
    }

    /// What messages call it: `text`, `a list`, `nothing`, …
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(scalar) => match scalar.value {
                Value::Null => "nothing",
                Value::Bool(_) => "a boolean",
                Value::Number(_) => "a number",
                Value::String => "text",
            },
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
            Kind::Invalid => "a mistake",
        }
    }

    /// The place to point at: a list or mapping by its beginning only, so that a mark does not cover a page.
    #[must_use]
    pub fn mark(&self) -> Span {
        match &self.kind {
            Kind::Mapping(mapping) => mapping.entries.first().map_or(self.span, |entry| entry.key.span),
            Kind::Sequence(items) => match items.first() {
                // Begins with neither `[` nor `-` of its own that could be marked.
                Some(first) if first.span.start <= self.span.start => first.mark(),
                _ => Span::new(self.span.start, self.span.end.min(self.span.start + 1)),
            },
            Kind::Scalar(_) | Kind::Invalid => self.span,
        }
    }
}

impl Scalar {
    /// The text GitHub makes of it where text is wanted: nothing becomes the empty text, booleans `true` and
    /// `false`, numbers their shortest form (`1.10` becomes `1.1`), and text stays what it is.
    #[must_use]
    pub fn to_text(&self) -> Arc<str> {
        match self.value {
            Value::Null => Arc::from(""),
            Value::Bool(truth) => Arc::from(if truth { "true" } else { "false" }),
            Value::Number(number) => Arc::from(format_number(number)),
            Value::String => Arc::clone(&self.text),
        }
    }

    /// Whether that text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::Bool(_) | Value::Number(_) => false,
            Value::String => self.text.is_empty(),
        }
    }
}
