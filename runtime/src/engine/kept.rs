//! Places that were kept: each is written down in a file beside the jobs' directories, for as long as it is there. What has
//! such a file is removed by nobody but who asks for it.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_protocol::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::job::{Entrance, reclaim, remove_directories};
use super::shared::Shared;
use super::{Engine, EngineError, awake};
use crate::chain::chain;
use crate::executor::Executor;
use crate::executor::docker::NAME_LABEL;
use crate::id::{JobId, JobKey, RunId};

/// How the name of such a file ends.
const ENDING: &str = ".kept";

/// A place that was kept, as it is written down: no secrets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeptPlace {
    pub(crate) run: RunId,
    pub(crate) job: JobId,
    /// The attempt that had it.
    pub(crate) attempt: u32,
    /// Where it is: `docker` or `host`.
    pub(crate) executor: String,
    /// Whether it has services.
    pub(crate) services: bool,
    /// Where the engine is that has it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) engine: Option<String>,
    /// Since when it is kept.
    pub(crate) since: Timestamp,
    /// The ways into it, one for each step that ran, in their order.
    pub(crate) entrances: Vec<Entrance>,
}

impl KeptPlace {
    fn key(&self) -> JobKey {
        JobKey {
            run: self.run.clone(),
            job: self.job.clone(),
            attempt: self.attempt,
        }
    }

    /// What all of it is named by.
    pub(crate) fn name(&self) -> String {
        self.key().resource_name()
    }

    fn stays(&self, cause: String) -> KeptError {
        KeptError::Stays {
            job: self.job.clone(),
            cause,
        }
    }

    /// Whether it is on this machine instead of in a container.
    pub(crate) fn is_on_host(&self) -> bool {
        self.executor == "host"
    }
}

/// Why a kept place is still there. Fits after "failed to …".
#[derive(Debug, Error)]
pub(crate) enum KeptError {
    /// Somebody is in it.
    #[error("remove the place of job {0}: a shell is open in it, or somebody removes it already")]
    InUse(JobId),
    /// Something of it stays.
    #[error("remove the place of job {job}: {cause}")]
    Stays {
        /// The job.
        job: JobId,
        /// Why.
        cause: String,
    },
}

/// Whether this executor, which has places in an engine, finds what a kept place has there.
///
/// # Errors
/// Why not, and what to do: in another engine there is nothing of it, and it would be taken for removed.
pub(super) async fn is_within_reach(place: &KeptPlace, docker: &dyn Executor) -> Result<(), String> {
    let Some(own) = &place.engine else {
        return Ok(());
    };
    match docker.address().await {
        Ok(Some(asked)) if !is_same(&asked, own) => Err(format!(
            "it is in the engine at {own}, and the one that is asked is at {asked}: set DOCKER_HOST={own}"
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(format!("failed to {}", chain(&error))),
    }
}

/// Whether two addresses lead to one engine: `/var/run` is `/run` (Filesystem Hierarchy Standard 3.0, 5.13).
fn is_same(one: &str, other: &str) -> bool {
    let plain = |address: &str| address.replacen("unix:///var/run/", "unix:///run/", 1);
    plain(one) == plain(other)
}

/// Held by who is in a kept place, or removes it.
pub(crate) struct KeptLock {
    file: File,
}

impl KeptLock {
    /// Whether nobody else is in the place; then nobody comes in before this is dropped.
    pub(crate) fn is_last(&self) -> bool {
        flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_ok()
    }

    /// Enters the place of this file if nobody is in it; nobody comes in before this is dropped.
    ///
    /// # Errors
    /// When there is no such place.
    pub(super) fn alone(path: &Path) -> io::Result<Option<Self>> {
        let lock = Self {
            file: File::open(path)?,
        };
        if !lock.is_last() {
            return Ok(None);
        }
        // It may have been removed while this waited.
        std::fs::metadata(path)?;
        Ok(Some(lock))
    }
}

/// Writes down that a place is kept.
///
/// # Errors
/// When it cannot be written; nothing is there then.
pub(super) fn note(jobs: &Path, place: &KeptPlace) -> io::Result<()> {
    let path = file_of(jobs, &place.name());
    let draft = path.with_extension("draft");
    let text = serde_json::to_vec(place)?;
    let written = (|| {
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&draft)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&draft, &path)
    })();
    if written.is_err() {
        drop(std::fs::remove_file(&draft));
    }
    written
}

/// The file that says that the place of this name is kept.
pub(super) fn file_of(jobs: &Path, name: &str) -> PathBuf {
    jobs.join(format!("{name}{ENDING}"))
}

