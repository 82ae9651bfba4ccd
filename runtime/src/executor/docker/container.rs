//! A job's container: what it is made of, its labels, and its removal.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerState, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
};
use bollard::query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder};
use tokio::time::Instant;

use super::engine::Connection;
use super::failure;
use crate::executor::{ExecutorError, JobSpec};

/// Where things are inside.
pub(super) const AGENT: &str = "/loom/agent";
pub(super) const JOB: &str = "/loom/job";
pub(super) const SCRIPTS: &str = "/loom/scripts";
pub(super) const WORKSPACE: &str = "/workspace";

/// Labels, by which a later process finds what an earlier one left.
pub(super) const INSTANCE: &str = "loom.instance";
pub(super) const RUN: &str = "loom.run";
/// The job's directory on this machine, as its caller named it.
pub(super) const DIRECTORY: &str = "loom.directory";

/// Processes and threads of a job at once: enough for any build, too few for a fork bomb to take the machine.
const PIDS: i64 = 4096;

/// How long the engine may take to remove a container that something else is removing too.
const REMOVAL: Duration = Duration::from_secs(60);

/// What a container is made from, beside its job.
pub(super) struct Parts<'a> {
    pub(super) name: &'a str,
    pub(super) image: &'a str,
    pub(super) instance: &'a str,
    pub(super) entrypoint: Vec<String>,
    pub(super) mounts: Vec<Mount>,
}

/// A directory or file of this machine, seen at `target`. Not the older `Binds`: those make a directory of what the
/// engine does not find.
pub(super) fn mount(source: &Path, target: &str, read_only: bool) -> Mount {
    Mount {
        source: Some(source.display().to_string()),
        target: Some(target.to_owned()),
        typ: Some(MountType::BIND),
        read_only: Some(read_only),
        ..Mount::default()
    }
}

/// Creates the container; one of the same name that no longer runs is what a dead attempt left, and makes way.
pub(super) async fn create(
    connection: &Connection,
    job: &JobSpec,
    parts: Parts<'_>,
) -> Result<(), ExecutorError> {
    let body = body(job, &parts);
    let options = CreateContainerOptionsBuilder::new().name(parts.name).build();
    let docker = &connection.docker;
    let mut outcome = docker.create_container(Some(options.clone()), body.clone()).await;
    if outcome
        .as_ref()
        .is_err_and(|error| failure::status(error) == Some(409))
        && is_our_dead(connection, parts.name, parts.instance, job).await
    {
        remove(connection, parts.name).await?;
        outcome = docker.create_container(Some(options), body).await;
    }
    match outcome {
        Ok(_) => Ok(()),
        Err(error) => {
            let said = failure::explain(&error);
            // The engine's own words for a path that it does not have.
            if said.contains("bind source path does not exist") {
                return Err(ExecutorError::Setup {
                    what: "create the container".to_owned(),
                    cause: format!(
                        "{said}; this file is on the machine that runs Loom, so the engine at {} seems to run on \
                         another one: Loom needs an engine that sees its files",
                        connection.endpoint
                    ),
                });
            }
            Err(failure::setup(
                "create the container",
                &connection.endpoint,
                &error,
            ))
        }
    }
}

fn body(job: &JobSpec, parts: &Parts<'_>) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(parts.image.to_owned()),
        entrypoint: Some(parts.entrypoint.clone()),
        // An image's own command would be appended to the entrypoint.
        cmd: Some(Vec::new()),
        user: Some("0:0".to_owned()),
        working_dir: Some(WORKSPACE.to_owned()),
        tty: Some(false),
        labels: Some(labels(job, parts)),
        healthcheck: Some(HealthConfig {
            test: Some(vec!["NONE".to_owned()]),
            ..HealthConfig::default()
        }),
        stop_signal: Some("SIGTERM".to_owned()),
        host_config: Some(HostConfig {
            mounts: Some(parts.mounts.clone()),
            // Loom keeps the log; the engine's own copy would cost two thirds of the throughput.
            log_config: Some(HostConfigLogConfig {
                typ: Some("none".to_owned()),
                config: None,
            }),
            pids_limit: Some(PIDS),
            auto_remove: Some(false),
            // The agent is the init: it reaps.
            init: Some(false),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

fn labels(job: &JobSpec, parts: &Parts<'_>) -> HashMap<String, String> {
    let owner = &job.owner;
    [
        (INSTANCE, parts.instance.to_owned()),
        (RUN, job.key.run.0.clone()),
        (DIRECTORY, job.directory.display().to_string()),
        ("loom.job", job.key.job.0.clone()),
        ("loom.attempt", job.key.attempt.to_string()),
        ("loom.boot", owner.boot.clone()),
        ("loom.pid", owner.pid.to_string()),
        ("loom.started", owner.started.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

async fn is_our_dead(connection: &Connection, name: &str, instance: &str, job: &JobSpec) -> bool {
    let Ok(found) = connection.docker.inspect_container(name, None).await else {
        return false;
    };
    let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
    let is = |label: &str, value: &str| labels.get(label).is_some_and(|found| found == value);
    let running = found.state.and_then(|state| state.running).unwrap_or(false);
    !running && is(INSTANCE, instance) && is(RUN, &job.key.run.0)
}

/// The state of a container; `None` when there is none of that name.
pub(super) async fn state(connection: &Connection, name: &str) -> Option<ContainerState> {
    connection.docker.inspect_container(name, None).await.ok()?.state
}

/// Removes a container with its anonymous volumes, running or not; fine when there is none.
pub(super) async fn remove(connection: &Connection, name: &str) -> Result<(), ExecutorError> {
    let deadline = Instant::now() + REMOVAL;
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    loop {
        match connection
            .docker
            .remove_container(name, Some(options.clone()))
            .await
        {
            Ok(()) => return Ok(()),
            Err(error) if failure::is_missing(&error) => return Ok(()),
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(failure::cleanup(&format!("the container {name}"), &error)),
        }
    }
}

/// Something else removes it right now (409), or its process has not quite gone (500, `device or resource busy`).
fn is_busy(error: &Error) -> bool {
    match error {
        Error::DockerResponseServerError { status_code: 409, .. } => true,
        Error::DockerResponseServerError {
            status_code: 500,
            message,
        } => message.contains("busy") || message.contains("did not receive an exit event"),
        _ => false,
    }
}

/// Why a container is no longer running, in a sentence.
pub(super) fn epitaph(state: &ContainerState) -> String {
    let code = state.exit_code.unwrap_or_default();
    if state.oom_killed == Some(true) {
        return format!("its container ran out of memory (exit code {code})");
    }
    match state.error.as_deref().filter(|error| !error.is_empty()) {
        Some(error) => format!("its container ended: {error}"),
        None => format!("its container ended (exit code {code})"),
    }
}

/// The labels of a container; none when it is not there.
pub(super) async fn labels_of(connection: &Connection, name: &str) -> HashMap<String, String> {
    let found = connection.docker.inspect_container(name, None).await.ok();
    found.and_then(|found| found.config?.labels).unwrap_or_default()
}
