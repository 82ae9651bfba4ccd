//! The processes of a job's agent: begun by this process, or found when it came.

use std::time::Duration;

use super::process::{self, Known};
use super::warm::Agent;
use crate::executor::ExecutorError;
use crate::executor::channel::blocking;

/// How long an agent that has said its last word has to exit, and one that was killed.
const EXIT_TIME: Duration = Duration::from_secs(10);

/// Whose an agent is.
pub(super) enum Minder {
    /// This process began it.
    Own(Box<Agent>),
    /// Another process began it, which is gone.
    Found {
        /// What marks it.
        mark: String,
        agent: Known,
        /// The process that watches over it.
        guard: Known,
    },
}

impl Minder {
    /// Waits for the end of an agent that has said its last word; whether it came.
    pub(super) async fn has_exited(&mut self) -> bool {
        match self {
            Self::Own(agent) => tokio::time::timeout(EXIT_TIME, agent.child.wait()).await.is_ok(),
            Self::Found { guard, .. } => {
                let guard = *guard;
                let ended = blocking(move || {
                    process::wait_for_end(guard);
                    process::has_ended(guard)
                });
                ended.await.unwrap_or(false)
            }
        }
    }

    /// Ends it, frozen or not, and all that what watches over it finds.
    pub(super) async fn end_by_force(&mut self) -> Result<(), ExecutorError> {
        match self {
            Self::Own(agent) => {
                let child = &mut agent.child;
                // What watches over the agent kills it, frozen or not, and then all that it left.
                if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok())
                    && let Some(pid) = rustix::process::Pid::from_raw(pid)
                {
                    // It may have ended by itself.
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                }
                if tokio::time::timeout(EXIT_TIME, child.wait()).await.is_err() {
                    let _ = child.start_kill();
                    let _ = tokio::time::timeout(EXIT_TIME, child.wait()).await;
                }
                Ok(())
            }
            Self::Found { mark, agent, guard } => {
                let (mark, agent, guard) = (mark.clone(), *agent, *guard);
                blocking(move || process::kill_agent(&mark, Some(agent), Some(guard))).await
            }
        }
    }
}
