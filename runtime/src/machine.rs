//! What this machine offers to run jobs on: itself, and the container engine that its environment names.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::engine::{Engine, Executors, StateDirectory};
use crate::executor::channel::AgentBinary;
use crate::executor::docker::{DockerExecutor, DockerOptions};
use crate::executor::host::{AgentProgram, HostExecutor, HostOptions};
use crate::executor::{Executor, ExecutorError};

/// Where jobs are to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// In containers.
    #[default]
    Docker,
    /// On this machine.
    Host,
    /// In containers if an engine answers, else on this machine.
    Auto,
}

/// Where the jobs of a run will run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// On this machine; else in containers.
    pub on_host: bool,
    /// Why the host stands in for containers, when it does.
    pub fell_back: Option<String>,
}

/// Chooses where jobs run. The engine for containers is asked only when one may be needed.
///
/// # Errors
/// When containers are chosen and no engine answers.
pub async fn choose(engine: &Engine, choice: Choice, needs_engine: bool) -> Result<Chosen, ExecutorError> {
    let chosen = |on_host, fell_back| Chosen { on_host, fell_back };
    if choice == Choice::Host || !needs_engine {
        return Ok(chosen(choice == Choice::Host, None));
    }
    match probe(engine).await {
        Ok(()) => Ok(chosen(false, None)),
        Err(error) if choice == Choice::Auto => Ok(chosen(true, Some(error.to_string()))),
        Err(error) => Err(error),
    }
}

/// Asks the engine for containers whether it is there.
///
/// # Errors
/// When it does not answer.
pub async fn probe(engine: &Engine) -> Result<(), ExecutorError> {
    let docker = Arc::clone(&engine.executors().docker);
    let probing = engine.io().spawn(async move { docker.probe().await });
    probing.await.unwrap_or_else(|_| {
        Err(ExecutorError::Setup {
            what: "reach the Docker engine".to_owned(),
            cause: "the attempt broke off".to_owned(),
        })
    })
}

/// What can be looked into for what dead runs left: this machine, and the engine for containers when it is wanted and
/// answers.
pub async fn for_recovery(engine: &Engine, with_engine: bool) -> Vec<Arc<dyn Executor>> {
    let mut executors = vec![Arc::clone(&engine.executors().host)];
    if with_engine && probe(engine).await.is_ok() {
        executors.push(Arc::clone(&engine.executors().docker));
    }
    executors
}

/// What runs the jobs of a state directory. The host's agent is the small static one where there is one, which starts ten
/// times faster than this program; else this program, which begins with [`crate::agent::run_if_asked`]. Waits for the disk.
pub(crate) fn executors(directory: &StateDirectory, instance: &str) -> Executors {
    let cache = directory.cache();
    let small = AgentBinary::embedded().and_then(|agent| {
        let agent = agent.materialise(&cache).ok()?;
        starts(&agent).then_some(agent)
    });
    let agent = match small {
        Some(program) => AgentProgram {
            program,
            arguments: Vec::new(),
        },
        None => AgentProgram::this_program(crate::agent::ARGUMENT),
    };
    let docker = Arc::new(DockerExecutor::new(DockerOptions::new(
        instance.to_owned(),
        cache,
    )));
    let mut options = HostOptions::new(agent, directory.agents());
    options.docker = Some(Arc::clone(&docker));
    Executors {
        host: Arc::new(HostExecutor::new(options)),
        docker,
    }
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

/// Jobs at the same time when nobody says otherwise: enough that waiting jobs do not hold back working ones.
pub fn default_parallel() -> usize {
    std::thread::available_parallelism().map_or(16, |cores| (cores.get() * 4).max(16))
}
