//! What is looked up by its name must be there.

use super::access;
use super::checker::Checker;
use super::resolver::Unknown;
use super::types::{Properties, Type};
use crate::codes;
use crate::expression::{Expression, Node};
use crate::span::Span;
use crate::words::{self, closest, name as shown, plain};

/// How many names a message lists.
const LISTED: usize = 12;

/// The type of `of.name`; `place` is where the name stands.
pub(super) fn check(
    checker: &mut Checker<'_>,
    of: &Expression,
    of_type: &Type,
    name: &str,
    place: Span,
) -> Type {
    match of_type {
        Type::Any | Type::Null => Type::Any,
        Type::Mapping(properties) => within(checker, of, properties, name, place),
        Type::Filtered(item) => {
            let Type::Mapping(properties) = &**item else {
                return Type::Filtered(std::rc::Rc::new(Type::Any));
            };
            match within(checker, of, properties, name, place) {
                // What was reported once is not looked at again.
                Type::Any if properties.others.is_none() => Type::Any,
                item => Type::Filtered(std::rc::Rc::new(item)),
            }
        }
        Type::List(item) if access::is_number(name) => (**item).clone(),
        Type::List(_) | Type::Boolean | Type::Number | Type::Text => {
            access::no_properties(checker, of, of_type, name, place);
            Type::Any
        }
    }
}

fn within(
    checker: &mut Checker<'_>,
    of: &Expression,
    properties: &Properties,
    name: &str,
    place: Span,
) -> Type {
    if let Some((position, property)) = properties.find(name) {
        if let Node::Context(context) = of.node()
            && let Some(not_yet) = checker.resolver.not_yet(context, position, checker.site)
        {
            let finding = checker
                .finding(
                    codes::EXPRESSION_PROPERTY,
                    format!("step {} has not run yet", shown(name)),
                    place,
                    not_yet.label,
                )
                .related(not_yet.related, "the step")
                .help(not_yet.help);
            checker.report(finding);
        }
        return property.value.clone();
    }
    match &properties.others {
        Some(others) => {
            if let Node::Context(context) = of.node() {
                never(checker, context, name, place);
            }
            others.clone()
        }
        None => {
            unknown(checker, of, properties, name, place);
            Type::Any
        }
    }
}

/// Reports a name that nothing in a context can ever have, whatever is set up for the repository.
fn never(checker: &mut Checker<'_>, context: &str, name: &str, place: Span) {
    let kind = if checker.resolver.has_free_names() {
        return;
    } else if context.eq_ignore_ascii_case("vars") {
        "variable"
    } else if context.eq_ignore_ascii_case("secrets") {
        "secret"
    } else {
        return;
    };
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts = |start: &str| {
        name.get(..start.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(start))
    };
    let automatic = kind == "secret" && name.eq_ignore_ascii_case("GITHUB_TOKEN");
    let why = if name.starts_with(|first: char| first.is_ascii_digit()) {
        "names begin with a letter or `_`"
    } else if !name.bytes().all(word) {
        "names are made of letters, digits and `_`"
    } else if starts("GITHUB_") && !automatic {
        "names that begin with `GITHUB_` are GitHub's own"
    } else {
        return;
    };
    let finding = checker
        .finding(
            codes::EXPRESSION_PROPERTY,
            format!("no {kind} can be called {}", shown(name)),
            place,
            "always empty",
        )
        .help(why);
    checker.report(finding);
}

fn unknown(checker: &mut Checker<'_>, of: &Expression, known: &Properties, name: &str, place: Span) {
    let special = match of.node() {
        // Beyond the limit findings are only counted.
        Node::Context(context) if checker.is_heard() => {
            checker.resolver.unknown(context, name, known, checker.site)
        }
        _ => output(of, name, known),
    };
    let Unknown {
        message,
        label,
        help,
        listed,
    } = special.unwrap_or_else(|| Unknown {
        message: format!("`{}` has no property {}", plain(&of.to_string()), shown(name)),
        label: "not known there".to_owned(),
        help: None,
        listed: "it has",
    });
    let mut finding = checker.finding(codes::EXPRESSION_PROPERTY, message, place, label);
    if checker.is_heard() {
        if let Some(near) = closest(name, known.names()) {
            finding = finding.help(format!("did you mean `{near}`?"));
            if checker.site.exact && is_written(near) {
                let is_certain = words::is_certain(name, near, known.names(), true);
                finding = finding.guess(place, near, is_certain);
            }
        } else if let Some(help) = help {
            finding = finding.help(help);
        } else {
            finding = finding.help(names(known, listed));
        }
    }
    checker.report(finding);
}

/// Words about an output that a job does not have.
fn output(of: &Expression, name: &str, known: &Properties) -> Option<Unknown> {
    let Node::Index { of: job, index } = of.node() else {
        return None;
    };
    let Node::Index {
        of: context,
        index: id,
    } = job.node()
    else {
        return None;
    };
    let (Node::Text(outputs), Node::Text(id), Node::Context(context)) =
        (index.node(), id.node(), context.node())
    else {
        return None;
    };
    let is_of_job = context.eq_ignore_ascii_case("needs") || context.eq_ignore_ascii_case("jobs");
    if !is_of_job || !outputs.eq_ignore_ascii_case("outputs") {
        return None;
    }
    let none = known.names().next().is_none();
    Some(Unknown {
        message: format!("job {} has no output {}", shown(id), shown(name)),
        label: "always empty".to_owned(),
        help: none.then(|| format!("add it under `outputs` of {}", shown(id))),
        listed: "its outputs are",
    })
}

/// Whether a name can stand where another stood, behind a dot.
fn is_written(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn names(known: &Properties, listed: &str) -> String {
    let mut names: Vec<String> = known.names().take(LISTED + 1).map(shown).collect();
    if names.is_empty() {
        return "there is nothing in it: declare what is meant, or remove what asks for it".to_owned();
    }
    if names.len() > LISTED {
        names.truncate(LISTED);
        names.push("…".to_owned());
    }
    format!("{listed}: {}", names.join(", "))
}
