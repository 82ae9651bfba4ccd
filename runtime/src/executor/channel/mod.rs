//! Talking to the agent that runs a job's steps, wherever it runs.
//!
//! Owns the runtime's side of the socket and of the spool: the job's directory, the connection, the tail. Knows no
//! engine; an executor makes the directory, starts an agent in it, and hands both to [`Channel::connect`]. What a job
//! left in its directory is not trusted: nothing is opened through a link, nothing that is no socket or plain file is
//! waited for. Design note: design.md section 4, "Steps in Docker, fast".

mod agent_binary;
mod directory;
mod earlier;
mod following;
mod link;
mod numbers;
mod reported;
mod signals;
mod socket;
mod tail;

pub use agent_binary::{AgentBinary, BinaryError};
pub(crate) use directory::{
    ACTIONS, TEMP, TOOLS, empty as empty_directory, remove as remove_directory, scrub as scrub_directory,
};
pub use directory::{DirectoryError, JobDirectory};
pub(in crate::executor) use earlier::Earlier;
pub use link::Channel;
pub(in crate::executor) use numbers::StepNumbers;
pub(in crate::executor) use signals::{Signals, StepSignals};
pub use socket::ConnectError;
pub(in crate::executor) use socket::Idle;
pub(crate) use tail::command_files;

use super::ExecutorError;

/// Does what may block on a thread that may: on this one, if it is such. It goes on when its caller does not wait for it any more.
///
/// # Errors
/// When the work panicked on another thread.
pub(in crate::executor) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ExecutorError> {
    if crate::may_block::here() {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|broken| ExecutorError::Setup {
            what: "work on the job's files".to_owned(),
            cause: broken.to_string(),
        })
}
