//! Opens places on the host and cleans up after dead ones.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use loom_agent::files;
use loom_agent::wire::NextJob;
use tokio::process::{Child, Command};

use super::directories::Prepared;
use super::minder::Minder;
use super::options::HostOptions;
use super::place::{self, HostPlace, Parts, no_engine};
use super::process;
use super::register::{Entry, Register};
use super::warm::{Agent, Waiting, Warm};
use crate::executor::channel::{ACTIONS, Channel, ConnectError, JobDirectory, TEMP, TOOLS, blocking};
use crate::executor::docker::Companions;
use crate::executor::{
    Executor, ExecutorError, Notes, Place, PlaceFacts, PlaceSpec, RoomSpec, SilentNotes, Swept,
};
use crate::id::{JobKey, RunId};

/// How long an agent has to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long one that waits for another job has to answer; it has only to be woken.
const WARM_PATIENCE: Duration = Duration::from_secs(2);

/// How long an agent that has hung up may take to end.
const END_TIME: Duration = Duration::from_secs(1);

/// Runs jobs on this machine.
#[derive(Debug)]
pub struct HostExecutor {
    pub(super) options: HostOptions,
    pub(super) register: Register,
    pub(super) warm: Warm,
}

impl HostExecutor {
    /// An executor with these options; touches nothing yet.
    pub fn new(options: HostOptions) -> Self {
        let register = Register::new(options.register.clone());
        Self {
            options,
            register,
            warm: Warm::default(),
        }
    }

