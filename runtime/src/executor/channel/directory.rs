//! A job's directory: made by the runtime, used by both ends, not trusted once a step has run.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_agent::layout;
use loom_agent::spool::HEADER;
use loom_agent::wire::NONCE_LENGTH;
use rustix::fs::{AtFlags, Mode, OFlags};
use thiserror::Error;

/// What steps and their caller share: RUNNER_TEMP, the folder that actions lie in, the tool cache.
pub(crate) const TEMP: &str = "temp";
pub(crate) const ACTIONS: &str = "actions";
pub(crate) const TOOLS: &str = "tools";
/// How often the lock of the count is tried, 5 ms apart.
const LOCK_TRIES: u32 = 100;

const SHARED: [&str; 3] = [TEMP, ACTIONS, TOOLS];

/// Why a job's directory cannot be used.
#[derive(Debug, Error)]
#[error("use the job's directory {path}")]
pub struct DirectoryError {
    path: PathBuf,
    source: io::Error,
}

/// The directory of a job, held open so that a job that swaps parts of it for links changes nothing.
#[derive(Clone, Debug)]
pub struct JobDirectory {
    path: PathBuf,
    top: Arc<OwnedFd>,
    spool: Arc<OwnedFd>,
    nonce: [u8; NONCE_LENGTH],
}

