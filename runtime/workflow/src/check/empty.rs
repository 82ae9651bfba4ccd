//! Lists and texts that the language lets be empty, and that mean nothing then.

use crate::Dialect;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Job, Workflow};
use crate::tree::{Kind, Node};

/// Keys of events whose lists pick something.
const FILTERS: &[&str] = &[
    "types",
    "branches",
    "branches-ignore",
    "tags",
    "tags-ignore",
    "paths",
    "paths-ignore",
    "workflows",
    "names",
    "versions",
];

pub(super) fn check(workflow: &Workflow, tree: &Node, diagnostics: &mut Diagnostics) {
    if let Some(on) = value(tree, "on") {
        // GitHub refuses it, which was reported; in Loom it is a list like any other.
        if workflow.dialect == Dialect::Loom {
            report("on", on, diagnostics);
        }
        events(on, diagnostics);
    }
    let jobs = value(tree, "jobs").and_then(Node::as_mapping);
    for job in jobs.iter().flat_map(|jobs| &jobs.entries) {
        let job = &job.value;
        inside(job, "needs", diagnostics);
        if let Some(runs_on) = value(job, "runs-on") {
            inside(runs_on, "labels", diagnostics);
        }
        let strategy = value(job, "strategy");
        if let Some(matrix) = strategy.and_then(|strategy| value(strategy, "matrix")) {
            inside(matrix, "include", diagnostics);
            inside(matrix, "exclude", diagnostics);
        }
        steps(value(job, "steps"), diagnostics);
    }
    for job in workflow.jobs.values() {
        nothing_to_do(job, diagnostics);
    }
}

fn steps(list: Option<&Node>, diagnostics: &mut Diagnostics) {
    for step in list.and_then(Node::as_sequence).unwrap_or_default() {
        inside(step, "wait", diagnostics);
        inside(step, "parallel", diagnostics);
        steps(value(step, "parallel"), diagnostics);
    }
}

fn events(on: &Node, diagnostics: &mut Diagnostics) {
    for event in on.as_mapping().iter().flat_map(|on| &on.entries) {
        report(&event.key.text, &event.value, diagnostics);
        for key in FILTERS {
            inside(&event.value, key, diagnostics);
        }
        let inputs = value(&event.value, "inputs").and_then(Node::as_mapping);
        for input in inputs.iter().flat_map(|inputs| &inputs.entries) {
            inside(&input.value, "options", diagnostics);
        }
    }
}

/// GitHub's readers take such a job; its service says that there are no steps, and starts nothing.
fn nothing_to_do(job: &Job, diagnostics: &mut Diagnostics) {
    if job.keys.contains("steps") || job.uses.is_some() {
        return;
    }
    let Some(runs_on) = &job.runs_on else {
        return;
    };
    diagnostics.push(
        Diagnostic::new(
            codes::NO_STEPS,
            format!("job {} has nothing to do", crate::words::name(job.id.as_str())),
        )
        .at(job.id.span, "it has no `steps`")
        .related(runs_on.span, "where it would do it")
        .help("add `steps`, or remove the job"),
    );
}

fn inside(node: &Node, key: &str, diagnostics: &mut Diagnostics) {
    if let Some(inner) = value(node, key) {
        report(key, inner, diagnostics);
    }
}

fn value<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    let mut entries = node.as_mapping()?.entries.iter();
    entries
        .find(|entry| &*entry.key.text == key)
        .map(|entry| &entry.value)
}

fn report(key: &str, node: &Node, diagnostics: &mut Diagnostics) {
    if let Kind::Sequence(items) = &node.kind
        && items.is_empty()
    {
        diagnostics.push(
            Diagnostic::new(codes::EMPTY_LIST, format!("{} is empty", crate::words::name(key)))
                .at(node.alias.unwrap_or(node.span), "nothing is listed here")
                .help("list something, or remove the key"),
        );
    }
}
