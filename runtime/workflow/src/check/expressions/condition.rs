//! A condition can hold, and can fail to hold.

use super::infer::{Checker, constant};
use crate::codes;
use crate::expression::{Expression, Key, Logic, Node};
use crate::model::Shape;
use crate::words::plain;

/// Looks at the value of an `if` as a whole.
pub(super) fn check(checker: &mut Checker<'_>) {
    let site = checker.site;
    match (site.shape, site.expressions.as_slice()) {
        (Shape::Within, [first, ..]) => text(checker, first),
        (Shape::Whole, [only]) => match constant(only) {
            // What is written as `false` is switched off on purpose, and `true` does no harm.
            Some(_) if matches!(only.node(), Node::Boolean(_)) => {}
            Some(value) => always(checker, value.is_truthy()),
            None => alone(checker, only),
        },
        _ => {}
    }
}

fn text(checker: &mut Checker<'_>, first: &Expression) {
    let finding = checker
        .finding(
            codes::CONDITION_TEXT,
            "the condition always holds: text stands around its `${{ }}`",
            first.span(),
            "becomes text with what stands around it, line breaks too, and any text holds",
        )
        .help("write the whole condition as one expression, without `${{` and `}}`");
    checker.report(finding);
}

/// A text that stands alone where another comparison was meant: `ref == 'a' || 'b'`.
fn alone(checker: &mut Checker<'_>, condition: &Expression) {
    let Node::Logic { operator, operands } = condition.node() else {
        return;
    };
    for operand in operands {
        match operand.node() {
            Node::Text(text) if *operator == Logic::Or && !text.is_empty() => {
                let finding = checker
                    .finding(
                        codes::CONDITION_CONSTANT,
                        "this part of the condition always holds",
                        operand.span(),
                        "a text by itself is as good as `true`",
                    )
                    .help("write the comparison out for each: `x == 'a' || x == 'b'`");
                checker.report(finding);
            }
            _ => alone(checker, operand),
        }
    }
}

fn always(checker: &mut Checker<'_>, holds: bool) {
    let thing = match checker.site.key {
        Key::JobIf => "job",
        Key::JobSnapshotIf => "snapshot",
        _ => "step",
    };
    let (message, help) = if holds {
        (
            "the condition always holds",
            format!("remove it: the {thing} goes on without an `if` as long as all went well"),
        )
    } else {
        (
            "the condition never holds",
            format!("remove the {thing}, or write the condition that is meant"),
        )
    };
    let label = match checker.site.expressions.first() {
        Some(only) => format!("`{}` has one value only", plain(&only.to_string())),
        None => String::new(),
    };
    let finding = checker
        .finding(codes::CONDITION_CONSTANT, message, checker.site.span, label)
        .help(help);
    checker.report(finding);
}
