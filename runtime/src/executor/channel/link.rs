//! A job's steps through its agent: start, follow the spool, signal, close.
//!
//! One task reads what the agent reports and tells the steps apart; spools are read, and output is handed on, on threads
//! that may block. Nothing waits for an agent without a bound, except a step that has begun for its end, which [`Channel::close`] ends.

use std::collections::HashMap;
use std::fs::File;
use std::net::SocketAddrV4;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use loom_agent::wire::{Command, NextJob, ShellChoice, StartStep, StepProgram};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::earlier::KeptSpools;
use super::numbers::StepNumbers;
use super::reported::{End, Forget, News, Reported, listen};
use super::signals::StepSignals;
use super::socket::{self, Idle, Reports};
use super::tail::Tail;
use super::{ConnectError, JobDirectory};
use crate::executor::{Closed, ExecutorError, Notes, Program, StepEnd, StepOutput, StepSpec};

/// How long an agent that has heard that it is to close has to end everything: its own patience, and time to hand over the
/// files of a large workspace.
const CLOSE_TIME: Duration = Duration::from_secs(60);

/// How long an agent may let a command lie; one that is frozen lets it lie for ever.
const SEND_TIME: Duration = Duration::from_secs(10);

/// How long an agent may let a step lie before it says that it has taken it. One that is frozen never does, and a step that
/// begins after a cancel would hold up the end of the run for ever.
const START_TIME: Duration = Duration::from_secs(20);

