//! Removes what dead places left, found by label: containers with their directories, networks, volumes, images; and
//! nobody else's.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, MountPoint};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder,
};

use tokio::time::Instant;

use super::engine::Connection;
use super::marks::{DIRECTORY, INSTANCE, KIND, Kind, NAME, ROOM, RUN, carries};
use super::settings::DockerOptions;
use super::{build, container, failure, give, network, room, volume};
use crate::executor::channel::{Channel, JobDirectory, blocking, remove_directory};
use crate::executor::{ExecutorError, SilentNotes, Swept};
use crate::id::{JobKey, RunId};

/// How long an agent that may still be there has to answer.
const PATIENCE: Duration = Duration::from_secs(2);

type Filters = HashMap<String, Vec<String>>;

pub(super) fn labelled(labels: impl IntoIterator<Item = String>) -> Filters {
    HashMap::from([("label".to_owned(), labels.into_iter().collect())])
}

/// Removes all that the job of this resource name holds, with its directory; whether there was anything. With `only`,
/// just what belongs to the place that has this directory.
pub(super) async fn by_name(
    connection: &Connection,
    options: &DockerOptions,
    name: &str,
    only: Option<&Path>,
) -> Result<bool, ExecutorError> {
    let mut labels = vec![
        format!("{INSTANCE}={}", options.instance),
        format!("{NAME}={name}"),
    ];
    labels.extend(only.map(|directory| format!("{DIRECTORY}={}", directory.display())));
    let filters = labelled(labels);
    let found = list(connection, &filters).await?;
    let mut directories = BTreeSet::new();
    let mut outcome = Ok(());
    let mut any = false;
    // A volume may be another job's, or another run's, that has ended meanwhile.
    let mut runs = BTreeSet::new();
    let used: BTreeSet<String> = found.iter().flat_map(|found| found.volumes.clone()).collect();
    for container in &found {
        any = true;
        runs.extend(container.labels.get(RUN).cloned());
        directories.extend(container.labels.get(DIRECTORY).map(PathBuf::from));
        let ended = end(connection, container).await;
        if outcome.is_ok() {
            outcome = ended;
        }
        container::remove(connection, &container.id).await?;
    }
    any |= networks(connection, &filters, &mut directories).await?;
    runs.extend(runs_of_volumes(connection, &filters).await?);
    let files = volume::remove_files(connection, filters.get("label").into_iter().flatten().cloned()).await;
    let unused = volume::remove_unused(connection, &options.instance, &runs, &used).await;
    let images = images(connection, &filters).await;
    any |= files? | unused? | images?;
    if only.is_none() {
        for directory in directories {
            blocking(move || remove_job(&directory)).await??;
        }
    }
    outcome.map(|()| any)
}

