//! Fetches the repositories that actions and called workflows lie in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use loom_workflow::model::Repository;
use tokio::sync::OnceCell;

use super::cache::{self, Entry, blocking};
use super::error::ActionError;
use super::fetch::Remote;
use super::lock::{self, Records, comparable};
use super::options::ActionOptions;
use super::remote::{is_full, problem_of_version};
use crate::executor::Notes;

/// A repository at a commit, on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedAction {
    /// What was wanted, as written: `owner/repository/path@version`.
    pub reference: String,
    /// The commit; none for a directory that stands in for the repository.
    pub commit: Option<String>,
    /// The root of the repository's tree. In the cache: to be read and copied, never written.
    pub directory: PathBuf,
    /// The path in it that the reference names, without a leading `/`; empty for the root.
    pub path: String,
}

impl FetchedAction {
    /// Where the reference's path is; it lies in the tree, whatever links it passes. It blocks for a moment.
    ///
    /// # Errors
    /// When there is no such path, or it leads out of the tree.
    pub fn place(&self) -> Result<PathBuf, ActionError> {
        let missing = |why: &str| ActionError::PathMissing {
            reference: self.reference.clone(),
            path: self.path.clone(),
            why: why.to_owned(),
        };
        let root = self
            .directory
            .canonicalize()
            .map_err(|error| missing(&format!(": {} cannot be read: {error}", self.directory.display())))?;
        let place = root.join(&self.path);
        let resolved = place.canonicalize().map_err(|_| missing(""))?;
        if resolved.starts_with(&root) {
            Ok(place)
        } else {
            Err(missing(": it leads out of it"))
        }
    }
}

/// The commit and the tree of what is wanted, once somebody has fetched it.
type Fetched = OnceCell<(String, PathBuf)>;

/// The actions and called workflows of one run.
///
/// A branch or tag is asked for once a store: all jobs of a run see the same commit, and the next run asks again. The
/// full name of a commit is never asked for. Of several that want the same at once, here or in other processes, one
/// fetches.
#[derive(Debug)]
pub struct ActionStore {
    options: ActionOptions,
    fetched: Mutex<HashMap<String, Arc<Fetched>>>,
}

impl ActionStore {
    /// A store for one run. Touches nothing yet.
    #[must_use]
    pub fn new(options: ActionOptions) -> Self {
        Self {
            options,
            fetched: Mutex::default(),
        }
    }

    /// What it was made with.
    #[must_use]
    pub fn options(&self) -> &ActionOptions {
        &self.options
    }

    /// Whether a directory of this machine stands in for what a reference names.
    #[must_use]
    pub fn overrides(&self, repository: &Repository) -> bool {
        self.options.overrides(repository)
    }

    /// Gets the repository of a reference at its version. May be dropped at any time; what is in the cache is whole.
    ///
    /// # Errors
    /// See [`ActionError`].
    pub async fn fetch(
        &self,
        repository: &Repository,
        notes: &dyn Notes,
    ) -> Result<FetchedAction, ActionError> {
        let reference = repository.to_string();
        if let Some((directory, path)) = self.options.overridden(repository) {
            notes.line(&format!("{reference} is {}", directory.join(&path).display()));
            return Ok(FetchedAction {
                reference,
                commit: None,
                directory,
                path,
            });
        }
        if let Some(why) = problem(repository) {
            return Err(ActionError::Malformed {
                reference,
                why: why.to_owned(),
            });
        }
        let key = key(repository);
        let cell = {
            let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(fetched.entry(comparable(&key)).or_default())
        };
        let (commit, directory) = cell
            .get_or_try_init(|| self.fetch_once(repository, &key, notes))
            .await?
            .clone();
        Ok(FetchedAction {
            reference,
            commit: Some(commit),
            directory,
            path: repository.path.to_string(),
        })
    }

    async fn fetch_once(
        &self,
        repository: &Repository,
        key: &str,
        notes: &dyn Notes,
    ) -> Result<(String, PathBuf), ActionError> {
        let url = self.options.url(repository);
        let entry = Entry::of(&self.options.cache, &repository.owner, &repository.name, &url);
        let remote = Remote::new(url, key.to_owned(), self.options.limit);
        let recorded = self.recorded(key).await?;
        let commit = self
            .commit(repository, key, &entry, &remote, recorded.as_deref())
            .await?;
        if self.options.frozen && recorded.as_ref() != Some(&commit) {
            return Err(self.frozen(key, recorded, Some(commit)));
        }
        let tree = self
            .tree(repository, key, &entry, &remote, &commit, notes)
            .await?;
        self.record(key, &commit, recorded.as_deref(), notes).await;
        Ok((commit, tree))
    }

