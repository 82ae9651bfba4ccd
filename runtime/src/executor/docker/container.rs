//! Containers: what Loom adds to each, their making and their removal.

use std::path::Path;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{
    ContainerCreateBody, ContainerState, HealthConfig, HostConfig, HostConfigLogConfig, Mount, MountType,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, KillContainerOptionsBuilder, RemoveContainerOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;
use tokio::time::Instant;

use super::engine::Connection;
use super::marks::{DIRECTORY, INSTANCE, Marks, RUN};
use super::{failure, volume};
use crate::executor::ExecutorError;

/// Where things are in the job's room.
pub(super) const AGENT: &str = "/loom/agent";
pub(super) const JOB: &str = "/loom/job";
pub(super) const SCRIPTS: &str = "/loom/scripts";
pub(super) const WORKSPACE: &str = "/workspace";
pub(super) const TEMP: &str = "/loom/temp";
pub(super) const ACTIONS: &str = "/loom/actions";
pub(super) const TOOLS: &str = "/loom/tools";

/// Processes and threads of a job at once: enough for any build, too few for a fork bomb to take the machine.
const PIDS: i64 = 4096;

/// How long the engine may take to remove a container that something else is removing too.
const REMOVAL: Duration = Duration::from_secs(60);

/// How long a container may be in a state that nobody can name.
pub(super) const CHANGE: Duration = Duration::from_secs(10);

/// How long an agent that has closed its job may take to end.
const LEAVING: Duration = Duration::from_secs(1);

/// How long the engine may take to kill a container.
const KILL: Duration = Duration::from_secs(15);

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

/// Makes a body that of a container whose main process is the agent: as root, with nothing of the image's own start.
pub(super) fn with_agent(body: &mut ContainerCreateBody, entrypoint: Vec<String>, directory: &str) {
    body.entrypoint = Some(entrypoint);
    // An image's own command would be appended to the entrypoint.
    body.cmd = Some(Vec::new());
    body.user = Some("0:0".to_owned());
    body.working_dir = Some(directory.to_owned());
    body.tty = Some(false);
    body.healthcheck = Some(HealthConfig {
        test: Some(vec!["NONE".to_owned()]),
        ..HealthConfig::default()
    });
    body.stop_signal = Some("SIGTERM".to_owned());
    let host = body.host_config.get_or_insert_with(HostConfig::default);
    // Loom keeps the log; the engine's own copy would cost two thirds of the throughput.
    host.log_config = Some(log("none"));
    host.pids_limit.get_or_insert(PIDS);
    host.auto_remove = Some(false);
    host.restart_policy = None;
    // The agent is the init: it reaps.
    host.init = Some(false);
}

/// Which of its loggers the engine is to use.
pub(super) fn log(driver: &str) -> HostConfigLogConfig {
    HostConfigLogConfig {
        typ: Some(driver.to_owned()),
        config: None,
    }
}

/// How often a container is made anew because another job took its volume along when it ended.
const TRIES: u32 = 5;

/// Creates a container with its volumes, and answers its id; one of the same name that no longer runs is what a dead attempt
/// left, and makes way.
pub(super) async fn create(
    connection: &Connection,
    marks: &Marks,
    name: &str,
    body: ContainerCreateBody,
) -> Result<String, ExecutorError> {
    for _ in 0..TRIES {
        let volumes = volume::create(connection, marks, &body).await?;
        let id = create_once(connection, marks, name, body.clone()).await?;
        if volume::are_ours(connection, marks, &volumes).await? {
            return Ok(id);
        }
        remove(connection, &id).await?;
        volume::remove_named(connection, &volumes).await?;
    }
    Err(ExecutorError::Setup {
        what: "create the container".to_owned(),
        cause: format!("others removed its volumes {TRIES} times while it was made"),
    })
}

async fn create_once(
    connection: &Connection,
    marks: &Marks,
    name: &str,
    body: ContainerCreateBody,
) -> Result<String, ExecutorError> {
    let options = CreateContainerOptionsBuilder::new().name(name).build();
    let docker = &connection.docker;
    let mut outcome = docker.create_container(Some(options.clone()), body.clone()).await;
    if outcome.as_ref().is_err_and(failure::is_taken) && is_our_dead(connection, name, marks).await {
        remove(connection, name).await?;
        outcome = docker.create_container(Some(options), body).await;
    }
    match outcome {
        Ok(created) => Ok(created.id),
        Err(error) => {
            let said = failure::explain(&error);
            if is_unseen(&said, marks) {
                connection.found_apart();
                return Err(ExecutorError::Setup {
                    what: "create the container".to_owned(),
                    cause: format!(
                        "{said}; the engine at {} does not see the files of this machine, which a job on the host shares \
                         with the containers of its actions: use an engine of this machine, or run the job in a container",
                        connection.endpoint
                    ),
                });
            }
            // What the engine finds wrong in what was asked for.
            if failure::is_refusal(&error) {
                return Err(ExecutorError::workflow("create the container", said));
            }
            Err(failure::setup(
                "create the container",
                &connection.endpoint,
                &error,
            ))
        }
    }
}

/// Whether what an engine says is that it does not have a path which is Loom's own: a unique one, made a moment ago.
fn is_unseen(said: &str, marks: &Marks) -> bool {
    let signs = ["bind source path does not exist", "no such file or directory"];
    signs.iter().any(|sign| said.contains(sign))
        && (said.contains(marks.get(DIRECTORY)) || said.contains("/loom-agent-"))
}

async fn is_our_dead(connection: &Connection, name: &str, marks: &Marks) -> bool {
    let Ok(found) = connection.docker.inspect_container(name, None).await else {
        return false;
    };
    let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
    let is = |label: &str| labels.get(label).is_some_and(|found| found == marks.get(label));
    let running = found.state.and_then(|state| state.running).unwrap_or(false);
    !running && is(INSTANCE) && is(RUN)
}

/// The state of a container; `None` when there is none of that name.
///
/// # Errors
/// When the engine does not answer.
pub(super) async fn state(
    connection: &Connection,
    name: &str,
) -> Result<Option<ContainerState>, ExecutorError> {
    let deadline = Instant::now() + CHANGE;
    loop {
        match connection.docker.inspect_container(name, None).await {
            Ok(found) => return Ok(found.state),
            Err(error) if failure::is_missing(&error) => return Ok(None),
            Err(error) if failure::is_between(&error) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => {
                let what = "look at the container";
                return Err(failure::setup(what, &connection.endpoint, &error));
            }
        }
    }
}

/// Kills a container, also one that is paused; fine when it does not run. Bounded.
pub(super) async fn kill(connection: &Connection, name: &str) {
    let killing = async {
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        let _ = connection.docker.kill_container(name, Some(options)).await;
        let paused = state(connection, name).await.ok().flatten();
        if paused.is_some_and(|state| state.paused == Some(true)) {
            // A frozen process takes no signal before it goes on.
            let _ = connection.docker.unpause_container(name).await;
        }
    };
    // What does not work here shows when the container is removed.
    let _ = tokio::time::timeout(KILL, killing).await;
}

/// Waits until a container has ended whose main process is about to: removing it then spares the engine a kill, which
/// costs it as much as starting a program in the container. Bounded: what does not end is killed as it is removed.
pub(super) async fn ended(connection: &Connection, name: &str) {
    let options = WaitContainerOptionsBuilder::new()
        .condition("not-running")
        .build();
    let mut waiting = connection.docker.wait_container(name, Some(options));
    let _ = tokio::time::timeout(LEAVING, waiting.next()).await;
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
            Err(error) => {
                return Err(failure::cleanup(
                    &format!("the container {name}"),
                    &connection.endpoint,
                    &error,
                ));
            }
        }
    }
}

/// Something else removes it right now (409), or its process has not quite gone (500, `device or resource busy`; Podman's
/// `container state improper`).
pub(super) fn is_busy(error: &Error) -> bool {
    match error {
        Error::DockerResponseServerError { status_code: 409, .. } => true,
        Error::DockerResponseServerError {
            status_code: 500,
            message,
        } => {
            let signs = [
                "busy",
                "did not receive an exit event",
                "container state improper",
            ];
            signs.iter().any(|sign| message.contains(sign))
        }
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
