//! Comparing values of different kinds: both become numbers, unless both are of one kind.

use std::cmp::Ordering;
use std::sync::Arc;

use super::fold;
use super::numeral;
use super::value::Value;

/// The value as a number; a text is read as one, a list or mapping is none.
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Boolean(value) => f64::from(u8::from(*value)),
        Value::Number(value) => *value,
        Value::String(text) => numeral::parse(text),
        Value::Array(_) | Value::Filtered(_) | Value::Object(_) => f64::NAN,
    }
}

/// `left == right`. Lists and mappings are equal to themselves only.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Boolean(left), Value::Boolean(right)) => left == right,
        (Value::String(left), Value::String(right)) => fold::equal(left, right),
        (Value::Array(left), Value::Array(right)) | (Value::Filtered(left), Value::Filtered(right)) => {
            Arc::ptr_eq(left, right)
        }
        (Value::Object(left), Value::Object(right)) => Arc::ptr_eq(left, right),
        _ if left.is_primitive() && right.is_primitive() => number(left) == number(right),
        _ => false,
    }
}

/// The order of both; `None` where neither comes first: with `NaN`, lists, mappings, `null` beside `null`.
pub(super) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, Value::Null) => None,
        (Value::String(left), Value::String(right)) => Some(fold::compare(left, right)),
        _ if left.is_primitive() && right.is_primitive() => number(left).partial_cmp(&number(right)),
        _ => None,
    }
}
