//! `--fix`: writing a repaired text to its file, all of it or nothing.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a repaired text is not in its file.
#[derive(Debug, Error)]
pub(super) enum WriteError {
    /// Somebody else has written to it.
    #[error("{} has changed since it was read, so nothing is written to it", .0.display())]
    Changed(PathBuf),
    /// It has other names, which would keep the old text.
    #[error("{} has another name (a hard link), which would not get what is written to it, so nothing is written", .0.display())]
    Linked(PathBuf),
    /// It cannot be written.
    #[error("{} cannot be written: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl WriteError {
    /// What to do about it.
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::Changed(_) => "run it again",
            Self::Linked(_) => {
                "write the change into it by hand, or make it a file of its own: copy it, and put the copy in its place"
            }
            Self::Io { .. } => "give yourself the right to write to it and its folder, or leave out `--fix`",
        }
    }
}

/// Writes `after` where `before` was read from. A link stays one: what it leads to is written.
pub(super) fn write(path: &Path, before: &str, after: &str) -> Result<(), WriteError> {
    let failed = |cause| WriteError::Io {
        path: path.to_owned(),
        cause,
    };
    let target = path.canonicalize().map_err(failed)?;
    // A file that must not be written could be replaced all the same, so it is asked for first.
    let old = OpenOptions::new()
        .write(true)
        .open(&target)
        .and_then(|file| file.metadata())
        .map_err(failed)?;
    if old.nlink() > 1 {
        return Err(WriteError::Linked(path.to_owned()));
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = fill(&beside, &old, after.as_bytes())
        .map_err(failed)
        .and_then(|()| {
            let now = fs::read(&target).map_err(failed)?;
            if now != before.as_bytes() {
                return Err(WriteError::Changed(path.to_owned()));
            }
            fs::rename(&beside, &target).map_err(failed)
        });
    if written.is_err() {
        // It may not even be there.
        drop(fs::remove_file(&beside));
    }
    written
}

/// Makes a file with the rights and the owner of another.
fn fill(path: &Path, like: &fs::Metadata, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (like.uid(), like.gid()) {
        // Only root may give files away; whoever may write to it may own it as well.
        drop(fchown(&file, Some(like.uid()), Some(like.gid())));
    }
    file.set_permissions(fs::Permissions::from_mode(like.permissions().mode()))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_rights_and_its_links() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("w.yml");
        let link = folder.path().join("link.yml");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("w.yml", &link).unwrap();
        write(&link, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(link.is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_has_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("w.yml");
        fs::write(&file, "theirs").unwrap();
        let error = write(&file, "old", "new").unwrap_err();
        assert!(matches!(error, WriteError::Changed(_)), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(&folder.path().join("none"), "", "new").is_err());
    }

    #[test]
    fn a_file_with_another_name_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("w.yml"), folder.path().join("other.yml"));
        fs::write(&file, "old").unwrap();
        fs::hard_link(&file, &other).unwrap();
        let error = write(&file, "old", "new").unwrap_err();
        assert!(matches!(error, WriteError::Linked(_)), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        fs::remove_file(&other).unwrap();
        write(&file, "old", "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }
}
