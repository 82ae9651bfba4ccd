//! What can go wrong with a log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

/// A log cannot be written or read. Messages fit after "failed to …".
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// A file cannot be made, opened or read.
    #[error("{what} the log {}: {cause}", path.display())]
    File {
        /// What was to be done, as a verb.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Arc<io::Error>,
    },
    /// Lines could not be written: they are lost. What was written before stays whole.
    #[error("write {} to the log {}, which are lost: {cause}", counted(*lines), path.display())]
    Lost {
        /// The file.
        path: PathBuf,
        /// How many lines, since it was last said.
        lines: u64,
        /// Why.
        #[source]
        cause: Arc<io::Error>,
    },
}

/// A number of lines in words.
pub(super) fn counted(lines: u64) -> String {
    let s = if lines == 1 { "" } else { "s" };
    format!("{lines} line{s}")
}

/// For `map_err`: what was to be done with which file.
pub(super) fn error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LogError + use<> {
    let path = path.to_owned();
    move |cause| LogError::File {
        what,
        path,
        cause: Arc::new(cause),
    }
}