impl JobDirectory {
    /// Fills an empty directory for a new job. It is made when missing; either way it is the caller's alone (0700).
    ///
    /// # Errors
    /// When it is not empty or cannot be written.
    pub fn create(path: &Path) -> Result<Self, DirectoryError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let filled = (|| {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
            for entry in fs::read_dir(&path)? {
                // Another way to make the place may have come so far.
                let name = entry?.file_name();
                if !SHARED.iter().any(|shared| name == *shared) {
                    return Err(io::Error::other("it is not empty: another job may be using it"));
                }
            }
            // Steps walk through it to their script, whoever they run as; its files are nobody else's to read.
            let scripts = path.join(layout::SCRIPTS);
            fs::create_dir(&scripts)?;
            fs::set_permissions(&scripts, fs::Permissions::from_mode(0o711))?;
            Self::begin(path.clone())
        })();
        filled.map_err(|source| DirectoryError { path, source })
    }

    /// Makes a directory for a new job that is not there yet, the one above it as well where that is missing, and in it
    /// what steps and their caller share. Its scripts lie elsewhere. When it fails, what was made of it is removed.
    ///
    /// # Errors
    /// When something of that name is there, or it cannot be made.
    pub(in crate::executor) fn create_new(path: &Path) -> Result<Self, DirectoryError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let mut own = fs::DirBuilder::new();
        own.mode(0o700);
        let made = match own.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => path
                .parent()
                .map_or(Ok(()), |above| {
                    fs::DirBuilder::new().recursive(true).mode(0o700).create(above)
                })
                .and_then(|()| own.create(&path)),
            made => made,
        };
        let filled = made.and_then(|()| {
            let filled = fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).and_then(|()| {
                SHARED.iter().try_for_each(|name| create_open(&path.join(name)))?;
                Self::begin(path.clone())
            });
            filled.inspect_err(|_| drop(remove(&path)))
        });
        filled.map_err(|source| DirectoryError { path, source })
    }

    /// Begins the job in its directory.
    fn begin(path: PathBuf) -> io::Result<Self> {
        let top = open_directory(&path)?;
        rustix::fs::mkdirat(&top, layout::SPOOL, Mode::RWXU)?;
        let nonce = fresh_nonce();
        create_beneath(&top, layout::NONCE)?.write_all(&nonce)?;
        Self::of(path, top, nonce)
    }

    /// Makes what steps and their caller share, where it is missing: open to whomever steps run as.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn create_shared(&self) -> Result<(), DirectoryError> {
        let made = (|| {
            for name in SHARED {
                let path = self.path.join(name);
                if fs::symlink_metadata(&path).is_err() {
                    create_open(&path)?;
                }
            }
            Ok(())
        })();
        made.map_err(|source| DirectoryError {
            path: self.path.clone(),
            source,
        })
    }

    /// Opens the directory of a job that another process began.
    ///
    /// # Errors
    /// When it is not there or not a job's.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        Self::opened(path.to_owned()).map_err(|source| DirectoryError {
            path: path.to_owned(),
            source,
        })
    }

    fn opened(path: PathBuf) -> io::Result<Self> {
        let top = open_directory(&path)?;
        let mut nonce = [0; NONCE_LENGTH];
        read_beneath(&top, layout::NONCE)?.read_exact(&mut nonce)?;
        Self::of(path, top, nonce)
    }

    fn of(path: PathBuf, top: OwnedFd, nonce: [u8; NONCE_LENGTH]) -> io::Result<Self> {
        let spool = rustix::fs::openat(&top, layout::SPOOL, directory_flags(), Mode::empty())?;
        Ok(Self {
            path,
            top: Arc::new(top),
            spool: Arc::new(spool),
            nonce,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn nonce(&self) -> [u8; NONCE_LENGTH] {
        self.nonce
    }

    pub(super) fn top(&self) -> &OwnedFd {
        &self.top
    }

    /// Makes the file for a step's output and opens it for reading; the agent opens it for writing.
    pub(in crate::executor) fn create_spool(&self, step: u32) -> io::Result<File> {
        create_beneath(&self.spool, &layout::spool_name(step))
    }

    /// Opens a step's file to write what its agent wrote elsewhere; it is there already.
    pub(in crate::executor) fn append_to_spool(&self, step: u32) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let name = layout::spool_name(step);
        Ok(File::from(rustix::fs::openat(
            &self.spool,
            name,
            flags,
            Mode::empty(),
        )?))
    }

    /// Opens a step's spool from its beginning.
    pub(super) fn open_spool(&self, step: u32) -> io::Result<File> {
        read_beneath(&self.spool, &layout::spool_name(step))
    }

    /// The numbers of the steps that have spools.
    pub(super) fn spool_numbers(&self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.spool)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy();
            let number = name
                .split_once('.')
                .and_then(|(number, _)| number.parse::<u32>().ok());
            numbers.extend(number.filter(|number| name == layout::spool_name(*number)));
        }
        Ok(numbers)
    }

    /// Leaves of a step's spool its first record, which names the step: what it said is kept elsewhere by now, and is not said again.
    pub(super) fn cut_spool(&self, step: u32) {
        let cut = || -> io::Result<()> {
            let mut head = [0; HEADER];
            self.open_spool(step)?.read_exact(&mut head)?;
            let [.., a, b, c, d] = head;
            let name = u64::from(u32::from_le_bytes([a, b, c, d]));
            self.append_to_spool(step)?.set_len(HEADER as u64 + name)
        };
        // A whole one says more than is needed, and goes with the directory.
        let _ = cut();
    }

    /// Removes a step's spool: its content is kept elsewhere by now.
    pub(super) fn remove_spool(&self, step: u32) {
        // What cannot be removed now goes with the whole directory.
        let _ = rustix::fs::unlinkat(&self.spool, layout::spool_name(step), AtFlags::empty());
    }

    /// A number that is higher than those of all earlier connections, of whichever process: the clock has no say.
    pub(super) fn next_epoch(&self) -> io::Result<u64> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let mut file = File::from(rustix::fs::openat(&self.top, layout::EPOCH, flags, mode)?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("the count of connections is no regular file"));
        }
        // Two at once may get the same number, and the agent takes one of them. A job that holds the lock for good does not
        // hold us.
        for _ in 0..LOCK_TRIES {
            match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
                Err(error) if error == rustix::io::Errno::WOULDBLOCK => {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                other => {
                    other?;
                    break;
                }
            }
        }
        let mut text = String::new();
        (&file).take(32).read_to_string(&mut text)?;
        let next = text.trim().parse::<u64>().unwrap_or(0).saturating_add(1);
        file.rewind()?;
        file.write_all(format!("{next}\n").as_bytes())?;
        Ok(next)
    }

    /// What steps had left running when their agent was killed, as whoever watched over the agent wrote it down: `pid
    /// name` each.
    pub fn left(&self) -> Vec<String> {
        let mut text = String::new();
        let read = read_beneath(&self.top, layout::LEFT)
            .and_then(|file| file.take(64 * 1024).read_to_string(&mut text));
        if read.is_err() {
            return Vec::new();
        }
        text.lines().map(str::to_owned).collect()
    }

    /// Why the agent could not start or had to stop, if it left word.
    pub fn trouble(&self) -> Option<String> {
        let mut text = String::new();
        let file = read_beneath(&self.top, layout::TROUBLE).ok()?;
        file.take(4096).read_to_string(&mut text).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The agent's process id and start time, as it wrote them down.
    pub fn process(&self) -> Option<(u32, u64)> {
        self.process_in(layout::PROCESS)
    }

    /// The same of the process that watches over the agent, where there is one.
    pub fn guard(&self) -> Option<(u32, u64)> {
        self.process_in(layout::GUARD)
    }

    fn process_in(&self, name: &str) -> Option<(u32, u64)> {
        let mut text = String::new();
        read_beneath(&self.top, name)
            .ok()?
            .take(64)
            .read_to_string(&mut text)
            .ok()?;
        let (pid, started) = text.trim().split_once(' ')?;
        Some((pid.parse().ok()?, started.parse().ok()?))
    }
}

/// How deep folders within each other are removed by [`remove`] itself.
const SHALLOW: u32 = 4;

