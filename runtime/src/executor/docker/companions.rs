//! What runs beside a job's room: its network, its services, and a room for each container action.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig};
use futures_util::future::{join_all, try_join_all};
use indexmap::IndexMap;
use tokio::sync::{OnceCell, RwLock};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::engine::Connection;
use super::executor::DockerExecutor;
use super::give::{self, Helper};
use super::image::{self, Image};
use super::marks::{Kind, Marks, NAME, ROOM};
use super::place::Steps;
use super::room::{self, ACTION_FILES, ACTION_TEMP, ACTION_WORKSPACE, HOME, Translation, Workspace};
use super::settings::DockerOptions;
use super::{
    bridge, container, failure, forwards, kept, network, pull, reclaim, service, start, upload, volume,
};
use crate::executor::channel::{Channel, JobDirectory, StepNumbers, StepSignals, blocking, remove_directory};
use crate::executor::{
    ContainerSpec, ExecutorError, ExitStatus, Notes, PlaceFacts, PlaceSpec, Program, ServiceFacts, StepEnd,
    StepOutput, StepSpec,
};

/// How long what is just being made may hold up the end.
const GATE_TIME: Duration = Duration::from_secs(60);

/// From when on a service that runs counts as one that goes on: one that cannot go on says so at its start. Mostly past
/// when the job's room is made.
const SETTLED: Duration = Duration::from_millis(300);

/// What runs beside a job's room.
pub(in crate::executor) struct Companions {
    pub(super) connection: Connection,
    pub(super) options: DockerOptions,
    pub(super) marks: Marks,
    pub(super) spec: PlaceSpec,
    pub(super) notes: Arc<dyn Notes>,
    network: OnceCell<String>,
    /// When the services were started.
    started: OnceLock<Instant>,
    /// Ports of the job's `localhost` that are to lead to services, and where to.
    forwards: OnceLock<Vec<(u16, SocketAddrV4)>>,
    /// The container of the job's own room, which joins a network that is made late.
    room: Option<String>,
    translation: Translation,
    /// Whether the job's files are the engine's alone.
    apart: bool,
    next: AtomicU32,
    numbers: StepNumbers,
    /// Whether an image was built, or may have been.
    pub(super) built: AtomicBool,
    /// Whether a build was broken off.
    pub(super) broken_off: AtomicBool,
    /// Images that were pulled before a step wanted them.
    pub(super) pulled: Mutex<BTreeSet<String>>,
    /// Why images could not be pulled before a step wanted them, and when that was.
    pub(super) not_pulled: Mutex<BTreeMap<String, (Instant, ExecutorError)>>,
    /// The rooms of container actions that run.
    actions: Mutex<Vec<Arc<ActionRoom>>>,
    /// Breaks off what may take long: pulls, builds.
    pub(super) ending: CancellationToken,
    /// Held for reading while something is made; true once nothing more may be.
    closed: RwLock<bool>,
}

struct ActionRoom {
    name: String,
    directory: PathBuf,
    image: String,
    agent: PathBuf,
    channel: Channel,
}

impl Companions {
    /// Nothing yet, in this engine; `apart` is whether the job's files are the engine's alone.
    pub(in crate::executor) async fn new(
        docker: &DockerExecutor,
        spec: &PlaceSpec,
        notes: Arc<dyn Notes>,
        apart: bool,
    ) -> Result<Self, ExecutorError> {
        let connection = docker.connection().await?.clone();
        Ok(Self {
            apart,
            connection,
            options: docker.options().clone(),
            marks: Marks::new(docker.options(), spec),
            spec: spec.clone(),
            notes,
            network: OnceCell::new(),
            started: OnceLock::new(),
            forwards: OnceLock::new(),
            room: None,
            translation: Translation::default(),
            next: AtomicU32::new(0),
            numbers: StepNumbers::default(),
            built: AtomicBool::new(false),
            broken_off: AtomicBool::new(false),
            pulled: Mutex::default(),
            not_pulled: Mutex::default(),
            actions: Mutex::default(),
            ending: CancellationToken::new(),
            closed: RwLock::new(false),
        })
    }

    /// What everything of the job carries.
    pub(super) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Whose paths are read in the rooms of container actions, and with whose steps theirs are counted.
    pub(in crate::executor) fn beside(&mut self, facts: &PlaceFacts, numbers: StepNumbers) {
        self.numbers = numbers;
        self.translation = Translation::from(facts);
        self.room.clone_from(&facts.container);
    }

