//! Opens sessions in containers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::ContainerState;

use super::container::{self, Parts};
use super::engine::{Connection, Engine};
use super::image::{self, Image};
use super::session::{DockerSession, Steps};
use super::{exec, failure, reclaim};
use crate::executor::channel::{AgentBinary, Channel, ConnectError, JobDirectory, remove_directory};
use crate::executor::{Executor, ExecutorError, JobSpec, Notes, PullPolicy, Session, Swept};
use crate::id::{JobKey, RunId};

/// How long an agent has to answer once its container has started.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks whether a container that does not answer still runs.
const LOOK: Duration = Duration::from_millis(100);

/// What container sessions need from their surroundings.
#[derive(Clone, Debug)]
pub struct DockerOptions {
    /// The state directory's own id, written on every container: no other's are touched.
    pub instance: String,
    /// A directory for the agent's binary; the engine must see it.
    pub cache: PathBuf,
    /// The engine's address; else `DOCKER_HOST`, the current Docker context, the usual sockets.
    pub host: Option<String>,
    /// How long a step's streams stay open after its main process has ended.
    pub drain: Duration,
    /// How steps get into the container.
    pub steps_by: StepsBy,
}

/// How steps get into a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepsBy {
    /// Through the agent where it can start, else by exec.
    #[default]
    Agent,
    /// By the engine's exec, always: 40 times slower, streams and signals less exact.
    Exec,
}

impl DockerOptions {
    /// Options with the engine that is found and the usual patience.
    pub fn new(instance: String, cache: PathBuf) -> Self {
        Self {
            instance,
            cache,
            host: None,
            drain: Duration::from_secs(5),
            steps_by: StepsBy::Agent,
        }
    }
}

/// Runs jobs in containers.
#[derive(Debug)]
pub struct DockerExecutor {
    options: DockerOptions,
    engine: Engine,
}

impl DockerExecutor {
    /// An executor that looks for the engine when it is first needed.
    pub fn new(options: DockerOptions) -> Self {
        let engine = Engine::new(options.host.clone());
        Self { options, engine }
    }

    /// An executor whose engine answers.
    ///
    /// # Errors
    /// [`ExecutorError::Unreachable`] with what to do about it.
    pub async fn connect(options: DockerOptions) -> Result<Self, ExecutorError> {
        let executor = Self::new(options);
        executor.engine.get().await?;
        Ok(executor)
    }

    /// The engine's address, once it has been found.
    ///
    /// # Errors
    /// As for [`DockerExecutor::connect`].
    pub async fn endpoint(&self) -> Result<&str, ExecutorError> {
        Ok(&self.engine.get().await?.endpoint)
    }

    /// The agent on disk, or why steps have to go by exec.
    fn agent_for(&self, image: &Image) -> Result<PathBuf, Fallback> {
        if self.options.steps_by == StepsBy::Exec {
            return Err(Fallback::Because("as asked for".to_owned()));
        }
        let ours = engine_architecture();
        if let Some(theirs) = image.architecture.as_deref().filter(|theirs| *theirs != ours) {
            return Err(Fallback::Because(format!(
                "the image is for {theirs}, the agent for {ours}"
            )));
        }
        let agent = AgentBinary::embedded()
            .ok_or_else(|| Fallback::Because("this build of Loom has no agent for Linux".to_owned()))?;
        agent.materialise(&self.options.cache).map_err(|error| {
            let cause = format!("{error}: {}", source_of(&error));
            Fallback::Failed(ExecutorError::Setup {
                what: "prepare the agent".to_owned(),
                cause,
            })
        })
    }

