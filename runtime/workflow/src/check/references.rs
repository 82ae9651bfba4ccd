//! What steps use has the form of an action: GitHub begins no job of a file in which one has not, and loads no action.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{ActionText, StepAction};
use crate::words::name;

use super::steps::Steps;

/// How an action is named.
pub(super) const FORMS: &str = "write `OWNER/REPOSITORY@VERSION`, `$/FOLDER` or `docker://IMAGE`";

pub(super) fn check(all: &[Steps<'_>], diagnostics: &mut Diagnostics) {
    for steps in all {
        steps.each(&mut |step| {
            let StepAction::Uses(uses) = &step.action else {
                return;
            };
            let Some(text) = uses.reference.as_plain() else {
                return;
            };
            if ActionText::parse(text).is_none() {
                diagnostics.push(
                    Diagnostic::new(codes::ACTION_REFERENCE, format!("{} names no action", name(text)))
                        .at(uses.reference.span, why(text))
                        .help(FORMS),
                );
            }
        });
    }
}

/// What of a text keeps it from naming an action.
pub(super) fn why(text: &str) -> &'static str {
    if text.contains("://") {
        "no address belongs here"
    } else if text.starts_with("$/") {
        "an action of the same repository has no version"
    } else if text.starts_with("../") || text.starts_with('/') || text == "." || text == ".." {
        "a folder is named from the root of the repository, with `./` or `$/` before it"
    } else if text.contains('/') && !text.contains('@') {
        "the version is missing: which tag, branch or commit of the repository"
    } else {
        "not the form of an action"
    }
}
