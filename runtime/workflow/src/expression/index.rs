//! Looking into values: `of[index]`, `of.*`.

use std::sync::Arc;

use super::budget::{Budget, Exceeded};
use super::coerce;
use super::value::Value;

/// All that is in a value, as a list whose items are looked into one by one.
pub(super) fn every(of: &Value, budget: &mut Budget) -> Result<Value, Exceeded> {
    let mut found = Vec::new();
    match of {
        Value::Filtered(items) => {
            for item in items.iter() {
                contents(item, &mut found, budget)?;
            }
        }
        other => contents(other, &mut found, budget)?,
    }
    Ok(Value::Filtered(Arc::new(found)))
}

fn contents(of: &Value, found: &mut Vec<Value>, budget: &mut Budget) -> Result<(), Exceeded> {
    match of {
        Value::Array(items) | Value::Filtered(items) => {
            budget.slots(items.len())?;
            found.extend(items.iter().cloned());
        }
        Value::Object(object) => {
            budget.slots(object.len())?;
            found.extend(object.iter().map(|(_, value)| value.clone()));
        }
        _ => {}
    }
    Ok(())
}

/// What stands at an index. Nothing where there is none; of a filtered list, what stands there in each of its items.
pub(super) fn at(of: &Value, index: &Value, budget: &mut Budget) -> Result<Value, Exceeded> {
    let index = Index::new(index);
    let Value::Filtered(items) = of else {
        return Ok(index.within(of).cloned().unwrap_or(Value::Null));
    };
    let mut found = Vec::new();
    for item in items.iter().filter_map(|item| index.within(item)) {
        budget.slots(1)?;
        found.push(item.clone());
    }
    Ok(Value::Filtered(Arc::new(found)))
}

/// An index as a key and as a number.
struct Index {
    key: Option<Arc<str>>,
    number: Option<usize>,
}

impl Index {
    fn new(index: &Value) -> Self {
        let number = coerce::number(index);
        let in_range = (0.0..=f64::from(i32::MAX)).contains(&number);
        Self {
            key: index.is_primitive().then(|| index.to_text()),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole, not negative and below 2^31 after the check"
            )]
            number: in_range.then(|| number.floor() as usize),
        }
    }

    fn within<'a>(&self, of: &'a Value) -> Option<&'a Value> {
        match of {
            Value::Object(object) => object.get(self.key.as_deref()?),
            Value::Array(items) | Value::Filtered(items) => items.get(self.number?),
            _ => None,
        }
    }
}
