//! What expressions are made of when they run. Cheap to clone: texts, lists and mappings are shared.

use std::sync::Arc;

use super::object::Object;
use super::{coerce, json};
use crate::number::format_number;

/// A value.
///
/// Lists and mappings are equal to themselves only, not to others that hold the same.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing; what a name gives that is not there.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A number; there are no others than these.
    Number(f64),
    /// A text.
    String(Arc<str>),
    /// A list.
    Array(Arc<Vec<Value>>),
    /// A list that `*` gave: looking into it looks into each of its items.
    Filtered(Arc<Vec<Value>>),
    /// A mapping.
    Object(Arc<Object>),
}

/// The kind of a value, as GitHub names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean,
    /// Any number.
    Number,
    /// Any text.
    String,
    /// A list.
    Array,
    /// A mapping.
    Object,
}

impl ValueKind {
    /// The name of the kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Null => "Null",
            Self::Boolean => "Boolean",
            Self::Number => "Number",
            Self::String => "String",
            Self::Array => "Array",
            Self::Object => "Object",
        }
    }
}

impl Value {
    /// A text.
    #[must_use]
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// A list.
    #[must_use]
    pub fn array(items: Vec<Value>) -> Self {
        Self::Array(Arc::new(items))
    }

    /// A mapping.
    #[must_use]
    pub fn object(object: Object) -> Self {
        Self::Object(Arc::new(object))
    }

    /// The value of a JSON text. A key that stands there twice, case aside, has its last value.
    ///
    /// # Errors
    ///
    /// Why it is no JSON, and where; also when it is nested deeper than 100 levels.
    pub fn from_json(text: &str) -> Result<Self, String> {
        json::read(text, json::Form::Standard)
    }

    /// What `fromJSON` makes of a text: the runner takes more for JSON than there is in its standard.
    pub(crate) fn read_by_runner(text: &str) -> Result<Self, String> {
        json::read(text, json::Form::Runner)
    }

    /// The value as JSON in one line. Numbers are written in full; those that JSON does not know are `null`.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::compact(self)
    }

    /// What kind of value it is.
    #[must_use]
    pub fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Null,
            Self::Boolean(_) => ValueKind::Boolean,
            Self::Number(_) => ValueKind::Number,
            Self::String(_) => ValueKind::String,
            Self::Array(_) | Self::Filtered(_) => ValueKind::Array,
            Self::Object(_) => ValueKind::Object,
        }
    }

    /// The value as a text, as where it stands within one: nothing is empty, a list is the word `Array`.
    #[must_use]
    pub fn to_text(&self) -> Arc<str> {
        match self {
            Self::Null => Arc::from(""),
            Self::Boolean(value) => Arc::from(if *value { "true" } else { "false" }),
            Self::Number(value) => Arc::from(format_number(*value)),
            Self::String(text) => Arc::clone(text),
            Self::Array(_) | Self::Filtered(_) | Self::Object(_) => Arc::from(self.kind().as_str()),
        }
    }

    /// Whether a condition of this value holds: all but `null`, `false`, 0, `NaN` and the empty text.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Boolean(value) => *value,
            Self::Number(value) => !(*value == 0.0 || value.is_nan()),
            Self::String(text) => !text.is_empty(),
            Self::Array(_) | Self::Filtered(_) | Self::Object(_) => true,
        }
    }

    /// Whether both are equal as `==` has it: values of different types become numbers, texts are compared without
    /// regard to case.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        coerce::equal(self, other)
    }

    /// The items of a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) | Self::Filtered(items) => Some(items),
            _ => None,
        }
    }

    /// The mapping.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The text of a text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is neither a list nor a mapping.
    pub(super) fn is_primitive(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Filtered(_) | Self::Object(_))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}
