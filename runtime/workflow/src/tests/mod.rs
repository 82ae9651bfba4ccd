//! Tests across the stages, and what they share.

mod action;
mod actions;
mod calls;
pub(crate) mod chance;
mod choice;
mod dag;
mod expressions;
mod fixes;
mod forecast;
mod fuzz;
mod instance;
mod lints;
mod lower;
mod matrix;
mod model;
mod needs;
mod notices;
mod random;
mod starts;
mod tree;
mod triggers;
mod typed;
mod values;
mod work;

use crate::{Diagnostic, Diagnostics, Dialect, Loaded, Role, Severity, Source, Workflow, load};

/// Diagnostics as plain lines: severity, code, place, message; then labels with the text they mark, and help.
pub(crate) fn shown(source: &Source, diagnostics: &Diagnostics) -> String {
    let mut out = String::new();
    for found in diagnostics {
        out += &one(source, found);
        for cause in found.causes() {
            let cause = one(&cause.source, &cause.diagnostic);
            out += &format!(
                "  because of {}",
                cause.replace('\n', "\n  ").trim_end_matches(' ')
            );
        }
    }
    out.trim_end().to_owned()
}

fn one(source: &Source, found: &Diagnostic) -> String {
    let mut out = String::new();
    let severity = if found.severity == Severity::Error {
        "error"
    } else {
        "warning"
    };
    out += &format!("{severity}[{}]: {}\n", found.code, found.message);
    for label in &found.labels {
        let place = source.position(label.span.start);
        let arrow = if label.role == Role::Primary { "-->" } else { "   " };
        let marked = source.slice(label.span);
        out += &format!(
            "  {arrow} {}:{} {marked:?} {}\n",
            place.line, place.column, label.text
        );
    }
    if let Some(help) = &found.help {
        out += &format!("  help: {help}\n");
    }
    for edit in found.suggestion.iter().flat_map(|suggestion| &suggestion.edits) {
        let written = source.slice(edit.span);
        out += &format!("  fix: {written:?} -> {:?}\n", edit.replacement);
    }
    out
}

pub(crate) fn load_text(text: &str, dialect: Dialect) -> (Source, Loaded) {
    let source = Source::new("w.yml", text);
    let loaded = load(&source, dialect);
    (source, loaded)
}

/// What loading finds.
pub(crate) fn found(text: &str, dialect: Dialect) -> String {
    let (source, loaded) = load_text(text, dialect);
    assert_eq!(loaded.workflow.is_none(), loaded.diagnostics.is_blocking());
    shown(&source, &loaded.diagnostics)
}

/// The workflow of a text without mistakes.
pub(crate) fn workflow(text: &str, dialect: Dialect) -> Workflow {
    let (source, loaded) = load_text(text, dialect);
    loaded
        .workflow
        .unwrap_or_else(|| panic!("{}", shown(&source, &loaded.diagnostics)))
}
