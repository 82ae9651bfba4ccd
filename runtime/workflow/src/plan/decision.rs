//! Whether an event starts a workflow, and why.

use std::fmt;

use crate::span::Span;

/// The answer to "does this event start the workflow?".
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TriggerDecision {
    /// Whether it does.
    pub starts: bool,
    /// What decided.
    pub reason: TriggerReason,
    /// The same as a sentence: lowercase, names in backticks, no full stop.
    pub text: String,
    /// Where in the file that stands, when it stands there.
    pub span: Option<Span>,
}

/// What decides whether an event starts a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TriggerReason {
    /// The event is listed and nothing narrows it.
    Listed,
    /// The file names no events at all, which only `.loom.yml` may.
    NoTriggers,
    /// The event is not listed.
    NotListed,
    /// `types`, or the kinds of activity that count where none are written.
    Activity,
    /// `branches` or `branches-ignore`.
    Branch,
    /// `tags` or `tags-ignore`.
    Tag,
    /// `paths` or `paths-ignore`.
    Path,
    /// `workflows` of `workflow_run`.
    Workflow,
    /// `cron` of `schedule`.
    Schedule,
    /// `names` or `versions` of `image_version`.
    Image,
    /// GitHub sends no such event to workflows: drafts of releases, inactive deployments.
    NotSent,
    /// The message of the commit asks for no run.
    Message,
}

impl TriggerDecision {
    pub(super) fn yes(reason: TriggerReason, text: impl Into<String>, span: Option<Span>) -> Self {
        Self {
            starts: true,
            reason,
            text: text.into(),
            span,
        }
    }

    pub(super) fn no(reason: TriggerReason, text: impl Into<String>, span: Option<Span>) -> Self {
        Self {
            starts: false,
            reason,
            text: text.into(),
            span,
        }
    }
}

impl fmt::Display for TriggerDecision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