    /// Makes a session, or leaves nothing.
    async fn make(
        &self,
        connection: &Connection,
        job: &JobSpec,
        notes: Arc<dyn Notes>,
    ) -> Result<Arc<dyn Session>, ExecutorError> {
        // What was always to be pulled was pulled by `fetch`.
        let pull = match job.pull {
            PullPolicy::Always => PullPolicy::Missing,
            other => other,
        };
        let image = image::ensure(connection, &job.image, pull, notes.as_ref()).await?;
        JobDirectory::create(&job.directory).map_err(|error| setup("prepare the job", &error))?;
        match self.begin(connection, job, image, notes).await {
            Ok(session) => Ok(session),
            Err(error) => {
                // A container of that name that is not this job's (the conflict could not be settled) stays.
                reclaim::remove_ours(connection, &self.options.instance, job).await?;
                let _ = remove_directory(&job.directory);
                Err(error)
            }
        }
    }

    async fn begin(
        &self,
        connection: &Connection,
        job: &JobSpec,
        image: Image,
        notes: Arc<dyn Notes>,
    ) -> Result<Arc<dyn Session>, ExecutorError> {
        let why = match self.agent_for(&image) {
            Ok(agent) => match self
                .begin_with_agent(connection, job, &image, &agent, notes.clone())
                .await
            {
                Ok(session) => return Ok(session),
                Err(Fallback::Failed(error)) => return Err(error),
                Err(Fallback::Because(why)) => {
                    container::remove(connection, &job.key.resource_name()).await?;
                    why
                }
            },
            Err(Fallback::Failed(error)) => return Err(error),
            Err(Fallback::Because(why)) => why,
        };
        notes.line(&format!("steps run by `docker exec`, which is slower: {why}"));
        let name = job.key.resource_name();
        let steps = exec::begin(connection, job, &image, &self.options.instance, notes).await?;
        Ok(Arc::new(DockerSession::new(
            connection.clone(),
            name,
            job.directory.clone(),
            Steps::Exec(Box::new(steps)),
        )))
    }

    async fn begin_with_agent(
        &self,
        connection: &Connection,
        job: &JobSpec,
        image: &Image,
        agent: &Path,
        notes: Arc<dyn Notes>,
    ) -> Result<Arc<dyn Session>, Fallback> {
        let name = job.key.resource_name();
        let directory =
            JobDirectory::open(&job.directory).map_err(|error| setup("prepare the job", &error))?;
        let path = directory.path().to_owned();
        let parts = Parts {
            name: &name,
            image: &image.id,
            instance: &self.options.instance,
            entrypoint: self.entrypoint(job),
            mounts: vec![
                container::mount(agent, container::AGENT, true),
                container::mount(&path, container::JOB, false),
                container::mount(&path.join(loom_agent::layout::SCRIPTS), container::SCRIPTS, false),
                container::mount(&job.workspace, container::WORKSPACE, false),
            ],
        };
        container::create(connection, job, parts).await?;
        if let Err(error) = connection.docker.start_container(&name, None).await {
            return Err(could_not_start(&failure::explain(&error), || {
                failure::setup("start the container", &connection.endpoint, &error)
            }));
        }
        let channel = tokio::select! {
            biased;
            connected = Channel::connect(directory, PATIENCE, notes) => connected.map_err(|error| unseen(connection, &error))?,
            state = ended(connection, &name) => {
                let trouble = JobDirectory::open(&path).ok().and_then(|directory| directory.trouble());
                return Err(match trouble {
                    Some(trouble) => ExecutorError::Setup { what: "start the job's agent".to_owned(), cause: trouble }.into(),
                    // It never got as far as to say something: the system would not run it.
                    None => Fallback::Because(format!("the agent does not start in this image ({})", container::epitaph(&state))),
                });
            }
        };
        let home = image
            .home
            .iter()
            .map(|home| ("HOME".to_owned(), home.clone()))
            .collect();
        let channel = channel.with_user(image.user.clone(), home);
        let steps = Steps::Agent {
            channel: Box::new(channel),
            agent: agent.to_owned(),
            image: image.id.clone(),
            workspace: job.workspace.clone(),
        };
        Ok(Arc::new(DockerSession::new(
            connection.clone(),
            name,
            path,
            steps,
        )))
    }

