//! Opens places in containers.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::companions::Companions;
use super::engine::{Connection, Engine};
use super::image::{self, Image};
use super::marks::Marks;
use super::opening::{Opening, Room};
use super::options::Options;
use super::place::DockerPlace;
use super::settings::DockerOptions;
use super::{container, layers, pull, reclaim, room, service, upload};
use crate::executor::channel::{JobDirectory, Signals, blocking, empty_directory, remove_directory};
use crate::executor::{
    Apart, ContainerSpec, Executor, ExecutorError, Notes, Place, PlaceFacts, PlaceSpec, RoomSpec, Swept,
};
use crate::id::{JobKey, RunId};

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

    pub(super) async fn connection(&self) -> Result<&Connection, ExecutorError> {
        self.engine.get().await
    }

    pub(super) fn options(&self) -> &DockerOptions {
        &self.options
    }

    /// Gets the images of a job's services.
    pub(in crate::executor) async fn fetch_services(
        &self,
        spec: &PlaceSpec,
        notes: Arc<dyn Notes>,
    ) -> Result<(), ExecutorError> {
        let connection = self.engine.get().await?;
        for service in spec
            .services
            .values()
            .filter(|service| !service.image.trim().is_empty())
        {
            let login = service.login.as_ref();
            let fetching = image::ensure(connection, service.image.trim(), login, spec.pull, notes.as_ref());
            connection.while_it_answers(|| None, fetching).await?;
        }
        Ok(())
    }

    /// Removes whatever the job of this resource name holds in the engine.
    pub(in crate::executor) async fn reclaim_name(&self, name: &str) -> Result<bool, ExecutorError> {
        let connection = self.engine.get().await?;
        let left = || Some(format!("what {name} has there"));
        connection
            .while_it_answers(left, reclaim::by_name(connection, &self.options, name, None))
            .await
    }

    fn room(spec: &PlaceSpec) -> Result<Room, ExecutorError> {
        match &spec.room {
            RoomSpec::Image(image) => Ok(Room {
                image: image.clone(),
                login: None,
                options: Options::default(),
                in_container: false,
            }),
            RoomSpec::Container(container) => {
                // Its main process is the agent, as it is `tail` on GitHub: what the image would start is not started.
                let container = ContainerSpec {
                    entrypoint: None,
                    command: None,
                    ..container.clone()
                };
                Ok(Room {
                    image: container.image.trim().to_owned(),
                    login: container.login.clone(),
                    options: service::body(&container, &spec.workspace, "the job's container")?,
                    in_container: true,
                })
            }
            RoomSpec::Host => Err(ExecutorError::Setup {
                what: "open the job's room".to_owned(),
                cause: "it is to be the machine itself, and this executor runs jobs in containers".to_owned(),
            }),
        }
    }

    /// Whether nothing of a job would change its project beside the layers.
    fn can_be_layered(spec: &PlaceSpec, room: &Room) -> Result<(), ExecutorError> {
        if spec.directory.starts_with(&spec.workspace) {
            return Err(layers::refused(
                "the state directory lies in the project, and what changes beneath layers is not seen through them",
            ));
        }
        match Self::volume_of_project(spec, room) {
            None => Ok(()),
            Some(source) => Err(layers::refused(&format!(
                "the volume `{source}` is a folder of the project, which a container would change"
            ))),
        }
    }

    /// A volume of the job's containers that is a folder of the project.
    fn volume_of_project(spec: &PlaceSpec, room: &Room) -> Option<String> {
        let services = spec
            .services
            .iter()
            .filter_map(|(name, service)| service::body(service, &spec.workspace, name).ok());
        let bodies: Vec<_> = services.map(|options| options.body).collect();
        bodies.iter().chain([&room.options.body]).find_map(|body| {
            let host = body.host_config.as_ref();
            let binds = host.and_then(|host| host.binds.as_ref()).into_iter().flatten();
            let mounts = host.and_then(|host| host.mounts.as_ref()).into_iter().flatten();
            let mut sources = binds
                .filter_map(|bind| bind.split(':').next())
                .chain(mounts.filter_map(|mount| mount.source.as_deref()));
            let found = sources.find(|source| Path::new(source).starts_with(&spec.workspace));
            found.map(str::to_owned)
        })
    }

    /// Makes the volumes of a place whose engine does not see this machine's files, and says so.
    async fn prepare_apart(
        connection: &Connection,
        spec: &PlaceSpec,
        marks: &Marks,
        room: &Room,
        notes: &dyn Notes,
    ) -> Result<(), ExecutorError> {
        if let Some(source) = Self::volume_of_project(spec, room) {
            return Err(ExecutorError::Setup {
                what: format!("mount the volume `{source}`"),
                cause: format!(
                    "it is a folder of the project, and the engine at {} does not see the files of this machine",
                    connection.endpoint
                ),
            });
        }
        notes.line(&format!(
            "the engine at {} does not see the files of this machine: the project is sent to it, and what the job changes \
             in its workspace stays there",
            connection.endpoint
        ));
        upload::create(connection, marks).await
    }

    /// Makes a place, or leaves nothing; `apart` is whether the engine does not see the files of this machine.
    async fn make(
        &self,
        connection: &Connection,
        spec: &PlaceSpec,
        notes: Arc<dyn Notes>,
        apart: bool,
    ) -> Result<Arc<dyn Place>, ExecutorError> {
        let room = Self::room(spec)?;
        let pull = pull::again(spec.pull);
        let image = image::ensure(connection, &room.image, room.login.as_ref(), pull, notes.as_ref()).await?;
        let path = spec.directory.clone();
        let github = room.in_container;
        blocking(move || {
            let failed = |error: &dyn std::error::Error| ExecutorError::setup("prepare the job", error);
            let directory = JobDirectory::create(&path).map_err(|error| failed(&error))?;
            let made = directory
                .create_shared()
                .map_err(|error| failed(&error))
                .and_then(|()| {
                    if github {
                        room::make_folders(&path).map_err(|error| failed(&error))?;
                    }
                    Ok(())
                });
            if made.is_err() {
                let _ = remove_directory(&path);
            }
            made
        })
        .await??;
        match self.begin(connection, spec, room, image, notes, apart).await {
            Ok(place) => Ok(Arc::new(place)),
            Err(error) => {
                // A container of that name that is not this job's (the conflict could not be settled) stays.
                let name = spec.key.resource_name();
                reclaim::by_name(connection, &self.options, &name, Some(&spec.directory)).await?;
                let path = spec.directory.clone();
                // One that is tried again in another way needs what its caller put there.
                let again = !apart && connection.is_apart();
                let removed = blocking(move || {
                    if again {
                        empty_directory(&path)
                    } else {
                        remove_directory(&path)
                    }
                });
                removed.await?.ok();
                Err(error)
            }
        }
    }

    async fn begin(
        &self,
        connection: &Connection,
        spec: &PlaceSpec,
        room: Room,
        image: Image,
        notes: Arc<dyn Notes>,
        apart: bool,
    ) -> Result<DockerPlace, ExecutorError> {
        let mut companions = Companions::new(self, spec, Arc::clone(&notes), apart).await?;
        let services_wanted = spec
            .services
            .values()
            .any(|service| !service.image.trim().is_empty());
        let network = if services_wanted || room.in_container {
            Some(companions.network().await?.to_owned())
        } else {
            None
        };
        let mut facts = facts(&image, room.in_container);
        facts.network.clone_from(&network);
        let marks = companions.marks().clone();
        if apart {
            Self::prepare_apart(connection, spec, &marks, &room, notes.as_ref()).await?;
        } else if spec.layered {
            Self::can_be_layered(spec, &room)?;
            layers::create(connection, &marks, &spec.workspace).await?;
        }
        let opening = Opening {
            connection,
            options: &self.options,
            spec,
            marks,
            apart,
            image: &image,
            notes,
        };
        // Both to their ends: what is removed after a failure must not be half made.
        let (services, own) = tokio::join!(companions.services(&spec.services), opening.room(room, network));
        let (steps, id) = own?;
        facts.services = services?;
        companions.still_there(&facts.services).await?;
        companions.lead(&steps).await?;
        facts.container = Some(id);
        companions.beside(&facts, steps.numbers());
        Ok(DockerPlace {
            connection: connection.clone(),
            name: spec.key.resource_name(),
            directory: spec.directory.clone(),
            steps,
            companions,
            facts,
            apart: Apart {
                workspace: apart || spec.layered,
                directory: apart,
            },
            patience: self.options.patience,
            signals: Signals::default(),
            ending: AtomicBool::new(false),
            done: Mutex::new(false),
        })
    }
}

