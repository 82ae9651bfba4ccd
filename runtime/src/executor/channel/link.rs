//! A job's steps through its agent: start, follow the spool, signal, close.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use loom_agent::wire::{Command, Report, ShellChoice, StartStep, StepSignal};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::Mutex;

use super::socket::{self, Reports};
use super::tail::{Progress, Tail};
use super::{ConnectError, JobDirectory};
use crate::executor::{Closed, ExecutorError, Notes, Program, Signal, StepEnd, StepOutput, StepSpec};

/// How long an agent has to end everything: its own patience, and time to hand over the files of a large workspace.
const CLOSE_TIME: Duration = Duration::from_secs(60);

/// No step runs.
const NONE: u32 = u32::MAX;

/// The runtime's end of a job's agent.
pub struct Channel {
    directory: JobDirectory,
    notes: Arc<dyn Notes>,
    /// Whom steps run as, when the agent is to change the user.
    user: Option<String>,
    /// Set by the image and wanted by steps though the agent would not pass it on.
    env: Vec<(String, String)>,
    commands: Mutex<Option<OwnedWriteHalf>>,
    reports: Mutex<Option<Reports>>,
    next_spool: AtomicU32,
    running: AtomicU32,
}

impl Channel {
    /// Connects to the agent that was started in `directory`, waiting until it is there.
    ///
    /// # Errors
    /// [`ConnectError`]; the directory and the agent are left as they are.
    pub async fn connect(
        directory: JobDirectory,
        patience: Duration,
        notes: Arc<dyn Notes>,
    ) -> Result<Self, ConnectError> {
        let (reports, commands) = socket::connect(&directory, patience).await?;
        Ok(Self {
            directory,
            notes,
            user: None,
            env: Vec::new(),
            commands: Mutex::new(Some(commands)),
            reports: Mutex::new(Some(reports)),
            next_spool: AtomicU32::new(0),
            running: AtomicU32::new(NONE),
        })
    }

    /// Has every step run as `user` (`name`, `uid`, `name:group`, `uid:gid`), with `env` below its own.
    #[must_use]
    pub fn with_user(mut self, user: String, env: Vec<(String, String)>) -> Self {
        self.user = Some(user);
        self.env = env;
        self
    }

    /// The job's directory.
    pub fn directory(&self) -> &JobDirectory {
        &self.directory
    }

    /// Runs a step to its end.
    ///
    /// # Errors
    /// [`ExecutorError::SessionLost`] when its outcome cannot be known.
    pub async fn run_step(
        &self,
        step: StepSpec,
        output: &mut dyn StepOutput,
    ) -> Result<StepEnd, ExecutorError> {
        let mut guard = self.reports.lock().await;
        let reports = guard.as_mut().ok_or_else(closed)?;
        let number = self.next_spool.fetch_add(1, Ordering::Relaxed);
        // Its caller has asked for another step, so the output of the last one is where it belongs.
        if let Some(last) = number.checked_sub(1) {
            self.directory.remove_spool(last);
        }
        let spool = self
            .directory
            .create_spool(number)
            .map_err(|error| lost(format!("make a spool: {error}")))?;
        self.running.store(number, Ordering::Release);
        let outcome = match self.send(&Command::Start(self.start(number, step))).await {
            Ok(()) => self.follow(number, Tail::new(spool), reports, output).await,
            Err(error) => Err(error),
        };
        self.running.store(NONE, Ordering::Release);
        outcome
    }

    /// Reads the spool whenever the agent says that there is more; the spool says how the step ended.
    async fn follow(
        &self,
        number: u32,
        mut tail: Tail,
        reports: &mut Reports,
        output: &mut dyn StepOutput,
    ) -> Result<StepEnd, ExecutorError> {
        loop {
            let why = match reports.next().await {
                Ok(Some(Report::Grew { step, .. })) if step == number => None,
                Ok(Some(Report::Exited { step, trouble, .. })) if step == number => {
                    Some(trouble.unwrap_or_else(|| "the step's spool has no end".to_owned()))
                }
                Ok(Some(Report::Refused(refusal))) => Some(refusal.to_string()),
                Ok(Some(_)) => continue,
                Ok(None) => Some(
                    self.directory
                        .trouble()
                        .unwrap_or_else(|| "its agent is gone".to_owned()),
                ),
                Err(error) => Some(error.to_string()),
            };
            loop {
                match tail.read(output, self.notes.as_ref()) {
                    Ok(Progress::Ended(end)) => return Ok(end),
                    // A step that says much must not keep others of this thread from their turn.
                    Ok(Progress::More) => tokio::task::yield_now().await,
                    Ok(Progress::Dry) => break,
                    Err(error) => return Err(lost(format!("read the step's output: {error}"))),
                }
            }
            if let Some(why) = why {
                return Err(lost(why));
            }
        }
    }

