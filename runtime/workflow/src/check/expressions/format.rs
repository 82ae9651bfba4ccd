//! `format()` has a value for each of its placeholders, and a placeholder for each of its values.

use super::checker::{Checker, constant};
use super::types::Type;
use super::value;
use crate::codes;
use crate::expression::{Expression, placeholders};
use crate::words::name;

pub(super) fn check(checker: &mut Checker<'_>, arguments: &[Expression], types: &[Type]) {
    let Some((format, values)) = arguments.split_first() else {
        return;
    };
    for (argument, kind) in values.iter().zip(types.iter().skip(1)) {
        if kind.is_collection() {
            value::printed(checker, argument, kind);
        }
    }
    let Some(text) = constant(format) else { return };
    let text = text.to_text();
    let Some(numbers) = placeholders(&text) else {
        let finding = checker
            .finding(
                codes::FORMAT,
                format!("{} is no format", name(&text)),
                format.span(),
                "a brace in it is neither part of a placeholder nor doubled",
            )
            .help("placeholders are `{0}`, `{1}`, …; a brace itself is written twice: `{{`, `}}`");
        checker.report(finding);
        return;
    };
    if let Some(missing) = numbers.iter().copied().find(|number| *number >= values.len()) {
        let finding = checker
            .finding(
                codes::FORMAT,
                format!("`format` has no value for the placeholder `{{{missing}}}`"),
                format.span(),
                format!(
                    "asks for value number {}, and there are {}",
                    missing + 1,
                    values.len()
                ),
            )
            .help("they are counted from `{0}`: add a value, or correct the number");
        checker.report(finding);
    }
    for (number, argument) in values.iter().enumerate() {
        if !numbers.contains(&number) {
            let finding = checker
                .finding(
                    codes::FORMAT_UNUSED,
                    format!("the format has no placeholder `{{{number}}}`"),
                    argument.span(),
                    "this value is not used",
                )
                .help(format!(
                    "put `{{{number}}}` where it belongs in the format, or remove the value"
                ));
            let finding = if checker.site.exact {
                finding.related(format.span(), "the format")
            } else {
                finding
            };
            checker.report(finding);
        }
    }
}
