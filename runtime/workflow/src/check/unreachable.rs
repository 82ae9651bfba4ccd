//! A job whose needs never run does not run either.

use std::collections::{HashMap, HashSet};

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Job, JobId, Workflow};
use crate::words::name;

/// What a condition uses to run although something before it did not.
const STATUS: &[&str] = &["always", "failure", "cancelled", "result"];

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    let mut never: Vec<&JobId> = workflow
        .jobs
        .values()
        .filter(|job| is_off(job))
        .map(|job| &job.id.value)
        .collect();
    if never.is_empty() {
        return;
    }
    let mut dependents: HashMap<&JobId, Vec<&Job>> = HashMap::new();
    for job in workflow.jobs.values().filter(|job| !has_status(job)) {
        for need in &job.needs {
            dependents.entry(&need.value).or_default().push(job);
        }
    }
    let mut seen: HashSet<&JobId> = never.iter().copied().collect();
    while let Some(id) = never.pop() {
        for job in dependents.get(id).into_iter().flatten() {
            if seen.insert(&job.id.value) {
                report(job, id, diagnostics);
                never.push(&job.id.value);
            }
        }
    }
}

fn report(job: &Job, off: &JobId, diagnostics: &mut Diagnostics) {
    let Some(need) = job.needs.iter().find(|need| need.value == *off) else {
        return;
    };
    diagnostics.push(
        Diagnostic::new(
            codes::UNREACHABLE,
            format!("job {} can never run", name(job.id.as_str())),
        )
        .at(
            need.span,
            format!("it needs {}, which never runs", name(off.as_str())),
        )
        .help("remove the need, or add `if: always()`"),
    );
}

/// Whether the condition of a job is `false` and nothing else.
fn is_off(job: &Job) -> bool {
    job.condition.as_ref().is_some_and(|condition| {
        let text = condition.text.trim();
        let inner = text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}"));
        inner.unwrap_or(text).trim() == "false"
    })
}

fn has_status(job: &Job) -> bool {
    job.condition.as_ref().is_some_and(|condition| {
        let text = condition.text.to_ascii_lowercase();
        STATUS.iter().any(|word| text.contains(word))
    })
}
