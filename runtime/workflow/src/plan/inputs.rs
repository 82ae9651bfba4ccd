//! The `inputs` of a run that was started by hand or called: given values, defaults, types.

use super::evaluation::{Evaluation, SizeBudget};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::{Environment, Object, Value};
use crate::model::{Input, InputKind, Trigger};
use crate::tree::{self, resolve};
use crate::words::{self, name};

const HELP: &str = "give it with `--input NAME=VALUE`, or in the `inputs` of the event";

/// The `inputs` context: what is given under the names that `on.workflow_dispatch` or `on.workflow_call` declares, else
/// the default, else nothing of the declared type. Texts become values of that type. What is not declared is kept as it
/// is given. `contexts` is what defaults may look at: `github`, `vars`.
///
/// There is no context when an input is missing or does not fit; the diagnostics say which.
pub fn inputs(trigger: &Trigger, given: &Object, contexts: &Object) -> (Option<Object>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut budget = SizeBudget::default();
    let mut all = Object::new();
    for (declared, input) in &trigger.inputs {
        let value = match given.get(declared).filter(|value| !matches!(value, Value::Null)) {
            Some(value) => typed(value, input).map_err(|why| (why, "given")),
            None => match &input.default {
                Some(default) => {
                    let mut evaluation =
                        Evaluation::new(Environment::new(contexts), &mut diagnostics, &mut budget);
                    let Some(value) = evaluation.free(default) else {
                        continue;
                    };
                    typed(&value, input).map_err(|why| (why, "default"))
                }
                None if input.required => {
                    diagnostics.push(
                        Diagnostic::new(codes::INPUT, format!("the input {} is missing", name(declared)))
                            .at(input.span, "it is required, and nothing was given")
                            .help(HELP),
                    );
                    continue;
                }
                None => Ok(nothing(input)),
            },
        };
        match value {
            Ok(value) => all.insert(&**declared, value),
            Err((why, which)) => {
                let which = if which == "default" { "the default of " } else { "" };
                diagnostics.push(
                    Diagnostic::new(
                        codes::INPUT,
                        format!("{which}the input {} does not fit", name(declared)),
                    )
                    .at(input.span, why)
                    .help(HELP),
                );
            }
        }
    }
    for (key, value) in given.iter() {
        if all.get(key).is_none() {
            all.insert(key, value.clone());
        }
    }
    let diagnostics = diagnostics.finish();
    ((!diagnostics.is_blocking()).then_some(all), diagnostics)
}

/// The value as the declared type has it.
fn typed(value: &Value, input: &Input) -> Result<Value, String> {
    let text = value.to_text();
    let meaning = || resolve(text.trim());
    match input.kind {
        InputKind::Boolean => match (value, meaning()) {
            (Value::Boolean(truth), _) => Ok(Value::Boolean(*truth)),
            (Value::String(_), tree::Value::Bool(truth)) => Ok(Value::Boolean(truth)),
            _ => Err(format!("it is `true` or `false`, not {}", name(&text))),
        },
        InputKind::Number => match (value, meaning()) {
            (Value::Number(number), _) => Ok(Value::Number(*number)),
            (Value::String(_), tree::Value::Number(number)) => Ok(Value::Number(number)),
            _ => Err(format!("it is a number, not {}", name(&text))),
        },
        InputKind::Choice => {
            let options = input
                .options
                .as_ref()
                .map_or(&[][..], |options| options.value.as_slice());
            if options.is_empty() || options.iter().any(|option| *option.value == *text) {
                return Ok(Value::String(text));
            }
            let options: Vec<&str> = options.iter().take(8).map(|option| &*option.value).collect();
            Err(format!(
                "it is {}, not {}",
                words::alternatives(&options),
                name(&text)
            ))
        }
        InputKind::String | InputKind::Environment => match value {
            Value::Array(_) | Value::Filtered(_) | Value::Object(_) => {
                Err("it is text, not a list or a mapping".to_owned())
            }
            _ => Ok(Value::String(text)),
        },
    }
}

/// What an input is that nobody gives.
fn nothing(input: &Input) -> Value {
    match input.kind {
        InputKind::Boolean => Value::Boolean(false),
        InputKind::Number => Value::Number(0.0),
        InputKind::String | InputKind::Choice | InputKind::Environment => Value::from(""),
    }
}
