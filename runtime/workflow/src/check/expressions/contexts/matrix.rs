//! `matrix`: what the combinations of a job hold, as far as the file says it.

use crate::check::expressions::types::{Properties, Type};
use crate::expression::is_in;
use crate::tree::{Kind, Mapping, Node, Value};

/// The type of the `matrix` context. `computed` gives the type of an expression that is the whole of a value.
pub(super) fn matrix(strategy: Option<&Node>, computed: &mut dyn FnMut(&Node) -> Type) -> Type {
    let Some(strategy) = strategy else {
        return Type::mapping(Properties::default());
    };
    let Some(strategy) = strategy.as_mapping() else {
        return Type::Any;
    };
    match find(strategy, "matrix") {
        None if complete(strategy) => Type::mapping(Properties::default()),
        Some(node) => match node.as_mapping().filter(|mapping| complete(mapping)) {
            Some(mapping) => combinations(mapping, computed),
            None => Type::Any,
        },
        None => Type::Any,
    }
}

fn combinations(matrix: &Mapping, computed: &mut dyn FnMut(&Node) -> Type) -> Type {
    let mut all = Properties::default();
    for entry in &matrix.entries {
        match &*entry.key.text {
            "include" | "exclude" => {}
            key => {
                let item = match &entry.value.kind {
                    Kind::Sequence(items) => Type::any_of(items.iter().map(|item| value(item, computed))),
                    _ => match value(&entry.value, computed) {
                        Type::List(item) => (*item).clone(),
                        _ => Type::Any,
                    },
                };
                all.add(key, item);
            }
        }
    }
    if let Some(include) = find(matrix, "include") {
        let Some(items) = include.as_sequence() else {
            return match value(include, computed) {
                Type::List(item) if matches!(*item, Type::Mapping(_)) => {
                    Type::any_of([Type::mapping(all), (*item).clone()])
                }
                // It may add anything, and change what is there.
                _ => Type::loose(),
            };
        };
        for item in items {
            let Some(mapping) = item.as_mapping().filter(|mapping| complete(mapping)) else {
                return Type::loose();
            };
            for entry in &mapping.entries {
                all.add(entry.key.text.clone(), value(&entry.value, computed));
            }
        }
    }
    Type::mapping(all)
}

/// The type of a value of the file.
fn value(node: &Node, computed: &mut dyn FnMut(&Node) -> Type) -> Type {
    match &node.kind {
        Kind::Scalar(scalar) => match scalar.value {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Boolean,
            Value::Number(_) => Type::Number,
            Value::String if is_in(&scalar.text) => computed(node),
            Value::String => Type::Text,
        },
        Kind::Sequence(items) => Type::list(Type::any_of(items.iter().map(|item| value(item, computed)))),
        Kind::Mapping(mapping) if complete(mapping) => {
            let entries = mapping.entries.iter();
            Type::strict(entries.map(|entry| (entry.key.text.clone(), value(&entry.value, computed))))
        }
        Kind::Mapping(_) | Kind::Invalid => Type::Any,
    }
}

fn find<'a>(mapping: &'a Mapping, key: &str) -> Option<&'a Node> {
    let mut entries = mapping.entries.iter();
    entries
        .find(|entry| &*entry.key.text == key)
        .map(|entry| &entry.value)
}

/// Whether all its keys are known before anything runs.
pub(in crate::check::expressions) fn complete(mapping: &Mapping) -> bool {
    !mapping.incomplete && !mapping.entries.iter().any(|entry| is_in(&entry.key.text))
}
