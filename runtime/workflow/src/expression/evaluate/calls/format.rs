//! `format('{0} of {1}', part, whole)`.

use std::sync::Arc;

use super::super::{Evaluator, Problem};
use crate::expression::reason::Reason;
use crate::expression::tree::Expression;
use crate::expression::value::Value;

/// A piece of a format.
enum Piece<'a> {
    Text(&'a str),
    /// The argument with this number, counted from the first behind the format, and what stands behind its colon.
    Argument(usize, &'a str),
}

impl Evaluator<'_, '_> {
    pub(in crate::expression::evaluate) fn format(
        &mut self,
        arguments: &[Expression],
    ) -> Result<Value, Problem> {
        let format = self.argument(arguments, 0)?.to_text();
        let values = arguments.get(1..).unwrap_or_default();
        // The whole format is read first: a mistake in it counts more than one in a value.
        let pieces = pieces(&format, values.len())?;
        let mut known: Vec<Option<Value>> = vec![None; values.len()];
        let mut text = String::new();
        for piece in pieces {
            let part = match piece {
                Piece::Text(part) => Arc::from(part),
                Piece::Argument(number, specifiers) => {
                    let value = match known.get(number) {
                        Some(Some(value)) => value.clone(),
                        _ => self.argument(values, number)?,
                    };
                    if !specifiers.is_empty() {
                        return Err(Problem::Reason(Reason::FormatSpecifiers {
                            specifiers: specifiers.replace("}}", "}"),
                            kind: value.kind(),
                        }));
                    }
                    if let Some(slot) = known.get_mut(number) {
                        *slot = Some(value.clone());
                    }
                    value.to_text()
                }
            };
            if !part.is_empty() {
                self.budget.text(&part)?;
                text.push_str(&part);
            }
        }
        Ok(Value::string(text))
    }
}

/// Takes a format apart: `{0}` is a value, `{{` and `}}` are braces, a brace alone is a mistake.
fn pieces(format: &str, values: usize) -> Result<Vec<Piece<'_>>, Problem> {
    let invalid = || Problem::Reason(Reason::Format(format.to_owned()));
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        // A doubled brace: the text with one of them.
        if from.starts_with("{{") || from.starts_with("}}") {
            pieces.push(Piece::Text(rest.get(..=at).unwrap_or(text)));
            rest = from.get(2..).unwrap_or_default();
            continue;
        }
        let inner = from.strip_prefix('{').ok_or_else(invalid)?;
        let (number, specifiers, behind) = placeholder(inner).ok_or_else(invalid)?;
        if number >= values {
            return Err(Problem::Reason(Reason::FormatArguments(format.to_owned())));
        }
        pieces.push(Piece::Text(text));
        pieces.push(Piece::Argument(number, specifiers));
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// The numbers of the arguments that a format asks for; `None` when it is no format.
pub(crate) fn placeholders(format: &str) -> Option<Vec<usize>> {
    let pieces = pieces(format, usize::MAX).ok()?;
    let numbers = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Argument(number, _) => Some(number),
        Piece::Text(_) => None,
    });
    Some(numbers.collect())
}

/// Reads `0}` or `0:specifiers}`: the number, the specifiers and what follows.
fn placeholder(text: &str) -> Option<(usize, &str, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    // GitHub reads the number as a byte.
    let number: u8 = digits.parse().ok()?;
    if let Some(behind) = rest.strip_prefix('}') {
        return Some((number.into(), "", behind));
    }
    let specifiers = rest.strip_prefix(':')?;
    let mut from = 0;
    loop {
        let at = from + specifiers.get(from..)?.find('}')?;
        let behind = specifiers.get(at + 1..)?;
        // A doubled brace belongs to the specifiers.
        if !behind.starts_with('}') {
            return Some((number.into(), specifiers.get(..at)?, behind));
        }
        from = at + 2;
    }
}
