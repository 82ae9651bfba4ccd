//! A tree of files that is copied: read without following a link in it, written from an open folder, by a few threads.
//!
//! The kernel copies the content of files, and shares their blocks where the file system can. No file is synced and no
//! process started: most of the time is the file system's for making files, which several threads share.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timespec, Timestamps};

use super::copy::{directory_flags, for_everybody, is_directory, leads_out, make_directory, open_directory};

/// Threads that copy one tree: more than there are processors, since they mostly wait for the file system.
const THREADS: usize = 8;

/// Up to this length a file is read and written at once, which takes fewer calls than having the kernel copy it.
const SMALL: usize = 64 * 1024;

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

impl Copied {
    pub(super) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.left_out.extend(other.left_out);
    }
}

/// How the copy of a tree relates to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of a stranger's: no link leads out of it, everybody may read it.
    Guarded,
    /// Of the user's own, for the user's own steps: links, permissions and times as they are.
    Faithful,
}

/// A tree that is copied.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
    top: OwnedFd,
    kind: Kind,
}

impl Tree {
    pub(super) fn of(root: &Path, kind: Kind) -> io::Result<Self> {
        let root = root.canonicalize()?;
        Ok(Self {
            top: open_directory(&root)?,
            root,
            kind,
        })
    }

    /// Copies all of the tree into an open folder, but for what lies at the paths of `left_out`.
    pub(super) fn copy_all(&self, to: &OwnedFd, left_out: &[PathBuf]) -> io::Result<Copied> {
        let threads = thread::available_parallelism()
            .map_or(2, NonZero::get)
            .saturating_mul(2)
            .min(THREADS);
        let top = Folder {
            from: self.top.try_clone()?,
            to: to.try_clone()?,
            path: PathBuf::new(),
        };
        let work = Work::default();
        work.add([Waiting::Open(top)]);
        let copied = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| self.work(&work, left_out)))
                .collect();
            let mut all = Copied::default();
            for worker in workers {
                // One that panicked has said so in `work`.
                all.add(worker.join().unwrap_or_default());
            }
            all
        });
        work.outcome()?;
        let mut copied = copied;
        copied.left_out.sort();
        Ok(copied)
    }

    /// Copies folders until there are none.
    fn work(&self, work: &Work, left_out: &[PathBuf]) -> Copied {
        let mut copied = Copied::default();
        let mut buffer = vec![0; SMALL];
        while let Some(waiting) = work.next() {
            let _busy = Busy(work);
            match self.copy_folder(waiting, left_out, &mut copied, &mut buffer) {
                Ok(below) => work.add(below),
                Err(error) => work.fail(error),
            }
        }
        copied
    }

    /// Copies what is in a folder but for the folders in it, which are the answer.
    fn copy_folder(
        &self,
        waiting: Waiting,
        left_out: &[PathBuf],
        copied: &mut Copied,
        buffer: &mut [u8],
    ) -> io::Result<Vec<Waiting>> {
        let folder = Arc::new(waiting.open(self.kind)?);
        let mut below = Vec::new();
        for (name, kind) in entries(&folder.from)? {
            let path = folder.path.join(&name);
            if left_out.contains(&path) {
                continue;
            }
            let is_folder = match kind {
                FileType::Unknown => is_directory(&folder.from, &name),
                kind => kind == FileType::Directory,
            };
            if is_folder {
                below.push(Waiting::In(Arc::clone(&folder), name));
            } else {
                copied.add(self.copy(&folder.from, &path, &folder.to, buffer)?);
            }
        }
        Ok(below)
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
    pub(super) fn copy_one(&self, from: &OwnedFd, path: &Path, to: &OwnedFd) -> io::Result<Copied> {
        self.copy(from, path, to, &mut [0; 4096])
    }

    fn copy(&self, from: &OwnedFd, path: &Path, to: &OwnedFd, buffer: &mut [u8]) -> io::Result<Copied> {
        let Some(name) = path.file_name() else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        let found = rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let mut copied = Copied::default();
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Symlink
                if self.kind == Kind::Faithful || !leads_out(&self.root, &self.root.join(path)) =>
            {
                let target = rustix::fs::readlinkat(from, name, Vec::new())?;
                rustix::fs::symlinkat(target.as_c_str(), to, name)?;
                copied.files = 1;
            }
            FileType::RegularFile => {
                copied.bytes = copy_file(from, to, name, self.kind, buffer)?;
                copied.files = 1;
            }
            _ => copied.left_out.push(path.to_owned()),
        }
        Ok(copied)
    }
}

