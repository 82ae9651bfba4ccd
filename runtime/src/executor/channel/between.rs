//! A job's directory between two jobs of a run on the host: what a step left in it is removed, the rest stays for the next
//! one, since file systems take their time to make and to remove some twenty files a job.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use loom_agent::{files, layout};
use rustix::fs::{AtFlags, FileType, Stat};

use super::JobDirectory;
use super::directory::{ACTIONS, TEMP, TOOLS, own_user};

/// In RUNNER_TEMP, and of whoever runs the job: the folder of the event's file, and the one above the workspace.
pub(crate) const EVENT_FOLDER: &str = "_github_workflow";
pub(crate) const ABOVE_WORKSPACE: &str = "_runner_workspace";

/// What an agent that waits has there, and which mode it has.
const OF_AGENT: [(&str, FileType, Option<u32>); 8] = [
    (layout::NONCE, FileType::RegularFile, Some(0o600)),
    (layout::PROCESS, FileType::RegularFile, None),
    (layout::GUARD, FileType::RegularFile, None),
    (layout::SOCKET, FileType::Socket, None),
    (layout::SPOOL, FileType::Directory, Some(0o700)),
    (TEMP, FileType::Directory, Some(SHARED_MODE)),
    (ACTIONS, FileType::Directory, Some(SHARED_MODE)),
    (TOOLS, FileType::Directory, Some(SHARED_MODE)),
];

/// As `/tmp` has it.
const SHARED_MODE: u32 = 0o1777;

/// Folders of RUNNER_TEMP that stay, each with what in it does; the command files are the agent's to clear.
const STAY: [&str; 3] = [files::DIRECTORY, EVENT_FOLDER, ABOVE_WORKSPACE];

/// Removes what the steps of a job left in its directory, once none of its processes is left; `false` when the directory is
/// not as it was made, and no other job is to have it. No link is followed.
///
/// # Errors
/// When it cannot be looked at, or something is not the caller's to remove.
pub(in crate::executor) fn clear(directory: &JobDirectory) -> io::Result<bool> {
    let (path, top) = (directory.path(), directory.top());
    let here = fs::symlink_metadata(path)?;
    let held = rustix::fs::fstat(top)?;
    let is_same = here.is_dir() && here.ino() == held.st_ino && mode(&held) == 0o700;
    if !is_same || !is_own(&held) {
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
    // Its folder for scripts is of no use on the host, and there only where the agent began.
    empty_but(path, |name| {
        OF_AGENT.iter().any(|(own, ..)| name == *own) || name == layout::SCRIPTS
    })?;
    for folder in [ACTIONS, TOOLS] {
        empty_but(&path.join(folder), |_| false)?;
    }
    let spare = directory.spare_spool();
    empty_but(&path.join(layout::SPOOL), |name| {
        spare.as_deref().is_some_and(|spare| name == spare)
    })?;
    let temp = path.join(TEMP);
    empty_but(&temp, |name| {
        let stays = STAY.iter().any(|stays| name == *stays);
        stays
            && fs::symlink_metadata(temp.join(name)).is_ok_and(|found| {
                found.is_dir() && found.uid() == own_user() && found.permissions().mode() & 0o200 != 0
            })
    })?;
    Ok(true)
}

/// Makes a folder with this mode, whatever the umask says, or finds one of ours, and removes what is in it but for `stays`.
///
/// # Errors
/// When it cannot be made, or something in it is not the caller's to remove.
pub(crate) fn folder_with(path: &Path, with_mode: u32, stays: impl Fn(&OsStr) -> bool) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => found,
        Ok(_) => {
            fs::remove_file(path)?;
            return make_folder(path, with_mode);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return make_folder(path, with_mode),
        Err(error) => return Err(error),
    };
    if found.permissions().mode() & 0o7777 != with_mode {
        fs::set_permissions(path, fs::Permissions::from_mode(with_mode))?;
    }
    empty_but(path, stays)
}

fn make_folder(path: &Path, with_mode: u32) -> io::Result<()> {
    let made = fs::DirBuilder::new().mode(with_mode).create(path);
    made.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(with_mode)))
}

/// Removes what is in a folder, but for what stays.
fn empty_but(folder: &Path, stays: impl Fn(&OsStr) -> bool) -> io::Result<()> {
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
