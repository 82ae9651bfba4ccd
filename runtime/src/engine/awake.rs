//! Kept places that are awake: their containers were started for who looks into them. It is written down in a file beside the
//! one that keeps the place, so that the next start finds what a killed shell has left running.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::Engine;
use super::kept::{self, KeptLock};
use super::recovery::Recovered;
use super::shared::Shared;
use crate::executor::{Executor, ExecutorError};

/// How the name of such a file ends.
const ENDING: &str = ".awake";

/// How often who waits for its turn looks.
const LOOK: Duration = Duration::from_millis(20);

/// Held by the one that starts what is in a kept place.
pub(crate) struct Waking {
    _file: File,
}

fn file_of(jobs: &Path, name: &str) -> PathBuf {
    jobs.join(format!("{name}{ENDING}"))
}

/// The resource names of the kept places that something may run in.
fn names_in(jobs: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(jobs).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(ENDING)?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Forgets that a place is awake; fine when nothing says so.
pub(super) fn forget(jobs: &Path, name: &str) -> io::Result<()> {
    match std::fs::remove_file(file_of(jobs, name)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Stops what runs in a place, unless somebody else is in it.
async fn rest(
    shared: &Shared,
    docker: Arc<dyn Executor>,
    name: &str,
    lock: KeptLock,
) -> Result<(), ExecutorError> {
    if !lock.is_last() {
        return Ok(());
    }
    // Nobody enters before the engine has done what it was told, also when nobody waits for that any more.
    let resting = {
        let name = name.to_owned();
        async move { docker.rest(&name).await.map(|()| lock) }
    };
    let broke = |cause: String| ExecutorError::Setup {
        what: format!("stop what runs in the kept place {name}"),
        cause,
    };
    let rested = shared.io.spawn(resting).await;
    let lock = rested.map_err(|error| broke(error.to_string()))??;
    let (jobs, of) = (shared.directory.jobs(), name.to_owned());
    let forgetting = shared.io.blocking(move || {
        let forgotten = forget(&jobs, &of);
        drop(lock);
        forgotten
    });
    let forgotten = forgetting.await.map_err(|error| broke(error.to_string()))?;
    forgotten.map_err(|error| broke(error.to_string()))
}

/// Stops what runs in kept places that nobody is in any more, where one of these executors can; those that stay awake are
/// named.
pub(super) async fn rest_left(shared: &Shared, executors: &[Arc<dyn Executor>], recovered: &mut Recovered) {
    let jobs = shared.directory.jobs();
    let names = shared.io.blocking(move || names_in(&jobs)).await;
    let docker = executors.iter().find(|executor| executor.name() == "docker");
    for name in names.unwrap_or_default() {
        let (jobs, of) = (shared.directory.jobs(), name.clone());
        let entered = shared.io.blocking(move || left_alone(&jobs, &of)).await;
        let Ok(Some(lock)) = entered else { continue };
        let Some(docker) = docker else {
            recovered.awake.push(name);
            continue;
        };
        let (jobs, of) = (shared.directory.jobs(), name.clone());
        let place = shared.io.blocking(move || kept::of_name(&jobs, &of)).await;
        if let Ok(Some(place)) = place
            && let Err(why) = kept::is_within_reach(&place, &**docker).await
        {
            let what = format!("failed to stop what a shell left running in the kept place {name}");
            recovered.problems.push(format!("{what}: {why}"));
            recovered.awake.push(name);
            continue;
        }
        if let Err(error) = rest(shared, Arc::clone(docker), &name, lock).await {
            recovered.problems.push(format!("failed to {error}"));
            recovered.awake.push(name);
        }
    }
}

/// Enters a place that nobody is in.
fn left_alone(jobs: &Path, name: &str) -> Option<KeptLock> {
    match KeptLock::alone(&kept::file_of(jobs, name)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // The place was removed, and this was about to be.
            drop(forget(jobs, name));
            None
        }
        Err(error) => {
            tracing::warn!(%name, %error, "whether somebody is in a kept place cannot be known");
            None
        }
    }
}

impl Engine {
    /// Writes down that a kept place which the caller has entered is awake, before anything in it is started. One at a time
    /// starts what is in a place: waits as long as another does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) async fn wake_kept(&self, name: &str) -> io::Result<Waking> {
        let path = file_of(&self.shared.directory.jobs(), name);
        loop {
            let path = path.clone();
            let trying = self.shared.io.blocking(move || {
                let mut options = OpenOptions::new();
                let options = options.write(true).create(true).truncate(false).mode(0o600);
                let file = options.open(path)?;
                match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                    Ok(()) => Ok(Some(Waking { _file: file })),
                    Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            });
            let tried: io::Result<Option<Waking>> = trying.await.map_err(io::Error::other)?;
            if let Some(waking) = tried? {
                return Ok(waking);
            }
            self.shared.world.sleep(LOOK).await;
        }
    }

    /// Leaves a kept place that was woken: what runs in it is stopped, unless somebody else is there.
    ///
    /// # Errors
    /// When something does not stop: the next start tries again.
    pub(crate) async fn rest_kept(&self, name: &str, lock: KeptLock) -> Result<(), ExecutorError> {
        let docker = Arc::clone(&self.shared.executors.docker);
        rest(&self.shared, docker, name, lock).await
    }
}
