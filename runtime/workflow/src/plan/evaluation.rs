//! Evaluating what a file says, where the contexts are known.
//!
//! Whole values are evaluated as GitHub's template evaluator does: an expression that is all of a text gives its value
//! as it is, a list that stands for an item of a list becomes items of it, and `${{ insert }}: …` puts the keys of a
//! mapping into the mapping around it.

use std::sync::Arc;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::{self, Environment, ExpressionError, Object, Value};
use crate::model::{Free, FreeMapping, FreeValue, Literal, Scalar, Template};
use crate::span::{Span, Spanned};

/// Most bytes that the values of one job may have together, all its instances counted.
const LARGEST: usize = 64 * 1024 * 1024;
/// What a value takes beside its text.
const OVERHEAD: usize = 64;

/// How many bytes may still be handed out; `None` once something did not fit.
pub(super) struct SizeBudget(Option<usize>);

impl Default for SizeBudget {
    fn default() -> Self {
        Self(Some(LARGEST))
    }
}

/// Evaluates values, and collects what cannot be evaluated. A value that could not is `None`, and has been reported.
pub(super) struct Evaluation<'a> {
    pub(super) environment: Environment<'a>,
    pub(super) diagnostics: &'a mut Diagnostics,
    budget: &'a mut SizeBudget,
}

impl<'a> Evaluation<'a> {
    pub(super) fn new(
        environment: Environment<'a>,
        diagnostics: &'a mut Diagnostics,
        budget: &'a mut SizeBudget,
    ) -> Self {
        Self {
            environment,
            diagnostics,
            budget,
        }
    }

    /// The value of a text as written.
    pub(super) fn value(&mut self, written: &Spanned<Template>) -> Option<Value> {
        self.template(written, written.span)
    }

    /// A text; numbers and the like become text, lists and mappings do not.
    pub(super) fn text(&mut self, written: &Spanned<Template>, key: &str) -> Option<Arc<str>> {
        let value = self.value(written)?;
        self.as_text(&value, key, written.span)
    }