    /// The commit of a version.
    async fn commit(
        &self,
        repository: &Repository,
        key: &str,
        entry: &Entry,
        remote: &Remote,
        recorded: Option<&str>,
    ) -> Result<String, ActionError> {
        let version: &str = &repository.version;
        if is_full(version) {
            return Ok(version.to_ascii_lowercase());
        }
        if self.options.frozen && recorded.is_none() {
            return Err(self.frozen(key, None, None));
        }
        let mut pinned = self.options.pinned.iter();
        if let Some((_, commit)) = pinned.find(|(known, _)| comparable(known) == comparable(key)) {
            return Ok(commit.clone());
        }
        let known = entry.known(version).await?;
        if self.options.offline {
            let last = recorded
                .filter(|_| self.options.frozen)
                .map(str::to_owned)
                .or(known);
            return last.ok_or_else(|| ActionError::Offline {
                reference: key.to_owned(),
            });
        }
        match remote.resolve(version, entry).await {
            Ok(commit) => {
                if known.as_ref() != Some(&commit) {
                    entry.remember(version, &commit).await?;
                }
                Ok(commit)
            }
            Err(ActionError::Unreachable { url, said, .. }) => Err(ActionError::Unreachable {
                url,
                said,
                cached: match &known {
                    Some(known) => entry.tree(known).await?.is_some(),
                    None => false,
                },
            }),
            Err(error) => Err(error),
        }
    }

    /// The tree of a commit, fetched if need be.
    async fn tree(
        &self,
        repository: &Repository,
        key: &str,
        entry: &Entry,
        remote: &Remote,
        commit: &str,
        notes: &dyn Notes,
    ) -> Result<PathBuf, ActionError> {
        if let Some(tree) = entry.tree(commit).await? {
            return Ok(tree);
        }
        if self.options.offline {
            return Err(ActionError::Offline {
                reference: key.to_owned(),
            });
        }
        let holder = entry.hold(self.options.limit).await?;
        // Somebody else may have fetched it meanwhile.
        if let Some(tree) = entry.tree(commit).await? {
            return Ok(tree);
        }
        notes.line(&format!("Fetching {key} ({commit})"));
        let tree = async {
            let incoming = holder.incoming().await?;
            let tree = remote.fetch(&repository.version, commit, incoming).await?;
            entry.publish(&holder, commit, &tree).await
        };
        let tree = tree.await;
        holder.clear().await?;
        drop(holder);
        let cache = self.options.cache.clone();
        let pruned = blocking(move || super::prune::prune(&cache, SystemTime::now())).await?;
        if let Err(error) = pruned {
            tracing::debug!(%error, "the cache of actions was not looked through");
        }
        tree
    }

    /// The commit that the lock file has.
    async fn recorded(&self, key: &str) -> Result<Option<String>, ActionError> {
        let Some(path) = self.options.lock.clone() else {
            return Ok(None);
        };
        match blocking(move || Records::read(&path)).await? {
            Ok(records) => Ok(records.get(key).map(str::to_owned)),
            // Without --frozen it is only a record; it is left as it is, and told when it would be written.
            Err(_) if !self.options.frozen => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a commit into the lock file. A run does not fail for a record that cannot be kept.
    async fn record(&self, key: &str, commit: &str, recorded: Option<&str>, notes: &dyn Notes) {
        let Some(path) = self.options.lock.clone() else {
            return;
        };
        if self.options.frozen || recorded == Some(commit) {
            return;
        }
        if let Some(recorded) = recorded {
            notes.line(&format!("{key} was {recorded} and is {commit} now"));
        }
        let guard = self.options.cache.join("locks");
        let (reference, commit) = (key.to_owned(), commit.to_owned());
        let written = blocking(move || lock::record(&path, &guard, &reference, &commit)).await;
        if let Err(error) = written.and_then(|written| written) {
            notes.line(&format!(
                "The commit of {key} is not recorded: {}",
                error.with_help()
            ));
        }
    }

    fn frozen(&self, key: &str, recorded: Option<String>, found: Option<String>) -> ActionError {
        ActionError::Frozen {
            reference: key.to_owned(),
            lock: self
                .options
                .lock
                .clone()
                .unwrap_or_else(|| lock::LOCK_FILE.into()),
            recorded,
            found,
        }
    }
}

/// `owner/repository@version`: what is fetched, whatever path in it is wanted.
fn key(repository: &Repository) -> String {
    format!("{}/{}@{}", repository.owner, repository.name, repository.version)
}

/// Why a reference leads nowhere.
fn problem(repository: &Repository) -> Option<&'static str> {
    let is_name = |name: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        name.len() <= 100
            && name.chars().all(allowed)
            && !name.starts_with('-')
            && !matches!(name, "" | "." | "..")
    };
    if !is_name(&repository.owner) || !is_name(&repository.name) {
        return Some("owners and repositories have letters, digits, `-`, `_` and `.` in their names");
    }
    if Path::new(&*repository.path).is_absolute() || repository.path.split('/').any(|part| part == "..") {
        return Some("the path leads out of the repository");
    }
    problem_of_version(&repository.version)
}

/// The name of the folder that a repository at a version lies in, in a job's `actions`: one for each, and readable.
#[must_use]
pub fn directory_name(repository: &Repository) -> String {
    let wanted = format!("{}_{}_{}", repository.owner, repository.name, repository.version);
    let plain: String = plain_name(&wanted).chars().take(120).collect();
    if plain == wanted && !repository.name.contains('_') && !repository.owner.contains('_') {
        plain
    } else {
        format!("{plain}-{}", cache::short_hash(key(repository).as_bytes()))
    }
}

/// A text as the name of a file.
pub(super) fn plain_name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}
