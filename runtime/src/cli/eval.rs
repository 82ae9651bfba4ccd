//! `loom-runtime eval`: what an expression gives, one or a file of them.

use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use loom_workflow::expression::{
    Environment, ExpressionError, Function, Object, Reason, Scope, Status, Template, Value, evaluate, parse,
};

use super::args::{EvalArgs, Global};
use super::{Exit, data, setup, talk};
use crate::bounded::{self, Contents};
use crate::files::Workspace;

mod batch;

/// The longest line of a batch, and the largest file of contexts: more than GitHub's largest event by far.
const MOST: u64 = 64 * 1024 * 1024;
/// What an expression may ask beside contexts: it is evaluated as if all went well so far, on the files of the workspace.
const FUNCTIONS: [Function; 5] = [
    Function::HashFiles,
    Function::Success,
    Function::Failure,
    Function::Cancelled,
    Function::Always,
];

pub(super) fn eval(global: &Global, args: &EvalArgs) -> Exit {
    let files = match setup::workspace(global) {
        Ok(root) => Workspace::new(root),
        Err(exit) => return exit,
    };
    let done = match (&args.expression, &args.batch) {
        (Some(expression), _) => single(expression, args.context.as_deref(), &files),
        (None, Some(file)) => batch::evaluate_all(file, &files),
        (None, None) => Err("there is nothing to evaluate".to_owned()),
    };
    done.unwrap_or_else(|problem| {
        talk::error(&problem);
        Exit::Usage
    })
}

/// Evaluates the expression of the command line.
fn single(text: &str, context: Option<&Path>, files: &Workspace) -> Result<Exit, String> {
    let contexts = match context {
        Some(path) => contexts(path)?,
        None => Object::new(),
    };
    match value_or_text(text, &contexts, files) {
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
        .any(|error| matches!(error.reason, Reason::UnknownContext(_)))
}

/// The value of an expression, or a text with `${{ }}` filled in when it is no expression.
fn value_or_text(text: &str, contexts: &Object, files: &Workspace) -> Result<Value, Vec<ExpressionError>> {
    if !Template::is_in(text) || parse(text, 0, &Scope::anything()).errors.is_empty() {
        return value(text, contexts, files);
    }
    let trimmed = text.trim();
    let base = text.len() - text.trim_start().len();
    let (template, errors) = Template::parse(trimmed, base, &scope(contexts));
    if !errors.is_empty() {
        return Err(errors);
    }
    template
        .evaluate(&environment(contexts, files))
        .map_err(|error| vec![error])
}

/// The value of an expression.
fn value(text: &str, contexts: &Object, files: &Workspace) -> Result<Value, Vec<ExpressionError>> {
    let parsed = parse(text, 0, &scope(contexts));
    if !parsed.errors.is_empty() {
        return Err(parsed.errors);
    }
    match parsed.expression {
        Some(expression) => evaluate(&expression, &environment(contexts, files)).map_err(|error| vec![error]),
        None => Ok(Value::Null),
    }
}

fn scope(contexts: &Object) -> Scope<'_> {
    Scope::of_contexts(contexts).with_functions(&FUNCTIONS)
}

fn environment<'a>(contexts: &'a Object, files: &'a Workspace) -> Environment<'a> {
    Environment::new(contexts)
        .with_status(&Status::Success)
        .with_files(files)
}

/// A text as it is, all else as JSON, with the numbers that JSON does not know as their names.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => nameless(other).map_or_else(|| other.to_json(), |name| name.to_string()),
    }
}

/// The name of a number that JSON does not know: `NaN`, `Infinity`.
fn nameless(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Number(number) if !number.is_finite() => Some(value.to_text()),
        _ => None,
    }
}

/// The values of contexts: a JSON object with a key for each.
fn contexts(path: &Path) -> Result<Object, String> {
    let name = path.display();
    let unreadable = |error: &dyn std::fmt::Display| format!("{name} cannot be read: {error}");
    let text = match bounded::read(path, MOST).map_err(|error| unreadable(&error))? {
        Contents::Whole(bytes) => {
            String::from_utf8(bytes).map_err(|_| unreadable(&"it is not UTF-8 text"))?
        }
        Contents::TooLarge(_) => return Err(unreadable(&format!("it is larger than {MOST} bytes"))),
    };
    let value = Value::from_json(&text).map_err(|why| format!("{name} is no JSON: {why}"))?;
    match value.as_object() {
        Some(object) => Ok(object.clone()),
        None => Err(format!("{name} holds no JSON object with a key for each context")),
    }
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
    let title = Level::ERROR.primary_title(error.reason.to_string());
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
    fn an_error_is_drawn_where_it_is() {
        let mut contexts = Object::new();
        contexts.insert("github", Value::Null);
        let text = "true && githb.ref";
        let errors = value(text, &contexts, &Workspace::new("/nowhere".into())).unwrap_err();
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
            ("fromJSON('1e999')", Some("Infinity")),
            ("-1e999", Some("-Infinity")),
            ("NaN", Some("NaN")),
            ("'NaN'", Some("NaN")),
        ] {
            let value = value_or_text(text, &contexts, &Workspace::new("/nowhere".into())).ok();
            assert_eq!(value.as_ref().map(shown).as_deref(), want, "{text}");
        }
    }
}
