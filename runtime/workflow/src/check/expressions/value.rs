//! What an expression gives is what its place takes: text is made of text, and not of lists and mappings.

use super::checker::Checker;
use super::contexts;
use super::types::{Properties, Type};
use crate::codes;
use crate::expression::{Expression, Node, WorkflowKey};
use crate::model::{ExpectedType, InputKind, Shape};
use crate::words::plain;

pub(super) fn check(checker: &mut Checker<'_>, expression: &Expression, kind: &Type) {
    let expected = checker.site.expected;
    let within = checker.site.shape == Shape::Within;
    if within || (expected.text && !expected.condition) {
        let fits = match kind {
            Type::Mapping(properties) if !within && expected.mapping => {
                if checker.site.key == WorkflowKey::JobRunsOn && names_no_runner(properties) {
                    wrong(
                        checker,
                        expression,
                        kind,
                        "text, a list, or a mapping with `group` or `labels`",
                    );
                }
                true
            }
            Type::Mapping(_) => false,
            Type::List(_) | Type::Filtered(_) => !within && expected.list,
            // What only turns out to be nothing, or is all there is, is meant as an empty text.
            Type::Null => !within || !matches!(expression.node(), Node::Null),
            _ => true,
        };
        if !fits {
            printed(checker, expression, kind);
        } else if within && !expected.text && !expected.any && !expected.condition {
            around(checker, expression, &wanted(expected));
        }
        return;
    }
    if expected.any || expected.condition || fits(expected, kind) {
        return;
    }
    let wanted = wanted(expected);
    wrong(checker, expression, kind, &wanted);
}

/// Whether a mapping says certainly nothing of a runner.
fn names_no_runner(properties: &Properties) -> bool {
    let has = |name: &str| properties.find(name).is_some();
    properties.others.is_none() && !has("group") && !has("labels")
}

/// Checks what is given to an input of a certain type.
pub(super) fn for_input(checker: &mut Checker<'_>, expression: &Expression, kind: &Type, input: InputKind) {
    let wanted = contexts::kind(input);
    let given = super::seen(checker.site, kind);
    let fits = match wanted {
        Type::Boolean | Type::Number => given == wanted || matches!(given, Type::Any | Type::Null),
        _ => true,
    };
    // Lists and mappings fit nowhere, and were reported as such.
    if fits || kind.is_collection() {
        return;
    }
    if checker.site.shape == Shape::Whole {
        wrong(checker, expression, &given, wanted.describe());
        return;
    }
    around(checker, expression, wanted.describe());
}

/// Reports text around an expression where something else belongs.
fn around(checker: &mut Checker<'_>, expression: &Expression, wanted: &str) {
    let finding = checker
        .finding(
            codes::EXPRESSION_VALUE,
            format!("{} must be {wanted}, not text", place(checker)),
            expression.span(),
            "with the text around it, this makes text",
        )
        .help("let one expression give the whole value");
    checker.report(finding);
}

/// What messages call the place.
fn place(checker: &Checker<'_>) -> String {
    match checker.site.key {
        WorkflowKey::CallInputDefault => "the default of this input".to_owned(),
        _ => format!("`{}`", plain(&checker.site.field)),
    }
}

/// Reports a value of another type than the place takes.
pub(super) fn wrong(checker: &mut Checker<'_>, expression: &Expression, kind: &Type, wanted: &str) {
    let help = if matches!(kind, Type::Text) {
        "a text with JSON in it is read by `fromJSON()`"
    } else {
        "give it a value of that type"
    };
    let finding = checker
        .finding(
            codes::EXPRESSION_VALUE,
            format!("{} must be {wanted}, not {}", place(checker), kind.describe()),
            expression.span(),
            format!("this is {}", kind.describe()),
        )
        .help(help);
    checker.report(finding);
}

/// Reports a value of which only a word, or nothing at all, would be seen in the text.
pub(super) fn printed(checker: &mut Checker<'_>, expression: &Expression, kind: &Type) {
    let (label, help) = match kind {
        Type::Null => ("puts nothing into the text".to_owned(), "remove it".to_owned()),
        _ => {
            let word = if matches!(kind, Type::Mapping(_)) {
                "Object"
            } else {
                "Array"
            };
            (
                format!("there would stand the word `{word}`"),
                format!(
                    "name a value within it, or write all of it: `toJSON({})`",
                    plain(&expression.to_string())
                ),
            )
        }
    };
    let finding = checker
        .finding(
            codes::EXPRESSION_TEXT,
            match kind {
                Type::Null => "`null` has no text".to_owned(),
                _ => format!("{} cannot become text", kind.describe()),
            },
            expression.span(),
            label,
        )
        .help(help);
    checker.report(finding);
}

fn fits(expected: ExpectedType, kind: &Type) -> bool {
    match kind {
        Type::Any | Type::Null => true,
        Type::Boolean => expected.boolean,
        Type::Number => expected.number,
        Type::Text => false,
        Type::List(_) | Type::Filtered(_) => expected.list,
        Type::Mapping(_) => expected.mapping,
    }
}

fn wanted(expected: ExpectedType) -> String {
    let kinds: Vec<&str> = [
        (expected.boolean, "a boolean"),
        (expected.number, "a number"),
        (expected.list, "a list"),
        (expected.mapping, "a mapping"),
    ]
    .into_iter()
    .filter_map(|(taken, kind)| taken.then_some(kind))
    .collect();
    kinds.join(" or ")
}
