//! Values of what the file says, each as a whole: from here on it makes no difference whether its keys were written or came
//! out of an expression, and `shape.rs` reads both alike. What has no value is `None`, and was reported.

use std::sync::Arc;

use super::evaluation::{Evaluation, is_insert};
use super::shape;
use crate::expression::{Object, Value};
use crate::model::{
    Concurrency, Container, Credentials, Env, List, Literal, Matrix, Services, Strategy, Template,
};
use crate::span::Spanned;

/// The value of a literal: `value` evaluates one that is written out.
pub(super) fn literal<T>(
    evaluation: &mut Evaluation<'_>,
    written: &Spanned<Literal<T>>,
    value: impl FnOnce(&mut Evaluation<'_>, &T) -> Option<Value>,
) -> Option<Value> {
    match &written.value {
        Literal::Value(written) => value(evaluation, written),
        Literal::Expression(template) => evaluation.template(template, written.span),
        Literal::Computed(written) => evaluation.free(written),
    }
}

/// Texts in a list; a list that one of them gives is part of it.
pub(super) fn texts(evaluation: &mut Evaluation<'_>, texts: &[Spanned<Template>]) -> Option<Value> {
    let mut values = Vec::with_capacity(texts.len());
    for text in texts {
        match evaluation.value(text)? {
            Value::Array(inner) | Value::Filtered(inner) => values.extend(inner.iter().cloned()),
            value => values.push(value),
        }
    }
    Some(Value::array(values))
}

/// A container or service.
pub(super) fn container(evaluation: &mut Evaluation<'_>, written: &Container) -> Option<Value> {
    let mut object = Object::new();
    object.insert("image", evaluation.value(&written.image)?);
    for (key, text) in [
        ("options", &written.options),
        ("entrypoint", &written.entrypoint),
        ("command", &written.command),
    ] {
        if let Some(text) = text {
            object.insert(key, evaluation.value(text)?);
        }
    }
    for (key, list) in [("ports", &written.ports), ("volumes", &written.volumes)] {
        if let Some(list) = list {
            let value = literal(evaluation, list, |evaluation, list| texts(evaluation, list))?;
            object.insert(key, value);
        }
    }
    if let Some(variables) = &written.env {
        object.insert("env", env(evaluation, variables)?);
    }
    if let Some(credentials) = &written.credentials {
        object.insert(
            "credentials",
            literal(evaluation, credentials, self::credentials)?,
        );
    }
    Some(Value::object(object))
}

/// All services by name.
pub(super) fn services(evaluation: &mut Evaluation<'_>, written: &Services) -> Option<Value> {
    let mut object = Object::new();
    for (name, service) in written {
        let value = literal(evaluation, &service.value, container)?;
        object.insert(Arc::clone(name), value);
    }
    Some(Value::object(object))
}

fn credentials(evaluation: &mut Evaluation<'_>, written: &Credentials) -> Option<Value> {
    let mut object = Object::new();
    for (key, text) in [("username", &written.username), ("password", &written.password)] {
        if let Some(text) = text {
            object.insert(key, evaluation.value(text)?);
        }
    }
    Some(Value::object(object))
}

/// The variables of a container.
fn env(evaluation: &mut Evaluation<'_>, written: &Spanned<Env>) -> Option<Value> {
    let variables = match &written.value {
        Env::Variables(variables) => variables,
        Env::Expression(template) => return evaluation.template(template, written.span),
    };
    let mut object = Object::new();
    for (name, named) in variables {
        let place = named.value.span;
        let value = evaluation.value(&named.value)?;
        if is_insert(name) {
            let Some(inner) = value.as_object() else {
                evaluation.wrong("insert", "a mapping", &value, place);
                return None;
            };
            for (name, value) in inner.iter() {
                object.insert(name, value.clone());
            }
        } else {
            object.insert(shape::name(evaluation, name, named)?, value);
        }
    }
    Some(Value::object(object))
}

/// `concurrency`.
pub(super) fn concurrency(evaluation: &mut Evaluation<'_>, written: &Concurrency) -> Option<Value> {
    let mut object = Object::new();
    object.insert("group", evaluation.value(&written.group)?);
    if let Some(cancel) = &written.cancel_in_progress {
        let value = literal(evaluation, cancel, |_, cancel| Some(Value::Boolean(*cancel)))?;
        object.insert("cancel-in-progress", value);
    }
    if let Some(queue) = &written.queue {
        let value = literal(evaluation, queue, |_, queue| Some(Value::from(queue.as_str())))?;
        object.insert("queue", value);
    }
    Some(Value::object(object))
}

/// `strategy`.
pub(super) fn strategy(evaluation: &mut Evaluation<'_>, written: &Strategy) -> Option<Value> {
    let mut object = Object::new();
    if let Some(fail_fast) = &written.fail_fast {
        let value = literal(evaluation, fail_fast, |_, truth| Some(Value::Boolean(*truth)))?;
        object.insert("fail-fast", value);
    }
    if let Some(max_parallel) = &written.max_parallel {
        let value = literal(evaluation, max_parallel, |_, number| Some(Value::Number(*number)))?;
        object.insert("max-parallel", value);
    }
    if let Some(matrix) = &written.matrix {
        object.insert("matrix", literal(evaluation, matrix, self::matrix)?);
    }
    Some(Value::object(object))
}

fn matrix(evaluation: &mut Evaluation<'_>, written: &Matrix) -> Option<Value> {
    let mut object = Object::new();
    for (name, vector) in &written.vectors {
        object.insert(Arc::clone(name), list(evaluation, &vector.value)?);
    }
    for (key, written) in [("include", &written.include), ("exclude", &written.exclude)] {
        if let Some(written) = written {
            object.insert(key, list(evaluation, written)?);
        }
    }
    Some(Value::object(object))
}

fn list(evaluation: &mut Evaluation<'_>, written: &Spanned<List>) -> Option<Value> {
    literal(evaluation, written, |evaluation, items| evaluation.list(items))
}
