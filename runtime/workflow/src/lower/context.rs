//! What every part of lowering has at hand.

use super::sites::Sites;
use crate::codes::{self, Code};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dialect::Dialect;
use crate::source::Source;
use crate::span::Span;
use crate::tree::{Kind, Node};

/// The file that is read, the rules it is read by, and what was found so far.
pub(super) struct Context<'a> {
    pub(super) source: &'a Source,
    pub(super) dialect: Dialect,
    pub(super) diagnostics: &'a mut Diagnostics,
    pub(super) sites: Sites,
}

/// The thing that a level of keys belongs to, for messages.
#[derive(Clone)]
pub(super) struct Owner {
    /// E.g. ``job `build` ``.
    pub(super) name: String,
    /// Where its name stands, when it has one.
    pub(super) span: Option<Span>,
}

impl Owner {
    pub(super) fn new(name: impl Into<String>, span: Option<Span>) -> Self {
        Self {
            name: name.into(),
            span,
        }
    }

    /// Something inside of it, e.g. ``step 2 of job `build` ``.
    pub(super) fn part(&self, name: impl std::fmt::Display) -> Self {
        Self {
            name: format!("{name} of {}", self.name),
            span: self.span,
        }
    }
}

impl<'a> Context<'a> {
    pub(super) fn new(source: &'a Source, dialect: Dialect, diagnostics: &'a mut Diagnostics) -> Self {
        Self {
            source,
            dialect,
            diagnostics,
            sites: Sites::default(),
        }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports that `key` of `owner` wants something else than it has. Nothing and mistakes that have been reported
    /// are worded, or passed over, accordingly.
    pub(super) fn expected(&mut self, node: &Node, key: &str, owner: &Owner, wanted: &str) {
        if matches!(node.kind, Kind::Invalid) {
            return;
        }
        let (code, message, label): (Code, String, String) = if node.is_null() {
            (
                codes::EMPTY_VALUE,
                format!("`{key}` of {} is empty", owner.name),
                format!("{wanted} belongs here"),
            )
        } else {
            (
                codes::WRONG_TYPE,
                format!(
                    "`{key}` of {} must be {wanted}, not {}",
                    owner.name,
                    node.describe()
                ),
                format!("this is {}", node.describe()),
            )
        };
        self.report(Diagnostic::new(code, message).at(node.mark(), label));
    }
}
