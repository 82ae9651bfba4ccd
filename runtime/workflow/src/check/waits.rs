//! What is waited for, or cancelled, must be an earlier step of the job.

use indexmap::IndexSet;

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::is_in;
use crate::model::{Job, Step, StepAction, StepId, Workflow};
use crate::span::Spanned;
use crate::words::{closest, name};

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for job in workflow.jobs.values() {
        // Most jobs wait for nothing, and are done here.
        if job.steps.iter().any(|step| waits(&step.action)) {
            steps(job, diagnostics);
        }
    }
}

/// The ids of a job's steps.
struct Known<'a> {
    all: IndexSet<&'a StepId>,
    /// Those that stand before the step that is looked at.
    earlier: IndexSet<&'a StepId>,
}

fn waits(action: &StepAction) -> bool {
    matches!(
        action,
        StepAction::Wait(_) | StepAction::WaitAll(_) | StepAction::Cancel(_)
    )
}

fn steps(job: &Job, diagnostics: &mut Diagnostics) {
    let mut all = IndexSet::new();
    for step in &job.steps {
        remember(step, &mut all);
    }
    let mut known = Known {
        all,
        earlier: IndexSet::new(),
    };
    for step in &job.steps {
        match &step.action {
            StepAction::Wait(ids) => {
                for id in ids {
                    target(job, step, id, &known, diagnostics);
                }
            }
            StepAction::Cancel(id) => target(job, step, id, &known, diagnostics),
            StepAction::WaitAll(Some(value)) => wait_all(value, diagnostics),
            _ => {}
        }
        remember(step, &mut known.earlier);
    }
}

fn remember<'a>(step: &'a Step, ids: &mut IndexSet<&'a StepId>) {
    ids.extend(step.id.as_ref().map(|id| &id.value));
    if let StepAction::Parallel(inner) = &step.action {
        for step in inner {
            remember(step, ids);
        }
    }
}

fn target(job: &Job, step: &Step, id: &Spanned<StepId>, known: &Known<'_>, diagnostics: &mut Diagnostics) {
    if known.earlier.contains(&id.value) || is_in(id.as_str()) {
        return;
    }
    let (label, help) = if step.id.as_ref().is_some_and(|own| own.value == id.value) {
        ("this is the step itself", None)
    } else if known.all.contains(&id.value) {
        (
            "this step comes later",
            Some("move it before this one".to_owned()),
        )
    } else {
        let earlier = known.earlier.iter().map(|id| id.as_str());
        let near = if diagnostics.is_full() {
            None
        } else {
            closest(id.as_str(), earlier)
        };
        (
            "no step has this id",
            near.map(|near| format!("did you mean `{near}`?")),
        )
    };
    diagnostics.push(
        Diagnostic::new(
            codes::UNKNOWN_STEP,
            format!(
                "{} is no earlier step of job {}",
                name(id.as_str()),
                name(job.id.as_str())
            ),
        )
        .at(id.span, label)
        .help(
            help.unwrap_or_else(|| {
                "name the `id` of a step that was started with `background: true`".to_owned()
            }),
        ),
    );
}

fn wait_all(value: &Spanned<bool>, diagnostics: &mut Diagnostics) {
    if !value.value {
        diagnostics.push(
            Diagnostic::new(codes::UNKNOWN_VALUE, "`wait-all` cannot be `false`")
                .at(value.span, "a step that waits for nothing")
                .help("remove the step, or write `wait-all:`"),
        );
    }
}
