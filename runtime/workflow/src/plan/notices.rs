//! What a file asks for that only GitHub's services could give. It runs all the same, and is told once for each key.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Fields, Job, Step, StepAction, Workflow};
use crate::span::Span;
use crate::tree::{Node, Value};

/// A key without an effect.
struct Row {
    key: &'static str,
    /// What that means for the run.
    why: &'static str,
    /// Where it stands, if it does.
    find: fn(&Fields) -> Option<Span>,
}

static ROWS: [Row; 5] = [
    Row {
        key: "permissions",
        why: "there is no token of the run whose rights it could limit",
        find: permissions,
    },
    Row {
        key: "id-token",
        why: "nobody here gives out OpenID Connect tokens, so a step that asks for one fails",
        find: id_token,
    },
    Row {
        key: "environment",
        why: "there is no approval to wait for, and no deployment is recorded",
        find: |fields| key(fields, "environment"),
    },
    Row {
        key: "cache-mode",
        why: "GitHub's cache is not there to be limited",
        find: |fields| key(fields, "cache-mode"),
    },
    Row {
        key: "snapshot",
        why: "no image is made of the machine",
        find: |fields| key(fields, "snapshot"),
    },
];

/// The keys of a workflow that have no effect here: each once, at its first place, with all its places counted. They are
/// warnings, and keep nothing from running.
pub fn notices(workflow: &Workflow) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let levels = || std::iter::once(&workflow.fields).chain(workflow.jobs.values().map(fields));
    for row in &ROWS {
        if let Some(notice) = notice(row.key, row.why, levels().filter_map(row.find).collect()) {
            diagnostics.push(notice);
        }
    }
    let steps = workflow.jobs.values().flat_map(|job| &job.steps);
    let terminals = steps.flat_map(terminals).collect();
    if let Some(notice) = notice("tty", "no step has a terminal yet", terminals) {
        diagnostics.push(notice);
    }
    diagnostics.finish()
}

/// What is said of a key that stands at these places. Only the first is shown: each file in use has a dozen of `permissions`.
fn notice(key: &str, why: &str, mut places: Vec<Span>) -> Option<Diagnostic> {
    places.sort();
    let first = places.first()?;
    let counted = match places.len() {
        1 => String::new(),
        count => format!(" ({count} places)"),
    };
    let message = format!("`{key}` has no effect here{counted}");
    Some(Diagnostic::new(codes::IGNORED, message).at(*first, why))
}

/// Where a step, or a member of its group, asks for a terminal.
fn terminals(step: &Step) -> Vec<Span> {
    let own = step.tty.iter().filter(|tty| tty.value).map(|tty| tty.span);
    match &step.action {
        StepAction::Parallel(members) => own.chain(members.iter().flat_map(terminals)).collect(),
        _ => own.collect(),
    }
}

fn fields(job: &Job) -> &Fields {
    &job.fields
}

fn key(fields: &Fields, key: &str) -> Option<Span> {
    let field = fields.get(key)?;
    (!field.value.is_null()).then_some(field.key)
}

/// `permissions`, unless all it says is `id-token`, which is told apart.
fn permissions(fields: &Fields) -> Option<Span> {
    let field = fields.get("permissions")?;
    let only_token = field.value.as_mapping().is_some_and(|mapping| {
        let mut entries = mapping.entries.iter();
        entries.len() > 0 && entries.all(|entry| &*entry.key.text == "id-token")
    });
    (!only_token).then_some(field.key)
}

/// `id-token: write`.
fn id_token(fields: &Fields) -> Option<Span> {
    let permissions = &fields.get("permissions")?.value;
    let entry = permissions
        .as_mapping()?
        .entries
        .iter()
        .find(|entry| &*entry.key.text == "id-token" && is_write(&entry.value))?;
    Some(entry.key.span)
}

fn is_write(node: &Node) -> bool {
    node.as_scalar()
        .is_some_and(|scalar| scalar.value == Value::String && &*scalar.text == "write")
}