fn facts(image: &Image, in_container: bool) -> PlaceFacts {
    let architecture = image.architecture.as_deref().unwrap_or(std::env::consts::ARCH);
    PlaceFacts {
        workspace: container::WORKSPACE.to_owned(),
        temp: container::TEMP.to_owned(),
        actions: container::ACTIONS.to_owned(),
        // `container:` images are as on GitHub, where they get an empty folder.
        tools: image
            .tools
            .clone()
            .filter(|_| !in_container)
            .unwrap_or_else(|| container::TOOLS.to_owned()),
        os: "Linux".to_owned(),
        arch: runner_architecture(architecture),
        in_container,
        ..PlaceFacts::default()
    }
}

/// An architecture in the words of GitHub's `runner.arch`.
pub(in crate::executor) fn runner_architecture(name: &str) -> String {
    match name {
        "amd64" | "x86_64" => "X64",
        "arm64" | "aarch64" => "ARM64",
        "386" | "x86" => "X86",
        "arm" => "ARM",
        other => other,
    }
    .to_owned()
}

#[async_trait]
impl Executor for DockerExecutor {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn address(&self) -> Result<Option<String>, ExecutorError> {
        Ok(Some(self.engine.get().await?.endpoint.clone()))
    }

    async fn probe(&self) -> Result<(), ExecutorError> {
        self.engine.ping().await
    }