    /// The network, if there is one.
    pub(in crate::executor) fn network_id(&self) -> Option<String> {
        self.network.get().cloned()
    }

    /// The network, made when it is first needed.
    pub(super) async fn network(&self) -> Result<&str, ExecutorError> {
        let make = async {
            let id = network::create(&self.connection, &self.marks).await?;
            if let Some(room) = &self.room {
                network::join(&self.connection, &id, room).await?;
            }
            Ok(id)
        };
        self.network.get_or_try_init(|| make).await.map(String::as_str)
    }

    /// Starts the services and waits until each is healthy.
    pub(in crate::executor) async fn services(
        &self,
        specs: &IndexMap<String, ContainerSpec>,
    ) -> Result<IndexMap<String, ServiceFacts>, ExecutorError> {
        let specs: Vec<(&String, &ContainerSpec)> = specs
            .iter()
            .filter(|(_, spec)| !spec.image.trim().is_empty())
            .collect();
        if specs.is_empty() {
            return Ok(IndexMap::new());
        }
        let workspace = &self.spec.workspace;
        // What is written wrong is told before anything is made.
        let mut bodies = Vec::new();
        for (alias, spec) in &specs {
            bodies.push(service::body(spec, workspace, &format!("the service `{alias}`"))?);
        }
        let forwards = self.take_ports(&specs, &mut bodies)?;
        let network = self.network().await?;
        let starting = specs
            .iter()
            .zip(bodies.into_iter().zip(forwards))
            .enumerate()
            .map(|(number, ((alias, spec), (body, forwards)))| async move {
                let pull = pull::again(self.spec.pull);
                let notes = self.notes.as_ref();
                let login = spec.login.as_ref();
                let image = image::ensure(&self.connection, spec.image.trim(), login, pull, notes).await?;
                let name = format!("{}-s{number}", self.marks.name);
                let mut body = body;
                let labels = body.body.labels.get_or_insert_with(Default::default);
                labels.extend(kept::label(&forwards));
                let started =
                    service::start(&self.connection, &self.marks, network, name, alias, &image, body);
                let started = started.await?;
                Ok::<_, ExecutorError>(service::Service { forwards, ..started })
            });
        // All to their ends: what is removed after a failure must not be half made.
        let started: Result<Vec<_>, _> = join_all(starting).await.into_iter().collect();
        let started = started?;
        self.started.get_or_init(Instant::now);
        let ready = started
            .iter()
            .map(|one| async move { Ok((one, service::ready(&self.connection, one, network).await?)) });
        let ready = try_join_all(ready).await?;
        let led = forwards::led(&ready)?;
        self.forwards.get_or_init(|| led);
        let facts = ready
            .into_iter()
            .map(|(one, ready)| (one.alias.clone(), ready.facts));
        Ok(facts.collect())
    }

    /// Has ports of the job's `localhost` lead to its services, once both are there.
    pub(super) async fn lead(&self, steps: &Steps) -> Result<(), ExecutorError> {
        let forwards = self.forwards.get().map(Vec::as_slice).unwrap_or_default();
        forwards::lead(steps, forwards, self.notes.as_ref()).await
    }

    /// Looks once more at services that do not say how to tell that they are healthy: one that ended right after its
    /// start is told now, not by the steps that miss it.
    pub(in crate::executor) async fn still_there(
        &self,
        services: &IndexMap<String, ServiceFacts>,
    ) -> Result<(), ExecutorError> {
        if let Some(started) = self.started.get() {
            tokio::time::sleep_until(*started + SETTLED).await;
        }
        let looking = services.iter().map(|(alias, facts)| async move {
            let service = service::Service {
                alias: alias.clone(),
                id: facts.id.clone(),
                forwards: Vec::new(),
            };
            service::ready(&self.connection, &service, &facts.network).await
        });
        try_join_all(looking).await.map(drop)
    }

