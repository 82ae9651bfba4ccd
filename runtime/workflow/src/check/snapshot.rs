//! The version of an image that a job makes of its machine.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Workflow;
use crate::words::name;

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for job in workflow.jobs.values() {
        let snapshot = job
            .fields
            .get("snapshot")
            .and_then(|field| field.value.as_mapping());
        let mut entries = snapshot.into_iter().flat_map(|mapping| &mapping.entries);
        let Some(version) = entries.find(|entry| &*entry.key.text == "version") else {
            continue;
        };
        let Some(scalar) = version.value.as_scalar() else {
            continue;
        };
        if !scalar.text.contains("${{") && !is_version(&scalar.text) {
            diagnostics.push(
                Diagnostic::new(
                    codes::SNAPSHOT_VERSION,
                    format!("{} is no version of an image", name(&scalar.text)),
                )
                .at(version.value.span, "not numbers with dots")
                .help("write the major version and a star, e.g. `1.*`"),
            );
        }
    }
}

/// Numbers with dots, with `*` for those that are counted up.
fn is_version(text: &str) -> bool {
    text.split('.').enumerate().all(|(index, part)| {
        let number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        number || (index > 0 && part == "*")
    })
}