    /// Signals the step that runs, if one does.
    ///
    /// # Errors
    /// When the agent is gone.
    pub async fn signal(&self, signal: Signal) -> Result<(), ExecutorError> {
        let step = self.running.load(Ordering::Acquire);
        if step == NONE {
            return if self.commands.lock().await.is_some() {
                Ok(())
            } else {
                Err(closed())
            };
        }
        let signal = match signal {
            Signal::Interrupt => StepSignal::Interrupt,
            Signal::Terminate => StepSignal::Terminate,
            Signal::Kill => StepSignal::Kill,
        };
        self.send(&Command::Signal { step, signal }).await
    }

    /// Has the agent end everything and exit. `give` hands files that root made to the caller. A second call finds
    /// nothing to do.
    ///
    /// # Errors
    /// [`ExecutorError::SessionLost`] when the agent is gone or does not answer: nothing is known of what it left.
    pub async fn close(&self, give: bool) -> Result<Closed, ExecutorError> {
        match self.send(&Command::Close { give }).await {
            Ok(()) => {}
            // Only a session that was closed has no commands to take.
            Err(_) if self.commands.lock().await.is_none() => return Ok(Closed::default()),
            Err(error) => return Err(error),
        }
        // A step that still runs ends now, and its caller lets go of the reports.
        let answer = tokio::time::timeout(CLOSE_TIME, async {
            let mut guard = self.reports.lock().await;
            let mut reports = guard.take().ok_or_else(closed)?;
            loop {
                match reports.next().await {
                    Ok(Some(Report::Closed { killed, troubles, .. })) => return Ok((killed, troubles)),
                    Ok(Some(Report::Refused(refusal))) => return Err(lost(refusal.to_string())),
                    Ok(Some(_)) => {}
                    Ok(None) => return Err(lost("its agent is gone".to_owned())),
                    Err(error) => return Err(lost(error.to_string())),
                }
            }
        });
        let outcome = answer
            .await
            .unwrap_or_else(|_| Err(lost("its agent does not answer".to_owned())));
        self.commands.lock().await.take();
        let (killed, troubles) = outcome?;
        for trouble in &troubles {
            self.notes.line(trouble);
        }
        Ok(Closed {
            killed: killed
                .into_iter()
                .map(|left| format!("{} {}", left.pid, left.name))
                .collect(),
        })
    }

    async fn send(&self, command: &Command) -> Result<(), ExecutorError> {
        let mut bytes = Vec::new();
        command.encode(&mut bytes).map_err(|error| ExecutorError::Setup {
            what: "send the step to its agent".to_owned(),
            cause: error.to_string(),
        })?;
        let mut guard = self.commands.lock().await;
        let commands = guard.as_mut().ok_or_else(closed)?;
        commands
            .write_all(&bytes)
            .await
            .map_err(|error| lost(format!("its agent is gone ({error})")))
    }

    fn start(&self, number: u32, step: StepSpec) -> StartStep {
        let Program::Script { text, shells } = step.program;
        let shells = shells.into_iter().map(|shell| ShellChoice {
            program: shell.program,
            arguments: shell.arguments,
            extension: shell.extension,
        });
        StartStep {
            step: number,
            script: text,
            shells: shells.collect(),
            env: self.env.iter().cloned().chain(step.env).collect(),
            directory: step.working_directory,
            user: self.user.clone(),
        }
    }
}

fn lost(cause: String) -> ExecutorError {
    ExecutorError::SessionLost { cause }
}

fn closed() -> ExecutorError {
    lost("it was closed already".to_owned())
}
