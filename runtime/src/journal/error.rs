//! What can go wrong with the journal.

use std::path::PathBuf;

use thiserror::Error;

/// A failure of the journal. Messages fit after "failed to …".
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be opened or prepared.
    #[error("open the journal {}: {cause}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// A newer Loom wrote it.
    #[error("open the journal {}: a newer version of Loom wrote it; use that version or another LOOM_STATE_DIR", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// A write did not happen.
    #[error("write to the journal: {0}")]
    Write(String),
    /// The run is another process's, or has ended: this process must not go on with it.
    #[error("write to run {run}: {cause}")]
    Refused {
        /// The run.
        run: String,
        /// Whose it is, or what is in the way.
        cause: String,
    },
    /// The run is to begin with a number that another run of its workflow's file got meanwhile: the next one is free.
    #[error("begin run {run} as number {number} of its workflow: another run has that number")]
    NumberTaken {
        /// The run.
        run: String,
        /// The number.
        number: u64,
    },
    /// A read did not happen.
    #[error("read the journal: {0}")]
    Read(String),
    /// An event cannot be understood.
    #[error("read event {seq} of run {run}: {cause}")]
    Event {
        /// The run.
        run: String,
        /// The event's place.
        seq: u64,
        /// Why.
        cause: String,
    },
    /// A job claims the concurrency group of its own run: each would wait for the other.
    #[error(
        "claim the concurrency group `{group}` for job `{job}`: run {run} holds it as a whole and waits for this job; give the \
         job another group"
    )]
    Deadlock {
        /// The group.
        group: String,
        /// The run.
        run: String,
        /// The job.
        job: String,
    },
    /// The journal was closed.
    #[error("use the journal: it is closed")]
    Closed,
}
