//! A job on the host.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::Child;
use tokio::sync::Mutex;

use super::process;
use super::register::Register;
use crate::executor::channel::{Channel, remove_directory};
use crate::executor::{Closed, ExecutorError, Session, Signal, StepEnd, StepOutput, StepSpec};

/// How long an agent that has said its last word has to exit.
const EXIT_TIME: Duration = Duration::from_secs(5);

pub(super) struct HostSession {
    channel: Channel,
    /// Taken by the one call that closes.
    agent: Mutex<Option<Child>>,
    name: String,
    directory: PathBuf,
    register: Register,
}

impl HostSession {
    pub(super) fn new(
        channel: Channel,
        agent: Child,
        name: String,
        directory: PathBuf,
        register: Register,
    ) -> Self {
        Self {
            channel,
            agent: Mutex::new(Some(agent)),
            name,
            directory,
            register,
        }
    }
}

#[async_trait]
impl Session for HostSession {
    async fn run_step(&self, step: StepSpec, output: &mut dyn StepOutput) -> Result<StepEnd, ExecutorError> {
        self.channel.run_step(step, output).await
    }

    async fn signal(&self, signal: Signal) -> Result<(), ExecutorError> {
        self.channel.signal(signal).await
    }

    async fn close(&self) -> Result<Closed, ExecutorError> {
        let mut guard = self.agent.lock().await;
        let Some(mut agent) = guard.take() else {
            return Ok(Closed::default());
        };
        let closed = self.channel.close(false).await;
        if tokio::time::timeout(EXIT_TIME, agent.wait()).await.is_err() {
            let _ = agent.kill().await;
        }
        // An agent that closed in order has ended all that came from its steps. After one that was killed, look.
        if closed.is_err() {
            let left = process::end_marked(&self.name).await;
            if !left.is_empty() {
                let cause = "they do not end, not even when killed".to_owned();
                return Err(ExecutorError::Cleanup {
                    what: format!("the processes {}", left.join(", ")),
                    cause,
                });
            }
        }
        let failed = |error: std::io::Error| ExecutorError::Cleanup {
            what: self.directory.display().to_string(),
            cause: error.to_string(),
        };
        remove_directory(&self.directory).map_err(failed)?;
        self.register.forget(&self.name).map_err(failed)?;
        Ok(closed.unwrap_or_default())
    }
}
