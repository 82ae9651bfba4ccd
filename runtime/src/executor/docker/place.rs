//! A job in its container.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::companions::Companions;
use super::engine::Connection;
use super::exec::ExecSteps;
use super::give::{self, Helper};
use super::transfer::{self, Item};
use super::{container, failure};
use crate::executor::channel::{Channel, Signals, StepNumbers, blocking, remove_directory, scrub_directory};
use crate::executor::{
    Apart, Closed, ExecutorError, ExitStatus, Notes, Place, PlaceFacts, Program, Signal, StepEnd, StepOutput,
    StepSpec, Wanted,
};
use crate::id::StepId;

/// How long the engine may take to notice that a container has ended.
const NOTICE: Duration = Duration::from_secs(2);

/// How long closing may take in all, when the engine answers but does not get done.
const CLOSE_TIME: Duration = Duration::from_secs(240);

/// How steps get into the container, and what cleaning up needs to know.
pub(super) enum Steps {
    Agent {
        channel: Box<Channel>,
        agent: PathBuf,
        image: String,
        workspace: PathBuf,
        labels: std::collections::HashMap<String, String>,
    },
    Exec(Box<ExecSteps>),
}

impl Steps {
    /// What counts them.
    pub(super) fn numbers(&self) -> StepNumbers {
        match self {
            Self::Agent { channel, .. } => channel.numbers(),
            Self::Exec(steps) => steps.numbers.clone(),
        }
    }
}

pub(super) struct DockerPlace {
    pub(super) connection: Connection,
    pub(super) name: String,
    pub(super) directory: PathBuf,
    pub(super) steps: Steps,
    pub(super) companions: Companions,
    pub(super) facts: PlaceFacts,
    pub(super) apart: Apart,
    pub(super) patience: Duration,
    pub(super) signals: Signals,
    /// From when on nothing runs any more.
    pub(super) ending: AtomicBool,
    /// Whether all is removed.
    pub(super) done: Mutex<bool>,
}

impl DockerPlace {
    /// Ends the steps; what they left running is the answer.
    async fn end_steps(&self, keeps: bool) -> Result<Closed, ExecutorError> {
        let (channel, agent, image, workspace, labels) = match &self.steps {
            Steps::Exec(steps) => return Ok(steps.close().await),
            Steps::Agent {
                channel,
                agent,
                image,
                workspace,
                labels,
            } => (channel, agent, image, workspace, labels),
        };
        let give = give::is_wanted() && !self.apart.directory;
        match channel.close(give, self.patience).await {
            Ok(closed) => {
                // An agent that is spoken to through the engine may be a while in leaving.
                if !self.apart.directory {
                    container::ended(&self.connection, &self.name).await;
                }
                Ok(closed)
            }
            // Its scripts and what steps said lie in the container, and nobody has cleared them: that is not kept.
            Err(error) if keeps && self.apart.directory => Err(error),
            // Nothing but the files needs the agent: the container's processes go with it.
            Err(_) if !give => {
                container::kill(&self.connection, &self.name).await;
                Ok(Closed::default())
            }
            Err(_) => {
                container::kill(&self.connection, &self.name).await;
                let job = &self.directory;
                let helper = Helper {
                    name: &self.name,
                    image,
                    agent,
                    job,
                    workspace,
                    labels: labels.clone(),
                };
                give::by_helper(&self.connection, helper)
                    .await
                    .map(|()| Closed::default())
            }
        }
    }

    async fn run_in_room(
        &self,
        step: StepSpec,
        output: Box<dyn StepOutput>,
        signals: &mut crate::executor::channel::StepSignals,
    ) -> Result<StepEnd, ExecutorError> {
        let outcome = match &self.steps {
            Steps::Agent { channel, .. } => channel.run(step, output, signals).await,
            // Each of its words goes through the engine.
            Steps::Exec(steps) => tokio::select! {
                biased;
                ended = steps.run(step, output, signals) => ended,
                () = self.connection.silence() => Err(ExecutorError::lost(format!(
                    "the engine at {} has stopped answering", self.connection.endpoint
                ))),
            },
        };
        match outcome {
            Err(error) if !self.ending.load(Ordering::Acquire) => {
                explain(&self.connection, &self.name, error).await
            }
            outcome => outcome,
        }
    }

    /// Stops all that is to be left.
    async fn leave(&self, without: &[String]) -> Result<Closed, ExecutorError> {
        let beside = async {
            if self.companions.is_needed() {
                self.companions.keep_services(&self.facts.services, without).await
            } else {
                Ok(())
            }
        };
        let own = async {
            let ended = self.end_steps(true).await;
            // Its agent has gone, mostly; what it was started by, or what is frozen, may not have.
            container::kill(&self.connection, &self.name).await;
            match container::state(&self.connection, &self.name).await? {
                Some(state) if state.running != Some(true) => ended,
                Some(_) => Err(ExecutorError::cleanup(
                    format!("the container {}", self.name),
                    "it does not stop",
                )),
                None => Err(ExecutorError::lost("its container was removed")),
            }
        };
        let (own, beside) = tokio::join!(own, beside);
        beside.and(own)
    }

    async fn end(&self) -> Result<Closed, ExecutorError> {
        let beside = async {
            if self.companions.is_needed() {
                self.companions.close_rooms().await
            } else {
                Ok(())
            }
        };
        let own = async {
            let ended = self.end_steps(false).await;
            container::remove(&self.connection, &self.name).await?;
            ended
        };
        let (own, beside) = tokio::join!(own, beside);
        // Tried whatever came of the rest; the first failure is told.
        let network = self.companions.close_network().await;
        let closed = own?;
        beside.and(network)?;
        Ok(closed)
    }
}

