//! `eval --batch`: a line in, a line out.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use loom_workflow::expression::{ErrorKind, Object, Value};

use super::super::{Exit, data};
use super::{MOST, nameless, value};
use crate::bounded;
use crate::files::Workspace;

/// Evaluates a file of expressions, `-` for standard input: one JSON object a line in, one a line out. Empty lines are
/// passed over; a line that is no question is answered with an error, and makes the end wrong usage.
pub(super) fn evaluate_all(path: &Path, files: &Workspace) -> Result<Exit, String> {
    let name = if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let unreadable = |error: io::Error| format!("{name} cannot be read: {error}");
    let reader: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(bounded::open(path).map_err(unreadable)?)
    };
    let mut reader = BufReader::new(reader);
    let mut exit = Exit::Success;
    for number in 1_usize.. {
        let question = match line(&mut reader, MOST).map_err(unreadable)? {
            Line::None => break,
            Line::TooLong => Err(Refused::of(format!("it is longer than {MOST} bytes"))),
            Line::Text(line) => match std::str::from_utf8(&line) {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => answer(text.trim(), files),
                Err(_) => Err(Refused::of("it is not UTF-8 text".to_owned())),
            },
        };
        let answer = question.unwrap_or_else(|refused| {
            exit = Exit::Usage;
            refused.answer_line(number, &name)
        });
        data::print(&format!("{answer}\n"));
        if !data::is_taken() {
            break;
        }
    }
    Ok(exit)
}

/// A line of a file.
enum Line {
    Text(Vec<u8>),
    TooLong,
    /// There are no more.
    None,
}

/// The next line. One of more than `most` bytes is passed over without being kept.
fn line(reader: &mut impl BufRead, most: u64) -> io::Result<Line> {
    let mut text = Vec::new();
    if reader.by_ref().take(most).read_until(b'\n', &mut text)? == 0 {
        return Ok(Line::None);
    }
    if text.ends_with(b"\n") || u64::try_from(text.len()).is_ok_and(|length| length < most) {
        return Ok(Line::Text(text));
    }
    reader.skip_until(b'\n')?;
    Ok(Line::TooLong)
}

/// Why a line is no question, and the id it has all the same.
#[derive(Debug, PartialEq, Eq)]
struct Refused {
    id: Option<String>,
    why: String,
}

impl Refused {
    fn of(why: String) -> Self {
        Self { id: None, why }
    }

    /// The answer to such a line.
    fn answer_line(&self, number: usize, name: &str) -> String {
        let message = format!("line {number} of {name} is no question: {}", self.why);
        let report = error(ErrorKind::Parsing, &message).to_json();
        let id = self.id.as_deref().unwrap_or("null");
        format!("{{\"id\":{id},\"error\":{report}}}")
    }
}

/// Answers one line.
fn answer(line: &str, files: &Workspace) -> Result<String, Refused> {
    let question =
        Value::from_json(line).map_err(|why| Refused::of(format!("it is no JSON: {}", within_line(&why))))?;
    let question = question
        .as_object()
        .ok_or_else(|| Refused::of("it is no JSON object".to_owned()))?;
    let refused = |why: &str| Refused {
        id: question.get("id").map(Value::to_json),
        why: why.to_owned(),
    };
    let text = question
        .get("expr")
        .and_then(Value::as_str)
        .ok_or_else(|| refused("it has no text under `expr`"))?;
    let none = Object::new();
    let contexts = match question.get("contexts") {
        Some(Value::Null) | None => &none,
        Some(value) => value
            .as_object()
            .ok_or_else(|| refused("`contexts` is no JSON object"))?,
    };
    let mut out = Object::new();
    out.insert("id", question.get("id").cloned().unwrap_or(Value::Null));
    match value(text, contexts, files) {
        Ok(value) => {
            out.insert("kind", value.kind().as_str().into());
            let name = nameless(&value);
            out.insert("value", value);
            if let Some(name) = name {
                out.insert("text", Value::String(name));
            }
        }
        Err(errors) => {
            // GitHub's own error is the first one.
            let report = errors.first().map(|first| error(first.kind, &first.message()));
            out.insert("error", report.unwrap_or(Value::Null));
        }
    }
    Ok(Value::object(out).to_json())
}

fn error(kind: ErrorKind, message: &str) -> Value {
    let mut report = Object::new();
    report.insert("kind", kind.as_str().into());
    report.insert("message", message.into());
    Value::object(report)
}

/// A line has one line only, so its number would be said twice.
fn within_line(why: &str) -> String {
    why.replace(" at line 1, column ", " at column ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere() -> Workspace {
        Workspace::new("/nowhere".into())
    }

    #[test]
    fn a_line_is_answered_with_its_id() {
        for (line, want) in [
            (
                r#"{"id":"a","expr":"x.y","contexts":{"x":{"Y":[1,0.5,null]}}}"#,
                r#"{"id":"a","kind":"Array","value":[1,0.5,null]}"#,
            ),
            (r#"{"id":7,"expr":" "}"#, r#"{"id":7,"kind":"Null","value":null}"#),
            (
                r#"{"expr":"NaN"}"#,
                r#"{"id":null,"kind":"Number","value":null,"text":"NaN"}"#,
            ),
            (
                r#"{"expr":"-1e999"}"#,
                r#"{"id":null,"kind":"Number","value":null,"text":"-Infinity"}"#,
            ),
            (
                r#"{"expr":"x","contexts":{}}"#,
                r#"{"id":null,"error":{"kind":"parsing","message":"Unrecognized named-value: 'x'. Located at position 1 within expression: x"}}"#,
            ),
            (
                r#"{"id":"b","expr":"fromJSON('{')"}"#,
                r#"{"id":"b","error":{"kind":"evaluation","message":"Error parsing fromJson: a key is missing at line 1, column 2"}}"#,
            ),
        ] {
            assert_eq!(answer(line, &nowhere()).as_deref(), Ok(want));
        }
    }

    #[test]
    fn what_is_no_question_is_told() {
        for (line, want) in [
            (
                "[]",
                r#"{"id":null,"error":{"kind":"parsing","message":"line 3 of x is no question: it is no JSON object"}}"#,
            ),
            (
                "nope",
                r#"{"id":null,"error":{"kind":"parsing","message":"line 3 of x is no question: it is no JSON: this is no value of JSON at column 1"}}"#,
            ),
            (
                r#"{"id":"a"}"#,
                r#"{"id":"a","error":{"kind":"parsing","message":"line 3 of x is no question: it has no text under `expr`"}}"#,
            ),
            (
                r#"{"expr":"1","contexts":[]}"#,
                r#"{"id":null,"error":{"kind":"parsing","message":"line 3 of x is no question: `contexts` is no JSON object"}}"#,
            ),
        ] {
            assert_eq!(answer(line, &nowhere()).unwrap_err().answer_line(3, "x"), want);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let mut reader = &b"12345\n1234567\n\n123456"[..];
        let mut lines = Vec::new();
        loop {
            match line(&mut reader, 6).unwrap() {
                Line::Text(text) => lines.push(String::from_utf8(text).unwrap()),
                Line::TooLong => lines.push("too long".to_owned()),
                Line::None => break,
            }
        }
        assert_eq!(lines, ["12345\n", "too long", "\n", "too long"]);
    }
}
