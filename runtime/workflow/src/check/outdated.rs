//! Actions at versions that runners cannot run any more, or that GitHub fails. Each is named once a file.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::actions::{Actions, Interface, Known, Runtime};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{ActionText, StepAction};
use crate::span::Span;
use crate::words::name;

use super::steps::Steps;

/// The oldest version of Node.js that runners still have.
pub(super) const OLDEST_NODE: u32 = 20;

/// How many further steps with the same action are marked.
const MARKED: usize = 8;

pub(super) fn check(all: &[Steps<'_>], actions: &Actions<'_>, diagnostics: &mut Diagnostics) {
    let mut found: IndexMap<&str, (Arc<Interface>, Vec<Span>)> = IndexMap::new();
    for steps in all {
        steps.each(&mut |step| {
            let StepAction::Uses(uses) = &step.action else {
                return;
            };
            let Some(text) = uses.reference.as_plain() else {
                return;
            };
            if let Some((_, places)) = found.get_mut(text) {
                places.push(uses.reference.span);
            } else if let Some(reference) = ActionText::parse(text)
                && let Known::Interface(interface) = actions.find(&reference)
                && is_outdated(&interface)
            {
                found.insert(text, (interface, vec![uses.reference.span]));
            }
        });
    }
    for (text, (interface, places)) in found {
        report(text, &interface, &places, diagnostics);
    }
}

fn is_outdated(interface: &Interface) -> bool {
    match interface.runtime {
        Runtime::Node(version) => version < OLDEST_NODE,
        Runtime::Refused => true,
        Runtime::Docker | Runtime::Composite | Runtime::Unknown => false,
    }
}

fn report(text: &str, interface: &Interface, places: &[Span], diagnostics: &mut Diagnostics) {
    let Some((first, others)) = places.split_first() else {
        return;
    };
    let diagnostic = match interface.runtime {
        Runtime::Node(version) => Diagnostic::new(
            codes::ACTION_OUTDATED,
            format!("{} is made for Node.js {version}", name(text)),
        )
        .at(*first, "runners do not have this version any more"),
        _ => Diagnostic::new(
            codes::ACTION_REFUSED,
            format!("GitHub does not run {} any more", name(text)),
        )
        .at(*first, "every step with it fails"),
    };
    let public = matches!(ActionText::parse(text), Some(ActionText::Repository(_)));
    let help = match (public, interface.archived) {
        (false, _) => "write `using: node24` in its `action.yml`",
        (true, true) => "use another action: this one is archived, and no newer version will come",
        (true, false) => "use a newer version of the action",
    };
    let marked = others.iter().take(MARKED);
    let diagnostic = marked.fold(diagnostic, |diagnostic, place| {
        diagnostic.related(*place, "and here")
    });
    diagnostics.push(diagnostic.help(help));
}
