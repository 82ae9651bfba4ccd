//! The functions.
//!
//! Arguments are evaluated when they are needed, as in the runner: what a call never looks at cannot fail it.

use std::sync::Arc;

use super::{Evaluator, JobStatus, Problem};
use crate::expression::coerce;
use crate::expression::fold;
use crate::expression::json;
use crate::expression::reason::Reason;
use crate::expression::tree::Expression;
use crate::expression::value::Value;

mod format;

pub(crate) use format::placeholders;

impl Evaluator<'_, '_> {
    /// The argument at a place; nothing where there is none, which the parser has refused.
    fn argument(&mut self, arguments: &[Expression], at: usize) -> Result<Value, Problem> {
        match arguments.get(at) {
            Some(argument) => Ok(self.value(argument)?),
            None => Ok(Value::Null),
        }
    }

    fn texts(&mut self, arguments: &[Expression]) -> Result<Vec<Arc<str>>, Problem> {
        let mut texts = Vec::with_capacity(arguments.len());
        for argument in arguments {
            texts.push(self.value(argument)?.to_text());
        }
        Ok(texts)
    }

    /// Whether a text holds another, or a list an equal item.
    pub(super) fn contains(&mut self, arguments: &[Expression]) -> Result<Value, Problem> {
        let within = self.argument(arguments, 0)?;
        let wanted = self.argument(arguments, 1)?;
        let found = match within.as_array() {
            Some(items) => items.iter().any(|item| coerce::equal(&wanted, item)),
            None => both_texts(&within, &wanted).is_some_and(|(within, wanted)| within.contains(&wanted)),
        };
        Ok(Value::Boolean(found))
    }

    pub(super) fn starts_with(&mut self, arguments: &[Expression]) -> Result<Value, Problem> {
        let whole = self.argument(arguments, 0)?;
        let start = self.argument(arguments, 1)?;
        let does = both_texts(&whole, &start).is_some_and(|(whole, start)| whole.starts_with(&start));
        Ok(Value::Boolean(does))
    }

    pub(super) fn ends_with(&mut self, arguments: &[Expression]) -> Result<Value, Problem> {
        let whole = self.argument(arguments, 0)?;
        let end = self.argument(arguments, 1)?;
        let does = both_texts(&whole, &end).is_some_and(|(whole, end)| whole.ends_with(&end));
        Ok(Value::Boolean(does))
    }

    pub(super) fn join(&mut self, arguments: &[Expression]) -> Result<Value, Problem> {
        let list = self.argument(arguments, 0)?;
        let Some(items) = list.as_array() else {
            return Ok(if list.is_primitive() {
                Value::String(list.to_text())
            } else {
                Value::string("")
            });
        };
        let separator = match arguments.get(1) {
            Some(argument) => match self.value(argument)? {
                separator if separator.is_primitive() => separator.to_text(),
                _ => Arc::from(","),
            },
            None => Arc::from(","),
        };
        let mut joined = String::new();
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.budget.text(&separator)?;
                joined.push_str(&separator);
            }
            let item = item.to_text();
            self.budget.text(&item)?;
            joined.push_str(&item);
        }
        Ok(Value::string(joined))
    }

    pub(super) fn written_as_json(&mut self, arguments: &[Expression]) -> Result<Value, Problem> {
        let value = self.argument(arguments, 0)?;
        Ok(Value::string(json::pretty(&value, self.budget)?))
    }

    pub(super) fn read_from_json(&mut self, arguments: &[Expression]) -> Result<Value, Problem> {
        let text = self.argument(arguments, 0)?.to_text();
        if text.trim().is_empty() {
            return Err(Problem::Reason(Reason::Json("empty input".to_owned())));
        }
        Value::read_by_runner(&text).map_err(|why| Problem::Reason(Reason::Json(why)))
    }

    /// The value of the first test that holds, else the last argument.
    pub(super) fn case(&mut self, arguments: &[Expression]) -> Result<Value, Problem> {
        let mut rest = arguments;
        while let [test, value, others @ ..] = rest {
            let Value::Boolean(holds) = self.value(test)? else {
                return Err(Problem::Reason(Reason::NoBoolean));
            };
            if holds {
                return Ok(self.value(value)?);
            }
            rest = others;
        }
        self.argument(rest, 0)
    }

    pub(super) fn hash_files(&mut self, arguments: &[Expression]) -> Result<Value, Problem> {
        let patterns = self.texts(arguments)?;
        let Some(files) = self.environment.files else {
            return Err(Problem::Reason(Reason::NoFiles));
        };
        let hash = files.hash(&patterns);
        hash.map(Value::string)
            .map_err(|why| Problem::Reason(Reason::Files(why)))
    }

    /// What a status function answers.
    pub(super) fn asked(
        &mut self,
        question: impl FnOnce(&dyn JobStatus, &[Arc<str>]) -> bool,
        arguments: &[Expression],
    ) -> Result<Value, Problem> {
        let names = self.texts(arguments)?;
        match self.environment.status {
            Some(status) => Ok(Value::Boolean(question(status, &names))),
            None => Err(Problem::Reason(Reason::NoStatus)),
        }
    }
}

/// Both as texts in the form that is compared; `None` when one is a list or mapping.
fn both_texts(left: &Value, right: &Value) -> Option<(String, String)> {
    let primitive = left.is_primitive() && right.is_primitive();
    primitive.then(|| (fold::folded(&left.to_text()), fold::folded(&right.to_text())))
}
