//! Comparisons have two possible answers.

use super::checker::{Checker, constant};
use super::types::Type;
use crate::codes;
use crate::expression::{Comparison, Expression, Node, Value, number_of};
use crate::words::plain;

type Side<'a> = (&'a Expression, &'a Type);

pub(super) fn check(checker: &mut Checker<'_>, operator: Comparison, left: Side<'_>, right: Side<'_>) {
    for (one, other) in [(left, right), (right, left)] {
        if one.1.is_collection() && never_equal(operator, one, other) {
            collection(checker, operator, one, other);
            return;
        }
        if unlike(checker, operator, one, other) || without_order(checker, operator, one) {
            return;
        }
    }
}

fn is_order(operator: Comparison) -> bool {
    !matches!(operator, Comparison::Equal | Comparison::NotEqual)
}

/// Whether comparing a list or mapping with this can have one answer only. Empty texts and `null` ask whether there is
/// anything at all.
fn never_equal(operator: Comparison, one: Side<'_>, other: Side<'_>) -> bool {
    if is_order(operator) {
        return true;
    }
    if other.1.is_collection() {
        return matches!(one.1, Type::Mapping(_)) != matches!(other.1, Type::Mapping(_));
    }
    other.1.is_plain() && constant(other.0).is_none_or(|value| !value.to_text().is_empty())
}

fn collection(checker: &mut Checker<'_>, operator: Comparison, one: Side<'_>, other: Side<'_>) {
    let finding = checker
        .finding(
            codes::EXPRESSION_COMPARISON,
            format!(
                "`{}` compares {} with {}",
                operator.as_str(),
                one.1.describe(),
                other.1.describe()
            ),
            one.0.span(),
            format!(
                "this is {}: the answer is always {}",
                one.1.describe(),
                answer(operator)
            ),
        )
        .help("compare a value within it, or its text: `toJSON(…)`");
    checker.report(finding);
}

/// A boolean or number beside a text that is written out and no number.
fn unlike(checker: &mut Checker<'_>, operator: Comparison, one: Side<'_>, other: Side<'_>) -> bool {
    if !matches!(one.1, Type::Boolean | Type::Number) || !matches!(other.1, Type::Text) {
        return false;
    }
    // What is constant as a whole is meant so.
    if constant(one.0).is_some() {
        return false;
    }
    let Some(value) = constant(other.0) else {
        return false;
    };
    if !number_of(&value).is_nan() {
        return false;
    }
    let text = value.to_text();
    let is_truth = matches!(one.1, Type::Boolean) && matches!(&*text, "true" | "false");
    let help = if is_truth {
        format!("compare with `{text}`, without quotes")
    } else {
        format!(
            "`{}` is {}: compare it with a value of that type",
            plain(&one.0.to_string()),
            one.1.describe()
        )
    };
    let mut finding = checker
        .finding(
            codes::EXPRESSION_COMPARISON,
            if is_order(operator) {
                format!("{} comes neither before nor after this text", one.1.describe())
            } else {
                format!("{} is never equal to this text", one.1.describe())
            },
            other.0.span(),
            format!(
                "`{}` is {}: the answer is always {}",
                plain(&one.0.to_string()),
                one.1.describe(),
                answer(operator)
            ),
        )
        .help(help);
    if is_truth && checker.site.exact && matches!(value, Value::String(_)) {
        // What an event does not give is null, which `false` is equal to and `'false'` is not.
        finding = finding.guess(other.0.span(), &*text, !text.eq_ignore_ascii_case("false"));
    }
    checker.report(finding);
    true
}

/// `null`, `true` and `false` have no order that anybody could mean.
fn without_order(checker: &mut Checker<'_>, operator: Comparison, one: Side<'_>) -> bool {
    let literal = matches!(one.0.node(), Node::Null | Node::Boolean(_));
    if !is_order(operator) || !literal {
        return false;
    }
    let written = one.0.to_string();
    let finding = checker
        .finding(
            codes::EXPRESSION_COMPARISON,
            format!("`{}` compares with `{written}`", operator.as_str()),
            one.0.span(),
            "counts as a number here",
        )
        .help("ask for it by `==` or `!=`");
    checker.report(finding);
    true
}

fn answer(operator: Comparison) -> &'static str {
    if operator == Comparison::NotEqual {
        "`true`"
    } else {
        "`false`"
    }
}
