//! A matrix must have combinations.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Workflow;
use crate::tree::Node;
use crate::words::name;

pub(super) fn check(workflow: &Workflow, diagnostics: &mut Diagnostics) {
    for job in workflow.jobs.values() {
        let Some(matrix) = matrix(job.fields.get("strategy").map(|field| &field.value)) else {
            continue;
        };
        for entry in matrix.as_mapping().iter().flat_map(|matrix| &matrix.entries) {
            let filter = matches!(&*entry.key.text, "include" | "exclude");
            if !filter && entry.value.as_sequence().is_some_and(<[_]>::is_empty) {
                diagnostics.push(
                    Diagnostic::new(
                        codes::EMPTY_MATRIX,
                        format!(
                            "{} in the matrix of job {} has no values",
                            name(&entry.key.text),
                            name(job.id.as_str())
                        ),
                    )
                    .at(entry.value.span, "at least one value belongs here")
                    .help("give it a value, or remove the key: without values the job would not run at all"),
                );
            }
        }
    }
}

fn matrix(strategy: Option<&Node>) -> Option<&Node> {
    let mut entries = strategy?.as_mapping()?.entries.iter();
    entries
        .find(|entry| &*entry.key.text == "matrix")
        .map(|entry| &entry.value)
}
