//! Opens sessions on the host and cleans up after dead ones.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::{Child, Command};

use super::process;
use super::register::Register;
use super::session::HostSession;
use crate::executor::channel::{Channel, ConnectError, JobDirectory, remove_directory};
use crate::executor::{Executor, ExecutorError, JobSpec, Notes, Session, Swept};
use crate::id::{JobKey, RunId};

/// How long an agent has to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What host sessions need from their surroundings.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// How the agent is started.
    pub agent: AgentProgram,
    /// A directory in which agents are written down; one for a state directory.
    pub register: PathBuf,
    /// The environment of every step. See [`HostOptions::inherited_environment`].
    pub environment: Vec<(OsString, OsString)>,
    /// How long a step's streams stay open after its main process has ended.
    pub drain: Duration,
}

/// A program that is the agent when called with the agent's arguments after its own.
#[derive(Clone, Debug)]
pub struct AgentProgram {
    /// The program.
    pub program: PathBuf,
    /// What comes before the agent's arguments.
    pub arguments: Vec<OsString>,
}

impl AgentProgram {
    /// This very program's hidden subcommand, also when its file has been replaced since it started.
    pub fn this_program(subcommand: &str) -> Self {
        let own = Path::new("/proc/self/exe");
        let program = if own.exists() {
            own.to_owned()
        } else {
            std::env::current_exe().unwrap_or_else(|_| PathBuf::from("loom-runtime"))
        };
        Self {
            program,
            arguments: vec![subcommand.into()],
        }
    }
}

impl HostOptions {
    /// Options with the caller's environment and the usual patience.
    pub fn new(agent: AgentProgram, register: PathBuf) -> Self {
        Self {
            agent,
            register,
            environment: Self::inherited_environment(),
            drain: Duration::from_secs(5),
        }
    }

    /// This process's environment without what configures Loom itself: tokens and addresses of databases are not the
    /// steps' to read.
    pub fn inherited_environment() -> Vec<(OsString, OsString)> {
        std::env::vars_os()
            .filter(|(name, _)| {
                let name = name.to_string_lossy();
                !name.starts_with("LOOM_") && !name.starts_with("STUDIO_")
            })
            .collect()
    }
}

/// Runs jobs on this machine.
#[derive(Debug)]
pub struct HostExecutor {
    options: HostOptions,
    register: Register,
}

impl HostExecutor {
    /// An executor with these options; touches nothing yet.
    pub fn new(options: HostOptions) -> Self {
        let register = Register::new(options.register.clone());
        Self { options, register }
    }

    /// Starts the agent. Its file may just have been written: a fork elsewhere in this process holds it open for
    /// writing until it calls exec, and the kernel refuses to run it until then.
    async fn start(&self, job: &JobSpec, name: &str) -> std::io::Result<Child> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
        loop {
            match self.spawn(job, name) {
                Err(error)
                    if error.kind() == std::io::ErrorKind::ExecutableFileBusy
                        && tokio::time::Instant::now() < deadline =>
                {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                outcome => return outcome,
            }
        }
    }

