//! Lists and texts that the language lets be empty, and that mean nothing then.

use crate::Dialect;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Workflow;
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
