//! A composite action says what each of its outputs is.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::action::{Action, ActionKind};
use crate::words::name;

pub(super) fn check(action: &Action, diagnostics: &mut Diagnostics) {
    // Of other kinds the program that runs gives them.
    if !matches!(action.kind, ActionKind::Composite { .. }) {
        return;
    }
    for (written, output) in &action.outputs {
        // One of which something is missing may have a value, and that was reported.
        if output.value.is_none() && !output.incomplete {
            diagnostics.push(
                Diagnostic::new(
                    codes::ACTION_OUTPUT,
                    format!("the output {} has no `value`", name(written)),
                )
                .at(
                    output.span,
                    "always empty: steps of the action give their outputs to each other only",
                )
                .help("add `value: ${{ steps.ID.outputs.NAME }}` with the `id` of the step that gives it"),
            );
        }
    }
}
