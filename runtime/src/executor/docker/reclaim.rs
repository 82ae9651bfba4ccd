//! Removes what dead sessions left: containers by name or by run, with their directories, and nobody else's.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bollard::models::{ContainerInspectResponse, MountPoint};
use bollard::query_parameters::ListContainersOptionsBuilder;

use super::container::{self, DIRECTORY, INSTANCE, RUN};
use super::engine::Connection;
use super::executor::DockerOptions;
use super::{failure, give};
use crate::executor::channel::{Channel, JobDirectory, remove_directory};
use crate::executor::{ExecutorError, JobSpec, SilentNotes, Swept};
use crate::id::RunId;

/// How long an agent that may still be there has to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Removes a job's container and directory; whether there was one.
pub(super) async fn by_name(
    connection: &Connection,
    options: &DockerOptions,
    name: &str,
) -> Result<bool, ExecutorError> {
    let found = match connection.docker.inspect_container(name, None).await {
        Ok(found) => found,
        Err(error) if failure::is_missing(&error) => return Ok(false),
        Err(error) => {
            return Err(failure::setup(
                &format!("look for the container {name}"),
                &connection.endpoint,
                &error,
            ));
        }
    };
    if label(&found, INSTANCE) != Some(options.instance.as_str()) {
        return Ok(false);
    }
    let directory = label(&found, DIRECTORY).map(PathBuf::from);
    let handed_over = match &directory {
        Some(directory) => end_agent(directory).await,
        None => false,
    };
    let mut told = Ok(());
    if !handed_over && give::is_wanted() {
        told = give_back(connection, name, &found).await;
    }
    container::remove(connection, name).await?;
    if let Some(directory) = directory {
        remove_job(&directory)?;
    }
    told.map(|()| true)
}

/// Removes what the named runs left.
pub(super) async fn of_runs(
    connection: &Connection,
    options: &DockerOptions,
    runs: &[RunId],
) -> Result<Swept, ExecutorError> {
    let mut swept = Swept::default();
    let mut first_error = None;
    // One question for all of them, however many there are.
    let labels = vec![format!("{INSTANCE}={}", options.instance)];
    let filters = HashMap::from([("label".to_owned(), labels)]);
    let list = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filters)
        .build();
    let found = connection
        .docker
        .list_containers(Some(list))
        .await
        .map_err(|error| failure::setup("look for containers", &connection.endpoint, &error))?;
    for container in found {
        let run = container.labels.as_ref().and_then(|labels| labels.get(RUN));
        if !run.is_some_and(|run| runs.iter().any(|wanted| wanted.0 == *run)) {
            continue;
        }
        let Some(name) = container.names.and_then(|names| names.into_iter().next()) else {
            continue;
        };
        let name = name.trim_start_matches('/').to_owned();
        match by_name(connection, options, &name).await {
            Ok(true) => swept.removed.push(name),
            Ok(false) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map_or(Ok(swept), Err)
}

/// Removes the container that an open that failed may have made, but not one that was there before it.
pub(super) async fn remove_ours(
    connection: &Connection,
    instance: &str,
    job: &JobSpec,
) -> Result<(), ExecutorError> {
    let name = job.key.resource_name();
    let Ok(found) = connection.docker.inspect_container(&name, None).await else {
        return Ok(());
    };
    let directory = job.directory.display().to_string();
    if label(&found, INSTANCE) == Some(instance) && label(&found, DIRECTORY) == Some(directory.as_str()) {
        container::remove(connection, &name).await?;
    }
    Ok(())
}

/// Has an agent that still runs end its job; whether it did, and handed over the files.
async fn end_agent(directory: &Path) -> bool {
    let Ok(directory) = JobDirectory::open(directory) else {
        return false;
    };
    match Channel::connect(directory, PATIENCE, Arc::new(SilentNotes)).await {
        Ok(channel) => channel.close(give::is_wanted()).await.is_ok(),
        Err(_) => false,
    }
}

/// Hands over the files of a container whose agent is gone, by a helper of the same image.
async fn give_back(
    connection: &Connection,
    name: &str,
    found: &ContainerInspectResponse,
) -> Result<(), ExecutorError> {
    let source = |target: &str| {
        let mounts: &[MountPoint] = found.mounts.as_deref().unwrap_or_default();
        let mount = mounts
            .iter()
            .find(|mount| mount.destination.as_deref() == Some(target))?;
        mount.source.as_deref().map(PathBuf::from)
    };
    let (Some(agent), Some(job), Some(workspace), Some(image)) = (
        source(container::AGENT),
        source(container::JOB),
        source(container::WORKSPACE),
        found.image.as_deref(),
    ) else {
        return Ok(());
    };
    // Whose the files are, and since when, is told by the job's directory: without it nothing may be given away.
    if !job.is_dir() || !workspace.is_dir() {
        return Ok(());
    }
    // First it must not run any more: what it makes meanwhile would be missed.
    let _ = connection.docker.kill_container(name, None).await;
    let labels = found
        .config
        .as_ref()
        .and_then(|config| config.labels.clone())
        .unwrap_or_default();
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

/// Removes a job's directory, if that is what it is: the name comes from a label.
fn remove_job(directory: &Path) -> Result<(), ExecutorError> {
    if JobDirectory::open(directory).is_err() {
        return Ok(());
    }
    remove_directory(directory).map_err(|error| ExecutorError::Cleanup {
        what: directory.display().to_string(),
        cause: error.to_string(),
    })
}

fn label<'a>(found: &'a ContainerInspectResponse, name: &str) -> Option<&'a str> {
    found
        .config
        .as_ref()?
        .labels
        .as_ref()?
        .get(name)
        .map(String::as_str)
}
