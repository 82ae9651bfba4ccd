//! The directories of a job on the host: made anew, or those of a job that has ended.

use std::path::Path;

use super::executor::HostExecutor;
use super::idle::{Held, IdleDirectory};
use super::register::Entry;
use crate::executor::channel::{JobDirectory, blocking, remove_directory};
use crate::executor::{ExecutorError, PlaceSpec};

/// Of the directories that scripts lie in.
pub(super) const PASSAGE_MODE: u32 = 0o711;

impl HostExecutor {
    /// Makes the job's directories, having written them down first: an agent that nobody knows of could not be ended by
    /// anybody.
    pub(super) async fn prepare(&self, spec: &PlaceSpec, agent: String) -> Result<Held, ExecutorError> {
        let (register, name, path) = (
            self.register.clone(),
            spec.key.resource_name(),
            spec.directory.clone(),
        );
        let engine = !spec.services.is_empty();
        let workspace = spec.workspace.clone();
        blocking(move || {
            if !workspace.is_dir() {
                return Err(ExecutorError::Setup {
                    what: "open the workspace".to_owned(),
                    cause: format!("`{}` is no directory", workspace.display()),
                });
            }
            let failed = |error: &dyn std::error::Error| ExecutorError::setup("prepare the job", error);
            // What is there already is another's, or a step's of the job before.
            make_own(&path).map_err(|error| failed(&error))?;
            let directory = JobDirectory::create(&path).map_err(|error| {
                let _ = remove_directory(&path);
                failed(&error)
            })?;
            let entry = Entry {
                directory: directory.path().to_owned(),
                // Not below the job's directory: whomever a step's shell becomes (`su`, `sudo`) has to walk there.
                scripts: std::env::temp_dir().join(format!("loom-{}", uuid::Uuid::new_v4().simple())),
                engine,
                agent,
            };
            let made = (|| {
                directory.create_shared().map_err(|error| failed(&error))?;
                register.note(&name, &entry).map_err(|error| failed(&error))?;
                let passage = entry.scripts.join(uuid::Uuid::new_v4().simple().to_string());
                make_passage(&entry.scripts)
                    .and_then(|()| make_passage(&passage))
                    .map_err(|error| failed(&error))?;
                Ok(passage)
            })();
            if made.is_err() {
                let _ = remove_directory(&path);
                let _ = register.forget(&name);
            }
            made.map(|passage| Held {
                directory,
                entry,
                passage,
            })
        })
        .await?
    }

    /// Gives the job the directory that waits with an agent; `None` when that cannot be, and it is gone, or whoever starts
    /// next removes it.
    pub(super) async fn inherit(
        &self,
        spec: &PlaceSpec,
        idle: IdleDirectory,
    ) -> Result<Option<Held>, ExecutorError> {
        let (register, name, path) = (
            self.register.clone(),
            spec.key.resource_name(),
            spec.directory.clone(),
        );
        let is_wanted = spec.services.is_empty();
        let workspace = spec.workspace.clone();
        blocking(move || {
            let idle = if is_wanted && workspace.is_dir() {
                match idle.give(&register, &name, path) {
                    Ok(held) => return Some(held),
                    Err(left) => {
                        let (idle, error) = *left;
                        tracing::debug!(%error, "the directory of a job that has ended is not used again");
                        idle
                    }
                }
            } else {
                idle
            };
            if let Err(error) = idle.remove().and_then(|()| idle.forget(&register)) {
                tracing::warn!(%error, "something is left of a job; the next start removes it");
            }
            None
        })
        .await
    }
}

/// Makes a directory that is the caller's alone; the one above it as well, where that is missing.
fn make_own(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    if let Some(parent) = path.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(path)
}

/// A directory that everybody can walk through and nobody else can list: steps go there to their script, whoever they run
/// as. What lies in it has a name that cannot be guessed.
fn make_passage(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

    std::fs::DirBuilder::new().mode(PASSAGE_MODE).create(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(PASSAGE_MODE))
}