/// The runtime's end of a job's agent.
pub struct Channel {
    pub(super) directory: Arc<JobDirectory>,
    pub(super) notes: Arc<dyn Notes>,
    /// Whom steps run as, when the agent is to change the user.
    user: Option<String>,
    /// Set by the image and wanted by steps though the agent would not pass it on.
    env: Vec<(String, String)>,
    commands: Mutex<Option<OwnedWriteHalf>>,
    reported: Arc<Reported>,
    numbers: StepNumbers,
    /// The spool of the step with number 0, where it was made with the job's directory.
    first_spool: std::sync::Mutex<Option<File>>,
    /// Where spools of steps that have ended stay for who may go on with the job; else they go with their step.
    pub(super) kept_spools: Option<Arc<KeptSpools>>,
    /// Gives back the agent's ear once a job is closed.
    reader: std::sync::Mutex<Option<JoinHandle<Option<Reports>>>>,
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
        let directory = Arc::new(directory);
        let connected = socket::connect(&directory, patience).await?;
        Ok(Self::new(directory, connected, notes))
    }

    /// As [`Channel::connect`], over a connection to the agent that is there already; whoever passes it on keeps the
    /// spools of `directory` as long as the reports say.
    ///
    /// # Errors
    /// As for [`Channel::connect`].
    pub async fn over(
        directory: JobDirectory,
        stream: UnixStream,
        patience: Duration,
        notes: Arc<dyn Notes>,
    ) -> Result<Self, ConnectError> {
        let directory = Arc::new(directory);
        let connected = socket::connect_over(&directory, stream, patience).await?;
        Ok(Self::new(directory, connected, notes))
    }

    /// Talks to the agent that was started in `directory` with the other end of this connection.
    ///
    /// # Errors
    /// As [`Channel::connect`].
    pub async fn given(
        directory: JobDirectory,
        stream: std::os::unix::net::UnixStream,
        patience: Duration,
        notes: Arc<dyn Notes>,
    ) -> Result<Self, ConnectError> {
        let connected = socket::given(stream, patience).await?;
        Ok(Self::new(Arc::new(directory), connected, notes))
    }

    fn new(
        directory: Arc<JobDirectory>,
        (reports, commands): (Reports, OwnedWriteHalf),
        notes: Arc<dyn Notes>,
    ) -> Self {
        Self::expecting(directory, (reports, commands), notes, &[]).0
    }

    /// With what is new of steps that run already.
    pub(super) fn expecting(
        directory: Arc<JobDirectory>,
        (reports, commands): (Reports, OwnedWriteHalf),
        notes: Arc<dyn Notes>,
        running: &[u32],
    ) -> (Self, HashMap<u32, watch::Receiver<News>>) {
        let reported = Arc::new(Reported::new());
        // Before anything is heard: nothing of them is missed.
        let news = running
            .iter()
            .map(|number| (*number, reported.expect_more(*number)));
        let news = news.collect();
        let reader = tokio::spawn(listen(reports, Arc::clone(&reported), Arc::clone(&directory)));
        let channel = Self {
            directory,
            notes,
            user: None,
            env: Vec::new(),
            commands: Mutex::new(Some(commands)),
            reported,
            numbers: StepNumbers::default(),
            first_spool: std::sync::Mutex::default(),
            kept_spools: None,
            reader: std::sync::Mutex::new(Some(reader)),
        };
        (channel, news)
    }

    /// Goes on with an agent that has closed another job in order, and was started to stay; its new job has `directory`.
    ///
    /// # Errors
    /// As [`Channel::connect`]; the agent is of no use then.
    pub(in crate::executor) async fn again(
        directory: JobDirectory,
        idle: Idle,
        job: NextJob,
        patience: Duration,
        notes: Arc<dyn Notes>,
    ) -> Result<Self, ConnectError> {
        let connected = socket::again(idle, job, patience).await?;
        Ok(Self::new(Arc::new(directory), connected, notes))
    }

    /// Sets `env` for every step, below its own.
    #[must_use]
    pub(in crate::executor) fn with_env(mut self, env: Vec<(String, String)>) -> Self {
        self.env = env;
        self
    }

    /// Has every step run as `user` (`name`, `uid`, `name:group`, `uid:gid`), with `env` below its own.
    #[must_use]
    pub fn with_user(mut self, user: String, env: Vec<(String, String)>) -> Self {
        self.user = Some(user);
        self.env = env;
        self
    }

    /// Has its steps counted with those of other rooms of the place.
    #[must_use]
    pub(in crate::executor) fn with_numbers(mut self, numbers: StepNumbers) -> Self {
        self.numbers = numbers;
        self
    }

    /// Has the spool of the step with number 0, which is there already: most jobs on the host are short, and to make it has
    /// another thread woken.
    #[must_use]
    pub(in crate::executor) fn with_first_spool(mut self, spool: File) -> Self {
        self.first_spool = std::sync::Mutex::new(Some(spool));
        self
    }

    /// Keeps the spools of steps that have ended, as far as there is room.
    #[must_use]
    pub(in crate::executor) fn with_kept_spools(mut self) -> Self {
        self.kept_spools = Some(Arc::default());
        self
    }

    pub(super) fn shared_directory(&self) -> Arc<JobDirectory> {
        Arc::clone(&self.directory)
    }

    pub(super) fn reported(&self) -> &Reported {
        &self.reported
    }

    /// What counts its steps.
    pub(in crate::executor) fn numbers(&self) -> StepNumbers {
        self.numbers.clone()
    }

    /// The job's directory.
    pub fn directory(&self) -> &JobDirectory {
        &self.directory
    }

    /// Runs a step to its end.
    ///
    /// # Errors
    /// [`ExecutorError::Lost`] when its outcome cannot be known.
    pub(in crate::executor) async fn run(
        &self,
        step: StepSpec,
        output: Box<dyn StepOutput>,
        signals: &mut StepSignals,
    ) -> Result<StepEnd, ExecutorError> {
        let number = self.numbers.next();
        let start = self.start(number, step)?;
        let spool = self.spool_of(number).await?;
        let news = self.reported.expect(number);
        let _forget = Forget {
            reported: &self.reported,
            number,
        };
        self.send(&Command::Start(start)).await?;
        let frozen = not_taken(news.clone());
        let following = self.follow_with_signals(number, Tail::new(spool), output, news, signals);
        tokio::select! {
            biased;
            ended = following => ended,
            () = frozen => Err(ExecutorError::lost(format!(
                "its agent has said nothing of the step within {} s: it, or its container, is paused or frozen",
                START_TIME.as_secs()
            ))),
        }
    }

    async fn spool_of(&self, number: u32) -> Result<File, ExecutorError> {
        if number == 0 {
            let made = self
                .first_spool
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(spool) = made {
                return Ok(spool);
            }
        }
        let directory = Arc::clone(&self.directory);
        tokio::task::spawn_blocking(move || directory.create_spool(number))
            .await
            .map_err(|broken| ExecutorError::lost(format!("make a spool: {broken}")))?
            .map_err(|error| ExecutorError::lost(format!("make a spool: {error}")))
    }

    /// Has a port of `localhost`, as steps see it, lead to `to`.
    ///
    /// # Errors
    /// When the agent cannot listen there, is gone, or does not answer.
    pub(in crate::executor) async fn forward(
        &self,
        port: u16,
        to: SocketAddrV4,
    ) -> Result<(), ExecutorError> {
        let (mut forwards, mut end) = (self.reported.forwards.subscribe(), self.reported.end.subscribe());
        self.send(&Command::Forward { port, to }).await?;
        let answer = async {
            tokio::select! {
                biased;
                known = forwards.wait_for(|known| known.contains_key(&port)) => match known {
                    Ok(known) => Ok(known.get(&port).cloned().flatten()),
                    Err(_) => Err(ExecutorError::lost("its agent is gone")),
                },
                _ = end.wait_for(|end| !matches!(end, End::Open)) => Err(ExecutorError::lost("its agent is gone")),
            }
        };
        match tokio::time::timeout(SEND_TIME, answer).await {
            Ok(Ok(None)) => Ok(()),
            Ok(Ok(Some(cause))) => Err(ExecutorError::Setup {
                what: "lead a port to a service".to_owned(),
                cause,
            }),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(silent()),
        }
    }

    /// Has the agent end everything and exit; `patience` is how long it may take to say that it has heard. `give` hands
    /// files that became another's to the caller. A second call finds nothing to do. Whatever comes of it, steps that
    /// still run come to an end.
    ///
    /// # Errors
    /// [`ExecutorError::Lost`] when the agent is gone or does not answer: nothing is known of what it left.
    pub async fn close(&self, give: bool, patience: Duration) -> Result<Closed, ExecutorError> {
        self.end(give, patience).await.map(|(closed, _)| closed)
    }

    /// As [`Channel::close`] of an agent that was started to stay. With the way to it when nothing was left that would
    /// bind it to this job: it then waits for another one until its caller hangs up.
    ///
    /// # Errors
    /// As [`Channel::close`].
    pub(in crate::executor) async fn close_and_keep(
        &self,
        patience: Duration,
    ) -> Result<(Closed, Option<Idle>), ExecutorError> {
        let (closed, writer) = self.end(false, patience).await?;
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(reader), Some(writer)) = (reader, writer) else {
            return Ok((closed, None));
        };
        let idle = match reader.await {
            Ok(Some(reports)) if closed.killed.is_empty() => Some(Idle { reports, writer }),
            _ => None,
        };
        Ok((closed, idle))
    }

    /// Closes the job; with the way to the agent when it has no trouble.
    async fn end(
        &self,
        give: bool,
        patience: Duration,
    ) -> Result<(Closed, Option<OwnedWriteHalf>), ExecutorError> {
        if self.is_closed() {
            return Ok((Closed::default(), None));
        }
        let mut end = self.reported.end.subscribe();
        let closing = async {
            let heard = async {
                self.send(&Command::Close { give }).await?;
                let heard = end.wait_for(|end| !matches!(end, End::Open)).await;
                heard
                    .map(drop)
                    .map_err(|_| ExecutorError::lost("its agent is gone"))
            };
            tokio::time::timeout(patience, heard)
                .await
                .map_err(|_| silent())??;
            let over = end.wait_for(|end| matches!(end, End::Closed { .. } | End::Gone(_)));
            match tokio::time::timeout(CLOSE_TIME, over).await {
                Err(_) => Err(silent()),
                Ok(Err(_)) => Err(ExecutorError::lost("its agent is gone")),
                Ok(Ok(end)) => match &*end {
                    End::Closed { killed, troubles } => Ok((killed.clone(), troubles.clone())),
                    End::Gone(why) => Err(ExecutorError::lost(why.clone())),
                    End::Open | End::Closing => Err(silent()),
                },
            }
        };
        let outcome = closing.await;
        let writer = self.commands.lock().await.take();
        if let Err(error) = &outcome {
            let why = match error {
                ExecutorError::Lost { cause } => cause.clone(),
                other => other.to_string(),
            };
            self.reported.over(&why);
        }
        let (killed, troubles) = outcome?;
        for trouble in &troubles {
            self.notes.line(trouble);
        }
        let closed = Closed {
            killed: killed
                .into_iter()
                .map(|left| format!("{} {}", left.pid, left.name))
                .collect(),
        };
        Ok((closed, writer.filter(|_| troubles.is_empty())))
    }

    /// Whether it was closed in order.
    fn is_closed(&self) -> bool {
        matches!(&*self.reported.end.borrow(), End::Closed { .. })
    }

    pub(super) async fn send(&self, command: &Command) -> Result<(), ExecutorError> {
        let mut bytes = Vec::new();
        command
            .encode(&mut bytes)
            .map_err(|error| ExecutorError::Workflow {
                what: "send the step to its agent".to_owned(),
                cause: error.to_string(),
            })?;
        let writing = async {
            let mut guard = self.commands.lock().await;
            let commands = guard
                .as_mut()
                .ok_or_else(|| ExecutorError::lost("it was closed already"))?;
            let written = commands.write_all(&bytes).await;
            written.map_err(|error| ExecutorError::lost(format!("its agent is gone ({error})")))
        };
        match tokio::time::timeout(SEND_TIME, writing).await {
            Ok(sent) => sent,
            Err(_) => {
                // Half a command may have gone out: nothing may follow it.
                if let Ok(mut commands) = self.commands.try_lock() {
                    commands.take();
                }
                Err(silent())
            }
        }
    }

    fn start(&self, number: u32, step: StepSpec) -> Result<StartStep, ExecutorError> {
        let program = match step.program {
            Program::Script { text, shells } => StepProgram::Script {
                text,
                shells: shells
                    .into_iter()
                    .map(|shell| ShellChoice {
                        program: shell.program,
                        arguments: shell.arguments,
                        extension: shell.extension,
                    })
                    .collect(),
            },
            Program::Exec { programs, arguments } => StepProgram::Exec { programs, arguments },
            Program::Container { image, .. } => {
                return Err(ExecutorError::Setup {
                    what: format!("run the image `{image}`"),
                    cause: "it needs a room of its own".to_owned(),
                });
            }
        };
        Ok(StartStep {
            step: number,
            name: step.id.0,
            program,
            env: self.env.iter().cloned().chain(step.env).collect(),
            path: step.path,
            directory: step.working_directory,
            user: self.user.clone(),
        })
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = reader.as_ref() {
            reader.abort();
        }
    }
}

/// Comes back when the agent has not said anything of a step in time.
async fn not_taken(mut news: watch::Receiver<News>) {
    if tokio::time::timeout(START_TIME, news.changed()).await.is_ok() {
        std::future::pending().await
    }
}

fn silent() -> ExecutorError {
    ExecutorError::lost("its agent does not answer")
}
