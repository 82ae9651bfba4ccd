//! A condition can hold, and can fail to hold.

use super::checker::{Checker, constant};
use crate::codes;
use crate::diagnostic::Diagnostics;
use crate::expression::{Expression, Logic, Node, WorkflowKey};
use crate::model::{Shape, Site};
use crate::source::Source;
use crate::span::Span;
use crate::suggestion::{Applicability, Edit};
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
            None => bare_text(checker, only),
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

/// The same condition without `${{` and `}}`: none where it is not certain that what stands between is part of it.
fn as_one(site: &Site, source: &Source) -> Option<Vec<Edit>> {
    let written = source.slice(site.span);
    if !site.exact || written.starts_with(['"', '\'']) {
        return None;
    }
    let mut edits = Vec::new();
    let mut around = String::new();
    // Behind what begins a block.
    let begin = if written.starts_with(['|', '>']) {
        written.find('\n')? + 1
    } else {
        0
    };
    let mut done = site.span.start + begin;
    for expression in &site.expressions {
        let span = expression.span();
        let before = source.slice(Span::new(done, span.start));
        let open = before.rfind("${{")?;
        let after = source.slice(Span::new(span.end, site.span.end));
        let close = after.find("}}")?;
        if !before.get(open + 3..)?.trim().is_empty() || !after.get(..close)?.trim().is_empty() {
            return None;
        }
        around.push_str(before.get(..open)?);
        let inner = source.slice(span);
        let is_alone = before.get(..open)?.trim().is_empty() && after.get(close + 2..)?.trim().is_empty();
        let is_simple =
            is_alone || !matches!(expression.node(), Node::Logic { .. } | Node::Comparison { .. });
        let (left, right) = if is_simple { ("", "") } else { ("(", ")") };
        // An operator that begins a value would be a tag.
        if inner.starts_with('!')
            && is_simple
            && begin == 0
            && before.get(..open)?.trim().is_empty()
            && around.trim().is_empty()
        {
            return None;
        }
        edits.push(Edit::new(Span::new(done + open, span.start), left));
        edits.push(Edit::new(Span::new(span.end, span.end + close + 2), right));
        done = span.end + close + 2;
    }
    around.push_str(source.slice(Span::new(done, site.span.end)));
    let operators = ["&&", "||", "==", "!=", "<", ">"];
    let joins = operators.iter().any(|operator| around.contains(operator));
    let block = matches!(written.chars().next(), Some('|' | '>'));
    (joins || block && site.expressions.len() == 1).then_some(edits)
}

/// Adds the changes of conditions whose text stands around expressions.
pub(super) fn mend(sites: &[Site], source: &Source, diagnostics: &mut Diagnostics) {
    for found in diagnostics
        .iter_mut()
        .filter(|found| found.code == codes::CONDITION_TEXT)
    {
        let place = found.span();
        let of = |site: &&Site| {
            site.expressions
                .first()
                .is_some_and(|first| Some(site.mark(first.span())) == place)
        };
        if let Some(edits) = sites.iter().find(of).and_then(|site| as_one(site, source)) {
            *found = found.clone().offer(edits, Applicability::Safe);
        }
    }
}

/// A text that stands alone where another comparison was meant: `ref == 'a' || 'b'`.
fn bare_text(checker: &mut Checker<'_>, condition: &Expression) {
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
            _ => bare_text(checker, operand),
        }
    }
}

fn always(checker: &mut Checker<'_>, holds: bool) {
    let thing = match checker.site.key {
        WorkflowKey::JobIf => "job",
        WorkflowKey::JobSnapshotIf => "snapshot",
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
