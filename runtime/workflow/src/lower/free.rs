//! Values of any shape.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::context::Context;
use crate::expression::is_in;
use crate::model::{Free, FreeEntry, FreeMapping, FreeValue, Named, Template};
use crate::span::{Span, Spanned};
use crate::tree::{self, Kind, Node, Style};

/// What aliases repeat, by where the tree keeps it: a few lines of them may stand for a great many values.
pub(super) type Shared = RefCell<HashMap<*const (), FreeValue>>;

impl Context<'_> {
    /// A value of any shape, whose mistakes were reported.
    pub(super) fn free(&self, node: &Node) -> Free {
        Free {
            span: node.span,
            alias: node.alias,
            value: self.free_value(node),
        }
    }

    fn free_value(&self, node: &Node) -> FreeValue {
        let place = match &node.kind {
            Kind::Sequence(items) if node.alias.is_some() && !items.is_empty() => {
                Some(Arc::as_ptr(items).cast())
            }
            Kind::Mapping(mapping) if node.alias.is_some() => Some(Arc::as_ptr(mapping).cast()),
            _ => None,
        };
        let known = place.and_then(|place| self.shared.borrow().get(&place).cloned());
        if let Some(known) = known {
            return known;
        }
        let value = match &node.kind {
            Kind::Scalar(scalar) => FreeValue::Scalar(self.scalar(scalar, node.span)),
            Kind::Sequence(items) => FreeValue::List(items.iter().map(|item| self.free(item)).collect()),
            Kind::Mapping(mapping) => FreeValue::Mapping(Arc::new(FreeMapping {
                entries: mapping
                    .entries
                    .iter()
                    .map(|entry| self.free_entry(entry))
                    .collect(),
                incomplete: mapping.incomplete,
            })),
            Kind::Invalid => FreeValue::Unreadable,
        };
        if let Some(place) = place {
            self.shared.borrow_mut().insert(place, value.clone());
        }
        value
    }

    fn free_entry(&self, entry: &tree::Entry) -> FreeEntry {
        let tree::Key { text, span } = &entry.key;
        FreeEntry {
            key: Spanned::new(key(text, *span), *span),
            value: self.free(&entry.value),
        }
    }
}

/// A value under a free name.
pub(super) fn named<T>(key: &tree::Key, value: Spanned<T>) -> Named<T> {
    Named {
        key: key.span,
        computed: is_in(&key.text).then(|| Box::new(self::key(&key.text, key.span))),
        value,
    }
}

/// A key in which expressions may stand: the whole of it is their place.
fn key(text: &Arc<str>, span: Span) -> Template {
    let expressions: Arc<[Span]> = if is_in(text) {
        Arc::from([span])
    } else {
        Arc::default()
    };
    Template::new(Arc::clone(text), Style::Plain, expressions)
}