    async fn fetch(&self, spec: &PlaceSpec, notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        let connection = self.engine.get().await?;
        let (image, login) = match &spec.room {
            RoomSpec::Image(image) => (image.as_str(), None),
            RoomSpec::Container(container) => (container.image.trim(), container.login.as_ref()),
            RoomSpec::Host => return self.fetch_services(spec, notes).await,
        };
        let fetching = image::ensure(connection, image, login, spec.pull, notes.as_ref());
        connection.while_it_answers(|| None, fetching).await?;
        self.fetch_services(spec, notes).await
    }

    async fn open(&self, spec: PlaceSpec, notes: Arc<dyn Notes>) -> Result<Arc<dyn Place>, ExecutorError> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let spec = PlaceSpec {
            workspace: absolute(&spec.workspace),
            directory: absolute(&spec.directory),
            ..spec
        };
        let workspace = spec.workspace.clone();
        let wrong = |cause: String| ExecutorError::Setup {
            what: "open the workspace".to_owned(),
            cause,
        };
        if !blocking(move || workspace.is_dir()).await? {
            return Err(wrong(format!("`{}` is no directory", spec.workspace.display())));
        }
        if spec.workspace.to_str().is_none() || spec.directory.to_str().is_none() {
            return Err(wrong(format!(
                "the name of `{}` is not UTF-8, and an engine takes no other: rename it, or use `--executor host`",
                spec.workspace.display()
            )));
        }
        let connection = self.engine.get().await?;
        let left = || Some(format!("what {} has there", spec.key.resource_name()));
        let was_apart = connection.is_apart();
        let making = self.make(connection, &spec, Arc::clone(&notes), was_apart);
        match connection.while_it_answers(left, making).await {
            // That came out by trying, once an engine.
            Err(ExecutorError::Setup { .. }) if !was_apart && connection.is_apart() => {
                let making = self.make(connection, &spec, notes, true);
                connection.while_it_answers(left, making).await
            }
            made => made,
        }
    }

    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError> {
        self.reclaim_name(&job.resource_name()).await.map(drop)
    }

    async fn sweep(&self, runs: &[RunId], kept: &BTreeSet<String>) -> Result<Swept, ExecutorError> {
        let connection = self.engine.get().await?;
        let left = || Some("what lost runs had".to_owned());
        connection
            .while_it_answers(left, reclaim::of_runs(connection, &self.options, runs, kept))
            .await
    }

    async fn rest(&self, name: &str) -> Result<(), ExecutorError> {
        let connection = self.engine.get().await?;
        let resting = self.rest_all(connection, name);
        connection.while_it_answers(|| None, resting).await
    }
}
