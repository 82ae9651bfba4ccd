//! A job's directory between two jobs of a run on the host: what steps saw of it is removed, what is the agent's stays for the
//! next job, since file systems take their time to give out new files.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use loom_agent::layout;
use rustix::fs::{AtFlags, FileType, Stat};

use super::JobDirectory;
use super::directory::own_user;

/// What an agent that waits has there, and which mode it has.
const OF_AGENT: [(&str, FileType, Option<u32>); 5] = [
    (layout::NONCE, FileType::RegularFile, Some(0o600)),
    (layout::PROCESS, FileType::RegularFile, None),
    (layout::GUARD, FileType::RegularFile, None),
    (layout::SOCKET, FileType::Socket, None),
    (layout::SPOOL, FileType::Directory, Some(0o700)),
];

/// Removes what the steps of a job could see of its directory, RUNNER_TEMP and all, once none of its processes is left; `false`
/// when the rest is not as it was made, and no other job is to have it. No link is followed.
///
/// # Errors
/// When it cannot be looked at, or something is not the caller's to remove.
pub(in crate::executor) fn clear(directory: &JobDirectory) -> io::Result<bool> {
    let (path, top) = (directory.path(), directory.top());
    let (here, held) = (fs::symlink_metadata(path)?, rustix::fs::fstat(top)?);
    let is_same = here.is_dir() && here.ino() == held.st_ino && here.dev() == held.st_dev;
    if !is_same || mode(&held) != 0o700 || !is_own(&held) {
        return Ok(false);
    }
    for (name, kind, wanted) in OF_AGENT {
        let Some(found) = look(top, name)? else {
            return Ok(false);
        };
        let is_whole = FileType::from_raw_mode(found.st_mode) == kind && is_own(&found);
        let has_one_name = kind == FileType::Directory || found.st_nlink == 1;
        if !is_whole || !has_one_name || wanted.is_some_and(|wanted| mode(&found) != wanted) {
            return Ok(false);
        }
    }
    if !directory.has_its_nonce() {
        return Ok(false);
    }
    empty_but(path, |name| OF_AGENT.iter().any(|(own, ..)| name == *own))?;
    let spare = directory.spare_spool();
    empty_but(&path.join(layout::SPOOL), |name| {
        spare.as_deref().is_some_and(|spare| name == spare)
    })?;
    Ok(true)
}

/// Empties a folder of ours that has this mode; `false` for anything else.
///
/// # Errors
/// When something in it is not the caller's to remove.
pub(in crate::executor) fn clear_folder(path: &Path, with_mode: u32) -> io::Result<bool> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let is_ours = found.is_dir() && found.uid() == own_user();
    if !is_ours || found.permissions().mode() & 0o7777 != with_mode {
        return Ok(false);
    }
    empty_but(path, |_| false)?;
    Ok(true)
}

/// Removes what is in a folder, but for what stays.
fn empty_but(folder: &Path, stays: impl Fn(&std::ffi::OsStr) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if stays(&entry.file_name()) {
            continue;
        }
        // Neither follows a link.
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn look(top: impl AsFd, name: &str) -> io::Result<Option<Stat>> {
    match rustix::fs::statat(top, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => Ok(Some(found)),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_own(found: &Stat) -> bool {
    found.st_uid == own_user()
}

fn mode(found: &Stat) -> u32 {
    #[expect(clippy::useless_conversion, reason = "a mode has 16 bits elsewhere")]
    let mode = u32::from(found.st_mode);
    mode & 0o7777
}