    fn entrypoint(&self, job: &JobSpec) -> Vec<String> {
        let grace = job.orphan_grace.as_secs() + u64::from(job.orphan_grace.subsec_nanos() > 0);
        let drain = self.options.drain.as_millis();
        [
            container::AGENT,
            "serve",
            "--dir",
            container::JOB,
            "--scripts",
            container::SCRIPTS,
        ]
        .into_iter()
        .chain(["--workspace", container::WORKSPACE])
        .map(str::to_owned)
        .chain([
            "--orphan-grace".to_owned(),
            grace.to_string(),
            "--drain-ms".to_owned(),
            drain.to_string(),
        ])
        .collect()
    }
}

#[async_trait]
impl Executor for DockerExecutor {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn probe(&self) -> Result<(), ExecutorError> {
        self.engine.ping().await
    }

    async fn fetch(&self, job: &JobSpec, notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        let connection = self.engine.get().await?;
        let fetching = image::ensure(connection, &job.image, job.pull, notes.as_ref());
        connection.while_it_answers(|| None, fetching).await.map(drop)
    }

    async fn open(&self, job: JobSpec, notes: Arc<dyn Notes>) -> Result<Arc<dyn Session>, ExecutorError> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let job = JobSpec {
            workspace: absolute(&job.workspace),
            directory: absolute(&job.directory),
            ..job
        };
        if !job.workspace.is_dir() {
            let cause = format!("`{}` is no directory", job.workspace.display());
            return Err(ExecutorError::Setup {
                what: "open the workspace".to_owned(),
                cause,
            });
        }
        let connection = self.engine.get().await?;
        let left = || Some(format!("the container {}", job.key.resource_name()));
        connection
            .while_it_answers(left, self.make(connection, &job, notes))
            .await
    }

    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError> {
        let connection = self.engine.get().await?;
        let name = job.resource_name();
        let left = || Some(format!("the container {name}"));
        connection
            .while_it_answers(left, reclaim::by_name(connection, &self.options, &name))
            .await
            .map(drop)
    }

    async fn sweep(&self, runs: &[RunId]) -> Result<Swept, ExecutorError> {
        let connection = self.engine.get().await?;
        let left = || Some("what lost runs had".to_owned());
        connection
            .while_it_answers(left, reclaim::of_runs(connection, &self.options, runs))
            .await
    }
}

/// Why a session with an agent did not come about.
enum Fallback {
    /// The agent cannot run here; exec may do.
    Because(String),
    /// Nothing else would do better.
    Failed(ExecutorError),
}

impl From<ExecutorError> for Fallback {
    fn from(error: ExecutorError) -> Self {
        Self::Failed(error)
    }
}

/// The system's words for a program that it cannot run.
fn could_not_start(said: &str, otherwise: impl FnOnce() -> ExecutorError) -> Fallback {
    let signs = [
        "exec format error",
        "permission denied",
        "no such file or directory",
    ];
    if said.contains(container::AGENT) && signs.iter().any(|sign| said.contains(sign)) {
        return Fallback::Because(format!("the agent does not start in this image ({said})"));
    }
    Fallback::Failed(otherwise())
}

/// Comes back when the container has ended by itself.
async fn ended(connection: &Connection, name: &str) -> ContainerState {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Some(state) = container::state(connection, name).await
            && state.running == Some(false)
        {
            return state;
        }
    }
}

fn unseen(connection: &Connection, error: &ConnectError) -> ExecutorError {
    let cause = match error {
        ConnectError::Silent(_) => format!(
            "its container runs, but no agent answers in the job's directory: the engine at {} seems to run on another \
             machine; Loom needs an engine that sees its files",
            connection.endpoint
        ),
        error => error.to_string(),
    };
    ExecutorError::Setup {
        what: "start the job's agent".to_owned(),
        cause,
    }
}

/// This program's architecture in the engine's words.
fn engine_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

fn setup(what: &str, error: &dyn std::error::Error) -> ExecutorError {
    let cause = format!("{error}: {}", source_of(error));
    ExecutorError::Setup {
        what: what.to_owned(),
        cause,
    }
}

fn source_of(error: &dyn std::error::Error) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}
