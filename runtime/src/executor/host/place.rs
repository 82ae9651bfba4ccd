//! A job on the host.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, OnceCell};

use super::minder::Minder;
use super::process::{self, Outcome};
use super::register::{Entry, Register};
use super::warm::{Waiting, Warm};
use crate::executor::channel::{Channel, Earlier, Signals, blocking, remove_directory, scrub_directory};
use crate::executor::docker::{Companions, DockerExecutor};
use crate::executor::{
    Closed, ExecutorError, Notes, Place, PlaceFacts, PlaceSpec, Program, Signal, StepEnd, StepOutput,
    StepSpec,
};
use crate::id::StepId;

/// What a place is made of.
pub(super) struct Parts {
    pub(super) spec: PlaceSpec,
    pub(super) name: String,
    pub(super) entry: Entry,
    pub(super) register: Register,
    pub(super) facts: PlaceFacts,
    pub(super) docker: Option<Arc<DockerExecutor>>,
    pub(super) notes: Arc<dyn Notes>,
    /// How long an agent may keep silent when it is told to end.
    pub(super) patience: Duration,
    /// Where the agent goes when it may have another job.
    pub(super) warm: Warm,
}

pub(super) struct HostPlace {
    parts: Parts,
    channel: Channel,
    /// Taken by the one call that closes.
    agent: Mutex<Option<Minder>>,
    signals: Signals,
    /// The steps that were begun before this process came.
    earlier: Option<Earlier>,
    /// What runs beside it in an engine; made when it is first needed.
    companions: OnceCell<Companions>,
    closed: AtomicBool,
}

impl HostPlace {
    pub(super) fn new(
        parts: Parts,
        (channel, earlier): (Channel, Option<Earlier>),
        agent: Minder,
        companions: Option<Companions>,
    ) -> Self {
        Self {
            parts,
            channel,
            earlier,
            agent: Mutex::new(Some(agent)),
            signals: Signals::default(),
            companions: OnceCell::new_with(companions),
            closed: AtomicBool::new(false),
        }
    }

    /// Boxed, as all that has to do with an engine here: most jobs have nothing to do with one, and would carry the room for
    /// its futures about.
    async fn companions(&self) -> Result<&Companions, ExecutorError> {
        let parts = &self.parts;
        let make = Box::pin(async {
            let docker = parts.docker.as_ref().ok_or_else(no_engine)?;
            let mut companions =
                Companions::new(docker, &parts.spec, Arc::clone(&parts.notes), false).await?;
            companions.beside(&parts.facts, self.channel.numbers());
            // Written down before anything is made: another process may have to remove it.
            let (register, name) = (parts.register.clone(), parts.name.clone());
            let entry = Entry {
                engine: true,
                ..parts.entry.clone()
            };
            blocking(move || register.note(&name, &entry))
                .await?
                .map_err(|error| ExecutorError::setup("write down what the job has", &error))?;
            Ok(companions)
        });
        self.companions.get_or_try_init(|| make).await
    }

    /// Ends the agent and all that came from its steps; what they had left running is the answer.
    async fn end(&self, agent: &mut Minder) -> Result<Closed, ExecutorError> {
        match self.channel.close(false, self.parts.patience).await {
            // An agent that closed in order has ended all that came from its steps.
            Ok(closed) if agent.has_exited().await => Ok(closed),
            _ => self.end_by_force(agent).await,
        }
    }

    /// Ends an agent that did not close in order, and what it left; says what that was.
    async fn end_by_force(&self, agent: &mut Minder) -> Result<Closed, ExecutorError> {
        agent.end_by_force().await?;
        let (name, mark) = (self.parts.name.clone(), self.parts.entry.agent.clone());
        let ending = blocking(move || process::end_marked(&[&name, &mark]));
        let Outcome { ended, stuck } = ending.await?;
        if !stuck.is_empty() {
            return Err(ExecutorError::cleanup(
                format!("the processes {}", stuck.join(", ")),
                "they do not end, not even when killed",
            ));
        }
        let path = self.parts.entry.directory.clone();
        let left = blocking(move || {
            crate::executor::channel::JobDirectory::open(&path).map(|directory| directory.left())
        });
        let mut killed = left.await?.unwrap_or_default();
        killed.extend(ended);
        Ok(Closed { killed })
    }
}

#[async_trait]
impl Place for HostPlace {
    fn facts(&self) -> &PlaceFacts {
        &self.parts.facts
    }

