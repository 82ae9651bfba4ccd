//! Places that were kept: their containers are stopped, cost nothing, and are started again for whoever looks into them.

use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};

use bollard::models::ContainerSummary;
use bollard::query_parameters::{ListContainersOptionsBuilder, StopContainerOptionsBuilder};
use futures_util::future::join_all;
use indexmap::IndexMap;
use loom_agent::layout;

use super::companions::Companions;
use super::container::{self, JOB, SCRIPTS};
use super::engine::Connection;
use super::executor::DockerExecutor;
use super::forwards::{self, Forward};
use super::marks::{DIRECTORY, FORWARDS, INSTANCE, KIND, Kind, NAME, carries};
use super::transfer::{self, Item};
use super::{failure, reclaim};
use crate::executor::channel::blocking;
use crate::executor::{ExecutorError, ServiceFacts};

/// How long what runs in a container has to end by itself, in seconds.
const GRACE: i32 = 10;

/// A place whose containers run again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Woken {
    /// Where its services are reached on this machine: `name: 6379 -> 127.0.0.1:32768`. It may be another port than before.
    pub ports: Vec<String>,
}

/// A container of a kept place.
struct Part {
    id: String,
    labels: HashMap<String, String>,
    runs: bool,
    /// Whether what a room has of the job's directory is in the container alone.
    is_apart: bool,
}

impl Part {
    fn new(found: ContainerSummary) -> Option<Self> {
        let labels = found.labels.unwrap_or_default();
        let mounts = found.mounts.unwrap_or_default();
        let is_apart = !mounts.iter().any(|mount| {
            let target = mount.destination.as_deref();
            target == Some(JOB) || target == Some(SCRIPTS)
        });
        Some(Self {
            id: found.id?,
            runs: found.state.is_some_and(|state| state.to_string() == "running"),
            is_apart,
            labels,
        })
    }

    fn is(&self, kind: Kind) -> bool {
        self.labels.get(KIND).is_some_and(|found| found == kind.word())
    }
}

impl DockerExecutor {
    /// Starts the containers of a kept place that do not run, services first.
    ///
    /// # Errors
    /// When the engine does not answer, a container does not start, or the job's own is not there any more.
    pub async fn wake(&self, name: &str, with_room: bool) -> Result<Woken, ExecutorError> {
        let connection = self.connection().await?.clone();
        let waking = self.start_all(&connection, name, with_room);
        connection.while_it_answers(|| None, waking).await
    }

    /// Stops the containers of a kept place.
    pub(super) async fn rest_all(&self, connection: &Connection, name: &str) -> Result<(), ExecutorError> {
        let parts = self.parts(connection, name).await?;
        // The room first: its agent hands over the files that people made.
        let (rooms, others): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| part.is(Kind::Room));
        for group in [rooms, others] {
            let stopping = group.iter().map(|part| stop(connection, &part.id));
            let stopped: Result<Vec<()>, _> = join_all(stopping).await.into_iter().collect();
            stopped?;
        }
        Ok(())
    }

    async fn parts(&self, connection: &Connection, name: &str) -> Result<Vec<Part>, ExecutorError> {
        let wanted = [
            format!("{INSTANCE}={}", self.options().instance),
            format!("{NAME}={name}"),
        ];
        let filters = reclaim::labelled(wanted.clone());
        let query = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let found = failure::settled(|| connection.docker.list_containers(Some(query.clone()))).await;
        let found =
            found.map_err(|error| failure::setup("look for containers", &connection.endpoint, &error))?;
        let parts = found.into_iter().filter_map(Part::new);
        Ok(parts
            .filter(|part| carries(&part.labels, &wanted))
            .filter(|part| part.is(Kind::Room) || part.is(Kind::Service))
            .collect())
    }

    async fn start_all(
        &self,
        connection: &Connection,
        name: &str,
        with_room: bool,
    ) -> Result<Woken, ExecutorError> {
        let parts = self.parts(connection, name).await?;
        let (rooms, services): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|part| part.is(Kind::Room));
        if with_room && rooms.is_empty() {
            return Err(ExecutorError::lost(format!(
                "its container {name} is not in the engine at {} any more",
                connection.endpoint
            )));
        }
        let starting = services
            .iter()
            .map(|service| start(connection, service, "start a service of the job"));
        let started: Result<Vec<()>, _> = join_all(starting).await.into_iter().collect();
        started?;
        let mut woken = Woken::default();
        let mut led = Vec::new();
        for service in &services {
            let found = connection.docker.inspect_container(&service.id, None).await;
            let found =
                found.map_err(|error| failure::setup("look at a service", &connection.endpoint, &error))?;
            let address = forwards::address(&found, "");
            for forward in service
                .labels
                .get(FORWARDS)
                .into_iter()
                .flat_map(|text| forwards_in(text))
            {
                led.extend(
                    address.map(|address| (forward.outside, SocketAddrV4::new(address, forward.inside))),
                );
            }
            woken.ports.extend(published(&found));
        }
        woken.ports.sort();
        for room in &rooms {
            if !room.runs {
                tell_agent(connection, room, &led).await?;
            }
            start(connection, room, "start the job's container again").await?;
        }
        Ok(woken)
    }
}