    pub(super) async fn gate(&self) -> Result<tokio::sync::RwLockReadGuard<'_, bool>, ExecutorError> {
        let gate = self.closed.read().await;
        if *gate {
            return Err(ExecutorError::lost("it was closed already"));
        }
        Ok(gate)
    }

    /// Runs a container action: a step in a room of its own.
    pub(in crate::executor) async fn run(
        &self,
        step: StepSpec,
        output: Box<dyn StepOutput>,
        signals: &mut StepSignals,
    ) -> Result<StepEnd, ExecutorError> {
        let Program::Container {
            image,
            pull,
            entrypoint,
            arguments,
        } = step.program
        else {
            return Err(ExecutorError::Setup {
                what: "run the step in a room of its own".to_owned(),
                cause: "it has no image".to_owned(),
            });
        };
        let (policy, before) = self.policy_of_step(&image, pull)?;
        let fetching = image::ensure(&self.connection, &image, None, policy, self.notes.as_ref());
        let found = tokio::select! {
            biased;
            found = self.connection.while_it_answers(|| None, fetching) => match (found, before) {
                (Err(ExecutorError::Image { .. }), Some(before)) => return Err(before),
                (found, _) => found?,
            },
            () = self.ending.cancelled() => return Err(ExecutorError::lost("it was closed while an image was pulled")),
            // A pull may take long, and is nothing that could answer a signal.
            signal = signals.next() => return Ok(StepEnd { status: ExitStatus::by(signal), signalled: true, ..StepEnd::default() }),
        };
        let (programs, arguments) = start::line(&found, entrypoint, arguments, &image)?;
        let mut env = step.env;
        for value in env.values_mut() {
            *value = self.translation.read(value);
        }
        env.entry("HOME".to_owned()).or_insert_with(|| HOME.to_owned());
        let step = StepSpec {
            program: Program::Exec { programs, arguments },
            env,
            path: step
                .path
                .iter()
                .map(|folder| self.translation.read(folder))
                .collect(),
            working_directory: step
                .working_directory
                .map(|folder| self.translation.read(&folder)),
            id: step.id,
        };
        let room = {
            let _gate = self.gate().await?;
            let left = || Some(format!("the room of the image `{image}`"));
            self.connection
                .while_it_answers(left, self.open_room(&found))
                .await?
        };
        self.lock().push(Arc::clone(&room));
        let outcome = match room.channel.run(step, output, signals).await {
            Ok(end) => Ok(end),
            Err(error) => super::place::explain(&self.connection, &room.name, error).await,
        };
        self.lock().retain(|other| !Arc::ptr_eq(other, &room));
        if let Err(error) = self.close_room(&room).await {
            // It is tried again when the place is closed.
            self.notes.line(&format!("failed to {error}"));
        }
        outcome
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<ActionRoom>>> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open_room(&self, image: &Image) -> Result<Arc<ActionRoom>, ExecutorError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-a{number}", self.marks.name);
        let directory = self.spec.directory.join(room::ROOMS).join(number.to_string());
        let opened = self.try_open_room(image, &name, directory.clone()).await;
        if opened.is_err() {
            container::remove(&self.connection, &name).await?;
            blocking(move || remove_directory(&directory)).await?.ok();
        }
        opened.map(Arc::new)
    }

    async fn try_open_room(
        &self,
        image: &Image,
        name: &str,
        directory: PathBuf,
    ) -> Result<ActionRoom, ExecutorError> {
        let network = self.network().await?.to_owned();
        let agent = self.options.agent().await?;
        let (own, whole, workspace, mounted) = (
            directory.clone(),
            self.spec.directory.clone(),
            Workspace::of(&self.spec, &self.marks),
            agent.clone(),
        );
        let (apart, marks) = (self.apart, self.marks.clone());
        let (job, mounts) = blocking(move || {
            let failed =
                |error: &dyn std::error::Error| ExecutorError::setup("prepare the action's room", error);
            let job = JobDirectory::create(&own).map_err(|error| failed(&error))?;
            room::make_folders(&whole).map_err(|error| failed(&error))?;
            let mounts = if apart {
                upload::of_action(&marks)
            } else {
                room::of_action(&mounted, &whole, &own, &workspace)
            };
            Ok::<_, ExecutorError>((job, mounts))
        })
        .await??;
        let mut labels = self.marks.labels(Kind::Action);
        labels.insert(ROOM.to_owned(), directory.display().to_string());
        let mut body = ContainerCreateBody {
            image: Some(image.id.clone()),
            labels: Some(labels),
            networking_config: Some(network::joined(&network, Vec::new())),
            host_config: Some(HostConfig {
                mounts: Some(mounts),
                network_mode: Some(network),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let arguments = self.options.serve(
            &self.spec,
            ACTION_WORKSPACE,
            ACTION_FILES,
            None,
            &[ACTION_TEMP, container::ACTIONS, container::TOOLS],
        );
        container::with_agent(&mut body, arguments, ACTION_WORKSPACE);
        container::create(&self.connection, &self.marks, name, body).await?;
        if apart {
            upload::fill_action(&self.connection, name, &self.spec.directory, &directory, &agent).await?;
        }
        self.connection
            .docker
            .start_container(name, None)
            .await
            .map_err(|error| {
                failure::setup("start the action's container", &self.connection.endpoint, &error)
            })?;
        let connecting = async {
            let notes = Arc::clone(&self.notes);
            let connected = if apart {
                let stream =
                    bridge::open(&self.connection, name, directory.clone(), Arc::clone(&notes)).await?;
                Channel::over(job, stream, super::opening::PATIENCE, notes).await
            } else {
                Channel::connect(job, super::opening::PATIENCE, notes).await
            };
            connected.map_err(|error| super::opening::unseen(&self.connection, &error))
        };
        let channel = tokio::select! {
            biased;
            connected = connecting => connected?,
            state = super::opening::ended(&self.connection, name) => {
                return Err(ExecutorError::Setup {
                    what: "start the agent in the action's image".to_owned(),
                    cause: container::epitaph(&state?),
                });
            }
        };
        Ok(ActionRoom {
            name: name.to_owned(),
            directory,
            image: image.id.clone(),
            agent,
            // What other rooms name by the numbers of their steps is seen here as well.
            channel: channel
                .with_user(image.user.clone(), Vec::new())
                .with_numbers(self.numbers.clone()),
        })
    }

    async fn close_room(&self, room: &ActionRoom) -> Result<(), ExecutorError> {
        let give = give::is_wanted() && !self.apart;
        let closing = async {
            if room.channel.close(give, self.options.patience).await.is_ok() {
                if !self.apart {
                    container::ended(&self.connection, &room.name).await;
                }
            } else {
                container::kill(&self.connection, &room.name).await;
                if give {
                    let workspace = Workspace::of(&self.spec, &self.marks);
                    let helper = Helper {
                        name: &room.name,
                        image: &room.image,
                        agent: &room.agent,
                        job: &room.directory,
                        workspace: workspace.to_give(&room.directory),
                        labels: self.marks.labels(Kind::Helper),
                    };
                    give::by_helper(&self.connection, helper).await?;
                }
            }
            container::remove(&self.connection, &room.name).await
        };
        let left = || Some(format!("the container {}", room.name));
        self.connection.while_it_answers(left, closing).await?;
        let directory = room.directory.clone();
        blocking(move || remove_directory(&directory))
            .await?
            .map_err(|error| ExecutorError::cleanup(room.directory.display().to_string(), error))
    }

    /// Ends and removes everything but the network and what is still in it, which is the caller's room.
    pub(super) async fn close_rooms(&self) -> Result<(), ExecutorError> {
        self.end_rooms(&[Kind::Room]).await
    }

    /// Ends and removes the rooms of container actions, the images that were built, and all containers but those of these
    /// kinds. Nothing comes after.
    pub(super) async fn end_rooms(&self, but: &[Kind]) -> Result<(), ExecutorError> {
        self.ending.cancel();
        // What is just being made is waited for, so that nothing comes after the end.
        if let Ok(mut closed) = tokio::time::timeout(GATE_TIME, self.closed.write()).await {
            *closed = true;
        }
        let rooms = self.lock().clone();
        let ended = join_all(rooms.iter().map(|room| self.close_room(room))).await;
        reclaim::containers(&self.connection, &self.label(), |kind| {
            but.iter().all(|other| kind != other.word())
        })
        .await?;
        self.remove_images().await?;
        ended.into_iter().collect()
    }

    /// Removes the network and the volumes that its containers had; the containers are gone.
    pub(super) async fn close_network(&self) -> Result<(), ExecutorError> {
        let volumes = volume::remove(&self.connection, &self.marks).await;
        let network = match self.network.get() {
            Some(network) => network::remove(&self.connection, network).await,
            None => Ok(()),
        };
        volumes.and(network)
    }

    /// Ends and removes everything.
    pub(in crate::executor) async fn close(&self) -> Result<(), ExecutorError> {
        let left = || Some(format!("what {} has beside it", self.marks.name));
        let closing = async {
            let rooms = self.close_rooms().await;
            rooms.and(self.close_network().await)
        };
        self.connection.while_it_answers(left, closing).await
    }

    /// Whether anything beside the room was, or may have been, made.
    pub(super) fn is_needed(&self) -> bool {
        self.network.initialized()
            || self.next.load(Ordering::Relaxed) > 0
            || self.built.load(Ordering::Relaxed)
    }

    pub(super) fn label(&self) -> String {
        format!("{NAME}={}", self.marks.name)
    }
}
