//! The version of an image that a job makes of its machine.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Workflow;
use crate::words::name;

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for job in workflow.jobs.values() {
        let version = job
            .snapshot
            .as_ref()
            .and_then(|snapshot| snapshot.version.as_ref());
        let Some(version) = version else { continue };
        if version.as_plain().is_some_and(|text| !is_version(text)) {
            diagnostics.push(
                Diagnostic::new(
                    codes::SNAPSHOT_VERSION,
                    format!("{} is no version of an image", name(&version.text)),
                )
                .at(version.span, "not numbers with dots")
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
