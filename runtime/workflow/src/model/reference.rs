//! What `uses` names.

use std::fmt;
use std::sync::Arc;

/// What the `uses` of a step names, read by GitHub's rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ActionReference {
    /// `./path`: an action in the workspace.
    Local(Arc<str>),
    /// `docker://image`.
    Docker(Arc<str>),
    /// `owner/repository/path@version`: an action of another repository.
    Repository(Repository),
}

/// What the `uses` of a job names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WorkflowReference {
    /// `./.github/workflows/file.yml`: a workflow of the same repository at the same commit.
    Local(Arc<str>),
    /// `owner/repository/.github/workflows/file.yml@version`.
    Repository(Repository),
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

impl ActionReference {
    /// Reads a reference; `None` when it is none. An image may be empty, which is somebody else's to report.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(image) = text.strip_prefix("docker://") {
            return Some(Self::Docker(Arc::from(image)));
        }
        if text.starts_with("./") || text.starts_with(".\\") {
            return Some(Self::Local(Arc::from(text)));
        }
        Repository::parse(text).map(Self::Repository)
    }
}

impl WorkflowReference {
    /// Reads a reference; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with("./") {
            return (!text.contains('@')).then(|| Self::Local(Arc::from(text)));
        }
        Repository::parse(text)
            .filter(|repository| !repository.path.is_empty())
            .map(Self::Repository)
    }
}

impl Repository {
    fn parse(text: &str) -> Option<Self> {
        let (place, version) = text.split_once('@')?;
        if version.is_empty() || version.contains('@') {
            return None;
        }
        let mut parts = place.split(['/', '\\']).filter(|part| !part.is_empty());
        Some(Self {
            owner: Arc::from(parts.next()?),
            name: Arc::from(parts.next()?),
            path: Arc::from(parts.collect::<Vec<_>>().join("/")),
            version: Arc::from(version),
        })
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
        ] {
            assert_eq!(ActionReference::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_called_workflow_is_a_file() {
        assert!(WorkflowReference::parse("./.github/workflows/a.yml").is_some());
        assert!(WorkflowReference::parse("o/r/.github/workflows/a.yml@main").is_some());
        for text in ["./a.yml@v1", "o/r@v1", "o/r/a.yml", "docker://x"] {
            assert_eq!(WorkflowReference::parse(text), None, "{text}");
        }
    }
}
