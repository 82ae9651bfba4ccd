//! Containers: they have an image, and passwords do not belong into the file.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Workflow;
use crate::tree::{Mapping, Node};

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for job in workflow.jobs.values() {
        if let Some(container) = job.fields.get("container") {
            password(&container.value, diagnostics);
        }
        let services = job
            .fields
            .get("services")
            .and_then(|field| field.value.as_mapping());
        for service in services.iter().flat_map(|services| &services.entries) {
            password(&service.value, diagnostics);
        }
    }
}

fn password(container: &Node, diagnostics: &mut Diagnostics) {
    let credentials = value(container, "credentials");
    let Some(password) = credentials.and_then(|credentials| value(credentials, "password")) else {
        return;
    };
    let Some(scalar) = password.as_scalar() else {
        return;
    };
    if scalar.text.contains("${{") || scalar.text.is_empty() {
        return;
    }
    diagnostics.push(
        Diagnostic::new(codes::PASSWORD, "the password is written in the file")
            .at(
                password.span,
                "everybody who can read the repository can read this",
            )
            .help("store it as a secret and write `${{ secrets.NAME }}`; change the password, it is known"),
    );
}

fn value<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    let mapping: &Mapping = node.as_mapping()?;
    let mut entries = mapping.entries.iter();
    entries
        .find(|entry| &*entry.key.text == key)
        .map(|entry| &entry.value)
}
