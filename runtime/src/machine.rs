//! What this machine offers to run jobs on: itself, and the container engine that its environment names.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use loom_workflow::{Mapping, Plan, UnmappedJobs};

use crate::engine::Engine;
use crate::executor::channel::AgentBinary;
use crate::executor::docker::{DockerExecutor, DockerOptions};
use crate::executor::host::{AgentProgram, HostExecutor, HostOptions};
use crate::executor::{Executor, ExecutorError};

/// Where jobs are to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// In containers.
    #[default]
    Docker,
    /// On this machine.
    Host,
    /// In containers if an engine answers, else on this machine.
    Auto,
}

impl Choice {
    /// The choice of this name, as flags and files write it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "docker" => Some(Self::Docker),
            "host" => Some(Self::Host),
            "auto" => Some(Self::Auto),
            _ => None,
        }
    }
}

impl Choice {
    /// What becomes of jobs whose label nothing runs. Only containers need a label's image; where the host runs
    /// everything, or may come to, such jobs are checked like any other.
    pub fn unmapped_jobs(self) -> UnmappedJobs {
        match self {
            Self::Docker => UnmappedJobs::Skip,
            Self::Host | Self::Auto => UnmappedJobs::Check,
        }
    }
}

/// What runs the jobs of a plan.
#[derive(Clone)]
pub struct Executors {
    /// In containers; absent when every job runs on the host.
    pub docker: Option<Arc<dyn Executor>>,
    /// On this machine.
    pub host: Arc<dyn Executor>,
    /// Why the host stands in for containers, when it does.
    pub fell_back: Option<String>,
}

impl Executors {
    /// What a plan needs, by choice. An engine is only asked when a job needs one.
    ///
    /// # Errors
    /// When containers are chosen and no engine answers.
    pub async fn choose(engine: &Engine, plan: &Plan, choice: Choice) -> Result<Self, ExecutorError> {
        let on_host_by_label = plan.jobs.values().all(|job| job.runs_on == Mapping::Host);
        if choice == Choice::Host || on_host_by_label {
            return Ok(Self {
                docker: None,
                host: host(engine).await,
                fell_back: None,
            });
        }
        let (host, docker) = tokio::join!(host(engine), docker(engine));
        match docker {
            Ok(docker) => Ok(Self {
                docker: Some(docker),
                host,
                fell_back: None,
            }),
            Err(error) if choice == Choice::Auto => Ok(Self {
                docker: None,
                host,
                fell_back: Some(error.to_string()),
            }),
            Err(error) => Err(error),
        }
    }

    /// All there are.
    pub fn all(&self) -> Vec<Arc<dyn Executor>> {
        self.docker.iter().chain([&self.host]).cloned().collect()
    }
}

/// The executor of this machine. Its agent is the small static one where there is one, which starts ten times faster than
/// this program; else this program, which begins with [`crate::agent::run_if_asked`].
pub async fn host(engine: &Engine) -> Arc<dyn Executor> {
    let cache = engine.directory().cache();
    // Writes a file and starts a process: nothing for an arbiter.
    let small = engine.io().spawn_blocking(move || {
        let agent = AgentBinary::embedded()?.materialise(&cache).ok()?;
        starts(&agent).then_some(agent)
    });
    let agent = match small.await.ok().flatten() {
        Some(program) => AgentProgram {
            program,
            arguments: Vec::new(),
        },
        None => AgentProgram::this_program(crate::agent::ARGUMENT),
    };
    Arc::new(HostExecutor::new(HostOptions::new(
        agent,
        engine.directory().agents(),
    )))
}

/// Whether a program can be started from where it lies: a state directory may be on a disk that forbids it (`noexec`).
fn starts(program: &Path) -> bool {
    let tried = Command::new(program)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok()
}

/// The engine that the environment names, once it has answered.
///
/// # Errors
/// When none answers.
pub async fn docker(engine: &Engine) -> Result<Arc<dyn Executor>, ExecutorError> {
    let options = DockerOptions::new(engine.instance().to_owned(), engine.directory().cache());
    let connect = async move { Ok(Arc::new(DockerExecutor::connect(options).await?) as Arc<dyn Executor>) };
    let broke_off = |_| ExecutorError::Setup {
        what: "reach the Docker engine".to_owned(),
        cause: "the attempt broke off".to_owned(),
    };
    engine.io().spawn(connect).await.map_err(broke_off)?
}

/// Jobs at the same time when nobody says how many. Jobs mostly wait, so more than there are cores.
pub fn default_parallel() -> usize {
    std::thread::available_parallelism().map_or(16, |cores| (cores.get() * 4).max(16))
}
