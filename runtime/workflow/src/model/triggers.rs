//! What starts a workflow: `on`.

use std::sync::Arc;

use super::free::Free;
use super::template::Template;
use super::values::{ByName, NamedMap};
use crate::span::{Span, Spanned};

/// The events that start a workflow, by name, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggers {
    /// Each event with what narrows it.
    pub events: ByName<Trigger>,
    /// Whether events are named alone, as one text or a list: nothing can narrow them then.
    pub names_only: bool,
}

/// An event that starts a workflow, and which of its kind do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trigger {
    /// Where its name stands.
    pub span: Span,
    /// `types`: kinds of activity. Empty: GitHub's default for the event.
    pub types: Vec<Spanned<Arc<str>>>,
    /// `branches` and `branches-ignore`.
    pub branches: Filter,
    /// `tags` and `tags-ignore`.
    pub tags: Filter,
    /// `paths` and `paths-ignore`.
    pub paths: Filter,
    /// `names` of images, of `image_version`.
    pub names: Vec<Spanned<Arc<str>>>,
    /// `versions` of images, of `image_version`.
    pub versions: Vec<Spanned<Arc<str>>>,
    /// `workflows`: names, of `workflow_run`.
    pub workflows: Vec<Spanned<Arc<str>>>,
    /// When, of `schedule`.
    pub schedule: Vec<Schedule>,
    /// `inputs` of `workflow_dispatch` and `workflow_call`.
    pub inputs: ByName<Input>,
    /// `secrets` of `workflow_call`; none where it does not say which it takes.
    pub secrets: Option<ByName<Secret>>,
    /// `outputs` of `workflow_call`: their values.
    pub outputs: NamedMap<Template>,
}

/// Patterns that pick, and patterns that leave out; a file has one of the two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// `branches`, `tags`, `paths`: a `!` in front leaves out again.
    pub only: Vec<Spanned<Arc<str>>>,
    /// `branches-ignore`, `tags-ignore`, `paths-ignore`.
    pub ignored: Vec<Spanned<Arc<str>>>,
}

impl Filter {
    /// All its patterns.
    pub fn patterns(&self) -> impl Iterator<Item = &Spanned<Arc<str>>> {
        self.only.iter().chain(&self.ignored)
    }
}

/// A time at which a workflow starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// `cron`: minute, hour, day of the month, month, day of the week.
    pub cron: Spanned<Arc<str>>,
    /// `timezone`, by its IANA name; UTC without one.
    pub timezone: Option<Spanned<Arc<str>>>,
}

/// What a workflow is told when it is started by hand or called.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Where its name stands.
    pub span: Span,
    /// `type`.
    pub kind: InputKind,
    /// `required`.
    pub required: bool,
    /// `default`, as written.
    pub default: Option<Free>,
    /// `options` of a choice, with the place of the key.
    pub options: Option<Spanned<Vec<Spanned<Arc<str>>>>>,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// Text.
    #[default]
    String,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// One of `options`.
    Choice,
    /// The name of an environment.
    Environment,
}

impl InputKind {
    /// The type with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "number" => Self::Number,
            "choice" => Self::Choice,
            "environment" => Self::Environment,
            _ => return None,
        })
    }
}

/// A secret that a called workflow takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Where its name stands.
    pub span: Span,
    /// `required`.
    pub required: bool,
}
