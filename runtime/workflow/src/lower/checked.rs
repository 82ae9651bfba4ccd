//! Typed values of fields whose mistakes the tables report (`values.rs`): what is wrong is left out in silence.

use std::sync::Arc;

use super::context::Context;
use super::free::named;
use crate::expression::is_in;
use crate::model::{ByName, Condition, Free, Literal, NamedMap, Scalar, Template};
use crate::span::{Span, Spanned};
use crate::tree::{self, Kind, Node, Value};

/// The value of a key of a mapping.
pub(super) fn value<'a>(mapping: &'a tree::Mapping, key: &str) -> Option<&'a Node> {
    let mut entries = mapping.entries.iter();
    entries
        .find(|entry| &*entry.key.text == key)
        .map(|entry| &entry.value)
}

/// Things under free names; what cannot be read is left out, and all of them when it is no mapping.
pub(super) fn by_name<T>(node: Option<&Node>, make: impl Fn(&tree::Entry) -> Option<T>) -> ByName<T> {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return ByName::default();
    };
    let Some(mapping) = node.as_mapping() else {
        return ByName::unreadable();
    };
    let mut things = ByName::with_capacity(mapping.entries.len());
    things.incomplete = mapping.incomplete;
    for entry in &mapping.entries {
        match make(entry) {
            Some(thing) => things.add(&entry.key.text, || thing),
            None => things.incomplete = true,
        }
    }
    things
}

/// Whether all keys of a mapping are known before anything is evaluated.
pub(super) fn has_known_keys(mapping: &tree::Mapping) -> bool {
    !mapping.incomplete && !mapping.entries.iter().any(|entry| is_in(&entry.key.text))
}

/// A boolean that no expression may stand for.
pub(super) fn plain_boolean(node: &Node) -> Option<Spanned<bool>> {
    match node.as_scalar()?.value {
        Value::Bool(truth) => Some(Spanned::new(truth, node.span)),
        _ => None,
    }
}

impl Context<'_> {
    /// A node as text, unless it is a list or a mapping.
    pub(super) fn plain_text(&self, node: &Node) -> Option<Spanned<Template>> {
        let template = self.template(node.as_scalar()?, node.span);
        Some(Spanned::new(template, node.span))
    }

    /// Like [`plain_text`](Self::plain_text), but only when it is not empty.
    pub(super) fn filled_text(&self, node: &Node) -> Option<Spanned<Template>> {
        self.plain_text(node).filter(|text| !text.text.is_empty())
    }

    /// A boolean or an expression.
    pub(super) fn boolean(&self, node: &Node) -> Option<Spanned<Literal<bool>>> {
        match node.as_scalar()?.value {
            Value::Bool(truth) => Some(Spanned::new(Literal::Value(truth), node.span)),
            _ => self.expression_for(node),
        }
    }

    /// A number or an expression.
    pub(super) fn number(&self, node: &Node) -> Option<Spanned<Literal<f64>>> {
        match node.as_scalar()?.value {
            Value::Number(number) => Some(Spanned::new(Literal::Value(number), node.span)),
            _ => self.expression_for(node),
        }
    }

    /// A list of free values, or an expression.
    pub(super) fn free_list(&self, node: &Node) -> Option<Spanned<Literal<Arc<[Free]>>>> {
        match &node.kind {
            Kind::Sequence(items) => {
                let items = items.iter().map(|item| self.free(item));
                Some(Spanned::new(Literal::Value(items.collect()), node.span))
            }
            _ => self.expression_for(node),
        }
    }

    /// A list of texts, or an expression.
    pub(super) fn text_list(&self, node: &Node) -> Option<Spanned<Literal<Vec<Spanned<Template>>>>> {
        match &node.kind {
            Kind::Sequence(items) => {
                let texts = items.iter().filter_map(|item| self.filled_text(item));
                Some(Spanned::new(Literal::Value(texts.collect()), node.span))
            }
            _ => self.expression_for(node),
        }
    }

    /// An expression that stands where a value of another type belongs.
    pub(super) fn expression_for<T>(&self, node: &Node) -> Option<Spanned<Literal<T>>> {
        let scalar = node.as_scalar()?;
        let is_expression = scalar.value == Value::String && is_in(&scalar.text);
        is_expression.then(|| Spanned::new(Literal::Expression(self.template(scalar, node.span)), node.span))
    }

    /// A mapping as `make` reads it, or what gives it when it is evaluated.
    pub(super) fn mapping_or_computed<T>(
        &self,
        node: &Node,
        make: impl FnOnce(&tree::Mapping) -> Option<T>,
    ) -> Option<Spanned<Literal<T>>> {
        let Some(mapping) = node.as_mapping() else {
            return self.expression_for(node);
        };
        let literal = if mapping.entries.iter().any(|entry| is_in(&entry.key.text)) {
            Literal::Computed(self.free(node))
        } else {
            Literal::Value(make(mapping)?)
        };
        Some(Spanned::new(literal, node.mark()))
    }

    /// Values under free names; what cannot be read is left out, and all of them when it is no mapping.
    pub(super) fn named<T>(&self, node: Option<&Node>, make: impl Fn(&Node) -> Option<T>) -> NamedMap<T> {
        by_name(node, |entry| {
            let value = make(&entry.value)?;
            Some(named(&entry.key, Spanned::new(value, entry.value.span)))
        })
    }

    /// Texts under free names.
    pub(super) fn named_texts(&self, node: Option<&Node>) -> NamedMap<Template> {
        self.named(node, |value| Some(self.plain_text(value)?.value))
    }

    /// Values under free names, each of its own type.
    pub(super) fn named_scalars(&self, node: Option<&Node>) -> NamedMap<Scalar> {
        self.named(node, |value| Some(self.scalar(value.as_scalar()?, value.span)))
    }

    /// A scalar that keeps its type.
    pub(super) fn scalar(&self, scalar: &tree::Scalar, span: Span) -> Scalar {
        match scalar.value {
            Value::Null => Scalar::Null,
            Value::Bool(truth) => Scalar::Boolean(truth),
            Value::Number(number) => Scalar::Number(number),
            Value::String => Scalar::Text(self.template(scalar, span)),
        }
    }

    /// The value of an `if`.
    pub(super) fn condition(&self, node: &Node) -> Option<Spanned<Condition>> {
        let scalar = node.as_scalar()?;
        let condition = Condition::new(scalar.to_text(), scalar.style);
        Some(Spanned::new(condition, node.span))
    }
}
