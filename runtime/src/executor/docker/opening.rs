//! Opens the job's own room: a container whose main process is the agent, or, where that cannot run, one that waits.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, ContainerState, HostConfig};
use loom_agent::{files, layout};

use super::engine::Connection;
use super::image::Image;
use super::marks::{self, DIRECTORY, Kind, Marks};
use super::options::Options;
use super::place::Steps;
use super::room::Workspace;
use super::settings::{DockerOptions, StepsBy};
use super::{bridge, container, exec, failure, layers, network, room, transfer, upload};
use crate::executor::channel::{AgentBinary, Channel, ConnectError, JobDirectory, blocking};
use crate::executor::{ExecutorError, Notes, PlaceSpec, RegistryLogin, RoomSpec, Wanted};

/// How long an agent has to answer once its container has started.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks whether a container that does not answer still runs.
const LOOK: Duration = Duration::from_millis(100);

/// The job's room as it is to be made.
pub(super) struct Room {
    pub(super) image: String,
    pub(super) login: Option<RegistryLogin>,
    /// What was written down of it; nothing for a room that `runs-on` picked.
    pub(super) options: Options,
    pub(super) in_container: bool,
}

/// What a room is opened with.
pub(super) struct Opening<'a> {
    pub(super) connection: &'a Connection,
    pub(super) options: &'a DockerOptions,
    pub(super) spec: &'a PlaceSpec,
    pub(super) marks: Marks,
    /// Whether the engine does not see the files of this machine.
    pub(super) apart: bool,
    pub(super) image: &'a Image,
    pub(super) notes: Arc<dyn Notes>,
}

impl Opening<'_> {
    /// The agent on disk, or why steps have to go by exec.
    async fn agent_for(&self, image: &Image) -> Result<PathBuf, Fallback> {
        if self.options.steps_by == StepsBy::Exec {
            return Err(Fallback::Because("as asked for".to_owned()));
        }
        let ours = engine_architecture();
        if let Some(theirs) = image.architecture.as_deref().filter(|theirs| *theirs != ours) {
            return Err(Fallback::Because(format!(
                "the image is for {theirs}, the agent for {ours}"
            )));
        }
        if AgentBinary::embedded().is_none() {
            return Err(Fallback::Because(
                "this build of Loom has no agent for Linux".to_owned(),
            ));
        }
        self.options.agent().await.map_err(Fallback::Failed)
    }

    /// The room, with steps by the agent where it can run, else by exec; and its container's id.
    pub(super) async fn room(
        &self,
        room: Room,
        network: Option<String>,
    ) -> Result<(Steps, String), ExecutorError> {
        let github = room.in_container;
        let (body, user) = room_body(&self.marks, room, self.image, network, self.apart);
        let why = match self.agent_for(self.image).await {
            Ok(agent) => match self.with_agent(body.clone(), user.clone(), agent, github).await {
                Ok(started) => return Ok(started),
                Err(Fallback::Failed(error)) => return Err(error),
                Err(Fallback::Because(why)) => {
                    container::remove(self.connection, &self.marks.name).await?;
                    why
                }
            },
            Err(Fallback::Failed(error)) => return Err(error),
            Err(Fallback::Because(why)) => why,
        };
        if self.apart {
            return Err(ExecutorError::Setup {
                what: "start the job's agent".to_owned(),
                cause: format!(
                    "{why}; without it an engine has to see the files of this machine, and the one at {} does not",
                    self.connection.endpoint
                ),
            });
        }
        self.notes
            .line(&format!("steps run by `docker exec`, which is slower: {why}"));
        let notes = Arc::clone(&self.notes);
        let (steps, id) = exec::begin(self.connection, self.spec, &self.marks, body, user, notes).await?;
        Ok((Steps::Exec(Box::new(steps)), id))
    }

    async fn with_agent(
        &self,
        mut body: ContainerCreateBody,
        user: String,
        agent: PathBuf,
        github: bool,
    ) -> Result<(Steps, String), Fallback> {
        let (connection, spec) = (self.connection, self.spec);
        let apart = self.apart;
        let workspace = Workspace::of(spec, &self.marks);
        let (path, mounted, seen) = (spec.directory.clone(), agent.clone(), workspace.clone());
        let marks = self.marks.clone();
        let (directory, mounts) = blocking(move || {
            let directory =
                JobDirectory::open(&path).map_err(|error| ExecutorError::setup("prepare the job", &error))?;
            let mounts = if apart {
                upload::of_job(&marks)
            } else {
                room::of_job(&mounted, &path, &seen)
            };
            Ok::<_, ExecutorError>((directory, mounts))
        })
        .await??;
        let host = body.host_config.get_or_insert_with(HostConfig::default);
        host.mounts.get_or_insert_with(Vec::new).extend(mounts);
        let files = format!("{}/{}", container::TEMP, files::DIRECTORY);
        let also = [container::TOOLS];
        let line = self.options.serve(
            spec,
            container::WORKSPACE,
            &files,
            Some(container::SCRIPTS),
            &also,
        );
        container::with_agent(&mut body, line, container::WORKSPACE);
        let name = &self.marks.name;
        let id = container::create(connection, &self.marks, name, body).await?;
        if apart {
            upload::fill_job(connection, name, spec, &agent, github).await?;
        } else if spec.layered {
            layers::own(connection, name, container::WORKSPACE, &spec.workspace).await?;
        }
        if let Err(error) = connection.docker.start_container(name, None).await {
            let said = failure::explain(&error);
            if spec.layered && layers::is_about(&said, &self.marks) {
                return Err(Fallback::Failed(layers::refused(&said)));
            }
            return Err(could_not_start(&said, || {
                refused("start the job's container", connection, &error)
            }));
        }
        let channel = if apart {
            let notes = Arc::clone(&self.notes);
            let bridge = bridge::open(connection, name, spec.directory.clone(), Arc::clone(&notes)).await;
            let connected = match bridge {
                Ok(stream) => Channel::over(directory, stream, PATIENCE, notes)
                    .await
                    .map_err(|error| unseen(connection, &error)),
                Err(error) => Err(error),
            };
            match (connected, container::state(connection, name).await?) {
                (Ok(channel), _) => channel,
                (Err(_), Some(state)) if state.running == Some(false) => {
                    return Err(self.never_spoke(&state).await);
                }
                (Err(error), _) => return Err(Fallback::Failed(error)),
            }
        } else {
            tokio::select! {
                biased;
                connected = Channel::connect(directory, PATIENCE, Arc::clone(&self.notes)) => {
                    connected.map_err(|error| unseen(connection, &error))?
                }
                state = ended(connection, name) => return Err(self.never_spoke(&state?).await),
            }
        };
        let steps = Steps::Agent {
            channel: Box::new(channel.with_user(user, home(spec, self.image))),
            agent,
            image: self.image.id.clone(),
            workspace: workspace.to_give(&spec.directory).to_owned(),
            labels: self.marks.labels(Kind::Helper),
        };
        Ok((steps, id))
    }

    /// Why the container ended before its agent answered.
    async fn never_spoke(&self, state: &ContainerState) -> Fallback {
        let path = self.spec.directory.clone();
        if self.apart {
            let left = format!("{}/{}", container::JOB, layout::TROUBLE);
            let here = path.join(layout::TROUBLE);
            // What it left there is as good here.
            let _ = transfer::bring(self.connection, &self.marks.name, &left, &here, Wanted::Small).await;
        }
        let trouble = blocking(move || JobDirectory::open(&path).ok()?.trouble()).await;
        match trouble {
            Ok(Some(cause)) => Fallback::Failed(ExecutorError::Setup {
                what: "start the job's agent".to_owned(),
                cause,
            }),
            // It never got as far as to say something: the system would not run it.
            Ok(None) => Fallback::Because(format!(
                "the agent does not start in this image ({})",
                container::epitaph(state)
            )),
            Err(error) => Fallback::Failed(error),
        }
    }
}

