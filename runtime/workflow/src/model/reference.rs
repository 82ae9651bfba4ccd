//! What `uses` names.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What the `uses` of a step names, read by GitHub's rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ActionReference {
    /// `./path`: an action in the workspace.
    Local(Arc<str>),
    /// `$/path`: an action of the repository that the workflow is of, at the commit that runs, whether or not it was
    /// checked out; the path without `$/`. GitHub's changelog of July 30, 2026.
    Own(Arc<str>),
    /// `docker://image`.
    Docker(Arc<str>),
    /// `owner/repository/path@version`: an action of another repository.
    Repository(Repository),
}

/// What the `uses` of a job names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WorkflowReference {
    /// `./.github/workflows/file.yml`, or the same with `$/`: a workflow of the same repository at the same commit;
    /// always with `./`.
    Local(Arc<str>),
    /// `owner/repository/.github/workflows/file.yml@version`.
    Repository(Repository),
}

/// What a path in the repository that a workflow is of begins with.
const OWN: &str = "$/";

/// Whether the `uses` of a job wants to name a workflow of the same repository.
pub(crate) fn is_own(text: &str) -> bool {
    text.starts_with("./") || text.starts_with(OWN)
}

/// The path, beginning with `./`, of a workflow of the same repository that the `uses` of a job names.
pub(crate) fn own(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('@') {
        return None;
    }
    match text.strip_prefix(OWN) {
        Some(path) => Some(Cow::Owned(format!("./{path}"))),
        None => text.starts_with("./").then_some(Cow::Borrowed(text)),
    }
}

/// Something in another repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repository {
    /// Who owns the repository.
    pub owner: Arc<str>,
    /// The name of the repository.
    pub name: Arc<str>,
    /// The path within it; empty for its root.
    pub path: Arc<str>,
    /// Which version: a branch, a tag or a commit.
    pub version: Arc<str>,
}

/// An [`ActionReference`] within its text: for who only looks at it.
pub(crate) enum ActionText<'a> {
    Local(&'a str),
    Own(&'a str),
    Docker(&'a str),
    Repository(RepositoryText<'a>),
}

/// A [`Repository`] within its text.
pub(crate) struct RepositoryText<'a> {
    pub(crate) owner: &'a str,
    pub(crate) name: &'a str,
    pub(crate) path: Vec<&'a str>,
    pub(crate) version: &'a str,
}

impl<'a> ActionText<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if let Some(image) = text.strip_prefix("docker://") {
            return Some(Self::Docker(image));
        }
        if text.starts_with("./") || text.starts_with(".\\") {
            return Some(Self::Local(text));
        }
        if let Some(path) = text.strip_prefix(OWN) {
            return (!path.contains('@')).then_some(Self::Own(path));
        }
        RepositoryText::parse(text).map(Self::Repository)
    }
}

impl<'a> RepositoryText<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (place, version) = text.split_once('@')?;
        if version.is_empty() || version.contains('@') {
            return None;
        }
        let mut parts = place.split(['/', '\\']).filter(|part| !part.is_empty());
        Some(Self {
            owner: parts.next()?,
            name: parts.next()?,
            path: parts.collect(),
            version,
        })
    }
}

impl ActionReference {
    /// Reads a reference; `None` when it is none. An image may be empty, which is somebody else's to report.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        ActionText::parse(text).map(|found| match found {
            ActionText::Local(path) => Self::Local(Arc::from(path)),
            ActionText::Own(path) => Self::Own(Arc::from(path)),
            ActionText::Docker(image) => Self::Docker(Arc::from(image)),
            ActionText::Repository(repository) => Self::Repository(repository.into()),
        })
    }
}

impl WorkflowReference {
    /// Reads a reference; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if is_own(text) {
            return own(text).map(|path| Self::Local(Arc::from(path)));
        }
        RepositoryText::parse(text)
            .filter(|repository| !repository.path.is_empty())
            .map(|repository| Self::Repository(repository.into()))
    }
}

impl From<RepositoryText<'_>> for Repository {
    fn from(text: RepositoryText<'_>) -> Self {
        Self {
            owner: Arc::from(text.owner),
            name: Arc::from(text.name),
            path: Arc::from(text.path.join("/")),
            version: Arc::from(text.version),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner, self.name)?;
        if !self.path.is_empty() {
            write!(formatter, "/{}", self.path)?;
        }
        write!(formatter, "@{}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_local_images_or_repositories() {
        for text in ["./a", "./", ".\\a\\b"] {
            assert_eq!(
                ActionReference::parse(text),
                Some(ActionReference::Local(Arc::from(text)))
            );
        }
        assert_eq!(
            ActionReference::parse("docker://alpine:3"),
            Some(ActionReference::Docker(Arc::from("alpine:3")))
        );
        assert_eq!(
            ActionReference::parse("$/a/b"),
            Some(ActionReference::Own(Arc::from("a/b")))
        );
        let Some(ActionReference::Repository(found)) = ActionReference::parse("o/r/a/b@v1") else {
            panic!("no repository");
        };
        assert_eq!((&*found.owner, &*found.name, &*found.path), ("o", "r", "a/b"));
        assert_eq!(found.to_string(), "o/r/a/b@v1");
        for text in [
            "",
            "o",
            "o/r",
            "o@v1",
            "o/r@",
            "o/r@a@b",
            "/r@v1",
            "actions/checkout",
            "$/a@v1",
        ] {
            assert_eq!(ActionReference::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_called_workflow_is_a_file() {
        assert!(WorkflowReference::parse("./.github/workflows/a.yml").is_some());
        assert!(WorkflowReference::parse("o/r/.github/workflows/a.yml@main").is_some());
        assert_eq!(
            WorkflowReference::parse("$/.github/workflows/a.yml"),
            Some(WorkflowReference::Local(Arc::from("./.github/workflows/a.yml")))
        );
        for text in ["./a.yml@v1", "$/a.yml@v1", "o/r@v1", "o/r/a.yml", "docker://x"] {
            assert_eq!(WorkflowReference::parse(text), None, "{text}");
        }
    }
}
