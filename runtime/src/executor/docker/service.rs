//! Services of a job: started beside it, waited for until they are healthy, and read for where they are reached.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HealthStatusEnum, HostConfig};
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt as _;
use indexmap::IndexMap;
use tokio::time::Instant;

use super::engine::Connection;
use super::forwards::{self, Forward};
use super::image::Image;
use super::marks::{Kind, Marks};
use super::options::{self, Options};
use super::{container, failure, network, ports, words};
use crate::executor::{ContainerSpec, ExecutorError, ServiceFacts};

/// How long a service may take to become healthy; the engine's own count of failed tries ends it sooner.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Beside what a look at its health may take, for an engine that has much to do.
const MARGIN: Duration = Duration::from_secs(30);

/// Between two looks, at first and at most.
const LOOK: Duration = Duration::from_millis(50);
const LOOK_AT_MOST: Duration = Duration::from_secs(1);

/// How much of its log is told of a service that failed.
const LINES: &str = "20";

/// How long the engine may take to tell it.
const LOG_TIME: Duration = Duration::from_secs(5);

/// What a container that somebody wrote down is to be created from: options first, then what has keys of its own.
pub(super) fn body(spec: &ContainerSpec, workspace: &Path, what: &str) -> Result<Options, ExecutorError> {
    let wrong = |cause: String| ExecutorError::workflow(format!("read the options of {what}"), cause);
    let mut options = options::parse(&spec.options, workspace).map_err(wrong)?;
    let body = &mut options.body;
    let env = body.env.get_or_insert_with(Vec::new);
    env.extend(spec.env.iter().map(|(name, value)| format!("{name}={value}")));
    for port in spec.ports.iter().filter(|port| !port.trim().is_empty()) {
        let wrong = |cause| ExecutorError::workflow(format!("publish a port of {what}"), cause);
        ports::publish(body, port).map_err(wrong)?;
    }
    for volume in spec.volumes.iter().filter(|volume| !volume.trim().is_empty()) {
        let wrong = |cause| ExecutorError::workflow(format!("mount a volume of {what}"), cause);
        ports::volume(body, volume, workspace).map_err(wrong)?;
    }
    if let Some(entrypoint) = spec
        .entrypoint
        .as_deref()
        .filter(|entrypoint| !entrypoint.is_empty())
    {
        body.entrypoint = Some(vec![entrypoint.to_owned()]);
    }
    if let Some(command) = spec.command.as_deref().filter(|command| !command.is_empty()) {
        let wrong = |cause| ExecutorError::workflow(format!("read the command of {what}"), cause);
        body.cmd = Some(words::split(command).map_err(wrong)?);
    }
    Ok(options)
}

/// A service that was started.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) alias: String,
    pub(super) id: String,
    /// Ports of the job's `localhost` that lead to it; what is published on this machine is not among them.
    pub(super) forwards: Vec<Forward>,
}

/// A service that is ready.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) facts: ServiceFacts,
    /// Where it is in the job's network.
    pub(super) address: Option<Ipv4Addr>,
}

/// Starts a service.
pub(super) async fn start(
    connection: &Connection,
    marks: &Marks,
    network: &str,
    container: String,
    alias: &str,
    image: &Image,
    options: Options,
) -> Result<Service, ExecutorError> {
    let Options {
        mut body,
        aliases,
        name,
        ..
    } = options;
    body.image = Some(image.id.clone());
    let labels = body.labels.get_or_insert_with(Default::default);
    labels.extend(marks.labels(Kind::Service));
    let host = body.host_config.get_or_insert_with(HostConfig::default);
    host.network_mode = Some(network.to_owned());
    host.auto_remove = Some(false);
    // Its last words are told when it fails, and no more is kept.
    let mut log = container::log("json-file");
    log.config = Some([("max-size".to_owned(), "1m".to_owned())].into());
    host.log_config = Some(log);
    let names = [alias.to_owned()].into_iter().chain(aliases).collect();
    body.networking_config = Some(network::joined(network, names));
    // A name that the workflow chose may be another's.
    let own_name = name.is_some();
    let container = name.unwrap_or(container);
    let body: ContainerCreateBody = body;
    let what = format!("start the service `{alias}`");
    let named = |error: ExecutorError| match error {
        ExecutorError::Workflow { cause, .. } => ExecutorError::workflow(what.clone(), cause),
        ExecutorError::Setup { cause, .. } if own_name => ExecutorError::workflow(what.clone(), cause),
        ExecutorError::Setup { cause, .. } => ExecutorError::Setup {
            what: what.clone(),
            cause,
        },
        other => other,
    };
    let id = container::create(connection, marks, &container, body)
        .await
        .map_err(named)?;
    connection
        .docker
        .start_container(&id, None)
        .await
        .map_err(|error| match failure::status(&error) {
            // The engine answered: what was asked for cannot be (a port that is taken, a program that is not there).
            Some(_) => ExecutorError::workflow(what.clone(), failure::explain(&error)),
            None => failure::setup(&what, &connection.endpoint, &error),
        })?;
    Ok(Service {
        alias: alias.to_owned(),
        id,
        forwards: Vec::new(),
    })
}

