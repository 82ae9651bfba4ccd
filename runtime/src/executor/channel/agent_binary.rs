//! The agent for Linux containers that this program carries along.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A static ELF; empty where none could be built (`build.rs` said so).
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/loom-agent"));

/// The embedded agent.
#[derive(Clone, Copy, Debug)]
pub struct AgentBinary(&'static [u8]);

/// Why the embedded agent is not on disk.
#[derive(Debug, Error)]
#[error("write the agent to {path}")]
pub struct BinaryError {
    path: PathBuf,
    source: io::Error,
}

impl AgentBinary {
    /// The agent, when this build has one.
    pub fn embedded() -> Option<Self> {
        Some(Self(EMBEDDED)).filter(|agent| !agent.0.is_empty())
    }

    /// Puts the agent below `cache`, named by its content, and returns its absolute path. One that is there already is
    /// used; several processes may do this at once.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn materialise(self, cache: &Path) -> Result<PathBuf, BinaryError> {
        let cache = std::path::absolute(cache).unwrap_or_else(|_| cache.to_owned());
        let directory = cache.join("agent");
        let path = directory.join(format!("loom-agent-{:016x}", self.fingerprint()));
        // The name is no proof: a full disk or a crash may have left something else under it.
        if fs::read(&path).is_ok_and(|there| there == self.0) && is_executable(&path) {
            return Ok(path);
        }
        let written = (|| {
            fs::create_dir_all(&directory)?;
            let draft = directory.join(format!(".{}", uuid::Uuid::new_v4()));
            let outcome = self.write(&draft).and_then(|()| fs::rename(&draft, &path));
            if outcome.is_err() {
                let _ = fs::remove_file(&draft);
            }
            outcome
        })();
        written
            .map(|()| path.clone())
            .map_err(|source| BinaryError { path, source })
    }

    fn write(self, draft: &Path) -> io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o700)
            .open(draft)?;
        file.write_all(self.0)?;
        // Explicit, since the umask has no say in this: the container's root may be nobody here.
        file.set_permissions(fs::Permissions::from_mode(0o755))
    }

    /// Tells builds apart; not a proof against an attacker, who could write the cache anyway.
    fn fingerprint(self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o555 == 0o555)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Program header types of a 64-bit little-endian ELF.
    fn program_headers(elf: &[u8]) -> Vec<u32> {
        let u16_at = |at: usize| usize::from(u16::from_le_bytes(elf[at..at + 2].try_into().unwrap()));
        let table = usize::try_from(u64::from_le_bytes(elf[32..40].try_into().unwrap())).unwrap();
        let (size, count) = (u16_at(54), u16_at(56));
        (0..count)
            .map(|i| table + i * size)
            .map(|at| u32::from_le_bytes(elf[at..at + 4].try_into().unwrap()))
            .collect()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_embedded_agent_is_a_static_program() {
        const PT_LOAD: u32 = 1;
        const PT_INTERP: u32 = 3;
        let agent = AgentBinary::embedded().expect("a Linux build carries an agent");
        assert_eq!(&agent.0[..5], b"\x7fELF\x02");
        let headers = program_headers(agent.0);
        assert!(headers.contains(&PT_LOAD));
        assert!(
            !headers.contains(&PT_INTERP),
            "it needs a loader, which an image may not have"
        );
        assert!(
            agent.0.len() < 4 * 1024 * 1024,
            "{} bytes go with every container",
            agent.0.len()
        );
    }

    #[test]
    fn it_is_written_once_and_again_when_damaged() {
        let cache = tempfile::tempdir().unwrap();
        let agent = AgentBinary(b"#!/bin/sh\n");
        let path = agent.materialise(cache.path()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(agent.materialise(cache.path()).unwrap(), path);
        fs::write(&path, b"half").unwrap();
        assert_eq!(agent.materialise(cache.path()).unwrap(), path);
        assert_eq!(fs::read(&path).unwrap(), agent.0);
        let names = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(names, 1, "drafts are gone");
    }
}
