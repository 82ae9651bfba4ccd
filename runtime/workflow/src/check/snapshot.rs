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
                .at(version.span, "not a major version with `.*` behind it")
                .help("write the major version and a star, e.g. `1.*`"),
            );
        }
    }
}

/// A number that fits into 31 bits and a star, which counts the rest up: GitHub takes nothing else.
fn is_version(text: &str) -> bool {
    let major = text.strip_suffix(".*");
    major.is_some_and(|major| major.bytes().all(|byte| byte.is_ascii_digit()) && major.parse::<i32>().is_ok())
}
