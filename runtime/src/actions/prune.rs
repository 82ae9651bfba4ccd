//! Keeps the cache of actions from growing for ever: what no run has used for a month goes, looked at once a day at most
//! when something new was fetched. A run marks what it uses before it reads it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{FlockOperation, flock};

use super::cache::remove;

/// How long a tree is kept that nobody uses.
pub(super) const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How often the cache is looked through, and how exactly it is known when a tree was used last.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The file whose time says when the cache was looked through last.
const LOOKED: &str = ".looked-through";

/// Marks a tree as used, by the time of its manifest. One that cannot be marked is used all the same.
pub(super) fn mark(manifest: &Path, now: SystemTime) {
    if age(manifest, now).is_some_and(|age| age > DAY)
        && let Ok(file) = File::options().write(true).open(manifest)
    {
        let _ = file.set_modified(now);
    }
}

/// Removes the trees that nobody has used for [`KEPT`]; answers how many. It blocks.
///
/// # Errors
/// When the cache cannot be read or written.
pub(super) fn prune(cache: &Path, now: SystemTime) -> io::Result<usize> {
    let looked = cache.join(LOOKED);
    if age(&looked, now).is_some_and(|age| age < DAY) {
        return Ok(0);
    }
    File::create(&looked)?.set_modified(now)?;
    let mut removed = 0;
    for entry in folders(cache)? {
        let Ok(lock) = File::options().write(true).open(entry.join("lock")) else {
            continue;
        };
        // Somebody fetches there: another day.
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            continue;
        }
        for tree in folders(&entry.join("trees")).unwrap_or_default() {
            removed += usize::from(remove_unused(&tree, &entry.join("unused"), now)?);
        }
    }
    Ok(removed)
}

/// Takes a tree out of sight and looks once more before it removes it: whoever marked it meanwhile gets it back.
fn remove_unused(tree: &Path, away: &Path, now: SystemTime) -> io::Result<bool> {
    let is_old = |tree: &Path| age(&tree.join("manifest"), now).is_some_and(|age| age > KEPT);
    if !is_old(tree) {
        return Ok(false);
    }
    remove(away)?;
    std::fs::rename(tree, away)?;
    if is_old(away) {
        remove(away)?;
        return Ok(true);
    }
    std::fs::rename(away, tree)?;
    Ok(false)
}

/// How long ago a file was written; none when it is not there. One of the future is new.
fn age(file: &Path, now: SystemTime) -> Option<Duration> {
    let written = file.symlink_metadata().ok()?.modified().ok()?;
    Some(now.duration_since(written).unwrap_or_default())
}

fn folders(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(cache: &Path, name: &str, unused: Duration, now: SystemTime) -> PathBuf {
        let tree = cache.join("o_n-1/trees").join(name);
        std::fs::create_dir_all(tree.join("tree")).unwrap();
        std::fs::write(tree.join("tree/action.yml"), "x").unwrap();
        let manifest = File::create(tree.join("manifest")).unwrap();
        manifest.set_modified(now - unused).unwrap();
        File::create(cache.join("o_n-1/lock")).unwrap();
        tree
    }

    #[test]
    fn what_nobody_uses_goes_once_a_day() {
        let cache = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let (old, new) = (
            tree(cache.path(), "old", KEPT + DAY, now),
            tree(cache.path(), "new", KEPT - DAY, now),
        );
        assert_eq!(prune(cache.path(), now).unwrap(), 1);
        assert_eq!((old.exists(), new.exists()), (false, true));

        let again = tree(cache.path(), "again", KEPT + DAY, now);
        assert_eq!(prune(cache.path(), now).unwrap(), 0);
        assert!(again.exists());
        assert_eq!(prune(cache.path(), now + DAY).unwrap(), 1);
        assert_eq!((again.exists(), new.exists()), (false, true));
    }

    #[test]
    fn what_is_used_stays_and_what_is_being_fetched_is_left_alone() {
        let cache = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let used = tree(cache.path(), "used", KEPT + DAY, now);
        mark(&used.join("manifest"), now);
        assert_eq!(prune(cache.path(), now).unwrap(), 0);
        assert!(used.join("tree/action.yml").exists());

        let later = now + KEPT + DAY;
        let lock = File::options()
            .write(true)
            .open(cache.path().join("o_n-1/lock"))
            .unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        assert_eq!(prune(cache.path(), later).unwrap(), 0);
        assert!(used.exists());
        drop(lock);
        assert_eq!(prune(cache.path(), later + DAY).unwrap(), 1);
    }
}
