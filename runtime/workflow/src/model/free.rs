//! Values of any shape: what a matrix lists, what an input is by default, mappings whose keys are evaluated.

use std::sync::Arc;

use super::template::Template;
use super::values::Scalar;
use crate::span::{Span, Spanned};

/// A value of any shape with its place. Cloning is cheap: what an alias of the file repeats is shared, not copied.
#[derive(Clone, Debug, PartialEq)]
pub struct Free {
    /// Where it is written; for an alias, where its anchor's value is.
    pub span: Span,
    /// Where the `*alias` stands that put it here.
    pub alias: Option<Span>,
    /// What it is.
    pub value: FreeValue,
}

/// What a value of any shape is.
#[derive(Clone, Debug, PartialEq)]
pub enum FreeValue {
    /// Text, number, boolean or nothing.
    Scalar(Scalar),
    /// A list.
    List(Arc<[Free]>),
    /// Keys and values.
    Mapping(Arc<FreeMapping>),
    /// Something that was wrong and has been reported.
    Unreadable,
}

/// Keys and values of any shape, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FreeMapping {
    /// All entries, those with repeated keys included.
    pub entries: Vec<FreeEntry>,
    /// Whether something is missing here because of a mistake that was reported.
    pub incomplete: bool,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct FreeEntry {
    /// The key, in which expressions may stand.
    pub key: Spanned<Template>,
    /// Its value.
    pub value: Free,
}

impl Free {
    /// The scalar, when it is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.value {
            FreeValue::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The items, when it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Free]> {
        match &self.value {
            FreeValue::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, when it is a mapping.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&FreeMapping> {
        match &self.value {
            FreeValue::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// What messages call it: `text`, `a list`, `nothing`, …
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match &self.value {
            FreeValue::Scalar(scalar) => scalar.describe(),
            FreeValue::List(_) => "a list",
            FreeValue::Mapping(_) => "a mapping",
            FreeValue::Unreadable => "a mistake",
        }
    }

    /// The place to point at: a list or mapping by its beginning only, so that a mark does not cover a page.
    #[must_use]
    pub fn mark(&self) -> Span {
        match &self.value {
            FreeValue::Mapping(mapping) => mapping.entries.first().map_or(self.span, |entry| entry.key.span),
            FreeValue::List(items) => match items.first() {
                // Begins with neither `[` nor `-` of its own that could be marked.
                Some(first) if first.span.start <= self.span.start => first.mark(),
                _ => Span::new(self.span.start, self.span.end.min(self.span.start + 1)),
            },
            FreeValue::Scalar(_) | FreeValue::Unreadable => self.span,
        }
    }

    /// Whether all of it is known before anything is evaluated.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        match &self.value {
            FreeValue::Scalar(Scalar::Text(text)) => text.as_plain().is_some(),
            FreeValue::Scalar(_) => true,
            FreeValue::List(items) => items.iter().all(Self::is_plain),
            FreeValue::Mapping(mapping) => {
                mapping.has_known_keys() && mapping.entries.iter().all(|entry| entry.value.is_plain())
            }
            FreeValue::Unreadable => false,
        }
    }
}

impl FreeMapping {
    /// Whether all of its keys are known before anything is evaluated.
    #[must_use]
    pub fn has_known_keys(&self) -> bool {
        !self.incomplete && self.entries.iter().all(|entry| entry.key.as_plain().is_some())
    }

    /// The value of a key, without regard to case.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Free> {
        let mut entries = self.entries.iter();
        entries
            .find(|entry| entry.key.text.eq_ignore_ascii_case(key))
            .map(|entry| &entry.value)
    }
}
