//! A composite action says what each of its outputs is.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::action::{Action, ActionKind};
use crate::tree::Entry;
use crate::words::name;

pub(super) fn check(action: &Action, diagnostics: &mut Diagnostics) {
    // Of other kinds the program that runs gives them.
    if !matches!(action.kind, ActionKind::Composite { .. }) {
        return;
    }
    let outputs = action
        .fields
        .get("outputs")
        .and_then(|field| field.value.as_mapping());
    for output in outputs.into_iter().flat_map(|outputs| &outputs.entries) {
        if is_never_given(output) {
            diagnostics.push(
                Diagnostic::new(
                    codes::ACTION_OUTPUT,
                    format!("the output {} has no `value`", name(&output.key.text)),
                )
                .at(
                    output.key.span,
                    "always empty: steps of the action give their outputs to each other only",
                )
                .help("add `value: ${{ steps.ID.outputs.NAME }}` with the `id` of the step that gives it"),
            );
        }
    }
}

/// Whether nothing stands for the value, not even a key that was misspelt, which has been reported.
fn is_never_given(output: &Entry) -> bool {
    match output.value.as_mapping() {
        Some(mapping) => {
            let mut keys = mapping.entries.iter().map(|entry| &*entry.key.text);
            !mapping.incomplete && keys.all(|key| key == "description")
        }
        None => output.value.is_null(),
    }
}
