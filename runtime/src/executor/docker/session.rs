//! A job in its container.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::container::{self, DIRECTORY};
use super::engine::Connection;
use super::exec::ExecSteps;
use super::give::{self, Helper};
use crate::executor::channel::{Channel, remove_directory};
use crate::executor::{Closed, ExecutorError, Session, Signal, StepEnd, StepOutput, StepSpec};

/// How long the engine may take to notice that a container has ended.
const NOTICE: Duration = Duration::from_secs(2);

/// How steps get into the container, and what cleaning up needs to know.
pub(super) enum Steps {
    Agent {
        channel: Box<Channel>,
        agent: PathBuf,
        image: String,
        workspace: PathBuf,
    },
    Exec(Box<ExecSteps>),
}

pub(super) struct DockerSession {
    connection: Connection,
    name: String,
    directory: PathBuf,
    steps: Steps,
    closed: Mutex<bool>,
}

impl DockerSession {
    pub(super) fn new(connection: Connection, name: String, directory: PathBuf, steps: Steps) -> Self {
        Self {
            connection,
            name,
            directory,
            steps,
            closed: Mutex::new(false),
        }
    }

    /// Ends the steps; what they left running is the answer.
    async fn end_steps(&self) -> Result<Closed, ExecutorError> {
        let (channel, agent, image, workspace) = match &self.steps {
            Steps::Exec(steps) => return Ok(steps.close().await),
            Steps::Agent {
                channel,
                agent,
                image,
                workspace,
            } => (channel, agent, image, workspace),
        };
        let give = give::is_wanted();
        match channel.close(give).await {
            Ok(closed) => Ok(closed),
            // Nothing but the files needs the agent: the container's processes go with it.
            Err(_) if !give => Ok(Closed::default()),
            Err(_) => {
                let _ = self.connection.docker.kill_container(&self.name, None).await;
                let labels = container::labels_of(&self.connection, &self.name).await;
                let labels = labels.into_iter().filter(|(name, _)| name != DIRECTORY).collect();
                let job = &self.directory;
                let helper = Helper {
                    name: &self.name,
                    image,
                    agent,
                    job,
                    workspace,
                    labels,
                };
                give::by_helper(&self.connection, helper)
                    .await
                    .map(|()| Closed::default())
            }
        }
    }

    /// Adds to a lost session what the engine knows of its end.
    async fn explain(&self, error: ExecutorError) -> ExecutorError {
        let ExecutorError::SessionLost { cause } = error else {
            return error;
        };
        if *self.closed.lock().await {
            return ExecutorError::SessionLost { cause };
        }
        let look = async {
            loop {
                match container::state(&self.connection, &self.name).await {
                    None => return "its container was removed".to_owned(),
                    Some(state) if state.running == Some(false) => return container::epitaph(&state),
                    Some(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        match tokio::time::timeout(NOTICE, look).await {
            Ok(epitaph) => ExecutorError::SessionLost {
                cause: format!("{cause}; {epitaph}"),
            },
            Err(_) => ExecutorError::SessionLost { cause },
        }
    }
}

#[async_trait]
impl Session for DockerSession {
    async fn run_step(&self, step: StepSpec, output: &mut dyn StepOutput) -> Result<StepEnd, ExecutorError> {
        let outcome = match &self.steps {
            Steps::Agent { channel, .. } => channel.run_step(step, output).await,
            // Each of its words goes through the engine.
            Steps::Exec(steps) => tokio::select! {
                biased;
                ended = steps.run_step(step, output) => ended,
                () = self.connection.silence() => Err(ExecutorError::SessionLost {
                    cause: format!("the engine at {} has stopped answering", self.connection.endpoint),
                }),
            },
        };
        match outcome {
            Ok(end) => Ok(end),
            Err(error) => Err(self.explain(error).await),
        }
    }

    async fn signal(&self, signal: Signal) -> Result<(), ExecutorError> {
        match &self.steps {
            Steps::Agent { channel, .. } => channel.signal(signal).await,
            Steps::Exec(steps) => steps.signal(signal).await,
        }
    }

    async fn close(&self) -> Result<Closed, ExecutorError> {
        let mut done = self.closed.lock().await;
        if *done {
            return Ok(Closed::default());
        }
        let left = || Some(format!("the container {}", self.name));
        let ending = async {
            let ended = self.end_steps().await;
            container::remove(&self.connection, &self.name).await?;
            Ok(ended)
        };
        let ended = self.connection.while_it_answers(left, ending).await?;
        remove_directory(&self.directory).map_err(|error| ExecutorError::Cleanup {
            what: self.directory.display().to_string(),
            cause: error.to_string(),
        })?;
        *done = true;
        ended
    }
}
