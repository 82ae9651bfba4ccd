//! A workflow and a job of it cannot wait for the same group; who cancels what runs has no queue.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Concurrency, Job, Literal, Queue, Template, Workflow};
use crate::span::Spanned;
use crate::words::name;

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    let jobs = workflow.jobs.values().map(|job| &job.concurrency);
    for concurrency in std::iter::once(&workflow.concurrency).chain(jobs).flatten() {
        if let Literal::Value(concurrency) = &concurrency.value {
            queue(concurrency, diagnostics);
        }
    }
    let Some(outer) = group(&workflow.concurrency) else {
        return;
    };
    let Some(text) = text(&outer) else { return };
    for job in workflow.jobs.values() {
        let Some(inner) = group(&job.concurrency) else {
            continue;
        };
        if self::text(&inner).is_some_and(|inner| inner == text) {
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

/// A called workflow that is in the group of its caller waits for it in vain, and so does a job of it.
pub(super) fn call(caller: &Workflow, job: &Job, called: &Workflow, diagnostics: &mut Diagnostics) {
    let outer = [&job.concurrency, &caller.concurrency];
    let outer: Vec<_> = outer.into_iter().filter_map(group).collect();
    if outer.is_empty() {
        return;
    }
    let whole = std::iter::once((None, &called.concurrency));
    let jobs = called
        .jobs
        .values()
        .map(|inner| (Some(inner), &inner.concurrency));
    for (waits, concurrency) in whole.chain(jobs) {
        let Some(inner) = group(concurrency).as_ref().and_then(text) else {
            continue;
        };
        // These are others at the two places; everything else is the caller's.
        if ["inputs", "matrix", "strategy", "needs"]
            .iter()
            .any(|context| inner.contains(context))
        {
            continue;
        }
        if let Some(outer) = outer.iter().find(|outer| text(outer).as_ref() == Some(&inner)) {
            shared(job, waits, &inner, outer, diagnostics);
            return;
        }
    }
}

/// Reports that what a job calls waits for the job itself; `waits` is the job there that does, or the whole workflow.
fn shared(
    job: &Job,
    waits: Option<&Job>,
    group: &str,
    outer: &Spanned<Template>,
    diagnostics: &mut Diagnostics,
) {
    let what = match waits {
        Some(waits) => format!("job {} of the workflow", name(waits.id.as_str())),
        None => "the workflow".to_owned(),
    };
    let mut diagnostic = Diagnostic::new(
        codes::CONCURRENCY,
        format!(
            "job {} and {what} it calls share a concurrency group",
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
            .help(if group.contains("github.workflow") {
                "give one of them a group with a word of its own: in a called workflow `github.workflow` is the name of the caller"
            } else {
                "give one of them another group, with a word of its own"
            }),
    );
}

/// The group, of both forms.
fn group(concurrency: &Option<Spanned<Literal<Concurrency>>>) -> Option<Spanned<Template>> {
    concurrency.as_ref()?.group()
}

/// The text of a group. Names of groups are compared without regard to case.
fn text(group: &Spanned<Template>) -> Option<String> {
    let text = group.text.replace("${{ ", "${{").replace(" }}", "}}");
    (!text.is_empty()).then(|| text.to_lowercase())
}