    async fn run(&self, step: StepSpec, output: Box<dyn StepOutput>) -> Result<StepEnd, ExecutorError> {
        let mut signals = self.signals.of(&step.id);
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        match step.program {
            Program::Container { .. } => {
                let companions = self.companions().await?;
                Box::pin(companions.run(step, output, &mut signals)).await
            }
            Program::Script { .. } | Program::Exec { .. } => {
                self.channel.run(step, output, &mut signals).await
            }
        }
    }

    async fn follow(
        &self,
        step: &StepId,
        output: Box<dyn StepOutput>,
    ) -> Result<Option<StepEnd>, ExecutorError> {
        let mut signals = self.signals.of(step);
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        match &self.earlier {
            Some(earlier) => {
                let followed = self.channel.follow_earlier(earlier, step, output, &mut signals);
                Box::pin(followed).await
            }
            None => Ok(None),
        }
    }

    async fn signal(&self, step: &StepId, signal: Signal) -> Result<(), ExecutorError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        self.signals.send(step, signal);
        Ok(())
    }

    async fn pull(&self, image: &str, notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        let companions = self.companions().await?;
        Box::pin(companions.pull(image, notes)).await
    }

    async fn build(
        &self,
        context: PathBuf,
        dockerfile: PathBuf,
        notes: Arc<dyn Notes>,
    ) -> Result<String, ExecutorError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        let companions = self.companions().await?;
        Box::pin(companions.build(context, dockerfile, notes)).await
    }

    async fn close(&self) -> Result<Closed, ExecutorError> {
        let mut guard = self.agent.lock().await;
        self.closed.store(true, Ordering::Release);
        let Some(agent) = guard.as_mut() else {
            return Ok(Closed::default());
        };
        let beside = async {
            match self.companions.get() {
                Some(companions) => Box::pin(companions.close()).await,
                None => Ok(()),
            }
        };
        let own = async {
            match self.channel.close_and_keep(self.parts.patience).await {
                Ok((closed, Some(idle))) => Ok((closed, Some(idle))),
                // An agent that closed in order has ended all that came from its steps.
                Ok((closed, None)) if agent.has_exited().await => Ok((closed, None)),
                _ => Box::pin(self.end_by_force(agent))
                    .await
                    .map(|closed| (closed, None)),
            }
        };
        let (own, beside) = tokio::join!(own, beside);
        let (closed, idle) = own?;
        beside?;
        // Written down of this job until all of it is gone: only then is the agent another one's.
        remove(&self.parts.entry, &self.parts.register, &self.parts.name).await?;
        if let (Some(Minder::Own(agent)), Some(idle)) = (guard.take(), idle) {
            self.parts.warm.keep(Waiting { agent: *agent, idle });
        }
        Ok(closed)
    }

    async fn keep(&self, without: &[String]) -> Result<Closed, ExecutorError> {
        let mut guard = self.agent.lock().await;
        self.closed.store(true, Ordering::Release);
        let Some(agent) = guard.as_mut() else {
            return Err(closed());
        };
        let beside = async {
            match self.companions.get() {
                Some(companions) => Box::pin(companions.keep(&self.parts.facts.services, without)).await,
                None => Ok(()),
            }
        };
        let (own, beside) = tokio::join!(self.end(agent), beside);
        let own = own?;
        beside?;
        let entry = self.parts.entry.clone();
        // The entry stays: by it all is found that is to be removed one day.
        let scrubbing = blocking(move || {
            remove_directory(&entry.scripts)?;
            scrub_directory(&entry.directory)
        });
        scrubbing.await?.map_err(|error| {
            ExecutorError::cleanup(self.parts.entry.directory.display().to_string(), error)
        })?;
        guard.take();
        Ok(own)
    }
}

/// Removes a job's directories and its entry in the register.
pub(super) async fn remove(entry: &Entry, register: &Register, name: &str) -> Result<(), ExecutorError> {
    let (entry, register, name) = (entry.clone(), register.clone(), name.to_owned());
    blocking(move || {
        for path in [&entry.scripts, &entry.directory] {
            remove_directory(path)
                .map_err(|error| ExecutorError::cleanup(path.display().to_string(), error))?;
        }
        register
            .forget(&name)
            .map_err(|error| ExecutorError::cleanup(name, error))
    })
    .await?
}

pub(super) fn no_engine() -> ExecutorError {
    ExecutorError::Setup {
        what: "run a container for a job on the host".to_owned(),
        cause: "no container engine is given to the host's executor".to_owned(),
    }
}

fn closed() -> ExecutorError {
    ExecutorError::lost("it was closed already")
}