/// Adds to a lost place what the engine knows of its end. A container that ran out of memory is an end of the step.
pub(super) async fn explain(
    connection: &Connection,
    name: &str,
    error: ExecutorError,
) -> Result<StepEnd, ExecutorError> {
    let ExecutorError::Lost { cause } = error else {
        return Err(error);
    };
    let look = async {
        loop {
            match container::state(connection, name).await {
                Err(_) => return Err(format!("the engine at {} does not answer", connection.endpoint)),
                Ok(None) => return Err("its container was removed".to_owned()),
                Ok(Some(state)) if state.running == Some(false) => return Ok(state),
                Ok(Some(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    match tokio::time::timeout(NOTICE, look).await {
        Ok(Ok(state)) if state.oom_killed == Some(true) => Ok(StepEnd {
            status: ExitStatus::OutOfMemory,
            ..StepEnd::default()
        }),
        Ok(Ok(state)) => Err(ExecutorError::lost(format!(
            "{cause}; {}",
            container::epitaph(&state)
        ))),
        Ok(Err(why)) => Err(ExecutorError::lost(format!("{cause}; {why}"))),
        Err(_) => Err(ExecutorError::lost(cause)),
    }
}

#[async_trait]
impl Place for DockerPlace {
    fn facts(&self) -> &PlaceFacts {
        &self.facts
    }

    async fn run(&self, step: StepSpec, output: Box<dyn StepOutput>) -> Result<StepEnd, ExecutorError> {
        let mut signals = self.signals.of(&step.id);
        if self.ending.load(Ordering::Acquire) {
            return Err(closed());
        }
        match step.program {
            Program::Container { .. } => self.companions.run(step, output, &mut signals).await,
            Program::Script { .. } | Program::Exec { .. } => {
                self.run_in_room(step, output, &mut signals).await
            }
        }
    }

    async fn signal(&self, step: &StepId, signal: Signal) -> Result<(), ExecutorError> {
        if self.ending.load(Ordering::Acquire) {
            return Err(closed());
        }
        self.signals.send(step, signal);
        Ok(())
    }

    async fn pull(&self, image: &str, notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        if self.ending.load(Ordering::Acquire) {
            return Err(closed());
        }
        self.companions.pull(image, notes).await
    }

    async fn build(
        &self,
        context: PathBuf,
        dockerfile: PathBuf,
        notes: Arc<dyn Notes>,
    ) -> Result<String, ExecutorError> {
        if self.ending.load(Ordering::Acquire) {
            return Err(closed());
        }
        self.companions.build(context, dockerfile, notes).await
    }

    fn apart(&self) -> Apart {
        self.apart
    }

    async fn bring(&self, from: &str, to: &Path, wanted: Wanted) -> Result<bool, ExecutorError> {
        let bringing = transfer::bring(&self.connection, &self.name, from, to, wanted);
        self.connection.while_it_answers(|| None, bringing).await
    }

    async fn send(&self, from: &Path, to: &str) -> Result<(), ExecutorError> {
        let item = Item {
            from: from.to_owned(),
            to: to.trim_start_matches('/').to_owned(),
            owner: transfer::caller(),
            left_out: Vec::new(),
        };
        let sending = async {
            transfer::send(&self.connection, &self.name, "/", vec![item])
                .await
                .map_err(|error| error.of(&format!("write `{to}` in the job's container"), &self.connection))
        };
        self.connection.while_it_answers(|| None, sending).await
    }

    async fn clear(&self, path: &str) -> Result<(), ExecutorError> {
        let by_agent = matches!(self.steps, Steps::Agent { .. });
        let clearing = transfer::clear(&self.connection, &self.name, path, by_agent);
        self.connection.while_it_answers(|| None, clearing).await
    }

    async fn close(&self) -> Result<Closed, ExecutorError> {
        let mut done = self.done.lock().await;
        self.ending.store(true, Ordering::Release);
        if *done {
            return Ok(Closed::default());
        }
        let left = || Some(format!("the container {}", self.name));
        let ending = self.connection.while_it_answers(left, self.end());
        let closed = tokio::time::timeout(CLOSE_TIME, ending)
            .await
            .unwrap_or_else(|_| {
                let cause = format!("it did not get done within {} s", CLOSE_TIME.as_secs());
                Err(failure::unreachable(
                    &self.connection.endpoint,
                    format!("{cause}; the container {} may be left there", self.name),
                ))
            })?;
        let directory = self.directory.clone();
        blocking(move || remove_directory(&directory))
            .await?
            .map_err(|error| ExecutorError::cleanup(self.directory.display().to_string(), error))?;
        *done = true;
        Ok(closed)
    }

    async fn keep(&self, without: &[String]) -> Result<Closed, ExecutorError> {
        let done = self.done.lock().await;
        self.ending.store(true, Ordering::Release);
        if *done {
            return Err(closed());
        }
        let left = || Some(format!("the container {}", self.name));
        let keeping = self.connection.while_it_answers(left, self.leave(without));
        let kept = tokio::time::timeout(CLOSE_TIME, keeping).await;
        let kept = kept.unwrap_or_else(|_| {
            let cause = format!("it did not get done within {} s", CLOSE_TIME.as_secs());
            Err(failure::unreachable(&self.connection.endpoint, cause))
        })?;
        let directory = self.directory.clone();
        blocking(move || {
            remove_directory(&directory.join(super::room::ROOMS))?;
            scrub_directory(&directory)
        })
        .await?
        .map_err(|error| ExecutorError::cleanup(self.directory.display().to_string(), error))?;
        Ok(kept)
    }
}

fn closed() -> ExecutorError {
    ExecutorError::lost("it was closed already")
}
