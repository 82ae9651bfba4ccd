//! Values under names that the writer of the file chose.

use std::ops::Deref;
use std::sync::Arc;

use indexmap::IndexMap;

use super::template::Template;
use crate::expression::is_in;
use crate::number::format_number;
use crate::span::{Span, Spanned};

/// Things under names that the writer of the file chose, in the order of the file; of names that come twice, which is
/// reported, the first counts.
///
/// A name may hold expressions itself (`${{ matrix.os }}-flags: x`); it stands here as it is written then.
#[derive(Clone, Debug, PartialEq)]
pub struct ByName<T> {
    entries: IndexMap<Arc<str>, T>,
    /// Whether something is missing here because of a mistake that was reported. A reader must not complain about missing
    /// names then.
    pub incomplete: bool,
}

/// Values under free names.
pub type NamedMap<T> = ByName<Named<T>>;

impl<T> ByName<T> {
    /// Nothing, with room for so many.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self {
            entries: IndexMap::with_capacity(count),
            incomplete: false,
        }
    }

    /// Nothing, where there should be something that could not be read.
    pub(crate) fn unreadable() -> Self {
        Self {
            incomplete: true,
            ..Self::default()
        }
    }

    /// Adds something, unless its name is there already.
    pub(crate) fn add(&mut self, name: &Arc<str>, thing: impl FnOnce() -> T) {
        self.entries.entry(Arc::clone(name)).or_insert_with(thing);
    }

    /// Whether all names are known before anything is evaluated.
    #[must_use]
    pub fn has_known_names(&self) -> bool {
        !self.incomplete && !self.entries.keys().any(|name| is_in(name))
    }
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<T> Deref for ByName<T> {
    type Target = IndexMap<Arc<str>, T>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl<'a, T> IntoIterator for &'a ByName<T> {
    type Item = (&'a Arc<str>, &'a T);
    type IntoIter = indexmap::map::Iter<'a, Arc<str>, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

/// A value under a free name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T> {
    /// Where the name stands.
    pub key: Span,
    /// The name as a text to evaluate, when expressions stand in it. In a box, for hardly any name has some.
    pub computed: Option<Box<Template>>,
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
