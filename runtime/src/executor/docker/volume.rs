//! Volumes that a workflow names: what a job makes is Loom's and goes with the last job that uses it, what was there before
//! stays. And those with what the rooms of one job share, which go with it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bollard::models::{ContainerCreateBody, MountType, Volume, VolumeCreateRequest};
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};
use tokio::time::Instant;

use super::engine::Connection;
use super::marks::{INSTANCE, KIND, Kind, Marks, NAME, RUN, carries};
use super::{container, failure};
use crate::executor::ExecutorError;

/// How long the engine may take to let go of the volumes of containers that are gone.
const REMOVAL: Duration = Duration::from_secs(10);

/// Makes the volumes that a container is to have by name, with the job's labels. The engine makes a missing one by itself,
/// but nobody would know whose it is; one that exists stays as it is. Answers those that are Loom's.
pub(super) async fn create(
    connection: &Connection,
    marks: &Marks,
    body: &ContainerCreateBody,
) -> Result<Vec<String>, ExecutorError> {
    let mut ours = Vec::new();
    for name in names(body) {
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(marks.labels(Kind::Volume)),
            ..VolumeCreateRequest::default()
        };
        // A service of the job, or another job, may want the same one at the same moment.
        let made = failure::settled(|| connection.docker.create_volume(request.clone())).await;
        match made {
            Ok(volume) => {
                if is_ours(&volume.labels, marks.get(INSTANCE)) {
                    ours.push(name.to_owned());
                }
            }
            Err(error) => {
                let what = format!("make the volume `{name}`");
                return Err(match failure::status(&error) {
                    // What the engine finds wrong in what was asked for.
                    Some(400) => ExecutorError::workflow(what, failure::explain(&error)),
                    _ => failure::setup(&what, &connection.endpoint, &error),
                });
            }
        }
    }
    marks.uses(&ours);
    Ok(ours)
}

/// Whether these volumes still are those that [`create`] made or found. Another job that ends between that and the making
/// of the container may have taken one along, and then the engine made one that is nobody's.
pub(super) async fn are_ours(
    connection: &Connection,
    marks: &Marks,
    volumes: &[String],
) -> Result<bool, ExecutorError> {
    for name in volumes {
        match connection.docker.inspect_volume(name).await {
            Ok(volume) if is_ours(&volume.labels, marks.get(INSTANCE)) => {}
            Ok(_) => return Ok(false),
            Err(error) if failure::is_missing(&error) => return Ok(false),
            Err(error) => {
                let what = format!("look at the volume `{name}`");
                return Err(failure::setup(&what, &connection.endpoint, &error));
            }
        }
    }
    Ok(true)
}

/// Removes volumes that the engine made for a container which is gone again.
pub(super) async fn remove_named(connection: &Connection, volumes: &[String]) -> Result<(), ExecutorError> {
    for name in volumes {
        remove_one(connection, name).await?;
    }
    Ok(())
}

fn is_ours(labels: &HashMap<String, String>, instance: &str) -> bool {
    let is = |label: &str, value: &str| labels.get(label).is_some_and(|found| found == value);
    is(INSTANCE, instance) && is(KIND, Kind::Volume.word())
}

/// The volumes that a container is to have by name.
fn names(body: &ContainerCreateBody) -> BTreeSet<&str> {
    let host = body.host_config.iter();
    let binds = host.clone().flat_map(|host| host.binds.iter().flatten());
    let mounts = host.flat_map(|host| host.mounts.iter().flatten());
    let mounted = mounts
        .filter(|mount| mount.typ == Some(MountType::VOLUME))
        .filter_map(|mount| mount.source.as_deref().filter(|name| !name.is_empty()));
    binds.filter_map(|bind| name_in(bind)).chain(mounted).collect()
}

/// The volume of a `name:/path[:options]`; `None` when it is a directory, or has no name.
fn name_in(bind: &str) -> Option<&str> {
    let (source, _) = bind.split_once(':')?;
    (!source.is_empty() && !source.starts_with(['/', '.', '~'])).then_some(source)
}

/// Removes the job's own volumes, those that its run made, and those of other runs that the job used.
pub(super) async fn remove(connection: &Connection, marks: &Marks) -> Result<(), ExecutorError> {
    let own = [INSTANCE, NAME].map(|label| format!("{label}={}", marks.get(label)));
    let runs = BTreeSet::from([marks.get(RUN).to_owned()]);
    let used = marks.used();
    let (files, unused) = tokio::join!(
        remove_files(connection, own),
        remove_unused(connection, marks.get(INSTANCE), &runs, &used),
    );
    files.and(unused).map(drop)
}