/// The resource names of the places that are kept; none where there is no such directory.
fn names_in(jobs: &Path) -> io::Result<BTreeSet<String>> {
    let entries = match std::fs::read_dir(jobs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        entries => entries?,
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let name = entry?.file_name();
        names.extend(name.to_string_lossy().strip_suffix(ENDING).map(str::to_owned));
    }
    Ok(names)
}

/// The places that are kept, by run and job. Waits for the disk.
///
/// # Errors
/// When what is written down cannot be read. What is damaged is passed over.
pub(crate) fn all(jobs: &Path) -> io::Result<Vec<KeptPlace>> {
    let mut places = Vec::new();
    for name in names_in(jobs)? {
        let text = match std::fs::read(file_of(jobs, &name)) {
            // It has been removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            text => text?,
        };
        match serde_json::from_slice::<KeptPlace>(&text) {
            // It names what is removed: one that is not its own is none of ours.
            Ok(place) => places.extend((place.name() == name).then_some(place)),
            Err(error) => {
                tracing::warn!(%name, %error, "what is written down of a kept place is damaged");
            }
        }
    }
    Ok(places)
}

/// What is written down of the kept place of this name; `None` when nothing is, or it is damaged. Waits for the disk.
pub(super) fn of_name(jobs: &Path, name: &str) -> Option<KeptPlace> {
    let text = std::fs::read(file_of(jobs, name)).ok()?;
    serde_json::from_slice::<KeptPlace>(&text)
        .ok()
        .filter(|place| place.name() == name)
}

/// The resource names of the places that are kept.
///
/// # Errors
/// When they cannot be known: nothing may be removed then.
pub(super) async fn names(shared: &Shared) -> io::Result<BTreeSet<String>> {
    let jobs = shared.directory.jobs();
    let read = shared.io.blocking(move || names_in(&jobs));
    read.await.map_err(io::Error::other)?
}

/// Whether something below the jobs' directories is of a place that is kept.
pub(super) fn is_of(kept: &BTreeSet<String>, entry: &str) -> bool {
    let place = entry.split_once('.').map_or(entry, |(place, _)| place);
    kept.contains(place)
}

impl Engine {
    /// The places that are kept, by run and job.
    ///
    /// # Errors
    /// When what is written down of them cannot be read.
    pub(crate) async fn kept(&self) -> Result<Vec<KeptPlace>, EngineError> {
        let jobs = self.shared.directory.jobs();
        let path = jobs.clone();
        let read = self.shared.io.blocking(move || all(&jobs));
        let read = read.await.map_err(|_| EngineError::Stopped)?;
        read.map_err(|cause| EngineError::Directory { path, cause })
    }

    /// Enters a kept place: it stays as long as this is held. None when it is not there any more; waits while somebody
    /// removes it.
    pub(crate) async fn enter_kept(&self, place: &KeptPlace) -> Option<KeptLock> {
        let path = file_of(&self.shared.directory.jobs(), &place.name());
        let entered = self.shared.io.blocking(move || {
            let file = File::open(&path).ok()?;
            flock(&file, FlockOperation::LockShared).ok()?;
            // It may have been removed while this waited.
            path.exists().then_some(KeptLock { file })
        });
        entered.await.ok().flatten()
    }

    /// Whether what a kept place has in an engine can be found.
    ///
    /// # Errors
    /// Why not, as a sentence.
    pub(crate) async fn finds_kept(&self, place: &KeptPlace) -> Result<(), String> {
        let (docker, place) = (Arc::clone(&self.shared.executors.docker), place.clone());
        let looking = async move { is_within_reach(&place, &*docker).await };
        let looked = self.shared.io.spawn(looking).await;
        looked.unwrap_or_else(|broken| Err(broken.to_string()))
    }

    /// Removes a kept place with all that it has; fine when it is gone.
    ///
    /// # Errors
    /// When somebody is in it, or something of it stays: it is still kept then.
    pub(crate) async fn remove_kept(&self, place: &KeptPlace) -> Result<(), KeptError> {
        let Some(lock) = self.enter_alone(place).await? else {
            return Ok(());
        };
        let removed = self.take_away(place).await;
        removed.map_err(|cause| place.stays(cause))?;
        self.forget_kept(place, lock).await
    }

