//! A workflow and a job of it cannot wait for the same group; who cancels what runs has no queue.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Concurrency, Field, Job, Literal, Queue, Workflow};
use crate::tree::Node;
use crate::words::name;

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    let jobs = workflow.jobs.values().map(|job| &job.concurrency);
    for concurrency in std::iter::once(&workflow.concurrency).chain(jobs).flatten() {
        queue(concurrency, diagnostics);
    }
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
                    format!(
                        "job {} and its workflow share a concurrency group",
                        name(job.id.as_str())
                    ),
                )
                .at(
                    inner.span,
                    "the job would wait for its own workflow, which GitHub cancels as a deadlock",
                )
                .related(outer.span, "the group of the workflow")
                .help("give the job a group of its own"),
            );
        }
    }
}

/// GitHub's "Control the concurrency of workflows and jobs": a queue and `cancel-in-progress` are not allowed together.
fn queue(concurrency: &Concurrency, diagnostics: &mut Diagnostics) {
    let (Some(queue), Some(cancel)) = (&concurrency.queue, &concurrency.cancel_in_progress) else {
        return;
    };
    if queue.value == Literal::Value(Queue::Max) && cancel.value == Literal::Value(true) {
        diagnostics.push(
            Diagnostic::new(
                codes::KEY_CONFLICT,
                "`queue: max` and `cancel-in-progress: true` cannot both stand in `concurrency`",
            )
            .at(
                queue.span,
                "nobody waits in a queue where the newest cancels what runs",
            )
            .related(cancel.span, "the other one")
            .help("remove one of them"),
        );
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
        format!(
            "job {} and the workflow it calls share a concurrency group",
            name(job.id.as_str())
        ),
    );
    if let Some(uses) = &job.uses {
        diagnostic = diagnostic.at(
            uses.span,
            "each would wait for the other, which GitHub cancels as a deadlock",
        );
    }
    diagnostics.push(
        diagnostic
            .related(outer.span, "the group of the caller")
            .help(if inner.contains("github.workflow") {
                "give one of them a group with a word of its own: in a called workflow `github.workflow` is the name of the caller"
            } else {
                "give one of them another group, with a word of its own"
            }),
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
