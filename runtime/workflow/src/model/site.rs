//! Where expressions stand: every site of a file, read once for all rules.

use std::sync::Arc;

use super::id::JobId;
use crate::expression::{Expression, WorkflowKey};
use crate::span::Span;

/// A value of the file that holds expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// What its expressions may use.
    pub key: WorkflowKey,
    /// The keys that lead to it from its job, step or the top, as far as they matter: `with.script`.
    pub field: Arc<str>,
    /// The job it belongs to; none at the top level.
    pub job: Option<JobId>,
    /// The step it belongs to.
    pub step: Option<StepPlace>,
    /// The whole value.
    pub span: Span,
    /// Whether places of its expressions are those of the file. Escapes move them: then the whole value is the place.
    pub exact: bool,
    /// Its expressions, in order.
    pub expressions: Vec<Expression>,
    /// How they make up the value.
    pub shape: Shape,
    /// The type of value that belongs there.
    pub expected: ExpectedType,
}

/// How expressions make up a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// The one expression is the value, of whatever type it is.
    Whole,
    /// They stand within text, and become text.
    Within,
}

/// The types of values that a place takes; several at once where the language has alternatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExpectedType {
    /// Text; values of other types become text.
    pub text: bool,
    /// A boolean.
    pub boolean: bool,
    /// A number.
    pub number: bool,
    /// A list.
    pub list: bool,
    /// A mapping.
    pub mapping: bool,
    /// A condition: anything can be one.
    pub condition: bool,
    /// Anything at all.
    pub any: bool,
}

impl ExpectedType {
    const NONE: Self = Self {
        text: false,
        boolean: false,
        number: false,
        list: false,
        mapping: false,
        condition: false,
        any: false,
    };
    /// Text alone.
    pub const TEXT: Self = Self {
        text: true,
        ..Self::NONE
    };
    /// A boolean alone.
    pub const BOOLEAN: Self = Self {
        boolean: true,
        ..Self::NONE
    };
    /// A number alone.
    pub const NUMBER: Self = Self {
        number: true,
        ..Self::NONE
    };
    /// A list alone.
    pub const LIST: Self = Self {
        list: true,
        ..Self::NONE
    };
    /// A mapping alone.
    pub const MAPPING: Self = Self {
        mapping: true,
        ..Self::NONE
    };
}

/// Which step of its job something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StepPlace {
    /// Its index in the list of steps.
    pub index: usize,
    /// Its index within `parallel`, when it stands there.
    pub inner: Option<usize>,
}

impl Site {
    /// The place to mark for a part of one of its expressions.
    #[must_use]
    pub fn mark(&self, part: Span) -> Span {
        if self.exact { part } else { self.span }
    }

    /// The expression that is the whole value.
    #[must_use]
    pub fn whole(&self) -> Option<&Expression> {
        match (self.shape, self.expressions.as_slice()) {
            (Shape::Whole, [one]) => Some(one),
            _ => None,
        }
    }
}
