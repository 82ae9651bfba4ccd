//! Copies of trees of files into directories that a job can write to.
//!
//! The job is not trusted: what is written is reached from an open directory without following a link, so that one that
//! was planted leads nowhere. Nor does a copy hold a link that leads out of the tree it is of.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};

use super::error::ActionError;

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many files and links.
    pub files: u64,
    /// How many bytes are in the files.
    pub bytes: u64,
    /// What was left out, by its path in the tree: links that lead out of it, and what is neither file, link nor folder.
    pub left_out: Vec<PathBuf>,
}

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
        let mut tree = Tree::of(from, Kind::Guarded)?;
        tree.copy_all(&folder, Path::new(".git"))?;
        Ok(tree.copied)
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

/// How the copy of a tree relates to it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of a stranger's: no link leads out of it, everybody may read it.
    Guarded,
    /// Of the user's own, for the user's own steps: links and permissions as they are.
    Faithful,
}

/// A tree that is copied. It is read without following a link in it.
pub(super) struct Tree {
    root: PathBuf,
    top: OwnedFd,
    kind: Kind,
    pub(super) copied: Copied,
}

impl Tree {
    pub(super) fn of(root: &Path, kind: Kind) -> io::Result<Self> {
        let root = root.canonicalize()?;
        Ok(Self {
            top: open_directory(&root)?,
            root,
            kind,
            copied: Copied::default(),
        })
    }

    /// Copies all of the tree into an open folder, but for what lies at `left_out`.
    pub(super) fn copy_all(&mut self, to: &OwnedFd, left_out: &Path) -> io::Result<()> {
        let top = self.top.try_clone()?;
        self.copy_folder(&top, Path::new(""), to, left_out)
    }

    fn copy_folder(
        &mut self,
        from: &OwnedFd,
        folder: &Path,
        to: &OwnedFd,
        left_out: &Path,
    ) -> io::Result<()> {
        for name in names(from)? {
            let path = folder.join(&name);
            if path == left_out {
                continue;
            }
            if is_directory(from, &name) {
                let inner = rustix::fs::openat(from, &name, directory_flags(), Mode::empty())?;
                self.copy_folder(&inner, &path, &make_directory(to, &name)?, left_out)?;
            } else {
                self.copy_one(from, &path, to)?;
            }
        }
        Ok(())
    }

    /// Opens a folder of the tree; none where there is no folder, or a link on the way.
    pub(super) fn folder(&self, path: &Path) -> Option<OwnedFd> {
        let mut open = self.top.try_clone().ok()?;
        for name in path.components() {
            open = rustix::fs::openat(&open, name.as_os_str(), directory_flags(), Mode::empty()).ok()?;
        }
        Some(open)
    }

    /// Copies one thing of the tree, which is no folder, out of its open folder into another.
    pub(super) fn copy_one(&mut self, from: &OwnedFd, path: &Path, to: &OwnedFd) -> io::Result<()> {
        let Some(name) = path.file_name() else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        let found = rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Symlink
                if self.kind == Kind::Faithful || !leads_out(&self.root, &self.root.join(path)) =>
            {
                let target = rustix::fs::readlinkat(from, name, Vec::new())?;
                rustix::fs::symlinkat(target.as_c_str(), to, name)?;
                self.copied.files += 1;
            }
            FileType::RegularFile => {
                self.copied.bytes += copy_file(from, to, name, self.kind)?;
                self.copied.files += 1;
            }
            _ => self.copied.left_out.push(path.to_owned()),
        }
        Ok(())
    }
}

fn copy_file(from: &OwnedFd, to: &OwnedFd, name: &OsStr, kind: Kind) -> io::Result<u64> {
    // Without waiting: it may be a pipe by now.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut source = File::from(rustix::fs::openat(from, name, flags, Mode::empty())?);
    let metadata = source.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a file was replaced while it was copied",
        ));
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut target = File::from(rustix::fs::openat(to, name, flags, Mode::RUSR | Mode::WUSR)?);
    // The kernel copies, and shares the blocks where the file system can.
    let bytes = io::copy(&mut source, &mut target)?;
    target.set_permissions(match kind {
        Kind::Guarded => for_everybody(&metadata),
        Kind::Faithful => std::fs::Permissions::from_mode(metadata.permissions().mode() & 0o777),
    })?;
    Ok(bytes)
}

/// The permissions of a file, readable (and, where its owner may, executable) for everybody.
fn for_everybody(metadata: &Metadata) -> std::fs::Permissions {
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
fn directory_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn is_directory(parent: &OwnedFd, name: &OsStr) -> bool {
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
