//! The trees of actions on this machine, by commit, shared between runs and processes.
//!
//! ```text
//! <cache>/.looked-through  when what nobody uses was looked for last
//! <cache>/<owner>_<name>-<hash of the URL>/
//!     lock                 held while something is fetched (`flock`)
//!     incoming/            what is being fetched; swept by the next holder of the lock
//!     refs/<hash>          the commit that a version had when it was asked for last: `commit version`
//!     trees/<commit>/      tree/ and manifest, renamed here when whole
//! ```
//!
//! What no run has used for a month is removed (`prune`).
//!
//! A tree is used when it has as many files and bytes as its manifest says: what a crash of the machine tore is fetched
//! again. Nobody writes into a tree; jobs get copies.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use super::copy;
use super::error::ActionError;
use crate::bounded::{self, Contents};
use crate::replace::write_whole;

/// How often to look whether another process has let go of the lock.
const LOOK: Duration = Duration::from_millis(20);

pub(super) const NOT_WRITABLE: &str = "the cache of actions cannot be written";

/// The part of the cache that is about one repository of one host.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    directory: PathBuf,
}

/// Whoever holds it is the only one that fetches for the entry. The kernel lets go of it with the process.
pub(super) struct Holder {
    _lock: File,
    incoming: PathBuf,
}

impl Holder {
    /// Makes an empty directory for what is being fetched. What is left in it when the fetching is given up is removed by
    /// the next one.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub(super) async fn incoming(&self) -> Result<&Path, ActionError> {
        self.clear().await?;
        let incoming = self.incoming.clone();
        blocking(move || std::fs::create_dir(incoming))
            .await?
            .map_err(ActionError::disk(NOT_WRITABLE))?;
        Ok(&self.incoming)
    }

    /// Removes what is being fetched.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub(super) async fn clear(&self) -> Result<(), ActionError> {
        let incoming = self.incoming.clone();
        blocking(move || remove(&incoming))
            .await?
            .map_err(ActionError::disk(NOT_WRITABLE))
    }
}

impl Entry {
    pub(super) fn of(cache: &Path, owner: &str, name: &str, url: &str) -> Self {
        let readable = super::store::plain_name(&format!("{owner}_{name}"));
        Self {
            directory: cache.join(format!("{readable}-{}", short_hash(url.as_bytes()))),
        }
    }