    /// Removes what can be removed of a kept place, and keeps it no longer, whatever stays: an engine may be gone for ever.
    /// What stays, as a sentence.
    ///
    /// # Errors
    /// When somebody is in it, or it cannot be forgotten: it is still kept then.
    pub(crate) async fn abandon_kept(&self, place: &KeptPlace) -> Result<Option<String>, KeptError> {
        let Some(lock) = self.enter_alone(place).await? else {
            return Ok(None);
        };
        let mut left = None;
        if let Err(cause) = self.take_away(place).await {
            let mut sentence = format!("what it had is not removed: {cause}");
            if !place.is_on_host() {
                let engine = place.engine.as_deref().unwrap_or("where it was made");
                sentence.push_str(&format!(
                    "; in the engine at {engine} it is whatever has the label {NAME_LABEL}={}",
                    place.name()
                ));
            }
            if let Err(error) = remove_directories(&self.shared, &place.key()).await {
                let jobs = self.shared.directory.jobs();
                let name = place.name();
                sentence.push_str(&format!(
                    "; of {}/{name}* something stays: {error}",
                    jobs.display()
                ));
            }
            left = Some(sentence);
        }
        self.forget_kept(place, lock).await?;
        Ok(left)
    }

    /// Enters a kept place to remove it; none when it has gone.
    async fn enter_alone(&self, place: &KeptPlace) -> Result<Option<KeptLock>, KeptError> {
        match self.enter_kept(place).await {
            Some(lock) if !lock.is_last() => Err(KeptError::InUse(place.job.clone())),
            entered => Ok(entered),
        }
    }

    /// Removes all that a place has; why something stays, as a sentence.
    async fn take_away(&self, place: &KeptPlace) -> Result<(), String> {
        self.finds_kept(place).await?;
        let executors = &self.shared.executors;
        let executor = if place.is_on_host() {
            &executors.host
        } else {
            &executors.docker
        };
        let (shared, executor, key) = (self.shared.clone(), executor.clone(), place.key());
        let removing = async move { reclaim(&shared, &*executor, &key).await };
        let removed = self.shared.io.spawn(removing).await;
        removed
            .map_err(|broken| broken.to_string())?
            .map_err(|left| left.reason.message)
    }

    /// A place is kept no longer.
    async fn forget_kept(&self, place: &KeptPlace, lock: KeptLock) -> Result<(), KeptError> {
        let (jobs, name) = (self.shared.directory.jobs(), place.name());
        let forgotten = self.shared.io.blocking(move || {
            let forgotten =
                awake::forget(&jobs, &name).and_then(|()| std::fs::remove_file(file_of(&jobs, &name)));
            drop(lock);
            forgotten
        });
        let forgotten = forgotten
            .await
            .map_err(|broken| place.stays(broken.to_string()))?;
        forgotten.map_err(|error| place.stays(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(job: &str) -> KeptPlace {
        KeptPlace {
            run: RunId("r".into()),
            job: JobId(job.into()),
            attempt: 1,
            executor: "host".into(),
            services: false,
            engine: None,
            since: Timestamp::from_millis(0),
            entrances: Vec::new(),
        }
    }

    #[test]
    fn what_is_kept_is_found_again_and_protects_its_own_alone() {
        let directory = tempfile::tempdir().unwrap();
        note(directory.path(), &place("a b")).unwrap();
        note(directory.path(), &place("c")).unwrap();
        std::fs::write(directory.path().join("loom-x-1.kept"), "nonsense").unwrap();
        let found = all(directory.path()).unwrap();
        let jobs: Vec<&str> = found.iter().map(|place| place.job.0.as_str()).collect();
        assert_eq!(jobs.len(), 2, "{jobs:?}");
        let names = names_in(directory.path()).unwrap();
        assert!(names.contains("loom-x-1"), "damaged or not, it is not swept");
        for (entry, kept) in [
            ("loom-r-c-1", true),
            ("loom-r-c-1.workspace", true),
            ("loom-r-c-1.kept", true),
            ("loom-r-c-2", false),
            ("loom-r-c-11", false),
        ] {
            assert_eq!(is_of(&names, entry), kept, "{entry}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_nothing() {
        let directory = tempfile::tempdir().unwrap();
        assert!(names_in(&directory.path().join("missing")).unwrap().is_empty());
        let file = directory.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(names_in(&file).is_err() && all(&file).is_err());
        std::fs::create_dir(directory.path().join("loom-r-c-1.kept")).unwrap();
        assert!(all(directory.path()).is_err());
        assert!(names_in(directory.path()).unwrap().contains("loom-r-c-1"));
    }

    #[test]
    fn who_is_in_a_place_is_not_alone_with_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f");
        std::fs::write(&path, "").unwrap();
        let enter = || {
            let file = File::open(&path).unwrap();
            flock(&file, FlockOperation::NonBlockingLockShared).map(|()| KeptLock { file })
        };
        let (first, second) = (enter().unwrap(), enter().unwrap());
        assert!(!first.is_last());
        drop(second);
        assert!(first.is_last());
        assert!(enter().is_err(), "nobody comes in meanwhile");
    }
}
