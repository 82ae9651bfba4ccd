//! A workspace of layers: the project below, which nothing changes, and what the job writes above.
//!
//! The engine mounts it (`overlay` of its local volume driver). The layer above and the kernel's working folder are
//! volumes too: the engine made them and removes them, with the rights that a caller who is not root does not have over
//! what steps wrote as root. All three carry the job's labels, by which they go like its other volumes.

use std::collections::HashMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use bollard::models::{Mount, MountType, MountVolumeOptions, VolumeCreateRequest};

use super::engine::Connection;
use super::failure;
use super::marks::{Kind, Marks};
use super::transfer::{self, Item};
use crate::executor::ExecutorError;
use crate::executor::channel::blocking;

/// What stands for something else in the options of the mount.
const SPECIAL: [char; 3] = [':', ',', '\\'];

/// The volume of a job's workspace.
pub(super) fn volume(marks: &Marks) -> String {
    named(marks, "workspace")
}

/// The volume of a part of a job's.
pub(super) fn named(marks: &Marks, part: &str) -> String {
    format!("{}-{part}", marks.name)
}

/// Makes an empty volume for a part of a job's; answers where its engine keeps it.
pub(super) async fn plain(
    connection: &Connection,
    marks: &Marks,
    part: &str,
) -> Result<String, ExecutorError> {
    make(connection, marks, &named(marks, part), HashMap::new()).await
}

/// A volume, seen at `target`; what an image has there is not copied into it.
pub(super) fn mount(volume: &str, target: &str) -> Mount {
    Mount {
        source: Some(volume.to_owned()),
        target: Some(target.to_owned()),
        typ: Some(MountType::VOLUME),
        volume_options: Some(MountVolumeOptions {
            no_copy: Some(true),
            ..MountVolumeOptions::default()
        }),
        ..Mount::default()
    }
}

/// Makes the volumes; nothing is mounted yet.
///
/// # Errors
/// [`ExecutorError::Layers`] when the project cannot be below.
pub(super) async fn create(
    connection: &Connection,
    marks: &Marks,
    project: &Path,
) -> Result<(), ExecutorError> {
    let looked = project.to_owned();
    let lower = blocking(move || lower(&looked)).await??;
    let mut above = Vec::new();
    for part in ["upper", "work"] {
        above.push(plain(connection, marks, part).await?);
    }
    let [upper, work] = above.as_slice() else {
        return Err(refused("the engine made too few volumes"));
    };
    if [upper, work].iter().any(|path| path.contains(SPECIAL)) {
        return Err(refused(
            "the engine keeps its volumes at a path that a mount cannot name",
        ));
    }
    let options = [
        ("type", "overlay".to_owned()),
        ("device", "overlay".to_owned()),
        ("o", format!("lowerdir={lower},upperdir={upper},workdir={work}")),
    ]
    .map(|(key, value)| (key.to_owned(), value));
    make(connection, marks, &volume(marks), HashMap::from(options))
        .await
        .map(drop)
}

/// Gives the top of the workspace to whom the project's belongs. The container is made and not started: the engine mounts
/// the layers for this, and says so when it cannot.
pub(super) async fn own(
    connection: &Connection,
    container: &str,
    target: &str,
    project: &Path,
) -> Result<(), ExecutorError> {
    let looked = project.to_owned();
    let (mode, owner) = blocking(move || {
        std::fs::metadata(looked)
            .map(|found| (found.permissions().mode() & 0o777, (found.uid(), found.gid())))
    })
    .await?
    .map_err(|error| ExecutorError::setup("look at the workspace", &error))?;
    if (mode, owner) == (0o755, (0, 0)) {
        return Ok(());
    }
    if let Some(version) = connection.sends_beside_volumes().await {
        return Err(refused(&format!(
            "Podman {version} does not mount them before the job's container starts, so that they stay root's; 6 does"
        )));
    }
    // The folder alone, with nothing that is in it; by its name, since an engine passes over `.`.
    let top = Item {
        from: project.to_owned(),
        to: target.trim_start_matches('/').to_owned(),
        owner,
        left_out: Vec::new(),
    };
    transfer::send_tops(connection, container, "/", vec![top])
        .await
        .map_err(|error| refused(&error.said()))
}

/// Whether what an engine would not do was to mount the layers.
pub(super) fn is_about(said: &str, marks: &Marks) -> bool {
    said.contains("mount") && said.contains(&volume(marks))
}

/// The layers that cannot be, for this reason.
pub(super) fn refused(cause: &str) -> ExecutorError {
    ExecutorError::Layers {
        cause: cause.to_owned(),
    }
}

async fn make(
    connection: &Connection,
    marks: &Marks,
    name: &str,
    options: HashMap<String, String>,
) -> Result<String, ExecutorError> {
    let is_plain = options.is_empty();
    let request = VolumeCreateRequest {
        name: Some(name.to_owned()),
        driver: Some("local".to_owned()),
        driver_opts: Some(options),
        labels: Some(marks.labels(Kind::Files)),
        ..VolumeCreateRequest::default()
    };
    match connection.docker.create_volume(request).await {
        Ok(made) => Ok(made.mountpoint),
        Err(error) if failure::status(&error).is_some() && !is_plain => {
            Err(refused(&failure::explain(&error)))
        }
        Err(error) => Err(failure::setup(
            &format!("make the volume {name}"),
            &connection.endpoint,
            &error,
        )),
    }
}

/// The project as a layer is named.
fn lower(project: &Path) -> Result<String, ExecutorError> {
    let whole: PathBuf = project
        .canonicalize()
        .map_err(|error| ExecutorError::setup("look at the workspace", &error))?;
    let is_elsewhere = std::fs::symlink_metadata(whole.join(".git")).is_ok_and(|found| !found.is_dir());
    if is_elsewhere {
        return Err(refused(
            "its `.git` is a link to a repository elsewhere, which a job would change",
        ));
    }
    let Some(text) = whole.to_str() else {
        return Err(refused("its path is not UTF-8"));
    };
    if let Some(special) = text.chars().find(|letter| SPECIAL.contains(letter)) {
        return Err(refused(&format!(
            "its path has a `{special}`, which means something else to a mount"
        )));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_that_cannot_be_a_layer_is_told() {
        let temporary = tempfile::tempdir().unwrap();
        let base = temporary.path().canonicalize().unwrap();
        for (name, why) in [
            ("plain ä", None),
            ("a:b", Some("`:`")),
            ("a,b", Some("`,`")),
            ("a\\b", Some("`\\`")),
        ] {
            let project = base.join(name);
            std::fs::create_dir(&project).unwrap();
            match (lower(&project), why) {
                (Ok(found), None) => assert_eq!(found, project.display().to_string()),
                (Err(error), Some(why)) => assert!(error.to_string().contains(why), "{error}"),
                other => panic!("{name}: {other:?}"),
            }
        }
        let tree = base.join("tree");
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(tree.join(".git"), "gitdir: /elsewhere\n").unwrap();
        assert!(lower(&tree).unwrap_err().to_string().contains("elsewhere"));
    }
}