impl Companions {
    /// Ends everything, and leaves the network and the services, stopped; those of these names are removed.
    pub(super) async fn keep_services(
        &self,
        services: &IndexMap<String, ServiceFacts>,
        without: &[String],
    ) -> Result<(), ExecutorError> {
        let rooms = self.end_rooms(&[Kind::Room, Kind::Service]).await;
        let stopping = services.iter().map(|(alias, facts)| async move {
            if without.contains(alias) {
                container::remove(&self.connection, &facts.id).await
            } else {
                stop(&self.connection, &facts.id).await
            }
        });
        let stopped: Result<Vec<()>, _> = join_all(stopping).await.into_iter().collect();
        rooms.and(stopped.map(drop))
    }

    /// As [`Self::keep_services`], of a job on the host.
    pub(in crate::executor) async fn keep(
        &self,
        services: &IndexMap<String, ServiceFacts>,
        without: &[String],
    ) -> Result<(), ExecutorError> {
        let left = || Some(format!("what {} has beside it", self.marks().name));
        let keeping = self.keep_services(services, without);
        self.connection.while_it_answers(left, keeping).await
    }
}

/// Stops a container and waits until it has; fine when it does not run.
pub(super) async fn stop(connection: &Connection, id: &str) -> Result<(), ExecutorError> {
    let options = StopContainerOptionsBuilder::new().t(GRACE).build();
    match connection.docker.stop_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        Err(error) if failure::is_missing(&error) || failure::status(&error) == Some(304) => Ok(()),
        Err(error) => Err(failure::cleanup(
            &format!("the container {id}, running"),
            &connection.endpoint,
            &error,
        )),
    }
}

async fn start(connection: &Connection, part: &Part, what: &str) -> Result<(), ExecutorError> {
    if part.runs {
        return Ok(());
    }
    match connection.docker.start_container(&part.id, None).await {
        Ok(()) => Ok(()),
        // Somebody else has started it.
        Err(error) if failure::status(&error) == Some(304) => Ok(()),
        Err(error) => Err(failure::setup(what, &connection.endpoint, &error)),
    }
}

/// Leaves word for the agent of a room, which is about to start: no Loom leads it, and its ports lead there.
async fn tell_agent(
    connection: &Connection,
    room: &Part,
    led: &[(u16, SocketAddrV4)],
) -> Result<(), ExecutorError> {
    let text: String = led.iter().map(|(port, to)| format!("{port} {to}\n")).collect();
    let Some(directory) = room.labels.get(DIRECTORY).map(PathBuf::from) else {
        return Ok(());
    };
    let file = directory.join(layout::KEPT);
    let written = file.clone();
    blocking(move || write(&written, &text))
        .await?
        .map_err(|error| ExecutorError::setup("write to the job's directory", &error))?;
    if room.is_apart {
        let item = Item {
            from: file,
            to: format!("{}/{}", JOB.trim_start_matches('/'), layout::KEPT),
            owner: transfer::caller(),
            left_out: Vec::new(),
        };
        transfer::send(connection, &room.id, "/", vec![item])
            .await
            .map_err(|error| error.of("write into the job's container", connection))?;
    }
    Ok(())
}

/// Writes a file anew: never through something that lies there already.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// The label of a service that says which ports lead to it; none where none does.
pub(super) fn label(forwards: &[Forward]) -> Option<(String, String)> {
    let words: Vec<String> = forwards
        .iter()
        .map(|forward| format!("{}:{}", forward.outside, forward.inside))
        .collect();
    (!words.is_empty()).then(|| (FORWARDS.to_owned(), words.join(" ")))
}

fn forwards_in(label: &str) -> impl Iterator<Item = Forward> {
    label.split_whitespace().filter_map(|word| {
        let (outside, inside) = word.split_once(':')?;
        Some(Forward {
            outside: outside.parse().ok()?,
            inside: inside.parse().ok()?,
        })
    })
}

/// Where what a service publishes is on this machine.
fn published(found: &bollard::models::ContainerInspectResponse) -> Vec<String> {
    let name = found.name.as_deref().unwrap_or_default().trim_start_matches('/');
    let settings = found.network_settings.as_ref();
    let ports = settings.and_then(|settings| settings.ports.as_ref());
    let each = ports.into_iter().flatten().filter_map(|(port, bindings)| {
        let binding = bindings.as_ref()?.first()?;
        let number = port.split('/').next()?;
        Some(format!(
            "{name}: {number} -> 127.0.0.1:{}",
            binding.host_port.as_deref()?
        ))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_of_a_service_are_read_as_they_were_written() {
        let forwards = [(5432, 5432), (8080, 80)].map(|(outside, inside)| Forward { outside, inside });
        let (_, text) = label(&forwards).unwrap();
        assert_eq!(text, "5432:5432 8080:80");
        assert_eq!(forwards_in(&text).collect::<Vec<_>>(), forwards);
        assert_eq!(label(&[]), None);
        assert_eq!(forwards_in("x y:1 2").count(), 0);
    }
}
