//! A value as JSON.

use crate::expression::budget::{Budget, Exceeded};
use crate::expression::value::Value;
use crate::number::format_number;

/// As `toJSON` writes it: indented by two spaces, numbers with fifteen digits.
pub(in crate::expression) fn pretty(value: &Value, budget: &mut Budget) -> Result<String, Exceeded> {
    write(value, &mut |piece| budget.text(piece), Layout::Pretty)
}

/// In one line, for other programs: numbers in full.
pub(in crate::expression) fn compact(value: &Value) -> String {
    write(
        value,
        &mut |_| Ok::<(), std::convert::Infallible>(()),
        Layout::Compact,
    )
    .unwrap_or_else(|never| match never {})
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Pretty,
    Compact,
}

/// A list or mapping that is being written, and how many of its items are.
struct Open<'a> {
    of: &'a Value,
    done: usize,
}

/// Writes piece by piece; `account` may stop it.
fn write<E>(
    value: &Value,
    account: &mut dyn FnMut(&str) -> Result<(), E>,
    layout: Layout,
) -> Result<String, E> {
    let mut out = String::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut current = Some(value);
    loop {
        let before = out.len();
        match current.take() {
            Some(value) => {
                if let Some((start, _)) = brackets(value) {
                    out.push(start);
                    open.push(Open { of: value, done: 0 });
                } else {
                    scalar(value, layout, &mut out);
                }
            }
            None => {
                let depth = open.len();
                let Some(top) = open.last_mut() else {
                    return Ok(out);
                };
                match item(top.of, top.done) {
                    Some((key, value)) => {
                        if top.done > 0 {
                            out.push(',');
                        }
                        line(depth, layout, &mut out);
                        if let Some(key) = key {
                            quoted(key, &mut out);
                            out.push_str(if layout == Layout::Pretty { ": " } else { ":" });
                        }
                        top.done += 1;
                        current = Some(value);
                    }
                    None => {
                        if top.done > 0 {
                            line(depth - 1, layout, &mut out);
                        }
                        out.extend(brackets(top.of).map(|(_, end)| end));
                        open.pop();
                    }
                }
            }
        }
        account(out.get(before..).unwrap_or_default())?;
    }
}

fn brackets(value: &Value) -> Option<(char, char)> {
    match value {
        Value::Array(_) | Value::Filtered(_) => Some(('[', ']')),
        Value::Object(_) => Some(('{', '}')),
        _ => None,
    }
}

fn item(of: &Value, at: usize) -> Option<(Option<&str>, &Value)> {
    match of {
        Value::Array(items) | Value::Filtered(items) => items.get(at).map(|value| (None, value)),
        Value::Object(object) => object.entry(at).map(|(key, value)| (Some(key), value)),
        _ => None,
    }
}

fn line(depth: usize, layout: Layout, out: &mut String) {
    if layout == Layout::Pretty {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn scalar(value: &Value, layout: Layout, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) if layout == Layout::Pretty => out.push_str(&format_number(*number)),
        Value::Number(number) if !number.is_finite() => out.push_str("null"),
        Value::Number(number) if *number == 0.0 => out.push('0'),
        Value::Number(number) if (1e-6..1e21).contains(&number.abs()) => out.push_str(&number.to_string()),
        Value::Number(number) => out.push_str(&format!("{number:e}")),
        Value::String(text) => quoted(text, out),
        // These are taken apart before.
        Value::Array(_) | Value::Filtered(_) | Value::Object(_) => {}
    }
}

/// The text in double quotes, with the escapes of Newtonsoft's writer, which GitHub uses.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{0}'..='\u{1f}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
