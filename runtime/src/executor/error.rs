//! What can go wrong between the engine and an executor.

use thiserror::Error;

/// An executor's failure. Messages fit after "failed to …"; `help` says what to do next.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExecutorError {
    /// The engine does not answer: nothing can run (exit 3).
    #[error("reach the Docker engine at {endpoint}: {cause}")]
    Unreachable {
        /// Where it was looked for.
        endpoint: String,
        /// What the attempt said.
        cause: String,
        /// What to do about it.
        help: String,
    },
    /// The image is not there and cannot be had: this job fails.
    #[error("get the image `{image}`: {cause}")]
    Image {
        /// The image as the workflow names it.
        image: String,
        /// What the engine or registry said.
        cause: String,
    },
    /// What the workflow asks for cannot be: a container that exits at once, a service that is unhealthy, options that
    /// do not exist, an image that does not build.
    #[error("{what}: {cause}")]
    Workflow {
        /// What was tried, as a verb phrase: `start the service \`db\``.
        what: String,
        /// What came back.
        cause: String,
    },
    /// The place cannot be made for another reason.
    #[error("{what}: {cause}")]
    Setup {
        /// What was tried, as a verb phrase: `start the container`.
        what: String,
        /// What came back.
        cause: String,
    },
    /// The workspace cannot be layers over the project; a copy can stand in.
    #[error("lay the workspace over the project: {cause}")]
    Layers {
        /// Why, as a sentence: for the job's log.
        cause: String,
    },
    /// The place in which the job ran is gone; what its steps did cannot be known.
    #[error("keep the place the job runs in: {cause}")]
    Lost {
        /// What was seen.
        cause: String,
    },
    /// Something could not be removed.
    #[error("remove {what}: {cause}")]
    Cleanup {
        /// What is left.
        what: String,
        /// Why.
        cause: String,
    },
}

/// Whose doing a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The workflow's: the job fails.
    Workflow,
    /// The machine's: what the job would have come to is not known.
    Machine,
}

impl ExecutorError {
    /// Whose doing it is: never told by comparing words.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Image { .. } | Self::Workflow { .. } => Fault::Workflow,
            Self::Unreachable { .. }
            | Self::Setup { .. }
            | Self::Layers { .. }
            | Self::Lost { .. }
            | Self::Cleanup { .. } => Fault::Machine,
        }
    }

    /// Whether something may be left in the engine or on disk.
    pub fn may_leave(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Cleanup { .. })
    }

    pub(super) fn lost(cause: impl Into<String>) -> Self {
        Self::Lost { cause: cause.into() }
    }

    /// An error of making something, with its causes.
    pub(super) fn setup(what: &str, error: &dyn std::error::Error) -> Self {
        Self::Setup {
            what: what.to_owned(),
            cause: with_causes(error),
        }
    }

    pub(super) fn workflow(what: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Workflow {
            what: what.into(),
            cause: cause.into(),
        }
    }

    pub(super) fn cleanup(what: impl Into<String>, cause: impl ToString) -> Self {
        Self::Cleanup {
            what: what.into(),
            cause: cause.to_string(),
        }
    }
}

/// An error with its causes, in one line, nothing said twice.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = cause.source();
    }
    text
}