/// What the job's container is created from, but for its main process; and whom its steps run as.
fn room_body(
    marks: &Marks,
    room: Room,
    image: &Image,
    network: Option<String>,
    apart: bool,
) -> (ContainerCreateBody, String) {
    let Options {
        mut body, aliases, ..
    } = room.options;
    let user = body.user.take().unwrap_or_else(|| image.user.clone());
    body.image = Some(image.id.clone());
    let labels = body.labels.get_or_insert_with(Default::default);
    labels.extend(marks.labels(Kind::Room));
    labels.insert(marks::USER.to_owned(), user.clone());
    if let Some(network) = network {
        body.networking_config = Some(network::joined(&network, aliases));
        let host = body.host_config.get_or_insert_with(HostConfig::default);
        host.network_mode = Some(network);
    }
    if room.in_container && !apart {
        let directory = Path::new(marks.get(DIRECTORY));
        let host = body.host_config.get_or_insert_with(HostConfig::default);
        let mounts = host.mounts.get_or_insert_with(Vec::new);
        mounts.extend(room::of_github(directory));
    }
    (body, user)
}

/// The home of steps: GitHub's in a `container:` job, else the image's own where it names one.
fn home(spec: &PlaceSpec, image: &Image) -> Vec<(String, String)> {
    let home = match spec.room {
        RoomSpec::Container(_) => Some(room::HOME.to_owned()),
        RoomSpec::Image(_) | RoomSpec::Host => image.home.clone(),
    };
    home.into_iter().map(|home| ("HOME".to_owned(), home)).collect()
}

/// Why a room with an agent did not come about.
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

/// What an engine that answered would not do is the workflow's; else the engine's.
fn refused(what: &str, connection: &Connection, error: &bollard::errors::Error) -> ExecutorError {
    match failure::status(error) {
        Some(400 | 404 | 409 | 500) => ExecutorError::workflow(what, failure::explain(error)),
        _ => failure::setup(what, &connection.endpoint, error),
    }
}

/// Comes back when the container has ended by itself.
pub(super) async fn ended(connection: &Connection, name: &str) -> Result<ContainerState, ExecutorError> {
    loop {
        tokio::time::sleep(LOOK).await;
        if let Some(state) = container::state(connection, name).await?
            && state.running == Some(false)
        {
            return Ok(state);
        }
    }
}

pub(super) fn unseen(connection: &Connection, error: &ConnectError) -> ExecutorError {
    let cause = match error {
        ConnectError::Silent(_) => format!(
            "its container runs, but no agent answers in the job's directory: the engine at {} seems to share folders with \
             this machine and no sockets; do not share the state directory with it, and what it needs is sent to it",
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
