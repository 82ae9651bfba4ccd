//! Copies of trees of files into directories that a job can write to.
//!
//! The job is not trusted: what is written is reached from an open directory without following a link, so that one that
//! was planted leads nowhere. Nor does a copy hold a link that leads out of the tree it is of.

use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};

use super::error::ActionError;
use super::tree::{Copied, Kind, Tree};

/// Copies an action's tree into a job's directory, as a folder of the name that `to` ends with; whose parent must be
/// there. Nothing is done when there is such a folder: another step of the job uses the same action. Everybody may read
/// the copy, for steps run as any user. A `.git` at the top is left out.
///
/// # Errors
/// When something cannot be read or written; then there is no folder of that name.
pub async fn copy_into(from: &Path, to: &Path) -> Result<Copied, ActionError> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let copied = tokio::task::spawn_blocking(move || {
        let what = format!("{} cannot be copied to {}", from.display(), to.display());
        copy_tree_to(&from, &to).map_err(ActionError::disk(what))
    });
    copied.await.map_err(|error| ActionError::thread(&error))?
}

fn copy_tree_to(from: &Path, to: &Path) -> io::Result<Copied> {
    let (Some(parent), Some(name)) = (to.parent(), to.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let parent = open_directory(parent)?;
    if is_directory(&parent, name) {
        return Ok(Copied::default());
    }
    let partial = format!(".partial-{}", uuid::Uuid::new_v4().simple());
    let partial = OsStr::new(&partial);
    let made = make_directory(&parent, partial).and_then(|folder| {
        let tree = Tree::of(from, Kind::Guarded)?;
        tree.copy_all(&folder, &[PathBuf::from(".git")])
    });
    let renamed = made.and_then(
        |copied| match rustix::fs::renameat(&parent, partial, &parent, name) {
            // Somebody else was faster.
            Err(_) if is_directory(&parent, name) => {
                remove(&parent, partial)?;
                Ok(copied)
            }
            renamed => renamed.map(|()| copied).map_err(io::Error::from),
        },
    );
    if renamed.is_err() {
        // The first error is the one to tell.
        let _ = remove(&parent, partial);
    }
    renamed
}

/// The permissions of a file, readable (and, where its owner may, executable) for everybody.
pub(super) fn for_everybody(metadata: &Metadata) -> std::fs::Permissions {
    let mode = metadata.permissions().mode() & 0o777;
    let executable = if mode & 0o100 == 0 { 0 } else { 0o111 };
    std::fs::Permissions::from_mode(mode | 0o644 | executable)
}

/// Whether a link leads out of a tree, now or once there is something where it leads.
pub(super) fn leads_out(root: &Path, link: &Path) -> bool {
    let Ok(target) = std::fs::read_link(link) else {
        return true;
    };
    if target.is_absolute() {
        return true;
    }
    match link.canonicalize() {
        Ok(found) => !found.starts_with(root),
        // Nothing is there yet. Without `..` it cannot climb: the links it passes have been looked at as well.
        Err(_) => !target
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir)),
    }
}

/// The flags to open a directory with that must be one itself.
pub(super) fn directory_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

pub(super) fn is_directory(parent: &OwnedFd, name: &OsStr) -> bool {
    rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Directory)
}

/// Opens a directory, which is no link itself.
pub(super) fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, directory_flags(), Mode::empty())?)
}

/// Makes a folder in an open one, unless it is there, and opens it.
pub(super) fn make_directory(parent: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
    match rustix::fs::mkdirat(parent, name, Mode::RWXU) {
        Ok(()) => {
            let made = rustix::fs::openat(parent, name, directory_flags(), Mode::empty())?;
            rustix::fs::fchmod(&made, Mode::from_raw_mode(0o755))?;
            Ok(made)
        }
        Err(rustix::io::Errno::EXIST) => Ok(rustix::fs::openat(
            parent,
            name,
            directory_flags(),
            Mode::empty(),
        )?),
        Err(error) => Err(error.into()),
    }
}

