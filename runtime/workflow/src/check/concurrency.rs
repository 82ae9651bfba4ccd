//! A workflow and a job of it cannot wait for the same group.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Field, Job, Workflow};
use crate::tree::Node;
use crate::words::name;

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    let Some(outer) = workflow.fields.get("concurrency").and_then(group) else {
        return;
    };
    let Some(text) = text(outer) else { return };
    for job in workflow.jobs.values() {
        let Some(inner) = job.fields.get("concurrency").and_then(group) else {
            continue;
        };
        if self::text(inner).is_some_and(|inner| inner == text) {
            diagnostics.push(
                Diagnostic::new(
                    codes::CONCURRENCY,
                    format!("job {} waits for its own workflow", name(job.id.as_str())),
                )
                .at(inner.span, "the job is in the same group as the workflow")
                .related(outer.span, "the group of the workflow")
                .help("GitHub cancels the run for this: give the job a group of its own"),
            );
        }
    }
}

/// A called workflow that is in the group of its caller waits for it in vain.
pub(super) fn call(caller: &Workflow, job: &Job, called: &Workflow, diagnostics: &mut Diagnostics) {
    let Some(inner) = called.fields.get("concurrency").and_then(group).and_then(text) else {
        return;
    };
    // Inputs are others at the two places; everything else is the caller's.
    if inner.contains("inputs") {
        return;
    }
    let outer = [&job.fields, &caller.fields];
    let outer = outer.into_iter().filter_map(|fields| fields.get("concurrency"));
    let Some(outer) = outer
        .filter_map(group)
        .find(|outer| text(outer).as_ref() == Some(&inner))
    else {
        return;
    };
    let mut diagnostic = Diagnostic::new(
        codes::CONCURRENCY,
        format!("job {} calls a workflow that waits for it", name(job.id.as_str())),
    );
    if let Some(uses) = &job.uses {
        diagnostic = diagnostic.at(
            uses.span,
            "the called workflow is in the same group as its caller",
        );
    }
    diagnostics.push(
        diagnostic
            .related(outer.span, "the group of the caller")
            .help("GitHub cancels the run for this: give one of them another group, with a word of its own"),
    );
}

/// The group, of both forms.
fn group(field: &Field) -> Option<&Node> {
    match field.value.as_mapping() {
        Some(mapping) => {
            let mut entries = mapping.entries.iter();
            entries
                .find(|entry| &*entry.key.text == "group")
                .map(|entry| &entry.value)
        }
        None => Some(&field.value),
    }
}

/// The text of a group. Names of groups are compared without regard to case.
fn text(group: &Node) -> Option<String> {
    let text = group.as_scalar()?.to_text();
    let text = text.replace("${{ ", "${{").replace(" }}", "}}");
    (!text.is_empty()).then(|| text.to_lowercase())
}