    /// Waits until nobody else fetches for this entry.
    ///
    /// # Errors
    /// When the cache cannot be written, and when somebody else holds it for longer than `limit`.
    pub(super) async fn hold(&self, limit: Duration) -> Result<Holder, ActionError> {
        let failed = |cause| ActionError::Disk {
            what: format!(
                "the cache of actions {} cannot be written",
                self.directory.display()
            ),
            cause,
        };
        let entry = self.clone();
        let lock = blocking(move || {
            std::fs::create_dir_all(&entry.directory)?;
            File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(entry.directory.join("lock"))
        })
        .await?
        .map_err(failed)?;
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(rustix::io::Errno::WOULDBLOCK) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(LOOK).await;
                }
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    return Err(ActionError::TimedOut {
                        what: "waiting for another process that fetches the same action".into(),
                        after: limit,
                    });
                }
                Err(error) => return Err(failed(error.into())),
            }
        }
        Ok(Holder {
            _lock: lock,
            incoming: self.directory.join("incoming"),
        })
    }

    /// The tree of a commit, if it is there and whole.
    pub(super) async fn tree(&self, commit: &str) -> Result<Option<PathBuf>, ActionError> {
        let at = self.directory.join("trees").join(commit);
        blocking(move || {
            super::prune::mark(&at.join("manifest"), SystemTime::now());
            let Ok(Contents::Whole(manifest)) = bounded::read(&at.join("manifest"), 100) else {
                return None;
            };
            let tree = at.join("tree");
            let found = Size::of(&tree).ok()?;
            (found.manifest().as_bytes() == manifest).then_some(tree)
        })
        .await
    }

    /// Moves a fetched tree in, which lies in the holder's directory; out of it goes what leads out of it.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub(super) async fn publish(
        &self,
        holder: &Holder,
        commit: &str,
        tree: &Path,
    ) -> Result<PathBuf, ActionError> {
        let to = self.directory.join("trees").join(commit);
        let (incoming, tree) = (holder.incoming.clone(), tree.to_owned());
        let published = to.join("tree");
        blocking(move || -> io::Result<()> {
            without_ways_out(&tree.canonicalize()?, &tree)?;
            let whole = incoming.join("whole");
            std::fs::create_dir(&whole)?;
            std::fs::rename(&tree, whole.join("tree"))?;
            let size = Size::of(&whole.join("tree"))?;
            let mut manifest = File::create(whole.join("manifest"))?;
            manifest.write_all(size.manifest().as_bytes())?;
            manifest.sync_all()?;
            if let Some(trees) = to.parent() {
                std::fs::create_dir_all(trees)?;
            }
            if to.symlink_metadata().is_ok() {
                std::fs::rename(&to, incoming.join("torn"))?;
            }
            std::fs::rename(&whole, &to)
        })
        .await?
        .map_err(ActionError::disk(NOT_WRITABLE))?;
        Ok(published)
    }

    /// The commit that a version had when it was asked for last.
    pub(super) async fn known(&self, version: &str) -> Result<Option<String>, ActionError> {
        let file = self.ref_file(version);
        let version = version.to_owned();
        blocking(move || {
            let Ok(Contents::Whole(bytes)) = bounded::read(&file, 4_096) else {
                return None;
            };
            let text = String::from_utf8(bytes).ok()?;
            let (commit, of) = text.trim_end().split_once(' ')?;
            (of == version && super::remote::is_full(commit)).then(|| commit.to_owned())
        })
        .await
    }

    /// Keeps the commit that a version has now, for when nobody can be asked.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub(super) async fn remember(&self, version: &str, commit: &str) -> Result<(), ActionError> {
        let file = self.ref_file(version);
        let text = format!("{commit} {version}\n");
        blocking(move || write_whole(&file, text.as_bytes()))
            .await?
            .map_err(ActionError::disk(NOT_WRITABLE))
    }

    fn ref_file(&self, version: &str) -> PathBuf {
        self.directory.join("refs").join(short_hash(version.as_bytes()))
    }
}

/// Runs what reads and writes files apart from the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ActionError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ActionError::thread(&error))
}

/// How much is in a tree.
#[derive(Default)]
struct Size {
    files: u64,
    bytes: u64,
}

impl Size {
    fn of(tree: &Path) -> io::Result<Self> {
        let mut size = Self::default();
        let mut folders = vec![tree.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else {
                    size.files += 1;
                    size.bytes += entry.metadata()?.len();
                }
            }
        }
        Ok(size)
    }

    fn manifest(&self) -> String {
        format!("files {}\nbytes {}\n", self.files, self.bytes)
    }
}

/// Removes links that lead out of a tree.
fn without_ways_out(root: &Path, folder: &Path) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    let mut out = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_symlink() && copy::leads_out(root, &entry.path()) {
                out.push(entry.path());
            }
        }
    }
    // All are looked at before the first one goes: each is judged by the tree as it was.
    out.iter().try_for_each(std::fs::remove_file)
}

/// Removes a directory, if there is one.
pub(super) fn remove(directory: &Path) -> io::Result<()> {
    match copy::open_directory(directory) {
        Ok(folder) => {
            copy::empty(&folder)?;
            std::fs::remove_dir(directory)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The SHA-256 of something, in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a text never fails.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// As much of it as tells things apart.
pub(super) fn short_hash(bytes: &[u8]) -> String {
    hash(bytes).chars().take(16).collect()
}
