//! What an action says it runs on must still be there.

use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::action::{Action, ActionKind};
use crate::words::name;

pub(super) fn check(action: &Action, diagnostics: &mut Diagnostics) {
    let ActionKind::Node { using, .. } = &action.kind else {
        return;
    };
    // Newer ones than are known here will come.
    let version = using.get(4..).and_then(|version| version.parse::<u32>().ok());
    if version.is_none_or(|version| version >= super::outdated::OLDEST_NODE) {
        return;
    }
    diagnostics.push(
        Diagnostic::new(codes::ACTION_OUTDATED, format!("runners have no {}", name(using)))
            .at(using.span, "runners do not have this version of Node.js any more")
            .help("write `using: node24`"),
    );
}
