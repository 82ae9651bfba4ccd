//! `loom-runtime eval`: what an expression gives, one or a file of them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use loom_workflow::expression::{
    Environment, ExpressionError, Function, Object, Scope, Status, Template, Value, evaluate, parse,
};

use super::args::EvalArgs;
use super::{Exit, data, talk};

/// The longest line of a batch, and the largest file of contexts: more than GitHub's largest event by far.
const MOST: u64 = 64 * 1024 * 1024;
/// What an expression may ask beside contexts: it is evaluated as if all went well so far.
const FUNCTIONS: [Function; 4] = [
    Function::Success,
    Function::Failure,
    Function::Cancelled,
    Function::Always,
];

pub(super) fn eval(args: &EvalArgs) -> Exit {
    let done = match (&args.expression, &args.batch) {
        (Some(expression), _) => single(expression, args.context.as_deref()),
        (None, Some(batch)) => self::batch(batch),
        (None, None) => Err("there is nothing to evaluate".to_owned()),
    };
    done.unwrap_or_else(|problem| {
        talk::error(&problem);
        Exit::Usage
    })
}

/// Evaluates the expression of the command line.
fn single(text: &str, context: Option<&Path>) -> Result<Exit, String> {
    let contexts = match context {
        Some(path) => contexts(path)?,
        None => Object::new(),
    };
    match value_or_text(text, &contexts) {
        Ok(value) => {
            data::print(&format!("{}\n", shown(&value)));
            Ok(Exit::Success)
        }
        Err(errors) => {
            for error in &errors {
                talk::raw(&drawn(text, error));
                talk::raw("");
            }
            if context.is_none() && contexts_are_missing(&errors) {
                talk::help(
                    "`--context FILE` gives contexts their values: a JSON object with one key for each",
                );
            }
            Ok(Exit::Failure)
        }
    }
}

fn contexts_are_missing(errors: &[ExpressionError]) -> bool {
    errors
        .iter()
        .any(|error| error.what.starts_with("Unrecognized named-value"))
}

/// The value of an expression, or a text with `${{ }}` filled in when it is no expression.
fn value_or_text(text: &str, contexts: &Object) -> Result<Value, Vec<ExpressionError>> {
    if !Template::is_in(text) || parse(text, 0, &Scope::anything()).errors.is_empty() {
        return value(text, contexts);
    }
    let trimmed = text.trim();
    let base = text.len() - text.trim_start().len();
    let (template, errors) = Template::parse(trimmed, base, &scope(contexts));
    if !errors.is_empty() {
        return Err(errors);
    }
    template
        .evaluate(&environment(contexts))
        .map_err(|error| vec![error])
}

/// The value of an expression.
fn value(text: &str, contexts: &Object) -> Result<Value, Vec<ExpressionError>> {
    let parsed = parse(text, 0, &scope(contexts));
    if !parsed.errors.is_empty() {
        return Err(parsed.errors);
    }
    match parsed.expression {
        Some(expression) => evaluate(&expression, &environment(contexts)).map_err(|error| vec![error]),
        None => Ok(Value::Null),
    }
}

fn scope(contexts: &Object) -> Scope<'_> {
    Scope::of_contexts(contexts).with_functions(&FUNCTIONS)
}

fn environment(contexts: &Object) -> Environment<'_> {
    Environment::new(contexts).with_status(&Status::Success)
}

/// A text as it is, all else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => other.to_json(),
    }
}

/// The values of contexts: a JSON object with a key for each.
fn contexts(path: &Path) -> Result<Object, String> {
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let file = File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(MOST).read_to_string(&mut text).map_err(unreadable)?;
    let value = Value::from_json(&text).map_err(|why| format!("{} is no JSON: {why}", path.display()))?;
    match value.as_object() {
        Some(object) => Ok(object.clone()),
        None => Err(format!(
            "{} holds no JSON object with a key for each context",
            path.display()
        )),
    }
}

/// Evaluates a file of expressions, `-` for stdin: one JSON object a line in, one a line out.
fn batch(path: &Path) -> Result<Exit, String> {
    let reader: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?)
    };
    let mut reader = BufReader::new(reader);
    let mut out = std::io::stdout().lock();
    for number in 1_usize.. {
        let place = format!("line {number} of {}", path.display());
        let mut line = String::new();
        let read = reader.by_ref().take(MOST).read_line(&mut line);
        if read.map_err(|error| format!("{place} cannot be read: {error}"))? == 0 {
            break;
        }
        if !line.trim().is_empty() {
            let answer = answer(&line).map_err(|why| format!("{place} is no question: {why}"))?;
            // A reader that has gone away wants no more.
            if writeln!(out, "{answer}").is_err() {
                break;
            }
        }
    }
    Ok(Exit::Success)
}

