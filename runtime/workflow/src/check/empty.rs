//! Lists and texts that the language lets be empty, and that mean nothing then.

use super::steps::Steps;
use crate::Dialect;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Fields, Workflow};
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

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    if let Some(on) = workflow.fields.get("on") {
        // GitHub refuses it, which was reported; in Loom it is a list like any other.
        if workflow.dialect == Dialect::Loom {
            report("on", &on.value, diagnostics);
        }
        events(&on.value, diagnostics);
    }
    for steps in Steps::of_workflow(workflow) {
        steps.each(&mut |step| {
            list(&step.fields, "wait", diagnostics);
            list(&step.fields, "parallel", diagnostics);
        });
    }
    for job in workflow.jobs.values() {
        list(&job.fields, "needs", diagnostics);
        if let Some(field) = job.fields.get("runs-on") {
            inside(&field.value, "labels", diagnostics);
        }
        let strategy = job.fields.get("strategy").map(|field| &field.value);
        if let Some(matrix) = strategy.and_then(|strategy| value(strategy, "matrix")) {
            inside(matrix, "include", diagnostics);
            inside(matrix, "exclude", diagnostics);
        }
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

fn list(fields: &Fields, key: &str, diagnostics: &mut Diagnostics) {
    if let Some(field) = fields.get(key) {
        report(key, &field.value, diagnostics);
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