/// Removes what the named runs left, but for the places of these names.
pub(super) async fn of_runs(
    connection: &Connection,
    options: &DockerOptions,
    runs: &[RunId],
    kept: &BTreeSet<String>,
) -> Result<Swept, ExecutorError> {
    // A few questions for all of them, however many there are.
    let filters = labelled([format!("{INSTANCE}={}", options.instance)]);
    let looked = |error: bollard::errors::Error| {
        failure::setup("look for what lost runs had", &connection.endpoint, &error)
    };
    let docker = &connection.docker;
    let mut all: Vec<HashMap<String, String>> = list(connection, &filters)
        .await?
        .into_iter()
        .map(|found| found.labels)
        .collect();
    let query = ListNetworksOptionsBuilder::new().filters(&filters).build();
    let found = failure::settled(|| docker.list_networks(Some(query.clone()))).await;
    let found = found.map_err(looked)?;
    all.extend(found.into_iter().filter_map(|network| network.labels));
    let query = ListVolumesOptionsBuilder::new().filters(&filters).build();
    let found = failure::settled(|| docker.list_volumes(Some(query.clone()))).await;
    let found = found.map_err(looked)?;
    all.extend(found.volumes.into_iter().flatten().map(|volume| volume.labels));
    let built = labelled([DIRECTORY.to_owned()]);
    let query = ListImagesOptionsBuilder::new().filters(&built).build();
    let found = failure::settled(|| docker.list_images(Some(query.clone()))).await;
    let found = found.map_err(looked)?;
    // What is left of a build need not say whose it is but by the name of the job.
    let built: Vec<String> = found
        .iter()
        .filter_map(|image| build::job_of(&image.labels))
        .filter(|name| runs.iter().any(|run| name.starts_with(&JobKey::prefix(run))))
        .map(str::to_owned)
        .collect();
    let names: BTreeSet<String> = all
        .into_iter()
        .filter(|labels| {
            labels
                .get(RUN)
                .is_some_and(|run| runs.iter().any(|wanted| wanted.0 == *run))
        })
        .filter_map(|mut labels| labels.remove(NAME))
        .chain(built)
        .filter(|name| !kept.contains(name))
        .collect();
    let mut swept = Swept::default();
    let mut first_error = None;
    for name in names {
        match by_name(connection, options, &name, None).await {
            Ok(true) => swept.removed.push(name),
            Ok(false) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map_or(Ok(swept), Err)
}

/// Removes the containers with this label that are of a wanted kind, and those that the engine builds an image in: they have
/// the labels of its layers, which say no kind.
pub(super) async fn containers(
    connection: &Connection,
    label: &str,
    wanted: impl Fn(&str) -> bool,
) -> Result<(), ExecutorError> {
    for found in list(connection, &labelled([label.to_owned()])).await? {
        if found.labels.get(KIND).is_none_or(|kind| wanted(kind)) {
            container::remove(connection, &found.id).await?;
        }
    }
    Ok(())
}

struct Found {
    id: String,
    name: String,
    labels: HashMap<String, String>,
    /// The volumes that it has, by name.
    volumes: Vec<String>,
}

async fn list(connection: &Connection, filters: &Filters) -> Result<Vec<Found>, ExecutorError> {
    let query = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(filters)
        .build();
    let wanted = filters.get("label").cloned().unwrap_or_default();
    let deadline = Instant::now() + container::CHANGE;
    let found = loop {
        match connection.docker.list_containers(Some(query.clone())).await {
            Ok(found) => break found,
            Err(error) if failure::is_between(&error) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => {
                return Err(failure::setup(
                    "look for containers",
                    &connection.endpoint,
                    &error,
                ));
            }
        }
    };
    Ok(found
        .into_iter()
        .filter(|container| {
            let labels = container.labels.as_ref();
            wanted.is_empty() || labels.is_some_and(|labels| carries(labels, &wanted))
        })
        .filter_map(|container| {
            let name = container
                .names
                .and_then(|names| names.into_iter().next())
                .unwrap_or_default();
            Some(Found {
                id: container.id?,
                name: name.trim_start_matches('/').to_owned(),
                labels: container.labels.unwrap_or_default(),
                volumes: container
                    .mounts
                    .into_iter()
                    .flatten()
                    .filter_map(|mount| mount.name.filter(|name| !name.is_empty()))
                    .collect(),
            })
        })
        .collect())
}

async fn networks(
    connection: &Connection,
    filters: &Filters,
    directories: &mut BTreeSet<PathBuf>,
) -> Result<bool, ExecutorError> {
    let query = ListNetworksOptionsBuilder::new().filters(filters).build();
    let found = failure::settled(|| connection.docker.list_networks(Some(query.clone()))).await;
    let found = found.map_err(|error| failure::setup("look for networks", &connection.endpoint, &error))?;
    let wanted = filters.get("label").cloned().unwrap_or_default();
    let mut any = false;
    for one in found {
        let labels = one.labels.unwrap_or_default();
        if !carries(&labels, &wanted) {
            continue;
        }
        any = true;
        directories.extend(labels.get(DIRECTORY).map(PathBuf::from));
        if let Some(id) = one.id {
            network::remove(connection, &id).await?;
        }
    }
    Ok(any)
}

/// Whose the volumes with these labels are.
async fn runs_of_volumes(
    connection: &Connection,
    filters: &Filters,
) -> Result<BTreeSet<String>, ExecutorError> {
    let query = ListVolumesOptionsBuilder::new().filters(filters).build();
    let found = failure::settled(|| connection.docker.list_volumes(Some(query.clone()))).await;
    let found = found.map_err(|error| failure::setup("look for volumes", &connection.endpoint, &error))?;
    let volumes = found.volumes.into_iter().flatten();
    let wanted = filters.get("label").cloned().unwrap_or_default();
    Ok(volumes
        .filter(|volume| carries(&volume.labels, &wanted))
        .filter_map(|mut volume| volume.labels.remove(RUN))
        .collect())
}

async fn images(connection: &Connection, filters: &Filters) -> Result<bool, ExecutorError> {
    let labels = filters.get("label").cloned().unwrap_or_default();
    build::remove_labelled(connection, labels).await
}

/// Ends what runs in a container, and hands its files over.
async fn end(connection: &Connection, found: &Found) -> Result<(), ExecutorError> {
    let kind = found.labels.get(KIND).map(String::as_str).unwrap_or_default();
    let directory = if kind == Kind::Room.word() {
        found.labels.get(DIRECTORY)
    } else if kind == Kind::Action.word() {
        found.labels.get(ROOM)
    } else {
        return Ok(());
    };
    let handed_over = match directory {
        Some(directory) => end_agent(PathBuf::from(directory)).await?,
        None => false,
    };
    if handed_over || !give::is_wanted() {
        return Ok(());
    }
    let inspected = match connection.docker.inspect_container(&found.id, None).await {
        Ok(inspected) => inspected,
        Err(error) if failure::is_missing(&error) => return Ok(()),
        Err(error) => {
            return Err(failure::setup(
                &format!("look at the container {}", found.name),
                &connection.endpoint,
                &error,
            ));
        }
    };
    give_back(connection, &found.name, &inspected).await
}

/// Has an agent that still runs end its job; whether it did, and handed over the files.
async fn end_agent(directory: PathBuf) -> Result<bool, ExecutorError> {
    let Ok(directory) = blocking(move || JobDirectory::open(&directory)).await? else {
        return Ok(false);
    };
    match Channel::connect(directory, PATIENCE, Arc::new(SilentNotes)).await {
        Ok(channel) => Ok(channel.close(give::is_wanted(), PATIENCE).await.is_ok()),
        Err(_) => Ok(false),
    }
}

/// Hands over the files of a container whose agent is gone, by a helper of the same image.
async fn give_back(
    connection: &Connection,
    name: &str,
    found: &ContainerInspectResponse,
) -> Result<(), ExecutorError> {
    // A volume's files go with it, and lie where only the engine may look.
    let is_volume = |mount: &MountPoint| mount.typ.as_deref() == Some("volume");
    let source = |target: &str| {
        let mounts: &[MountPoint] = found.mounts.as_deref().unwrap_or_default();
        let mount = mounts
            .iter()
            .find(|mount| mount.destination.as_deref() == Some(target))?;
        let source = if is_volume(mount) {
            job_of(mounts)
        } else {
            mount.source.as_deref()
        };
        source.map(PathBuf::from)
    };
    let workspace = source(container::WORKSPACE).or_else(|| source(room::ACTION_WORKSPACE));
    let (Some(agent), Some(job), Some(workspace), Some(image)) = (
        source(container::AGENT),
        source(container::JOB),
        workspace,
        found.image.as_deref(),
    ) else {
        return Ok(());
    };
    // Whose the files are, and since when, is told by the job's directory: without it nothing may be given away.
    let both = (job.clone(), workspace.clone());
    if !blocking(move || both.0.is_dir() && both.1.is_dir()).await? {
        return Ok(());
    }
    // First it must not run any more: what it makes meanwhile would be missed.
    container::kill(connection, name).await;
    let mut labels = found
        .config
        .as_ref()
        .and_then(|config| config.labels.clone())
        .unwrap_or_default();
    labels.insert(KIND.to_owned(), Kind::Helper.word().to_owned());
    let helper = give::Helper {
        name,
        image,
        agent: &agent,
        job: &job,
        workspace: &workspace,
        labels,
    };
    give::by_helper(connection, helper).await
}

fn job_of(mounts: &[MountPoint]) -> Option<&str> {
    let job = mounts
        .iter()
        .find(|mount| mount.destination.as_deref() == Some(container::JOB));
    job.and_then(|mount| mount.source.as_deref())
}

/// Removes a job's directory, if that is what it is: the name comes from a label.
fn remove_job(directory: &Path) -> Result<(), ExecutorError> {
    if JobDirectory::open(directory).is_err() {
        return Ok(());
    }
    remove_directory(directory)
        .map_err(|error| ExecutorError::cleanup(directory.display().to_string(), error))
}
