//! Hands files of a workspace that became another's to a caller who is not root, when the job's own agent can no longer do it.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use tokio::time::Instant;

use super::engine::Connection;
use super::{container, failure};
use crate::executor::ExecutorError;

/// How long the walk through a workspace may take.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);

/// Whether there is anything to hand over: root could remove the files anyway.
pub(super) fn is_wanted() -> bool {
    !rustix::process::geteuid().is_root()
}

/// What the helper is made from: the parts of the job's own container.
pub(super) struct Helper<'a> {
    /// The job's container; the helper's name is made from it.
    pub(super) name: &'a str,
    pub(super) image: &'a str,
    pub(super) agent: &'a Path,
    pub(super) job: &'a Path,
    pub(super) workspace: &'a Path,
    /// The job's own, so that a helper of a process that died is found too.
    pub(super) labels: HashMap<String, String>,
}

/// Runs the agent's `give` in a container of its own.
pub(super) async fn by_helper(connection: &Connection, helper: Helper<'_>) -> Result<(), ExecutorError> {
    let name = format!("{}-give", helper.name);
    container::remove(connection, &name).await?;
    let outcome = run(connection, &name, &helper).await;
    container::remove(connection, &name).await?;
    outcome
}

async fn run(connection: &Connection, name: &str, helper: &Helper<'_>) -> Result<(), ExecutorError> {
    let what = "give the files of the workspace to their caller";
    let entrypoint = [
        container::AGENT,
        "give",
        "--dir",
        container::JOB,
        "--workspace",
        container::WORKSPACE,
    ]
    .map(str::to_owned);
    let body = ContainerCreateBody {
        image: Some(helper.image.to_owned()),
        entrypoint: Some(entrypoint.to_vec()),
        cmd: Some(Vec::new()),
        user: Some("0:0".to_owned()),
        labels: Some(helper.labels.clone()),
        host_config: Some(HostConfig {
            mounts: Some(vec![
                container::mount(helper.agent, container::AGENT, true),
                container::mount(helper.job, container::JOB, false),
                container::mount(helper.workspace, container::WORKSPACE, false),
            ]),
            network_mode: Some("none".to_owned()),
            log_config: Some(container::log("none")),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let failed = |error: bollard::errors::Error| failure::setup(what, &connection.endpoint, &error);
    let options = CreateContainerOptionsBuilder::new().name(name).build();
    connection
        .docker
        .create_container(Some(options), body)
        .await
        .map_err(failed)?;
    connection
        .docker
        .start_container(name, None)
        .await
        .map_err(failed)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let state = container::state(connection, name).await?.unwrap_or_default();
        let cause = match (state.running, state.exit_code) {
            (Some(false), Some(0)) => return Ok(()),
            (Some(false), _) => "some of them could not be given".to_owned(),
            _ if Instant::now() > deadline => format!("it took more than {} s", PATIENCE.as_secs()),
            _ => {
                tokio::time::sleep(LOOK).await;
                continue;
            }
        };
        return Err(ExecutorError::Cleanup {
            what: "files of others in the workspace".to_owned(),
            cause,
        });
    }
}