/// Removes the volumes of this instance that one of the runs made, or that are named; whether there were any. One that
/// another job uses by now is left to it: whoever ends last takes it.
pub(super) async fn remove_unused(
    connection: &Connection,
    instance: &str,
    runs: &BTreeSet<String>,
    names: &BTreeSet<String>,
) -> Result<bool, ExecutorError> {
    let mut outcome = Ok(false);
    for volume in list(connection, Kind::Volume, [format!("{INSTANCE}={instance}")]).await? {
        let of_run = volume.labels.get(RUN).is_some_and(|run| runs.contains(run));
        if of_run || names.contains(&volume.name) {
            outcome = with(outcome, remove_one(connection, &volume.name).await);
        }
    }
    outcome
}

/// Removes the volumes with what the rooms of one job share, of those with these labels; whether there were any. Their
/// containers are gone.
pub(super) async fn remove_files(
    connection: &Connection,
    labels: impl IntoIterator<Item = String>,
) -> Result<bool, ExecutorError> {
    let deadline = Instant::now() + REMOVAL;
    let mut outcome = Ok(false);
    for volume in list(connection, Kind::Files, labels).await? {
        outcome = with(
            outcome,
            remove_certainly(connection, &volume.name, deadline).await,
        );
    }
    outcome
}

/// What several removals came to: one that failed does not keep the others from being tried, and the first is told.
fn with(
    outcome: Result<bool, ExecutorError>,
    next: Result<bool, ExecutorError>,
) -> Result<bool, ExecutorError> {
    match (outcome, next) {
        (Ok(any), Ok(more)) => Ok(any || more),
        (Err(first), _) | (_, Err(first)) => Err(first),
    }
}

async fn list(
    connection: &Connection,
    kind: Kind,
    labels: impl IntoIterator<Item = String>,
) -> Result<Vec<Volume>, ExecutorError> {
    let mut labels: Vec<String> = labels.into_iter().collect();
    labels.push(format!("{KIND}={}", kind.word()));
    let filters = HashMap::from([("label".to_owned(), labels.clone())]);
    let query = ListVolumesOptionsBuilder::new().filters(&filters).build();
    let found = failure::settled(|| connection.docker.list_volumes(Some(query.clone()))).await;
    let found = found.map_err(|error| failure::setup("look for volumes", &connection.endpoint, &error))?;
    let mut volumes = found.volumes.unwrap_or_default();
    volumes.retain(|volume| carries(&volume.labels, &labels));
    Ok(volumes)
}

/// Removes a volume that nobody else uses: a container that is just going may still hold it.
async fn remove_certainly(
    connection: &Connection,
    name: &str,
    deadline: Instant,
) -> Result<bool, ExecutorError> {
    loop {
        let removed = connection.docker.remove_volume(name, None::<RemoveVolumeOptions>);
        match removed.await {
            Ok(()) => return Ok(true),
            Err(error) if failure::is_missing(&error) => return Ok(false),
            Err(error) if container::is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => {
                return Err(failure::cleanup(
                    &format!("the volume {name}"),
                    &connection.endpoint,
                    &error,
                ));
            }
        }
    }
}

async fn remove_one(connection: &Connection, name: &str) -> Result<bool, ExecutorError> {
    let removed = connection.docker.remove_volume(name, None::<RemoveVolumeOptions>);
    match removed.await {
        Ok(()) => Ok(true),
        Err(error) if failure::is_missing(&error) || failure::status(&error) == Some(409) => Ok(false),
        Err(error) => Err(failure::cleanup(
            &format!("the volume {name}"),
            &connection.endpoint,
            &error,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::name_in;

    #[test]
    fn only_a_name_is_a_volume() {
        for (bind, name) in [
            ("data:/var/lib/data", Some("data")),
            ("data:/var/lib/data:ro", Some("data")),
            ("/srv/data:/data", None),
            ("./data:/data", None),
            ("~/data:/data", None),
            ("/data", None),
            (":/data", None),
        ] {
            assert_eq!(name_in(bind), name, "{bind}");
        }
    }
}