/// Removes a folder of an open one with all that is in it, following no link.
pub(super) fn remove(parent: &OwnedFd, name: &OsStr) -> io::Result<()> {
    let folder = rustix::fs::openat(parent, name, directory_flags(), Mode::empty())?;
    empty(&folder)?;
    Ok(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

/// Removes all that is in an open folder, following no link.
pub(super) fn empty(folder: &OwnedFd) -> io::Result<()> {
    for name in names(folder)? {
        if is_directory(folder, &name) {
            let inner = rustix::fs::openat(folder, &name, directory_flags(), Mode::empty())?;
            // Only who may write into it can take something out of it.
            let _ = rustix::fs::fchmod(&inner, Mode::RWXU);
            empty(&inner)?;
            rustix::fs::unlinkat(folder, &name, AtFlags::REMOVEDIR)?;
        } else {
            rustix::fs::unlinkat(folder, &name, AtFlags::empty())?;
        }
    }
    Ok(())
}

/// What is in an open folder, by name.
pub(super) fn names(folder: &OwnedFd) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree(root: &Path) {
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::create_dir_all(root.join(".git/objects")).unwrap();
        std::fs::write(root.join("a/b/run.sh"), "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(root.join("a/b/run.sh"), std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(root.join("a/text"), "text").unwrap();
        std::fs::set_permissions(root.join("a/text"), std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink("b/run.sh", root.join("a/link")).unwrap();
        symlink("../a/text", root.join("a/up")).unwrap();
        symlink("later", root.join("a/dangling")).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_copy_has_what_the_tree_has_and_everybody_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        tree(&from);
        let copied = copy_into(&from, &to).await.unwrap();
        assert_eq!((copied.files, copied.bytes), (5, 14));
        assert_eq!(copied.left_out, Vec::<PathBuf>::new());
        assert_eq!(mode(&to.join("a/b/run.sh")), 0o755);
        assert_eq!(mode(&to.join("a/text")), 0o644);
        assert_eq!(mode(&to.join("a")), 0o755);
        assert_eq!(std::fs::read_to_string(to.join("a/up")).unwrap(), "text");
        assert!(to.join("a/dangling").symlink_metadata().is_ok() && !to.join(".git").exists());
        // Once more is nothing: the steps of a job share it, with what they changed.
        std::fs::write(to.join("a/text"), "changed").unwrap();
        assert_eq!(copy_into(&from, &to).await.unwrap(), Copied::default());
        assert_eq!(std::fs::read_to_string(to.join("a/text")).unwrap(), "changed");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[tokio::test]
    async fn nothing_leads_out_of_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        tree(&from);
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        symlink("/etc/passwd", from.join("absolute")).unwrap();
        symlink("../secret", from.join("up")).unwrap();
        symlink("..", from.join("a/top")).unwrap();
        // By its words it stays inside; followed, it does not.
        symlink("top/../../secret", from.join("a/sly")).unwrap();
        symlink("../none", from.join("dangling-up")).unwrap();
        let copied = copy_into(&from, &to).await.unwrap();
        let out: Vec<&str> = copied
            .left_out
            .iter()
            .map(|path| path.to_str().unwrap())
            .collect();
        assert_eq!(out, ["a/sly", "absolute", "dangling-up", "up"]);
        assert!(to.join("a/top").symlink_metadata().is_ok());
    }

    #[tokio::test]
    async fn a_planted_link_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("from");
        tree(&from);
        let outside = folder.path().join("outside");
        std::fs::create_dir(&outside).unwrap();
        symlink(&outside, folder.path().join("to")).unwrap();
        copy_into(&from, &folder.path().join("to")).await.unwrap_err();
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
        copy_into(&from, &folder.path().join("to/x")).await.unwrap_err();
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            3,
            "something is left"
        );
    }
}
