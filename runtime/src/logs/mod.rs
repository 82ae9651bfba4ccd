//! Logs: append-only files with an index, one set a job and attempt. Live viewers read the same bytes.
//!
//! `<state>/logs/<run>/<job>.log` holds the lines, each ended by `\n`; `<job>.idx` holds a record of fixed size for
//! each: where it starts, when it was written, by which step, on which stream; `<job>.steps` says which step is which number
//! there. Later attempts are `<job>@<n>`. The index is written after the text, so a reader that goes by the index never sees
//! half a line. Logs are no rows in a database: a line costs 24 bytes beside its text, a window of a million lines is found
//! by its number.
//!
//! No failed write is passed over: it is an error of who wrote, with the number of lines that are lost, and the log says
//! where they are missing as soon as it can be written again.

mod batch;
mod error;
mod handle;
mod hub;
mod index;
mod lines;
mod reader;
mod reopen;
pub mod search;
mod steps;
mod store;
mod writer;

#[cfg(test)]
mod tests;

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

pub use error::LogError;
pub use handle::LogWriterHandle;
pub use hub::{Grown, LogHub};
pub use lines::{LineAssembler, LineSplitter};
pub use reader::{LogReader, Pages, Window};
pub use reopen::Reopened;
pub use store::{LogOptions, LogStore};
pub use writer::{JobLog, StepLog};

use crate::executor::Stream;
use crate::id::{JobId, RunId, StepId};

/// Which log: that of a job of a run, at one attempt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogKey {
    /// The run.
    pub run: RunId,
    /// The job.
    pub job: JobId,
    /// From 1.
    pub attempt: u32,
}

/// A line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the job's log, from 1.
    pub number: u64,
    /// When the step wrote it.
    pub time: Timestamp,
    /// The step that wrote it; absent for what Loom itself has to say.
    pub step: Option<StepId>,
    /// Where it was written to.
    pub source: Source,
    /// Its text, without the line end. What is no UTF-8 is replaced.
    pub text: String,
}

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The step's standard output.
    Stdout,
    /// The step's standard error.
    Stderr,
    /// Loom itself: pulls, fallbacks, what was left running.
    Loom,
}

impl Source {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Loom => "loom",
        }
    }
}

impl From<Stream> for Source {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Stdout => Self::Stdout,
            Stream::Stderr => Self::Stderr,
        }
    }
}