    /// Starts the agent. Its file may just have been written: a fork elsewhere in this process holds it open for
    /// writing until it calls exec, and the kernel refuses to run it until then.
    async fn start(
        &self,
        spec: &PlaceSpec,
        entry: &Entry,
        script_paths: &Path,
    ) -> std::io::Result<(UnixStream, Child)> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
        loop {
            let (own, of_agent) = UnixStream::pair()?;
            let mut command = self.command(spec, entry, script_paths);
            command.stdin(Stdio::from(OwnedFd::from(of_agent)));
            // A process with much memory takes its time to fork.
            let spawned = blocking(move || command.spawn().map(|child| (own, child))).await;
            match spawned.map_err(std::io::Error::other)? {
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

    fn command(&self, spec: &PlaceSpec, entry: &Entry, script_paths: &Path) -> Command {
        let mut command = Command::new(&self.options.agent.program);
        command
            .args(&self.options.agent.arguments)
            .args(["serve", "--guard", "--client", "--stay", "--dir"])
            .arg(&entry.directory)
            .arg("--script-paths")
            .arg(script_paths)
            .arg("--workspace")
            .arg(&spec.workspace)
            .arg("--files")
            .arg(entry.directory.join(TEMP).join(files::DIRECTORY))
            .args(["--orphan-grace".to_owned(), whole_seconds(spec.orphan_grace)])
            .args([
                "--drain-ms".to_owned(),
                self.options.drain.as_millis().to_string(),
            ])
            .env_clear()
            .envs(self.options.environment.iter().map(|(name, value)| (name, value)))
            .env(process::MARK, &entry.agent)
            .current_dir(&spec.workspace)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    async fn begin(
        &self,
        spec: &PlaceSpec,
        directory: JobDirectory,
        (entry, script_paths): (&Entry, &Path),
        notes: Arc<dyn Notes>,
    ) -> Result<(Channel, Agent), ExecutorError> {
        let (stream, mut child) = self.start(spec, entry, script_paths).await.map_err(|error| {
            let program = self.options.agent.program.display();
            ExecutorError::setup(&format!("start the job's agent `{program}`"), &error)
        })?;
        let path = entry.directory.clone();
        let trouble = move || {
            JobDirectory::open(&path)
                .ok()
                .and_then(|directory| directory.trouble())
        };
        tokio::select! {
            biased;
            connected = Channel::given(directory, stream, PATIENCE, notes) => match connected {
                Ok(channel) => {
                    let agent = Agent {
                        child,
                        run: spec.key.run.clone(),
                        mark: entry.agent.clone(),
                        grace: spec.orphan_grace,
                        jobs: 1,
                    };
                    Ok((channel, agent))
                }
                Err(error) => {
                    let error: ConnectError = error;
                    // One that ended at once has hung up, and left word.
                    match tokio::time::timeout(END_TIME, child.wait()).await {
                        Ok(ended) => Err(ended_at_once(ended, blocking(trouble).await?)),
                        Err(_) => {
                            // Whoever comes back to clean up finds no agent that is just about to start.
                            let _ = child.start_kill();
                            Err(ExecutorError::setup("start the job's agent", &error))
                        }
                    }
                }
            },
            ended = child.wait() => Err(ended_at_once(ended, blocking(trouble).await?)),
        }
    }

    /// Gives the job to an agent that waits. `None` when it does not take it: then nothing of either is left.
    async fn go_on(
        &self,
        spec: &PlaceSpec,
        waiting: Waiting,
        notes: &Arc<dyn Notes>,
    ) -> Result<Option<(Prepared, Channel, Agent)>, ExecutorError> {
        let Waiting { mut agent, idle } = waiting;
        let prepared = self.prepare(spec, agent.mark.clone()).await?;
        let path = |path: &Path| path.to_str().map(str::to_owned);
        let job = (|| {
            Some(NextJob {
                directory: path(&prepared.entry.directory)?,
                script_paths: path(&prepared.script_paths)?,
                workspace: path(&spec.workspace)?,
                files: path(&prepared.entry.directory.join(TEMP).join(files::DIRECTORY))?,
            })
        })();
        if let Some(job) = job {
            let directory = prepared.directory.clone();
            match Channel::again(directory, idle, job, WARM_PATIENCE, Arc::clone(notes)).await {
                Ok(channel) => return Ok(Some((prepared, channel, agent))),
                Err(error) => tracing::debug!(%error, "an agent that waited for another job is not used"),
            }
        }
        // It dies with what watches over it, frozen or not.
        let _ = agent.child.start_kill();
        let _ = tokio::time::timeout(END_TIME, agent.child.wait()).await;
        Box::pin(self.reclaim_named(&spec.key.resource_name())).await?;
        Ok(None)
    }

    async fn make(
        &self,
        spec: &PlaceSpec,
        prepared: Prepared,
        started: Option<(Channel, Agent)>,
        notes: Arc<dyn Notes>,
    ) -> Result<HostPlace, ExecutorError> {
        let Prepared {
            directory,
            entry,
            script_paths,
            spool,
        } = prepared;
        let (entry, script_paths) = (&entry, script_paths.as_path());
        let mut facts = facts(spec, entry);
        let services = async {
            if spec.services.is_empty() {
                return Ok(None);
            }
            let docker = self.options.docker.as_ref().ok_or_else(no_engine)?;
            // Boxed: most jobs have none, and would carry the room for these futures about.
            let companions = Box::pin(Companions::new(docker, spec, Arc::clone(&notes), false)).await?;
            let services = Box::pin(companions.services(&spec.services)).await?;
            Ok(Some((companions, services)))
        };
        let agent = async {
            match started {
                Some(started) => Ok(started),
                None => {
                    let notes = Arc::clone(&notes);
                    Box::pin(self.begin(spec, directory, (entry, script_paths), notes)).await
                }
            }
        };
        // Both to their end: what is half made is removed only once nobody makes it any more.
        let (services, agent) = tokio::join!(services, agent);
        let (services, (channel, agent)) = match (services, agent) {
            (Ok(services), Ok(agent)) => (services, agent),
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        let mut companions = None;
        if let Some((mut beside, services)) = services {
            Box::pin(beside.still_there(&services)).await?;
            facts.network = beside.network_id();
            facts.services = services;
            beside.beside(&facts, channel.numbers());
            companions = Some(beside);
        }
        let parts = Parts {
            spec: spec.clone(),
            name: spec.key.resource_name(),
            entry: entry.clone(),
            register: self.register.clone(),
            facts,
            docker: self.options.docker.clone(),
            notes,
            patience: self.options.patience,
            warm: self.warm.clone(),
        };
        let mark = vec![(process::MARK.to_owned(), parts.name.clone())];
        let channel = kept(channel, spec).with_first_spool(spool).with_env(mark);
        Ok(HostPlace::new(
            parts,
            (channel, None),
            Minder::Own(Box::new(agent)),
            companions,
        ))
    }

    /// Removes all that is written down of a job; whether anything was.
    async fn reclaim_named(&self, name: &str) -> Result<bool, ExecutorError> {
        let (register, key) = (self.register.clone(), name.to_owned());
        let Some(entry) = blocking(move || register.entry(&key)).await? else {
            return Ok(false);
        };
        self.end_agent(name, &entry).await?;
        if entry.engine {
            let docker = self.options.docker.as_ref().ok_or_else(|| {
                ExecutorError::cleanup(
                    format!("the containers of {name}"),
                    "no container engine is given",
                )
            })?;
            Box::pin(docker.reclaim_name(name)).await?;
        }
        place::remove(&entry, &self.register, name).await?;
        Ok(true)
    }

    /// Ends a job's agent: by asking it, else by killing it; and every process of the job.
    async fn end_agent(&self, name: &str, entry: &Entry) -> Result<(), ExecutorError> {
        let (path, mark) = (entry.directory.clone(), entry.agent.clone());
        let found = blocking(move || {
            let directory = JobDirectory::open(&path).ok()?;
            let (agent, guard) = process::agent_of(&mark, &directory);
            Some((directory, agent, guard))
        });
        if let Some((directory, agent, guard)) = found.await? {
            let mut asked = false;
            if agent.is_some()
                && let Ok(channel) =
                    Channel::connect(directory, Duration::from_secs(2), Arc::new(SilentNotes)).await
            {
                asked = channel.close(false, self.options.patience).await.is_ok();
            }
            let mark = entry.agent.clone();
            blocking(move || {
                if asked {
                    agent.into_iter().chain(guard).for_each(process::wait_for_end);
                }
                process::kill_agent(&mark, agent, guard);
            })
            .await?;
        }
        let (job, mark) = (name.to_owned(), entry.agent.clone());
        let left = blocking(move || process::end_marked(&[&job, &mark])).await?;
        if left.stuck.is_empty() {
            Ok(())
        } else {
            let cause = format!("processes that do not end: {}", left.stuck.join(", "));
            Err(ExecutorError::cleanup(name, cause))
        }
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

    async fn fetch(&self, place: &PlaceSpec, notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        if place.services.is_empty() {
            return Ok(());
        }
        let docker = self.options.docker.as_ref().ok_or_else(no_engine)?;
        docker.fetch_services(place, notes).await
    }

    async fn open(&self, spec: PlaceSpec, notes: Arc<dyn Notes>) -> Result<Arc<dyn Place>, ExecutorError> {
        if !matches!(spec.room, RoomSpec::Host) {
            return Err(ExecutorError::Setup {
                what: "open the job's room".to_owned(),
                cause: "it is to be a container, and this executor runs jobs on the machine itself"
                    .to_owned(),
            });
        }
        let spec = absolute(spec);
        let started = match self.warm.take(&spec.key.run, spec.orphan_grace) {
            Some(waiting) => self.go_on(&spec, waiting, &notes).await?,
            None => None,
        };
        let (prepared, started) = match started {
            Some((prepared, channel, agent)) => (prepared, Some((channel, agent))),
            None => {
                let mark = format!("loom-agent-{}", uuid::Uuid::new_v4().simple());
                (self.prepare(&spec, mark).await?, None)
            }
        };
        match self.make(&spec, prepared, started, notes).await {
            Ok(place) => Ok(Arc::new(place)),
            Err(error) => {
                Box::pin(self.reclaim_named(&spec.key.resource_name())).await?;
                Err(error)
            }
        }
    }

    fn outlives_its_process(&self) -> bool {
        true
    }

    async fn attach(&self, spec: PlaceSpec, notes: Arc<dyn Notes>) -> Result<Arc<dyn Place>, ExecutorError> {
        Box::pin(self.attach_to(spec, notes)).await
    }

    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError> {
        self.reclaim_named(&job.resource_name()).await.map(drop)
    }

    async fn run_ended(&self, run: &RunId) {
        self.warm.release(run).await;
    }

    async fn sweep(&self, runs: &[RunId], kept: &BTreeSet<String>) -> Result<Swept, ExecutorError> {
        let mut swept = Swept::default();
        let mut first_error = None;
        let register = self.register.clone();
        for name in blocking(move || register.names()).await? {
            if !kept.contains(&name) && runs.iter().any(|run| name.starts_with(&JobKey::prefix(run))) {
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

/// Keeps what steps that have ended said, where somebody may go on with the job.
pub(super) fn kept(channel: Channel, spec: &PlaceSpec) -> Channel {
    if spec.orphan_grace.is_zero() {
        return channel;
    }
    channel.with_kept_spools()
}

pub(super) fn absolute(spec: PlaceSpec) -> PlaceSpec {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    PlaceSpec {
        workspace: absolute(&spec.workspace),
        directory: absolute(&spec.directory),
        ..spec
    }
}

fn ended_at_once(ended: std::io::Result<ExitStatus>, trouble: Option<String>) -> ExecutorError {
    let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
    ExecutorError::Setup {
        what: "start the job's agent".to_owned(),
        cause: trouble.unwrap_or(format!("it ended at once ({status})")),
    }
}

pub(super) fn facts(spec: &PlaceSpec, entry: &Entry) -> PlaceFacts {
    let below = |name: &str| entry.directory.join(name).display().to_string();
    PlaceFacts {
        workspace: spec.workspace.display().to_string(),
        temp: below(TEMP),
        actions: below(ACTIONS),
        tools: below(TOOLS),
        os: if cfg!(target_os = "macos") {
            "macOS"
        } else {
            "Linux"
        }
        .to_owned(),
        arch: crate::executor::docker::runner_architecture(std::env::consts::ARCH),
        ..PlaceFacts::default()
    }
}

/// Rounded up: only zero is none.
pub(in crate::executor) fn whole_seconds(grace: Duration) -> String {
    let seconds = grace.as_secs() + u64::from(grace.subsec_nanos() > 0);
    seconds.to_string()
}
