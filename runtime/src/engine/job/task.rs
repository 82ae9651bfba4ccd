//! What a step does once it was judged.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::call::Call;
use crate::executor::StepSpec;

/// What a step does.
#[derive(Clone)]
pub(super) enum Task {
    /// A process in the job's room.
    Process(Box<StepSpec>),
    /// The same, by Node.js, with what to say where there is none.
    Node(Box<StepSpec>, String),
    /// A container of its own, whose image may have to be built first.
    Container(Box<StepSpec>, Option<Build>),
    /// The repository at hand, served by Loom.
    Checkout(IndexMap<String, String>),
    /// The steps of a composite action begin.
    Enter(Arc<Call>),
}

impl Task {
    /// The process that it is, if it is one.
    pub(super) fn spec(&self) -> Option<&StepSpec> {
        match self {
            Self::Process(spec) | Self::Node(spec, _) | Self::Container(spec, _) => Some(spec),
            Self::Checkout(_) | Self::Enter(_) => None,
        }
    }
}

/// An image to build.
#[derive(Clone, Debug)]
pub(super) struct Build {
    pub(super) context: PathBuf,
    pub(super) dockerfile: PathBuf,
    /// Built once a job: that of an action of another repository, which stays as it is. In the workspace steps may change it.
    pub(super) once: bool,
}

impl Build {
    /// That of an action in this folder, whose `image` names the Dockerfile.
    pub(super) fn of(directory: &Path, image: &str, once: bool) -> Self {
        let dockerfile = directory.join(image);
        let context = dockerfile.parent().unwrap_or(directory).to_owned();
        Self {
            context,
            dockerfile,
            once,
        }
    }
}
