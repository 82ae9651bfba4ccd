//! Functions are given what they can do something with.

use super::checker::{Checker, constant};
use super::types::Type;
use super::{enumerated, format, json};
use crate::codes;
use crate::expression::{Expression, Function, Node};
use crate::words::plain;

/// The type of what a call gives. How many arguments it has was checked when it was read.
pub(super) fn check(
    checker: &mut Checker<'_>,
    function: Function,
    arguments: &[Expression],
    types: &[Type],
) -> Type {
    let argument = |at: usize| arguments.get(at).zip(types.get(at));
    match function {
        Function::Contains => {
            if let [list, text] = arguments {
                enumerated::contained(checker, list, text);
            }
            if let Some((search, kind)) = argument(0)
                && (matches!(kind, Type::Mapping(_)) || is_no_text(search))
            {
                wrong(checker, function, search, kind, "looks into a text or a list");
            }
            if let Some((item, kind)) = argument(1).filter(|(_, kind)| kind.is_collection()) {
                wrong(
                    checker,
                    function,
                    item,
                    kind,
                    "looks for a text, number or boolean",
                );
            }
            Type::Boolean
        }
        Function::StartsWith | Function::EndsWith => {
            for (text, kind) in arguments.iter().zip(types) {
                if kind.is_collection() || is_no_text(text) {
                    wrong(checker, function, text, kind, "compares texts");
                }
            }
            Type::Boolean
        }
        Function::Format => {
            format::check(checker, arguments, types);
            Type::Text
        }
        Function::Join => {
            if let Some((list, kind)) = argument(0) {
                let item = match kind {
                    Type::List(item) | Type::Filtered(item) => Some(&**item),
                    _ => None,
                };
                if matches!(kind, Type::Mapping(_)) {
                    wrong(checker, function, list, kind, "joins the items of a list");
                } else if let Some(item) = item.filter(|item| item.is_collection()) {
                    let what = "joins texts, and each item";
                    wrong(checker, function, list, item, what);
                }
            }
            if let Some((separator, kind)) = argument(1).filter(|(_, kind)| kind.is_collection()) {
                wrong(
                    checker,
                    function,
                    separator,
                    kind,
                    "puts a text between the items",
                );
            }
            Type::Text
        }
        Function::ToJson => Type::Text,
        Function::FromJson => match argument(0) {
            Some((text, kind)) if kind.is_collection() => {
                wrong(checker, function, text, kind, "reads JSON in a text");
                Type::Any
            }
            Some((text, _)) => json::check(checker, text),
            None => Type::Any,
        },
        Function::Case => case(checker, arguments, types),
        Function::HashFiles => {
            for (pattern, kind) in arguments
                .iter()
                .zip(types)
                .filter(|(_, kind)| kind.is_collection())
            {
                wrong(
                    checker,
                    function,
                    pattern,
                    kind,
                    "takes patterns, which are texts",
                );
            }
            Type::Text
        }
        Function::Success | Function::Failure | Function::Cancelled | Function::Always => Type::Boolean,
    }
}

fn case(checker: &mut Checker<'_>, arguments: &[Expression], types: &[Type]) -> Type {
    let mut values = Vec::new();
    let mut pairs = arguments.iter().zip(types);
    while let Some((test, kind)) = pairs.next() {
        match pairs.next() {
            Some((_, value)) => {
                if !matches!(kind, Type::Any | Type::Boolean) {
                    wrong(
                        checker,
                        Function::Case,
                        test,
                        kind,
                        "tests conditions, which are booleans",
                    );
                }
                values.push(value.clone());
            }
            // The last one, for when no test holds.
            None => values.push(kind.clone()),
        }
    }
    Type::any_of(values)
}

/// Whether something is written out that is no text. What only turns out to be a number is as good as its text.
fn is_no_text(argument: &Expression) -> bool {
    matches!(argument.node(), Node::Null | Node::Boolean(_) | Node::Number(_)) && constant(argument).is_some()
}

fn wrong(checker: &mut Checker<'_>, function: Function, argument: &Expression, kind: &Type, does: &str) {
    let help = if kind.is_collection() {
        "name a value within it, or take its text: `toJSON(…)`"
    } else {
        "put it in single quotes if it is meant as text"
    };
    let finding = checker
        .finding(
            codes::EXPRESSION_ARGUMENT,
            format!("`{}` is given {}", function.name(), kind.describe()),
            argument.span(),
            format!(
                "`{}` {does}; `{}` is {}",
                function.name(),
                plain(&argument.to_string()),
                kind.describe()
            ),
        )
        .help(help);
    checker.report(finding);
}