/// Removes a job's directory and all in it; fine when there is none.
///
/// # Errors
/// When something in it is not the caller's to remove.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    // Most folders of a short job are empty: to remove one that is costs one call, to look into it first several.
    if remove_folder(rustix::fs::CWD, path).is_ok() {
        return Ok(());
    }
    if let Ok(top) = open_directory(path) {
        // What resists is seen to below.
        let _ = empty_out(top, SHALLOW);
        if remove_folder(rustix::fs::CWD, path).is_ok() {
            return Ok(());
        }
    }
    // Does not follow links, at no level: what a job planted leads nowhere.
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what is in a folder, so far as that is simple. Links are removed, not followed.
fn empty_out(folder: OwnedFd, deeper: u32) -> rustix::io::Result<()> {
    let mut entries = rustix::fs::Dir::new(folder)?;
    while let Some(entry) = entries.read() {
        let (entry, folder) = (entry?, entries.fd()?);
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        if entry.file_type() != rustix::fs::FileType::Directory {
            let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
        } else if remove_folder(folder, name).is_err() && deeper > 0 {
            let inner = rustix::fs::openat(folder, name, directory_flags(), Mode::empty());
            if inner.and_then(|inner| empty_out(inner, deeper - 1)).is_ok() {
                let _ = remove_folder(folder, name);
            }
        }
    }
    Ok(())
}

/// Removes an empty folder; fine when there is none.
fn remove_folder(at: impl AsFd, name: impl rustix::path::Arg) -> rustix::io::Result<()> {
    match rustix::fs::unlinkat(at, name, AtFlags::REMOVEDIR) {
        Err(rustix::io::Errno::NOENT) => Ok(()),
        removed => removed,
    }
}

/// Removes what a job's directory has beside what its caller may have put there before; fine when there is none.
///
/// # Errors
/// When something is not the caller's to remove.
pub(crate) fn empty(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if SHARED.iter().any(|shared| name == *shared) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Removes from the directory of a job that has ended what its steps were told with and what its agent left: scripts,
/// spools, command files. The folders stay, where they are mounted.
///
/// # Errors
/// When something is not the caller's to remove.
pub(crate) fn scrub(path: &Path) -> io::Result<()> {
    for name in [
        layout::PROCESS,
        layout::GUARD,
        layout::LEFT,
        layout::TROUBLE,
        layout::SOCKET,
    ] {
        match fs::remove_file(path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let command_files = Path::new(TEMP).join(loom_agent::files::DIRECTORY);
    for folder in [
        Path::new(layout::SPOOL),
        Path::new(layout::SCRIPTS),
        &command_files,
    ] {
        let folder = path.join(folder);
        // What a job put there instead leads nowhere.
        if !fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir()) {
            continue;
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// Makes a directory that is open to whomever steps run as, as `/tmp` is.
fn create_open(path: &Path) -> io::Result<()> {
    fs::create_dir(path)?;
    // Explicit, since the umask has no say.
    fs::set_permissions(path, fs::Permissions::from_mode(0o1777))
}

fn directory_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, directory_flags(), Mode::empty())?)
}

fn create_beneath(directory: &OwnedFd, name: &str) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::openat(
        directory,
        name,
        flags,
        Mode::RUSR | Mode::WUSR,
    )?))
}

/// Opens a plain file for reading: a link is refused, a pipe neither opened for good nor waited for.
fn read_beneath(directory: &OwnedFd, name: &str) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(directory, name, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no regular file"))
    }
}

fn fresh_nonce() -> [u8; NONCE_LENGTH] {
    let halves = [
        uuid::Uuid::new_v4().into_bytes(),
        uuid::Uuid::new_v4().into_bytes(),
    ];
    let mut nonce = [0; NONCE_LENGTH];
    for (place, byte) in nonce.iter_mut().zip(halves.iter().flatten()) {
        *place = *byte;
    }
    nonce
}

#[cfg(test)]
mod tests {
    use loom_agent::spool::{Stream, begin, output_header};

    use super::*;

