//! The directories of a job on the host.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::executor::HostExecutor;
use super::register::Entry;
use crate::executor::channel::{JobDirectory, blocking, remove_directory};
use crate::executor::{ExecutorError, PlaceSpec};

/// A job that is written down and has its directories.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) directory: JobDirectory,
    pub(super) entry: Entry,
    /// What the paths of its scripts begin with.
    pub(super) script_paths: PathBuf,
    /// For what its first step says.
    pub(super) spool: File,
}

impl HostExecutor {
    /// Makes the job's directories, having written them down first: an agent that nobody knows of could not be ended by
    /// anybody.
    pub(super) async fn prepare(&self, spec: &PlaceSpec, agent: String) -> Result<Prepared, ExecutorError> {
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
            let directory = JobDirectory::create_new(&path).map_err(|error| failed(&error))?;
            let entry = Entry {
                directory: directory.path().to_owned(),
                // Not below the job's directory: whomever a step's shell becomes (`su`, `sudo`) has to walk there.
                scripts: std::env::temp_dir().join(format!("loom-{}", uuid::Uuid::new_v4().simple())),
                engine,
                agent,
            };
            let made = (|| {
                register.note(&name, &entry).map_err(|error| failed(&error))?;
                make_passage(&entry.scripts).map_err(|error| failed(&error))?;
                let script_paths = entry.scripts.join(format!("{}-", uuid::Uuid::new_v4().simple()));
                let spool = directory.create_spool(0).map_err(|error| failed(&error))?;
                Ok((script_paths, spool))
            })();
            if made.is_err() {
                let _ = remove_directory(&path);
                let _ = register.forget(&name);
            }
            made.map(|(script_paths, spool)| Prepared {
                directory,
                entry,
                script_paths,
                spool,
            })
        })
        .await?
    }
}

/// A directory that everybody can walk through and nobody else can list: steps go there to their script, whoever they run
/// as. What lies in it has a name that cannot be guessed: its own name in the system's temporary directory is for all to see.
fn make_passage(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

    std::fs::DirBuilder::new().mode(0o711).create(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o711))
}
