//! `github`, and the contexts that are the same in every job.

use std::rc::Rc;

use crate::check::expressions::types::{Properties, Type};

/// Texts of the `github` context. From GitHub's "Contexts reference", and what the context holds beyond it in real runs;
/// read in 2026.
const TEXTS: &[&str] = &[
    "action",
    "action_path",
    "action_ref",
    "action_repository",
    "action_status",
    "actor",
    "actor_id",
    "api_url",
    "artifact_cache_size_limit",
    "artifacts",
    "artifacts_list",
    "base_ref",
    "env",
    "event_name",
    "event_path",
    "graphql_url",
    "head_ref",
    "host-workspace",
    "job",
    "job_workflow_sha",
    "output",
    "path",
    "ref",
    "ref_name",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "repositoryUrl",
    "run_attempt",
    "run_id",
    "run_number",
    "secret_source",
    "server_url",
    "sha",
    "state",
    "step_summary",
    "token",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
    "workspace",
];

thread_local! {
    /// What the context is in most workflows.
    static WITHOUT_INPUTS: Rc<Properties> = Rc::new(without_inputs());
}

/// The `github` context. `inputs`: what `github.event.inputs` holds, where that is known.
pub(super) fn github(inputs: Option<Type>) -> Type {
    let all = WITHOUT_INPUTS.with(Rc::clone);
    let Some(inputs) = inputs else {
        return Type::Mapping(all);
    };
    let mut event = Properties::of(Type::Any);
    event.add("inputs", inputs);
    let mut all = Rc::unwrap_or_clone(all);
    all.replace("event", Type::mapping(event));
    Type::mapping(all)
}

fn without_inputs() -> Properties {
    let mut all: Properties = TEXTS.iter().map(|name| (*name, Type::Text)).collect();
    all.add("event", Type::loose());
    all.add("ref_protected", Type::Boolean);
    all.add("retention_days", Type::Number);
    all
}

/// The `runner` context.
pub(super) fn runner() -> Type {
    let texts = [
        "name",
        "os",
        "arch",
        "temp",
        "tool_cache",
        "debug",
        "environment",
        "workspace",
        "perflog",
    ];
    Type::strict(texts.map(|name| (name, Type::Text)))
}

/// The `strategy` context, which every job has, with a matrix or without.
pub(super) fn strategy() -> Type {
    Type::strict([
        ("fail-fast", Type::Boolean),
        ("job-index", Type::Number),
        ("job-total", Type::Number),
        ("max-parallel", Type::Number),
    ])
}

/// The `job` context, with the services that a job has.
pub(super) fn job(services: Type) -> Type {
    Type::strict([
        (
            "container",
            Type::strict([("id", Type::Text), ("network", Type::Text)]),
        ),
        ("services", services),
        ("status", Type::Text),
        ("check_run_id", Type::Number),
        ("workflow_ref", Type::Text),
        ("workflow_sha", Type::Text),
        ("workflow_repository", Type::Text),
        ("workflow_file_path", Type::Text),
    ])
}

/// What `job.services` knows of a service.
pub(super) fn service() -> Type {
    Type::strict([
        ("id", Type::Text),
        ("network", Type::Text),
        ("ports", Type::map(Type::Text)),
    ])
}