    /// A literal, or the value of its expression as `read` understands it.
    pub(super) fn literal<T: Copy>(
        &mut self,
        written: &Spanned<Literal<T>>,
        key: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Option<T> {
        match &written.value {
            Literal::Value(value) => Some(*value),
            Literal::Expression(template) => {
                let value = self.template(template, written.span)?;
                let found = read(&value);
                if found.is_none() {
                    self.wrong(key, wanted, &value, written.span);
                }
                found
            }
            Literal::Computed(written) => {
                let value = self.free(written)?;
                self.wrong(key, wanted, &value, written.span);
                None
            }
        }
    }

    /// A boolean; no other value becomes one.
    pub(super) fn boolean(&mut self, written: &Spanned<Literal<bool>>, key: &str) -> Option<bool> {
        self.literal(written, key, "a boolean", as_boolean)
    }

    /// A value of any shape. The tree that it was read from bounds how deep it is.
    pub(super) fn free(&mut self, written: &Free) -> Option<Value> {
        match &written.value {
            FreeValue::Scalar(scalar) => match scalar {
                Scalar::Null => Some(Value::Null),
                Scalar::Boolean(truth) => Some(Value::Boolean(*truth)),
                Scalar::Number(number) => Some(Value::Number(*number)),
                Scalar::Text(text) if text.as_plain().is_none() => self.template(text, written.span),
                Scalar::Text(text) => Some(Value::String(Arc::clone(&text.text))),
            },
            FreeValue::List(items) => self.list(items),
            FreeValue::Mapping(mapping) => self.mapping(mapping).map(Value::object),
            FreeValue::Unreadable => None,
        }
    }

    /// A list of values of any shape.
    pub(super) fn list(&mut self, items: &[Free]) -> Option<Value> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let value = self.free(item)?;
            match &value {
                Value::Array(inner) | Value::Filtered(inner) if item.as_scalar().is_some() => {
                    values.extend(inner.iter().cloned());
                }
                _ => values.push(value),
            }
        }
        Some(Value::array(values))
    }

    fn mapping(&mut self, mapping: &FreeMapping) -> Option<Object> {
        let mut object = Object::new();
        for entry in &mapping.entries {
            let key = &entry.key.text;
            if entry.key.as_plain().is_some() {
                let value = self.free(&entry.value)?;
                object.insert(Arc::clone(key), value);
            } else if is_insert(key) {
                let value = self.free(&entry.value)?;
                let Some(inner) = value.as_object() else {
                    self.wrong("insert", "a mapping", &value, entry.value.mark());
                    return None;
                };
                for (key, value) in inner.iter() {
                    object.insert(key, value.clone());
                }
            } else {
                let name = self.text(&entry.key, key)?;
                let value = self.free(&entry.value)?;
                object.insert(name, value);
            }
        }
        Some(object)
    }

    /// A text in which no expression stands.
    pub(super) fn plain(&mut self, text: &Arc<str>, place: Span) -> Option<Arc<str>> {
        self.take(text.len() + OVERHEAD, place)?;
        Some(Arc::clone(text))
    }

    /// The value of a text, whose place is `whole`.
    pub(super) fn template(&mut self, written: &Template, whole: Span) -> Option<Value> {
        let Some((template, error)) = written.parsed() else {
            return self.plain(&written.text, whole).map(Value::String);
        };
        let result = match error {
            Some(error) => Err(error.clone()),
            None => template.evaluate(&self.environment),
        };
        match result {
            Ok(value) => {
                let size = self.budget.0.map(|left| size(&value, left));
                self.take(size.unwrap_or_default(), whole)?;
                Some(value)
            }
            Err(error) => {
                let segments = template.segments().iter().filter_map(|segment| match segment {
                    expression::Segment::Expression { span, .. } => Some(*span),
                    expression::Segment::Text { .. } => None,
                });
                let mut numbered = segments.zip(written.expressions.iter());
                let place = numbered
                    .find(|(within, _)| within.start <= error.span.start && error.span.end <= within.end);
                self.report(error, place.map_or(whole, |(_, place)| *place));
                None
            }
        }
    }

    /// Counts bytes; once there are too many, that is reported.
    fn take(&mut self, bytes: usize, place: Span) -> Option<()> {
        let left = self.budget.0?;
        self.budget.0 = left.checked_sub(bytes);
        if self.budget.0.is_none() {
            self.diagnostics.push(
                Diagnostic::new(codes::TOO_LARGE, "the values of this job would take too much memory")
                    .at(place, "no room was left for this")
                    .help("a job gets a copy of its values for each combination of its matrix: make them fewer or shorter"),
            );
        }
        self.budget.0.map(|_| ())
    }

    pub(super) fn report(&mut self, mut error: ExpressionError, place: Span) {
        error.span = place;
        // Places of the text are not those of the file, so that a change would hit something else.
        error.meant = None;
        self.diagnostics.push(error.to_diagnostic(codes::EVALUATION));
    }

    /// A value as text.
    pub(super) fn as_text(&mut self, value: &Value, key: &str, place: Span) -> Option<Arc<str>> {
        if value.as_array().is_some() || value.as_object().is_some() {
            self.wrong(key, "text", value, place);
            return None;
        }
        Some(value.to_text())
    }

    /// Reports that a value came out with the wrong type.
    pub(super) fn wrong(&mut self, key: &str, wanted: &str, found: &Value, place: Span) {
        let kind = match found.kind() {
            expression::ValueKind::Null => "nothing",
            expression::ValueKind::Boolean => "a boolean",
            expression::ValueKind::Number => "a number",
            expression::ValueKind::String => "text",
            expression::ValueKind::Array => "a list",
            expression::ValueKind::Object => "a mapping",
        };
        self.diagnostics.push(
            Diagnostic::new(
                codes::EVALUATION,
                format!("{} must be {wanted}, and is {kind}", crate::words::name(key)),
            )
            .at(place, format!("this gives {kind}"))
            .help("`fromJSON(…)` makes a value of another type of a text"),
        );
    }
}

/// How large a value is, counted no further than to `limit`.
fn size(value: &Value, limit: usize) -> usize {
    let mut size = 0_usize;
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        size = size.saturating_add(OVERHEAD);
        match value {
            Value::String(text) => size = size.saturating_add(text.len()),
            Value::Array(items) | Value::Filtered(items) => waiting.extend(items.iter()),
            Value::Object(object) => {
                for (key, value) in object.iter() {
                    size = size.saturating_add(key.len());
                    waiting.push(value);
                }
            }
            _ => {}
        }
        if size > limit {
            break;
        }
    }
    size
}

pub(super) fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(truth) => Some(*truth),
        _ => None,
    }
}

pub(super) fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// Whether a key is `${{ insert }}`.
pub(super) fn is_insert(key: &str) -> bool {
    let inner = key
        .trim()
        .strip_prefix("${{")
        .and_then(|key| key.strip_suffix("}}"));
    inner.is_some_and(|inner| inner.trim() == "insert")
}
