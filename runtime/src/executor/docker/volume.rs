//! Volumes that a workflow names: what a job makes is the job's and goes with it, what was there before stays.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, VolumeCreateRequest};
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};

use super::engine::Connection;
use super::failure;
use super::marks::{INSTANCE, Kind, Marks, NAME};
use crate::executor::ExecutorError;

/// Makes the volumes that a container is to have by name, with the job's labels. The engine makes a missing one by itself,
/// but nobody would know whose it is; one that exists stays as it is.
pub(super) async fn create(
    connection: &Connection,
    marks: &Marks,
    body: &ContainerCreateBody,
) -> Result<(), ExecutorError> {
    let binds = body
        .host_config
        .iter()
        .flat_map(|host| host.binds.iter().flatten());
    for name in binds.filter_map(|bind| name_in(bind)) {
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(marks.labels(Kind::Volume)),
            ..VolumeCreateRequest::default()
        };
        if let Err(error) = connection.docker.create_volume(request).await {
            let what = format!("make the volume `{name}`");
            return Err(match failure::status(&error) {
                // What the engine finds wrong in what was asked for.
                Some(400) => ExecutorError::workflow(what, failure::explain(&error)),
                _ => failure::setup(&what, &connection.endpoint, &error),
            });
        }
    }
    Ok(())
}

/// The volume of a `name:/path[:options]`; `None` when it is a directory, or has no name.
fn name_in(bind: &str) -> Option<&str> {
    let (source, _) = bind.split_once(':')?;
    (!source.is_empty() && !source.starts_with(['/', '.', '~'])).then_some(source)
}

/// Removes the volumes that the job made.
pub(super) async fn remove(connection: &Connection, marks: &Marks) -> Result<(), ExecutorError> {
    let labels = [INSTANCE, NAME].map(|label| format!("{label}={}", marks.get(label)));
    remove_labelled(connection, labels.to_vec()).await.map(|_| ())
}

/// Removes the volumes with all of these labels, and answers whether there were any. One that another job uses by now is
/// left to it.
pub(super) async fn remove_labelled(
    connection: &Connection,
    labels: Vec<String>,
) -> Result<bool, ExecutorError> {
    let filters = HashMap::from([("label".to_owned(), labels)]);
    let query = ListVolumesOptionsBuilder::new().filters(&filters).build();
    let found = connection.docker.list_volumes(Some(query)).await;
    let found = found.map_err(|error| failure::setup("look for volumes", &connection.endpoint, &error))?;
    let mut any = false;
    for volume in found.volumes.unwrap_or_default() {
        match connection
            .docker
            .remove_volume(&volume.name, None::<RemoveVolumeOptions>)
            .await
        {
            Ok(()) => any = true,
            Err(error) if failure::is_missing(&error) || failure::status(&error) == Some(409) => {}
            Err(error) => return Err(failure::cleanup(&format!("the volume {}", volume.name), &error)),
        }
    }
    Ok(any)
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
