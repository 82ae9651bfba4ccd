//! Tests across the stages, and what they share.

mod availability;
mod functions;
mod json;
mod limits;
mod operators;
mod random;
mod syntax;
mod templates;

use super::{Environment, ExpressionError, Object, Reason, Scope, Value, evaluate, parse};

/// Contexts from JSON.
fn contexts(json: &str) -> Object {
    Value::from_json(json).unwrap().as_object().unwrap().clone()
}

/// The value of an expression without contexts.
fn value(text: &str) -> Result<Value, ExpressionError> {
    value_in(text, "{}")
}

/// The value of an expression in contexts that are given as JSON.
fn value_in(text: &str, json: &str) -> Result<Value, ExpressionError> {
    let contexts = contexts(json);
    let parsed = parse(text, 0, &Scope::of_contexts(&contexts)).into_result()?;
    match parsed {
        Some(expression) => evaluate(&expression, &Environment::new(&contexts)),
        None => Ok(Value::Null),
    }
}

/// The value as JSON, or the error's message.
fn printed(text: &str, json: &str) -> String {
    match value_in(text, json) {
        Ok(value) => value.to_json(),
        Err(error) => error.message(),
    }
}

/// Each expression gives this JSON.
fn check(json: &str, cases: &[(&str, &str)]) {
    for (text, want) in cases {
        assert_eq!(printed(text, json), *want, "{text}");
    }
}
