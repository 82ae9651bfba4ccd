//! Names of variables must be such that scripts can use them.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::is_in;
use crate::model::action::{Action, Kind};
use crate::model::{Fields, Workflow};
use crate::tree::Node;
use crate::words::name;

use super::steps::Steps;

pub(super) fn check(all: &[Steps<'_>], diagnostics: &mut Diagnostics) {
    for steps in all {
        steps.each(&mut |step| variables(&step.fields, diagnostics));
    }
}

/// Looks at what is set for whole jobs, and for their containers.
pub(super) fn check_around(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    variables(&workflow.fields, diagnostics);
    for job in workflow.jobs.values() {
        variables(&job.fields, diagnostics);
        if let Some(container) = job.fields.get("container") {
            inner(&container.value, diagnostics);
        }
        let services = job
            .fields
            .get("services")
            .and_then(|field| field.value.as_mapping());
        for service in services.iter().flat_map(|services| &services.entries) {
            inner(&service.value, diagnostics);
        }
    }
}

/// Looks at what an action sets for its container.
pub(super) fn check_container(action: &Action, diagnostics: &mut Diagnostics) {
    if let Kind::Docker { fields, .. } = &action.kind {
        variables(fields, diagnostics);
    }
}

fn variables(fields: &Fields, diagnostics: &mut Diagnostics) {
    if let Some(field) = fields.get("env") {
        names(&field.value, diagnostics);
    }
}

fn inner(node: &Node, diagnostics: &mut Diagnostics) {
    let entries = node.as_mapping().map(|mapping| &mapping.entries);
    for entry in entries.into_iter().flatten() {
        if &*entry.key.text == "env" {
            names(&entry.value, diagnostics);
        }
    }
}

fn names(env: &Node, diagnostics: &mut Diagnostics) {
    let entries = env.as_mapping().map(|mapping| &mapping.entries);
    for entry in entries.into_iter().flatten() {
        let text = &*entry.key.text;
        if is_in(text) || !text.contains(['&', '=', ' ']) {
            continue;
        }
        diagnostics.push(
            Diagnostic::new(
                codes::VARIABLE_NAME,
                format!("{} is no name for a variable", name(text)),
            )
            .at(entry.key.span, "`&`, `=` and spaces cannot be in a name")
            .help("use letters, digits and `_`"),
        );
    }
}
