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
    /// The session cannot be made for another reason.
    #[error("{what}: {cause}")]
    Setup {
        /// What was tried, as a verb phrase: `start the container`.
        what: String,
        /// What came back.
        cause: String,
    },
    /// The place in which the job ran is gone; what its step did cannot be known.
    #[error("keep the job's session: {cause}")]
    SessionLost {
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
