//! `matrix`: what the combinations of a job hold, as far as the file says it.

use crate::check::expressions::types::{Properties, Type};
use crate::model::{Free, FreeValue, Job, Literal, Matrix, Scalar};
use crate::span::Span;

/// The type of the `matrix` context. `computed` gives the type of an expression that is the whole of a value, by its place.
pub(super) fn matrix(job: &Job, computed: &mut dyn FnMut(Span) -> Type) -> Type {
    let Some(strategy) = job.strategy.as_deref() else {
        return if job.keys.contains("strategy") {
            Type::Any
        } else {
            Type::mapping(Properties::default())
        };
    };
    let Literal::Value(strategy) = strategy else {
        return Type::Any;
    };
    match strategy.matrix.as_deref() {
        None if strategy.incomplete => Type::Any,
        None => Type::mapping(Properties::default()),
        Some(Literal::Value(matrix)) if !matrix.incomplete => combinations(matrix, computed),
        Some(_) => Type::Any,
    }
}

fn combinations(matrix: &Matrix, computed: &mut dyn FnMut(Span) -> Type) -> Type {
    let mut all = Properties::default();
    for (key, vector) in &matrix.vectors {
        let item = match &vector.value.value {
            Literal::Value(items) => Type::any_of(items.iter().map(|item| value(item, computed))),
            _ => match computed(vector.value.span) {
                Type::List(item) => (*item).clone(),
                _ => Type::Any,
            },
        };
        all.add(&**key, item);
    }
    if let Some(include) = &matrix.include {
        let Literal::Value(items) = &include.value else {
            return match computed(include.span) {
                Type::List(item) if matches!(*item, Type::Mapping(_)) => {
                    Type::any_of([Type::mapping(all), (*item).clone()])
                }
                // It may add anything, and change what is there.
                _ => Type::loose(),
            };
        };
        for item in items.iter() {
            let Some(mapping) = item.as_mapping().filter(|mapping| mapping.has_known_keys()) else {
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
fn value(written: &Free, computed: &mut dyn FnMut(Span) -> Type) -> Type {
    match &written.value {
        FreeValue::Scalar(scalar) => match scalar {
            Scalar::Null => Type::Null,
            Scalar::Boolean(_) => Type::Boolean,
            Scalar::Number(_) => Type::Number,
            Scalar::Text(text) if text.as_plain().is_none() => computed(written.span),
            Scalar::Text(_) => Type::Text,
        },
        FreeValue::List(items) => Type::list(Type::any_of(items.iter().map(|item| value(item, computed)))),
        FreeValue::Mapping(mapping) if mapping.has_known_keys() => {
            let entries = mapping.entries.iter();
            Type::strict(entries.map(|entry| (entry.key.text.clone(), value(&entry.value, computed))))
        }
        FreeValue::Mapping(_) | FreeValue::Unreadable => Type::Any,
    }
}