    fn spawn(&self, job: &JobSpec, name: &str) -> std::io::Result<Child> {
        let workspace = std::path::absolute(&job.workspace)?;
        Command::new(&self.options.agent.program)
            .args(&self.options.agent.arguments)
            .arg("serve")
            .arg("--dir")
            .arg(std::path::absolute(&job.directory)?)
            .arg("--workspace")
            .arg(&workspace)
            .args(["--orphan-grace".to_owned(), whole_seconds(job.orphan_grace)])
            .args([
                "--drain-ms".to_owned(),
                self.options.drain.as_millis().to_string(),
            ])
            .env_clear()
            .envs(self.options.environment.iter().map(|(name, value)| (name, value)))
            .env(process::MARK, name)
            .current_dir(&workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }

    async fn begin(
        &self,
        job: &JobSpec,
        name: &str,
        directory: JobDirectory,
        notes: Arc<dyn Notes>,
    ) -> Result<(Channel, Child), ExecutorError> {
        // Written down first: an agent that nobody knows of could not be ended by anybody.
        self.register
            .note(name, directory.path())
            .map_err(|error| setup("prepare the job", error))?;
        let mut child = self.start(job, name).await.map_err(|error| {
            let program = self.options.agent.program.display();
            setup("start the job's agent", format!("`{program}`: {error}"))
        })?;
        let channel = self.meet(directory, &mut child, notes).await?;
        Ok((channel, child))
    }

    /// Connects to the agent while watching that it lives.
    async fn meet(
        &self,
        directory: JobDirectory,
        child: &mut Child,
        notes: Arc<dyn Notes>,
    ) -> Result<Channel, ExecutorError> {
        let path = directory.path().to_owned();
        let trouble = move || {
            JobDirectory::open(&path)
                .ok()
                .and_then(|directory| directory.trouble())
        };
        tokio::select! {
            biased;
            connected = Channel::connect(directory, PATIENCE, notes) => {
                connected.map_err(|error: ConnectError| setup("start the job's agent", error))
            }
            ended = child.wait() => {
                let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(setup("start the job's agent", trouble().unwrap_or(format!("it ended at once ({status})"))))
            }
        }
    }

    async fn reclaim_named(&self, name: &str) -> Result<bool, ExecutorError> {
        let Some(directory) = self.register.directory_of(name) else {
            return Ok(false);
        };
        process::end_agent(name, &directory).await;
        let left = process::end_marked(name).await;
        if !left.is_empty() {
            return Err(cleanup(
                name,
                format!("processes that do not end: {}", left.join(", ")),
            ));
        }
        remove_directory(&directory).map_err(|error| cleanup(&directory.display().to_string(), error))?;
        self.register.forget(name).map_err(|error| cleanup(name, error))?;
        Ok(true)
    }
}

#[async_trait]
impl Executor for HostExecutor {
    fn name(&self) -> &'static str {
        "host"
    }

    /// The host is there; nothing else is needed.
    async fn probe(&self) -> Result<(), ExecutorError> {
        Ok(())
    }

    async fn open(&self, job: JobSpec, notes: Arc<dyn Notes>) -> Result<Arc<dyn Session>, ExecutorError> {
        if !job.workspace.is_dir() {
            let cause = format!("`{}` is no directory", job.workspace.display());
            return Err(setup("open the workspace", cause));
        }
        let name = job.key.resource_name();
        let directory =
            JobDirectory::create(&job.directory).map_err(|error| setup("prepare the job", Chain(&error)))?;
        let path = directory.path().to_owned();
        let opened = self.begin(&job, &name, directory, notes).await;
        match opened {
            Ok((channel, child)) => {
                let register = self.register.clone();
                Ok(Arc::new(HostSession::new(channel, child, name, path, register)))
            }
            Err(error) => {
                if !self.reclaim_named(&name).await? {
                    let _ = remove_directory(&path);
                }
                Err(error)
            }
        }
    }

    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError> {
        self.reclaim_named(&job.resource_name()).await.map(drop)
    }

    async fn sweep(&self, runs: &[RunId]) -> Result<Swept, ExecutorError> {
        let mut swept = Swept::default();
        let mut first_error = None;
        for name in self.register.names() {
            if runs.iter().any(|run| name.starts_with(&format!("loom-{run}-"))) {
                match self.reclaim_named(&name).await {
                    Ok(true) => swept.removed.push(name),
                    Ok(false) => {}
                    Err(error) => first_error = first_error.or(Some(error)),
                }
            }
        }
        first_error.map_or(Ok(swept), Err)
    }
}

/// Rounded up: zero would mean for ever.
fn whole_seconds(grace: Duration) -> String {
    let seconds = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
    seconds.to_string()
}

/// An error with its causes.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

fn setup(what: &str, cause: impl std::fmt::Display) -> ExecutorError {
    ExecutorError::Setup {
        what: what.to_owned(),
        cause: cause.to_string(),
    }
}

fn cleanup(what: &str, cause: impl std::fmt::Display) -> ExecutorError {
    ExecutorError::Cleanup {
        what: what.to_owned(),
        cause: cause.to_string(),
    }
}
