//! What a file asks for that only GitHub's services could give. It runs all the same, and is told once for each key.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Access, Environment, Job, Keys, Permissions, Step, StepAction, Workflow};
use crate::span::{Span, Spanned};

const ID_TOKEN: &str = "id-token";

/// A key without an effect.
struct Row {
    key: &'static str,
    /// What that means for the run.
    why: &'static str,
    /// Where it stands, if it does.
    find: fn(Level<'_>) -> Option<Span>,
}

/// What of a workflow or a job is asked.
#[derive(Clone, Copy)]
struct Level<'m> {
    keys: &'m Keys,
    permissions: Option<&'m Permissions>,
    environment: Option<&'m Spanned<Environment>>,
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
        find: |level| level.environment.and_then(|_| level.keys.place("environment")),
    },
    Row {
        key: "cache-mode",
        why: "GitHub's cache is not there to be limited",
        find: |level| level.keys.place("cache-mode"),
    },
    Row {
        key: "snapshot",
        why: "no image is made of the machine",
        find: |level| level.keys.place("snapshot"),
    },
];

/// The keys of a workflow that have no effect here: each once, at its first place, with all its places counted. They are
/// warnings, and keep nothing from running.
pub fn notices(workflow: &Workflow) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let top = Level {
        keys: &workflow.keys,
        permissions: workflow.permissions.as_deref(),
        environment: None,
    };
    let levels = || std::iter::once(top).chain(workflow.jobs.values().map(level));
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

fn level(job: &Job) -> Level<'_> {
    Level {
        keys: &job.keys,
        permissions: job.permissions.as_deref(),
        environment: job.environment.as_ref(),
    }
}

/// `permissions`, unless all it says is `id-token`, which is told apart.
fn permissions(level: Level<'_>) -> Option<Span> {
    let only_token = matches!(
        level.permissions,
        Some(Permissions::Scopes(scopes)) if !scopes.is_empty() && scopes.keys().all(|scope| &**scope == ID_TOKEN)
    );
    level.keys.place("permissions").filter(|_| !only_token)
}

/// `id-token: write`.
fn id_token(level: Level<'_>) -> Option<Span> {
    let Permissions::Scopes(scopes) = level.permissions? else {
        return None;
    };
    let token = scopes.get(ID_TOKEN)?;
    (*token.value == Access::Write).then_some(token.key)
}
