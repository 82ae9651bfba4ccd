//! Who owns a run: this process, told from every other one, and whether another owner still lives.
//!
//! An owner holds a lock (`flock`) on a file named after it for as long as it lives. The kernel lets go of it however
//! the process ends, so a lock that can be taken proves a dead owner: no reused process number, no process of another
//! container that merely cannot be seen, is ever mistaken.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::executor::Owner;

/// This process as an owner, for as long as the value lives.
#[derive(Debug)]
pub struct Ownership {
    owner: Owner,
    path: PathBuf,
    /// Held, not read: closing it lets go of the lock.
    _lock: File,
}

impl Ownership {
    /// Makes this process an owner in a state directory.
    ///
    /// # Errors
    /// When the lock's file cannot be made or the process cannot be told from others.
    pub fn take(directory: &Path, instance: &str) -> io::Result<Self> {
        let owner = Owner {
            instance: instance.to_owned(),
            boot: boot_id(),
            pid: std::process::id(),
            started: started_at("self").unwrap_or_else(since_epoch),
        };
        Self::take_as(directory, owner)
    }

    /// The same under a given identity: a simulation has processes of its own.
    pub(crate) fn take_as(directory: &Path, owner: Owner) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = lock_path(directory, &owner);
        let lock = open(&path, true)?;
        // Two engines of one process share an identity; the lock is the process's, so a shared one does.
        flock(&lock, FlockOperation::NonBlockingLockShared)?;
        Ok(Self {
            owner,
            path,
            _lock: lock,
        })
    }

    /// The owner's identity.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        // Another engine of this process may still hold the lock on the same file: then it stays.
        if let Ok(file) = open(&self.path, false)
            && flock(&self._lock, FlockOperation::Unlock).is_ok()
            && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// Whether an owner of this state directory still lives.
pub fn is_alive(directory: &Path, owner: &Owner) -> bool {
    let path = lock_path(directory, owner);
    // For reading: a lock needs no more, and another user's file may allow no more.
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
        // What cannot be told must not be taken for dead.
        Err(_) => return true,
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            drop(std::fs::remove_file(&path));
            false
        }
        Err(_) => true,
    }
}

fn lock_path(directory: &Path, owner: &Owner) -> PathBuf {
    let boot: String = owner
        .boot
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(12)
        .collect();
    directory.join(format!("{boot}-{}-{}.lock", owner.pid, owner.started))
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

/// The machine's boot, where the system tells it apart from the last one.
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

/// When a process started, in clock ticks since boot: field 22 of `/proc/PID/stat` (proc(5)). The second field, the
/// name in parentheses, may hold anything, so counting begins after its last parenthesis.
pub(crate) fn started_at(process: &str) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

fn since_epoch() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_lives_as_long_as_it_is_held() {
        let directory = tempfile::tempdir().unwrap();
        let first = Ownership::take(directory.path(), "i").unwrap();
        let second = Ownership::take(directory.path(), "i").unwrap();
        let owner = first.owner().clone();
        assert_eq!(second.owner(), &owner);
        drop(first);
        assert!(
            is_alive(directory.path(), &owner),
            "another engine of the process holds it"
        );
        drop(second);
        assert!(!is_alive(directory.path(), &owner));
        assert_eq!(
            std::fs::read_dir(directory.path()).unwrap().count(),
            0,
            "no lock file is left"
        );
    }

    #[test]
    fn an_owner_that_never_was_is_dead() {
        let directory = tempfile::tempdir().unwrap();
        let owner = Owner {
            instance: "i".into(),
            boot: "b".into(),
            pid: 1,
            started: 1,
        };
        assert!(!is_alive(directory.path(), &owner));
    }

    #[test]
    fn the_start_of_this_process_is_known_and_stays() {
        assert_eq!(started_at("self"), started_at("self"));
        assert!(started_at("self").is_some());
    }
}