/// Waits until a service is healthy, if it says how to tell, and answers where it is reached.
pub(super) async fn ready(
    connection: &Connection,
    service: &Service,
    network: &str,
) -> Result<Ready, ExecutorError> {
    let began = Instant::now();
    let deadline = began + PATIENCE;
    let mut pause = LOOK;
    loop {
        let found = connection.docker.inspect_container(&service.id, None).await;
        if found.as_ref().is_err_and(failure::is_between) && Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
            continue;
        }
        let found = found.map_err(|error| {
            failure::setup(
                &format!("look at the service `{}`", service.alias),
                &connection.endpoint,
                &error,
            )
        })?;
        let state = found.state.clone().unwrap_or_default();
        let health = state.health.as_ref().and_then(|health| health.status);
        if health == Some(HealthStatusEnum::STARTING)
            && state.running != Some(false)
            && found.restart_count.unwrap_or_default() == 0
            && began.elapsed() > unwatched(&found)
            && !was_tried(&state)
        {
            return Err(ExecutorError::Setup {
                what: format!("start the service `{}`", service.alias),
                cause: "the engine does not look whether it is healthy: Podman has systemd do that, and where there is none \
                        `--no-healthcheck` in its options and a step that waits for it help"
                    .to_owned(),
            });
        }
        let failed = match health {
            _ if state.running == Some(false) && state.restarting != Some(true) => {
                Some(container::epitaph(&state))
            }
            Some(HealthStatusEnum::UNHEALTHY) => Some(format!("it is unhealthy{}", last_try(&state))),
            Some(HealthStatusEnum::STARTING) if Instant::now() > deadline => Some(format!(
                "it was not healthy within {} min",
                PATIENCE.as_secs() / 60
            )),
            Some(HealthStatusEnum::STARTING) => None,
            _ if state.restarting == Some(true) => Some("it ends and is started again and again".to_owned()),
            _ => {
                return Ok(Ready {
                    facts: facts(&found, service, network),
                    address: forwards::address(&found, network),
                });
            }
        };
        if let Some(why) = failed {
            let what = format!("start the service `{}`", service.alias);
            let said = last_lines(connection, &service.id).await;
            return Err(ExecutorError::workflow(what, format!("{why}{said}")));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK_AT_MOST);
    }
}

/// After this without a single try, nobody tries: what one may take by what the service says, and a margin.
fn unwatched(found: &ContainerInspectResponse) -> Duration {
    let health = found
        .config
        .as_ref()
        .and_then(|config| config.healthcheck.as_ref());
    // Of the engines, where nothing is said.
    let nanos = |value: Option<i64>| match value.and_then(|value| u64::try_from(value).ok()) {
        None | Some(0) => Duration::from_secs(30),
        Some(nanos) => Duration::from_nanos(nanos),
    };
    let (interval, timeout) = health.map_or((None, None), |health| (health.interval, health.timeout));
    nanos(interval) + nanos(timeout) + MARGIN
}

fn was_tried(state: &bollard::models::ContainerState) -> bool {
    let log = state.health.as_ref().and_then(|health| health.log.as_ref());
    log.is_some_and(|log| !log.is_empty())
}

fn last_try(state: &bollard::models::ContainerState) -> String {
    let log = state.health.as_ref().and_then(|health| health.log.as_ref());
    let output = log.and_then(|log| log.last()?.output.clone()).unwrap_or_default();
    match output.trim() {
        "" => String::new(),
        output => format!(
            " (its last try said: {})",
            output.chars().take(500).collect::<String>()
        ),
    }
}

/// The end of a container's log, to be put behind a sentence.
pub(super) async fn last_lines(connection: &Connection, container: &str) -> String {
    let options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .tail(LINES)
        .build();
    let mut lines = Vec::new();
    let reading = async {
        let mut log = std::pin::pin!(connection.docker.logs(container, Some(options)));
        while let Some(Ok(piece)) = log.next().await {
            let (LogOutput::StdOut { message }
            | LogOutput::StdErr { message }
            | LogOutput::Console { message }
            | LogOutput::StdIn { message }) = piece;
            lines.extend_from_slice(&message);
        }
    };
    // What came so far is told; the log of a container that ended ends.
    let _ = tokio::time::timeout(LOG_TIME, reading).await;
    match String::from_utf8_lossy(&lines).trim_end() {
        "" => String::new(),
        text => format!("; its last lines:\n{text}"),
    }
}

fn facts(found: &ContainerInspectResponse, service: &Service, network: &str) -> ServiceFacts {
    let settings = found.network_settings.as_ref();
    let mut reached: Vec<(u16, String)> = settings
        .and_then(|settings| settings.ports.as_ref())
        .into_iter()
        .flatten()
        .filter_map(|(port, bindings)| {
            let number = port.split('/').next()?.parse().ok()?;
            let bound = bindings
                .as_ref()?
                .iter()
                .find_map(|binding| binding.host_port.clone())?;
            Some((number, bound))
        })
        .collect();
    for forward in &service.forwards {
        reached.push((forward.inside, forward.outside.to_string()));
    }
    reached.sort();
    let ports: IndexMap<String, String> = reached
        .into_iter()
        .map(|(port, bound)| (port.to_string(), bound))
        .collect();
    ServiceFacts {
        id: service.id.clone(),
        network: network.to_owned(),
        ports,
    }
}
