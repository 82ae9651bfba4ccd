//! Needs must name other jobs of the file, and never lead back.

use std::collections::HashMap;

use crate::codes;
use crate::dag::path;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::is_in;
use crate::model::{Job, JobId, Workflow};
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::suggestion::{Applicability, without_item};
use crate::words::{self, closest, name};

/// How many needs of one circle are marked; a longer one is understood from its path.
const MARKED: usize = 16;

pub(super) fn check(workflow: &Workflow, source: &Source, diagnostics: &mut Diagnostics) {
    for job in workflow.jobs.values() {
        let mut seen = HashMap::new();
        for need in &job.needs {
            if let Some(first) = seen.insert(&need.value, need.span) {
                twice(need, first, source, diagnostics);
                continue;
            }
            if need.value == job.id.value {
                itself(job, need, diagnostics);
            } else if !workflow.jobs.contains_key(&need.value) && !is_in(need.value.as_str()) {
                unknown(workflow, job, need, diagnostics);
            }
        }
    }
    for cycle in workflow.dag().cycles() {
        circle(workflow, &cycle, diagnostics);
    }
}

fn twice(need: &Spanned<JobId>, first: Span, source: &Source, diagnostics: &mut Diagnostics) {
    diagnostics.push(
        Diagnostic::new(
            codes::NEEDS_TWICE,
            format!("job {} is needed twice", name(need.as_str())),
        )
        .at(need.span, "again here")
        .related(first, "first here")
        .help("ids are compared without regard to case: remove one, or name the other job that was meant")
        .offer(
            without_item(source.text(), need.span).into_iter().collect(),
            Applicability::Safe,
        ),
    );
}

fn itself(job: &Job, need: &Spanned<JobId>, diagnostics: &mut Diagnostics) {
    diagnostics.push(
        Diagnostic::new(
            codes::SELF_NEEDS,
            format!("job {} needs itself", name(job.id.as_str())),
        )
        .at(need.span, "this is the job itself")
        .related(job.id.span, "the job")
        .help("remove it from `needs`"),
    );
}

fn unknown(workflow: &Workflow, job: &Job, need: &Spanned<JobId>, diagnostics: &mut Diagnostics) {
    let id = need.value.as_str();
    let mut diagnostic = Diagnostic::new(
        codes::UNKNOWN_NEEDS,
        format!("job {} needs unknown job {}", name(job.id.as_str()), name(id)),
    )
    .at(need.span, "no job has this id");
    let others = || {
        workflow
            .jobs
            .keys()
            .filter(|other| **other != job.id.value)
            .map(JobId::as_str)
    };
    if !diagnostics.is_full() {
        let by_name = || {
            workflow
                .jobs
                .values()
                .find(|other| other.name.as_ref().is_some_and(|name| &*name.text == id))
        };
        if let Some(near) = closest(id, others()) {
            let is_free = !job.needs.iter().any(|other| other.value.as_str() == near);
            let is_certain = is_free && words::is_certain(id, near, others(), true);
            diagnostic = diagnostic
                .help(format!("did you mean `{near}`?"))
                .guess(need.span, near, is_certain);
        } else if let Some(other) = by_name() {
            diagnostic = diagnostic.help(format!("the job of this name has the id `{}`", other.id.value));
        } else {
            diagnostic = diagnostic.help(listed(others()));
        }
    }
    diagnostics.push(diagnostic);
}

fn listed<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let mut shown: Vec<String> = ids.take(SHOWN + 1).map(name).collect();
    if shown.is_empty() {
        return "there is no other job in this workflow".to_owned();
    }
    if shown.len() > SHOWN {
        shown.truncate(SHOWN);
        shown.push("…".to_owned());
    }
    format!("other jobs here: {}", shown.join(", "))
}

fn circle(workflow: &Workflow, cycle: &[JobId], diagnostics: &mut Diagnostics) {
    let mut diagnostic = Diagnostic::new(
        codes::CYCLE,
        format!("jobs need each other in a circle: `{}`", path(cycle)),
    );
    // Where GitHub sees it too: no single one of the needs is the wrong one.
    if let Some(first) = cycle.first().and_then(|first| workflow.jobs.get(first)) {
        diagnostic = diagnostic.at(first.id.span, "this job waits for itself in the end");
    }
    let next = cycle.iter().cycle().skip(1);
    for (from, to) in cycle.iter().zip(next).take(MARKED) {
        let need = workflow
            .jobs
            .get(from)
            .and_then(|job| job.needs.iter().find(|need| need.value == *to));
        let Some(need) = need else { continue };
        let text = format!("{} waits for {}", name(from.as_str()), name(to.as_str()));
        diagnostic = diagnostic.related(need.span, text);
    }
    diagnostics.push(diagnostic.help("remove one of these needs"));
}
