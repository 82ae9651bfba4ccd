//! The top level of a workflow.

use indexmap::IndexMap;

use super::context::{Context, Owner, Wanted, What};
use super::fields::{Fields, read, report_missing};
use super::scalars::Empty;
use super::triggers::permissions;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::model::{ExpectedType, Job, JobId, Workflow};
use crate::schema::keys::WORKFLOW;
use crate::source::Source;
use crate::span::Spanned;
use crate::tree::{Kind, Node};

/// Makes a workflow of a tree, as far as it goes: with mistakes reported, parts of it may be missing.
pub(crate) fn lower(
    source: &Source,
    root: &Node,
    dialect: Dialect,
    diagnostics: &mut Diagnostics,
) -> Option<Workflow> {
    let mut context = Context::new(source, dialect, diagnostics);
    let owner = Owner::new(What::Words("the workflow"), None);
    let Kind::Mapping(mapping) = &root.kind else {
        if !matches!(root.kind, Kind::Invalid) {
            context.report(
                Diagnostic::new(
                    codes::WRONG_TYPE,
                    format!("a workflow is a mapping, not {}", root.describe()),
                )
                .at(root.mark(), format!("this is {}", root.describe()))
                .help("start with `jobs:`, with one key a job below it"),
            );
        }
        return None;
    };
    let fields = read(&mut context, &WORKFLOW, root, "workflow", &owner)?;
    if dialect == Dialect::GitHub && !fields.contains("on") && !mapping.incomplete {
        report_missing(&mut context, "`on`", root.mark(), &owner);
    }
    context.check_fields(&fields, &WORKFLOW, &owner);
    if dialect == Dialect::GitHub {
        no_events(&mut context, &fields);
    }
    let mut workflow = Workflow {
        dialect,
        span: root.span,
        name: context.text(&fields, "name", Empty::Allowed, &owner),
        run_name: context.text(&fields, "run-name", Empty::Allowed, &owner),
        triggers: fields
            .value("on")
            .map(|on| context.triggers(on))
            .unwrap_or_default(),
        permissions: fields.value("permissions").and_then(permissions),
        concurrency: context.concurrency(&fields),
        env: context.env(&fields, &owner),
        defaults: context.defaults(&fields, &owner),
        jobs: jobs(&mut context, &fields, root, mapping.incomplete, &owner),
        keys: fields.keys(),
        sites: Vec::new(),
    };
    context.text(&fields, "description", Empty::Allowed, &owner);
    workflow.sites = context.sites.all();
    Some(workflow)
}

/// GitHub takes any form of `on`, and refuses what names no event in it: "No event triggers defined in `on`"
/// (actionlint#232). A value that is missing altogether was reported with its type.
fn no_events(context: &mut Context<'_>, fields: &Fields<'_>) {
    let Some(on) = fields.value("on") else { return };
    let is_empty = match &on.kind {
        Kind::Sequence(items) => items.is_empty(),
        Kind::Mapping(events) => events.entries.is_empty() && !events.incomplete,
        Kind::Scalar(_) | Kind::Invalid => false,
    };
    if is_empty {
        context.report(
            Diagnostic::new(codes::EMPTY_VALUE, "`on` of the workflow names no event")
                .at(on.mark(), "at least one event belongs here")
                .help("name what starts the workflow, e.g. `on: push`, or `on: workflow_dispatch` for a start by hand"),
        );
    }
}

fn jobs(
    context: &mut Context<'_>,
    fields: &Fields<'_>,
    root: &Node,
    incomplete: bool,
    owner: &Owner<'_>,
) -> IndexMap<JobId, Job> {
    let mut jobs = IndexMap::new();
    let Some(written) = fields.value("jobs") else {
        if !incomplete {
            report_missing(context, "`jobs`", root.mark(), owner);
        }
        return jobs;
    };
    let Kind::Mapping(mapping) = &written.kind else {
        let wanted = Wanted::new(ExpectedType::MAPPING, "a mapping from job ids to jobs");
        context.expected(written, "jobs", owner, &wanted);
        return jobs;
    };
    if mapping.entries.is_empty() && !mapping.incomplete {
        context.report(
            Diagnostic::new(codes::EMPTY_VALUE, "the workflow has no jobs")
                .at(written.mark(), "at least one job belongs here")
                .help("add a job: a key of your choice, with `steps` below it"),
        );
    }
    for entry in &mapping.entries {
        let id = Spanned::new(JobId::new(std::sync::Arc::clone(&entry.key.text)), entry.key.span);
        context.sites.enter_job(&id);
        if let Some(job) = context.job(id, &entry.value) {
            // Duplicate ids are duplicate keys, which the tree has reported.
            jobs.entry(job.id.value.clone()).or_insert(job);
        }
    }
    context.sites.leave_job();
    jobs
}
