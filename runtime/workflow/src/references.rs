//! The files that a workflow refers to, which somebody else reads: this crate does no IO.

use crate::lints::Lints;
use crate::source::Source;

/// Reads what a workflow refers to.
pub trait References {
    /// The workflow at a path that starts with `./`, seen from the root of the repository.
    fn workflow(&self, path: &str) -> Reference;

    /// The `action.yml`, or `action.yaml`, of the action in the folder at a path that starts with `./`, seen from the
    /// root of the repository. [`Reference::Missing`] promises that the folder holds nothing that an action could be.
    fn action(&self, path: &str) -> Reference {
        let _ = path;
        Reference::Unknown
    }

    /// Whether there is a file at a path seen from the folder of the file that is looked at, which is an `action.yml`.
    /// [`Presence::Missing`] promises that nothing will make it either, as a build does.
    fn file(&self, path: &str) -> Presence {
        let _ = path;
        Presence::Unknown
    }

    /// What the repository has that a `uses` can name, as it is written there: `./…`. As many as are worth showing, for lists
    /// to choose from.
    fn callable(&self, callable: Callable) -> Vec<String> {
        let _ = callable;
        Vec::new()
    }

    /// What the project wants of lints.
    fn lints(&self) -> &Lints {
        Lints::none()
    }
}

/// What a `uses` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Callable {
    /// The file of a workflow, for a job.
    Workflow,
    /// The folder of an action, for a step.
    Action,
}

/// Whether there is something at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Certainly.
    There,
    /// Certainly not.
    Missing,
    /// Nobody can tell, so nothing is said about it.
    Unknown,
}

/// What there is at a path.
#[derive(Clone, Debug)]
pub enum Reference {
    /// A file with this text.
    Found(Source),
    /// Certainly nothing.
    Missing,
    /// Nobody can tell, so nothing is said about it.
    Unknown,
}

/// Knows no file: a workflow is looked at alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReferences;

impl References for NoReferences {
    fn workflow(&self, _: &str) -> Reference {
        Reference::Unknown
    }
}