/// A folder and its copy, both open.
#[derive(Debug)]
struct Folder {
    from: OwnedFd,
    to: OwnedFd,
    path: PathBuf,
}

/// A folder that is to be copied. It is opened when its turn comes: there may be more of them than descriptors.
#[derive(Debug)]
enum Waiting {
    Open(Folder),
    In(Arc<Folder>, OsString),
}

impl Waiting {
    fn open(self, kind: Kind) -> io::Result<Folder> {
        let (above, name) = match self {
            Self::Open(folder) => return Ok(folder),
            Self::In(above, name) => (above, name),
        };
        let from = rustix::fs::openat(&above.from, &name, directory_flags(), Mode::empty())?;
        let to = make_directory(&above.to, &name)?;
        if kind == Kind::Faithful {
            let mode = rustix::fs::fstat(&from)?.st_mode & 0o777;
            if mode != 0o755 {
                // Its owner may fill it, and remove it again.
                rustix::fs::fchmod(&to, Mode::from_raw_mode(mode | 0o700))?;
            }
        }
        Ok(Folder {
            path: above.path.join(&name),
            from,
            to,
        })
    }
}

/// The folders that wait for a thread. The last one first: so few are open at once, however large the tree.
#[derive(Debug, Default)]
struct Work {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Waiting>,
    /// Folders that are being copied, and may bring more.
    busy: usize,
    failed: Option<io::Error>,
}

impl Work {
    fn add(&self, folders: impl IntoIterator<Item = Waiting>) {
        self.lock().waiting.extend(folders);
        self.changed.notify_all();
    }

    /// The next folder; none when all is done, or something failed.
    fn next(&self) -> Option<Waiting> {
        let mut state = self.lock();
        loop {
            if state.failed.is_some() {
                return None;
            }
            if let Some(folder) = state.waiting.pop() {
                state.busy += 1;
                return Some(folder);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self) {
        self.lock().busy -= 1;
        self.changed.notify_all();
    }

    fn fail(&self, error: io::Error) {
        self.lock().failed.get_or_insert(error);
        self.changed.notify_all();
    }

    fn outcome(self) -> io::Result<()> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.failed.map_or(Ok(()), Err)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder that a thread copies. A panic ends the copying of all: the others would wait for it.
struct Busy<'a>(&'a Work);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail(io::Error::other("a thread that copied broke down"));
        }
        self.0.done();
    }
}

/// What is in an open folder, with what it is as far as the folder itself knows.
fn entries(folder: &OwnedFd) -> io::Result<Vec<(OsString, FileType)>> {
    let mut entries = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !matches!(name, b"." | b"..") {
            entries.push((OsStr::from_bytes(name).to_owned(), entry.file_type()));
        }
    }
    Ok(entries)
}

fn copy_file(from: &OwnedFd, to: &OwnedFd, name: &OsStr, kind: Kind, buffer: &mut [u8]) -> io::Result<u64> {
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
    let bytes = match usize::try_from(metadata.len()) {
        Ok(length) if length < buffer.len() => copy_small(&mut source, &mut target, buffer)?,
        // The kernel copies, and shares the blocks where the file system can.
        _ => io::copy(&mut source, &mut target)?,
    };
    match kind {
        Kind::Guarded => target.set_permissions(for_everybody(&metadata))?,
        Kind::Faithful => {
            let mode = metadata.permissions().mode() & 0o777;
            target.set_permissions(std::fs::Permissions::from_mode(mode))?;
            rustix::fs::futimens(&target, &times(&metadata))?;
        }
    }
    Ok(bytes)
}

/// By a single read and write, unless the file grows meanwhile.
fn copy_small(source: &mut File, target: &mut File, buffer: &mut [u8]) -> io::Result<u64> {
    let mut bytes = 0;
    loop {
        let length = source.read(buffer)?;
        let read = buffer.get(..length).unwrap_or_default();
        target.write_all(read)?;
        bytes += u64::try_from(length).unwrap_or(0);
        // A read that leaves room has come to the end.
        if length < buffer.len() {
            return Ok(bytes);
        }
    }
}

/// When a file was changed, for what tells by it what is to be made anew.
fn times(metadata: &Metadata) -> Timestamps {
    let changed = Timespec {
        tv_sec: metadata.mtime(),
        tv_nsec: metadata.mtime_nsec(),
    };
    Timestamps {
        last_access: changed,
        last_modification: changed,
    }
}
