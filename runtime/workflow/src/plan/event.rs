//! Something that happened, which may start workflows.

use std::sync::Arc;

use crate::expression::{Object, Value};

/// An event as it reaches a runner: its name, what GitHub sends with it, and what is known beside that.
///
/// What is not known holds nothing back: a filter that asks for it passes.
#[derive(Clone, Debug)]
pub struct Event {
    name: Arc<str>,
    payload: Value,
    reference: Option<Arc<str>>,
    base: Option<Arc<str>>,
    changed: Option<Vec<String>>,
}

/// What an event is about in git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GitRef<'a> {
    /// A branch, by its short name.
    Branch(&'a str),
    /// A tag, by its short name.
    Tag(&'a str),
    /// Something else, such as `refs/pull/1/merge`.
    Other(&'a str),
}

impl<'a> GitRef<'a> {
    /// Takes a full name apart; a name without `refs/` is a branch.
    #[must_use]
    pub fn parse(full: &'a str) -> Self {
        if let Some(branch) = full.strip_prefix("refs/heads/") {
            Self::Branch(branch)
        } else if let Some(tag) = full.strip_prefix("refs/tags/") {
            Self::Tag(tag)
        } else if full.starts_with("refs/") {
            Self::Other(full)
        } else {
            Self::Branch(full)
        }
    }

    /// The short name: `main`, `v1`, `1/merge` as GitHub's `github.ref_name` has it.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Branch(name) | Self::Tag(name) => name,
            Self::Other(full) => full.strip_prefix("refs/pull/").unwrap_or(full),
        }
    }
}

impl Event {
    /// An event of which nothing but the name is known: `push`, `pull_request`, …
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            payload: Value::object(Object::new()),
            reference: None,
            base: None,
            changed: None,
        }
    }

    /// With what GitHub sends: the `github.event` of expressions.
    #[must_use]
    pub fn with_payload(self, payload: Value) -> Self {
        Self { payload, ..self }
    }

    /// At this branch or tag: `refs/heads/main`. It beats what the payload says.
    #[must_use]
    pub fn with_reference(self, reference: impl Into<Arc<str>>) -> Self {
        Self {
            reference: Some(reference.into()),
            ..self
        }
    }

    /// Into this branch, for a pull request: `main`. It beats what the payload says.
    #[must_use]
    pub fn with_base(self, base: impl Into<Arc<str>>) -> Self {
        Self {
            base: Some(base.into()),
            ..self
        }
    }

    /// With the paths that changed, from the root of the repository. Without them path filters pass, as on GitHub when
    /// it has no difference to look at.
    #[must_use]
    pub fn with_changed_paths<P: Into<String>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        Self {
            changed: Some(paths.into_iter().map(Into::into).collect()),
            ..self
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was sent with it.
    #[must_use]
    pub fn payload(&self) -> &Value {
        &self.payload
    }

    /// The paths that changed, where they are known.
    #[must_use]
    pub fn changed_paths(&self) -> Option<&[String]> {
        self.changed.as_deref()
    }

    /// The kind of activity: `opened` of a pull request.
    #[must_use]
    pub fn activity(&self) -> Option<&str> {
        self.text(&["action"])
            .or_else(|| self.text(&["event_type"]))
            .filter(|activity| !activity.is_empty())
    }

    /// The branch or tag it happened at, by its full name.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference
            .as_deref()
            .or_else(|| self.text(&["ref"]))
            .filter(|reference| !reference.is_empty())
    }

    /// What it happened at.
    #[must_use]
    pub fn git_ref(&self) -> Option<GitRef<'_>> {
        let reference = self.reference()?;
        // Of what was created or deleted the payload has the short name and its type.
        if self.reference.is_none() && self.text(&["ref_type"]) == Some("tag") {
            return Some(GitRef::Tag(
                reference.strip_prefix("refs/tags/").unwrap_or(reference),
            ));
        }
        Some(GitRef::parse(reference))
    }

    /// The branch that `branches` is about: where a pull request goes to, where another workflow ran, else where it
    /// happened.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        match self.name() {
            "pull_request" | "pull_request_target" => self
                .base
                .as_deref()
                .or_else(|| self.text(&["pull_request", "base", "ref"]))
                .map(short),
            "merge_group" => self
                .base
                .as_deref()
                .or_else(|| self.text(&["merge_group", "base_ref"]))
                .map(short),
            "workflow_run" => self.text(&["workflow_run", "head_branch"]),
            _ => match self.git_ref()? {
                GitRef::Branch(name) => Some(name),
                GitRef::Tag(_) | GitRef::Other(_) => None,
            },
        }
    }

    /// A text of the payload.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.value(path)?.as_str()
    }

    /// A value of the payload.
    #[must_use]
    pub fn value(&self, path: &[&str]) -> Option<&Value> {
        path.iter()
            .try_fold(&self.payload, |value, key| value.as_object()?.get(key))
    }

    /// As much of the `github` context as the event decides: `event_name`, `event`, `ref`, `ref_name`, `ref_type`,
    /// `base_ref`, `head_ref`. Whoever knows the rest puts it beside that.
    #[must_use]
    pub fn github(&self) -> Object {
        let mut github = Object::new();
        github.insert("event_name", Value::from(self.name()));
        github.insert("event", self.payload.clone());
        let git_ref = self.git_ref();
        let full = match git_ref {
            Some(GitRef::Branch(name)) => format!("refs/heads/{name}"),
            Some(GitRef::Tag(name)) => format!("refs/tags/{name}"),
            Some(GitRef::Other(full)) => full.to_owned(),
            None => String::new(),
        };
        github.insert("ref", Value::string(full));
        github.insert(
            "ref_name",
            Value::from(git_ref.map(GitRef::name).unwrap_or_default()),
        );
        let kind = if matches!(git_ref, Some(GitRef::Tag(_))) {
            "tag"
        } else {
            "branch"
        };
        github.insert("ref_type", Value::from(kind));
        let pull_request = self.name().starts_with("pull_request");
        let base = self.base.as_deref().or_else(|| {
            self.text(&["pull_request", "base", "ref"])
                .filter(|_| pull_request)
        });
        github.insert("base_ref", Value::from(base.unwrap_or_default()));
        let head = self
            .text(&["pull_request", "head", "ref"])
            .filter(|_| pull_request);
        github.insert("head_ref", Value::from(head.unwrap_or_default()));
        github
    }
}

/// The name of a branch without `refs/heads/`.
fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}
