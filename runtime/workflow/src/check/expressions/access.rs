//! Looking into a value fits the value: names into mappings, numbers into lists, `*` into both.

use super::checker::Checker;
use super::property;
use super::types::{Properties, Type};
use crate::codes;
use crate::expression::{Expression, Value, number_of};
use crate::span::Span;
use crate::words::{name as shown, plain};

/// The type of `of[index]`, where the index is no written text.
pub(super) fn index(
    checker: &mut Checker<'_>,
    of: &Expression,
    of_type: &Type,
    index: &Expression,
    index_type: &Type,
) -> Type {
    if let Some(value) = super::checker::constant(index)
        && value.as_str().is_some()
    {
        return property::check(checker, of, of_type, &value.to_text(), index.span());
    }
    match of_type {
        Type::Any | Type::Null => Type::Any,
        Type::List(item) | Type::Filtered(item) => {
            // A boolean is 0 or 1 there, which some write on purpose: `fromJSON('["a", "b"]')[github.event_name == 'push']`.
            if index_type.is_collection() {
                wrong_index(checker, of, of_type, index, index_type);
            }
            match of_type {
                // Looks into each item instead.
                Type::Filtered(_) => Type::Filtered(std::rc::Rc::new(Type::Any)),
                _ => (**item).clone(),
            }
        }
        Type::Mapping(properties) => {
            let never = match index_type {
                Type::Boolean => !properties
                    .names()
                    .any(|name| matches!(name.to_ascii_lowercase().as_str(), "true" | "false")),
                Type::Number => !properties.names().any(is_number),
                other => other.is_collection(),
            };
            if never && (index_type.is_collection() || has_words_only(of, properties)) {
                wrong_index(checker, of, of_type, index, index_type);
                return Type::Any;
            }
            let mut all = Type::Mapping(std::rc::Rc::clone(properties)).contents();
            all.take().unwrap_or(Type::Any)
        }
        Type::Boolean | Type::Number | Type::Text => {
            let label = format!(
                "this is {}, in which there is nothing to look up",
                of_type.describe()
            );
            let finding = checker
                .finding(
                    codes::EXPRESSION_ACCESS,
                    format!("`{}` is {}", plain(&of.to_string()), of_type.describe()),
                    of.span(),
                    label,
                )
                .help("use the value as it is; JSON in a text is read by `fromJSON()`");
            checker.report(finding);
            Type::Any
        }
    }
}

/// The type of `of.*`.
pub(super) fn every(checker: &mut Checker<'_>, of: &Expression, of_type: &Type, whole: &Expression) -> Type {
    if let Some(item) = of_type.contents() {
        return Type::Filtered(std::rc::Rc::new(item));
    }
    let finding = checker
        .finding(
            codes::EXPRESSION_ACCESS,
            format!("`{}` is {}", plain(&of.to_string()), of_type.describe()),
            whole.span(),
            "`*` takes what is in a list or a mapping",
        )
        .help("use the value as it is; JSON in a text is read by `fromJSON()`");
    checker.report(finding);
    Type::Any
}

/// Reports a name that is looked up in something without names.
pub(super) fn no_properties(
    checker: &mut Checker<'_>,
    of: &Expression,
    of_type: &Type,
    name: &str,
    place: Span,
) {
    let written = of.to_string();
    let help = match of_type {
        Type::List(_) => format!(
            "`{0}.*.{1}` is the {1} of each item, `{0}[0].{1}` that of the first",
            plain(&written),
            plain(name)
        ),
        Type::Text => format!(
            "use the text as it is; if it is JSON: `fromJSON({}).{}`",
            plain(&written),
            plain(name)
        ),
        _ => "use the value as it is".to_owned(),
    };
    let finding = checker
        .finding(
            codes::EXPRESSION_ACCESS,
            format!(
                "`{}` is {}, which has no property {}",
                plain(&written),
                of_type.describe(),
                shown(name)
            ),
            place,
            "always empty",
        )
        .help(help);
    checker.report(finding);
}

fn wrong_index(
    checker: &mut Checker<'_>,
    of: &Expression,
    of_type: &Type,
    index: &Expression,
    index_type: &Type,
) {
    let wanted = match of_type {
        Type::Mapping(_) => "a name, which is text",
        _ => "a number",
    };
    let finding = checker
        .finding(
            codes::EXPRESSION_ACCESS,
            format!(
                "{} is looked up by {}",
                if matches!(of_type, Type::Mapping(_)) {
                    format!("something in `{}`", plain(&of.to_string()))
                } else {
                    format!("an item of `{}`", plain(&of.to_string()))
                },
                index_type.describe()
            ),
            index.span(),
            format!("this is {}, which finds nothing", index_type.describe()),
        )
        .help(format!("it is looked up by {wanted}"));
    checker.report(finding);
}

/// Whether the names in a mapping are words, never numbers: those of contexts are, those of JSON may be anything.
fn has_words_only(of: &Expression, properties: &Properties) -> bool {
    use crate::expression::Node;
    match of.node() {
        Node::Context(_) => true,
        _ => properties.others.is_none(),
    }
}

/// Whether a text is a number, and so can be the index of an item.
pub(super) fn is_number(text: &str) -> bool {
    !number_of(&Value::string(text)).is_nan()
}
