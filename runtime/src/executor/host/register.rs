//! Which job has its directory where: a file a job, so that another process can clean up after this one.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// The directory of entries: the file's name is the job's resource name, its content the job directory's path.
#[derive(Clone, Debug)]
pub(super) struct Register {
    directory: PathBuf,
}

impl Register {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) fn note(&self, name: &str, job: &Path) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        // By rename: an entry that is there is complete.
        let draft = self.directory.join(format!(".{name}"));
        fs::write(&draft, job.as_os_str().as_bytes())?;
        fs::rename(draft, self.directory.join(name))
    }

    pub(super) fn directory_of(&self, name: &str) -> Option<PathBuf> {
        let bytes = fs::read(self.directory.join(name)).ok()?;
        // A relative or empty path is no entry of ours, and something would be removed by it.
        Some(PathBuf::from(OsString::from_vec(bytes))).filter(|path| path.is_absolute())
    }

    pub(super) fn forget(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect()
    }
}