/// Answers one line of a batch.
fn answer(line: &str) -> Result<String, String> {
    let question = Value::from_json(line)?;
    let question = question.as_object().ok_or("it is no JSON object")?;
    let text = question
        .get("expr")
        .and_then(Value::as_str)
        .ok_or("it has no text under `expr`")?;
    let none = Object::new();
    let contexts = match question.get("contexts") {
        Some(Value::Null) | None => &none,
        Some(value) => value.as_object().ok_or("`contexts` is no JSON object")?,
    };
    let mut out = Object::new();
    out.insert("id", question.get("id").cloned().unwrap_or(Value::Null));
    match value(text, contexts) {
        Ok(value) => {
            out.insert("kind", value.kind().as_str().into());
            out.insert("value", value);
        }
        Err(errors) => {
            let mut told = Object::new();
            // GitHub's own error is the first one.
            if let Some(error) = errors.first() {
                told.insert("kind", error.kind.as_str().into());
                told.insert("message", error.message().as_str().into());
            }
            out.insert("error", Value::object(told));
        }
    }
    Ok(Value::object(out).to_json())
}

/// An error as rustc would draw it, under the expression.
fn drawn(text: &str, error: &ExpressionError) -> String {
    let renderer = if talk::in_colour() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let range = error.span.range();
    let mark = AnnotationKind::Primary.span(range.clone());
    let snippet = Snippet::source(text).path("expression").annotation(mark);
    let title = Level::ERROR.primary_title(error.what.as_str());
    let mut group = Group::with_title(title).element(snippet);
    if let Some(help) = &error.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let mut groups = vec![group];
    if let Some(meant) = &error.meant {
        let patch = Patch::new(range, meant.as_str());
        let snippet = Snippet::source(text).path("expression").patch(patch);
        groups.push(Group::with_title(Level::HELP.secondary_title("try this")).element(snippet));
    }
    renderer.render(&groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_batch_is_answered_with_its_id() {
        for (line, want) in [
            (
                r#"{"id":"a","expr":"x.y","contexts":{"x":{"Y":[1,0.5,null]}}}"#,
                r#"{"id":"a","kind":"Array","value":[1,0.5,null]}"#,
            ),
            (r#"{"id":7,"expr":" "}"#, r#"{"id":7,"kind":"Null","value":null}"#),
            (
                r#"{"expr":"x","contexts":{}}"#,
                r#"{"id":null,"error":{"kind":"parsing","message":"Unrecognized named-value: 'x'. Located at position 1 within expression: x"}}"#,
            ),
            (
                r#"{"id":"b","expr":"fromJSON('{')"}"#,
                r#"{"id":"b","error":{"kind":"evaluation","message":"Error parsing fromJson: a key in double quotes is missing at line 1, column 2"}}"#,
            ),
        ] {
            assert_eq!(answer(line).as_deref(), Ok(want));
        }
    }

    #[test]
    fn what_is_no_question_is_told() {
        for (line, why) in [
            ("[]", "it is no JSON object"),
            (r#"{"id":1}"#, "it has no text under `expr`"),
            (r#"{"expr":"1","contexts":[]}"#, "`contexts` is no JSON object"),
        ] {
            assert_eq!(answer(line), Err(why.to_owned()));
        }
    }

    #[test]
    fn an_error_is_drawn_where_it_is() {
        let mut contexts = Object::new();
        contexts.insert("github", Value::Null);
        let text = "true && githb.ref";
        let errors = value(text, &contexts).unwrap_err();
        let drawn = drawn(text, errors.first().unwrap());
        assert!(drawn.contains("true && githb.ref\n"), "{drawn}");
        assert!(drawn.contains("        ^^^^^\n"), "{drawn}");
        assert!(drawn.contains("did you mean `github`?"), "{drawn}");
    }

    #[test]
    fn texts_with_braces_and_values_are_shown() {
        let contexts = Object::new();
        for (text, want) in [
            ("${{ 1 + }}x", None),
            ("a${{ 2 }}", Some("a2")),
            ("'${{ 2 }}'", Some("${{ 2 }}")),
            (" ${{ 1 }} of ${{ 2 }}\n", Some("1 of 2")),
            ("${{ fromJSON('[1]') }}", Some("[1]")),
            ("'a b'", Some("a b")),
            ("success()", Some("true")),
        ] {
            let value = value_or_text(text, &contexts).ok();
            assert_eq!(value.as_ref().map(shown).as_deref(), want, "{text}");
        }
    }
}