    #[test]
    fn of_a_spool_that_is_cut_the_name_of_its_step_is_left() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = JobDirectory::create_new(&temporary.path().join("job")).unwrap();
        drop(directory.create_spool(0).unwrap());
        let named = begin(7, "0@1");
        let mut whole = named.clone();
        whole.extend_from_slice(&output_header(Stream::Stdout, 8, 3));
        whole.extend_from_slice(b"abc");
        directory.append_to_spool(0).unwrap().write_all(&whole).unwrap();
        directory.cut_spool(0);
        let mut left = Vec::new();
        directory.open_spool(0).unwrap().read_to_end(&mut left).unwrap();
        assert_eq!(left, named);
    }

    #[test]
    fn a_new_directory_is_the_callers_alone_and_scripts_can_be_walked_through() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("job");
        let first = JobDirectory::create(&path).unwrap();
        let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(""), mode("spool"), mode("scripts"), mode("nonce")),
            (0o700, 0o700, 0o711, 0o600)
        );
        first.create_spool(3).unwrap();
        assert_eq!(mode("spool/3.spool"), 0o600);
        assert!(
            JobDirectory::create(&path).is_err(),
            "a used directory is another job's"
        );
        assert_eq!(JobDirectory::open(&path).unwrap().nonce(), first.nonce());
        first.create_shared().unwrap();
        first.create_shared().unwrap();
        assert_eq!((mode("temp"), mode("tools")), (0o777, 0o777));
    }

    #[test]
    fn what_is_removed_is_gone_however_deep_and_what_links_lead_to_stays() {
        let temporary = tempfile::tempdir().unwrap();
        let outside = temporary.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), "x").unwrap();
        let path = temporary.path().join("job");
        JobDirectory::create_new(&path).unwrap().create_spool(0).unwrap();
        let deep = (0..20).fold(path.join("temp"), |folder, _| folder.join("more"));
        fs::create_dir_all(&deep).unwrap();
        for folder in [&path, &path.join("temp"), &deep] {
            std::os::unix::fs::symlink(&outside, folder.join("link")).unwrap();
            fs::write(folder.join("file"), "x").unwrap();
        }
        remove(&path).unwrap();
        assert!(fs::symlink_metadata(&path).is_err());
        assert!(outside.join("file").exists());
        remove(&path).unwrap();
        // A link in its place is removed, and a file is no directory of ours.
        std::os::unix::fs::symlink(&outside, &path).unwrap();
        remove(&path).unwrap();
        assert!(fs::symlink_metadata(&path).is_err() && outside.join("file").exists());
        fs::write(&path, "x").unwrap();
        assert!(remove(&path).is_err() && path.exists());
    }

    #[test]
    fn what_steps_were_told_with_is_scrubbed_and_links_lead_nowhere() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("job");
        let outside = temporary.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), "x").unwrap();
        let directory = JobDirectory::create(&path).unwrap();
        directory.create_shared().unwrap();
        directory.create_spool(1).unwrap();
        fs::write(path.join("scripts/1.sh"), "echo secret").unwrap();
        fs::write(path.join("temp/own"), "mine").unwrap();
        std::os::unix::fs::symlink(&outside, path.join("temp").join(loom_agent::files::DIRECTORY)).unwrap();
        std::os::unix::fs::symlink(&outside, path.join("scripts/link")).unwrap();
        scrub(&path).unwrap();
        assert!(outside.join("file").exists() && path.join("temp/own").exists());
        assert_eq!(fs::read_dir(path.join("scripts")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(path.join("spool")).unwrap().count(), 0);
        assert!(JobDirectory::open(&path).is_ok(), "it is a job's still");
    }

    #[test]
    fn connections_are_counted() {
        let temporary = tempfile::tempdir().unwrap();
        let first = JobDirectory::create(&temporary.path().join("job")).unwrap();
        assert_eq!((first.next_epoch().unwrap(), first.next_epoch().unwrap()), (1, 2));
        let second = JobDirectory::open(first.path()).unwrap();
        assert_eq!(second.next_epoch().unwrap(), 3);
        assert_eq!(first.left(), Vec::<String>::new());
        fs::write(first.path().join(layout::LEFT), "7 sleep\n9 a b\n").unwrap();
        assert_eq!(first.left(), ["7 sleep", "9 a b"]);
    }

    #[test]
    fn planted_links_and_pipes_lead_nowhere() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("job");
        let secret = temporary.path().join("secret");
        fs::write(&secret, "1 2").unwrap();
        let directory = JobDirectory::create(&path).unwrap();
        std::os::unix::fs::symlink(&secret, path.join(layout::PROCESS)).unwrap();
        std::os::unix::fs::symlink(&secret, path.join(layout::TROUBLE)).unwrap();
        assert_eq!((directory.process(), directory.trouble()), (None, None));
        fs::remove_file(path.join(layout::TROUBLE)).unwrap();
        rustix::fs::mknodat(
            &directory.top,
            layout::TROUBLE,
            rustix::fs::FileType::Fifo,
            Mode::RUSR,
            0,
        )
        .unwrap();
        assert_eq!(directory.trouble(), None);
        // The spool's directory swapped for a link: the one we hold is still the one that is used.
        fs::rename(path.join("spool"), path.join("moved")).unwrap();
        std::os::unix::fs::symlink(temporary.path(), path.join("spool")).unwrap();
        directory.create_spool(0).unwrap();
        assert!(path.join("moved/0.spool").exists() && !temporary.path().join("0.spool").exists());
    }
}
