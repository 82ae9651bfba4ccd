//! All logs of a state directory: where they lie, and how to get at one.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::error;
use super::handle::{LogWriterHandle, Threads};
use super::reopen::{Reopened, reopen};
use super::search::Target;
use super::writer::JobLog;
use super::{LogError, LogHub, LogKey, LogReader, Pages};
use crate::id::{JobId, RunId, StepId};

/// A file name longer than this is cut and carries a hash: file systems take 255 bytes, the endings included.
const LONGEST_NAME: usize = 200;

/// Runs whose directory is known to be there; to look again costs little.
const KNOWN_RUNS: usize = 256;

/// How logs are kept.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Bytes of text in a job's log at most. What comes after is left out, which the log says.
    pub most_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            most_bytes: 2 * 1024 * 1024 * 1024,
        }
    }
}

/// All logs of a state directory.
#[derive(Clone)]
pub struct LogStore {
    root: PathBuf,
    hub: Arc<LogHub>,
    options: LogOptions,
    threads: Arc<Threads>,
    /// Runs whose directory was made, or closed to others, by this store.
    begun: Arc<Mutex<HashSet<RunId>>>,
}

/// The files of one log.
pub(super) struct Paths {
    pub(super) log: PathBuf,
    pub(super) index: PathBuf,
    pub(super) steps: PathBuf,
}

impl LogStore {
    /// The logs below this directory, which is made when needed.
    pub fn new(root: PathBuf) -> Self {
        Self::with_options(root, LogOptions::default())
    }

    /// The logs below this directory, kept so.
    pub fn with_options(root: PathBuf, options: LogOptions) -> Self {
        Self {
            root,
            hub: Arc::new(LogHub::default()),
            options,
            threads: Arc::default(),
            begun: Arc::default(),
        }
    }

    /// Waits until all is written that was handed over so far, as if its process had not been killed before.
    #[cfg(test)]
    pub(crate) fn drain(&self) {
        let (run, job) = (RunId("drained".into()), JobId("-".into()));
        let log = self.create(&run, &job, 1).unwrap();
        let mut writer = self.writer(&log).unwrap();
        writer
            .line(
                None,
                super::Source::Loom,
                loom_protocol::Timestamp::from_millis(0),
                b"drained",
            )
            .unwrap();
        writer.flush().unwrap();
    }

    #[cfg(test)]
    pub(super) fn options(&self) -> LogOptions {
        self.options
    }

    /// Who is told when a log of this process grows.
    pub fn hub(&self) -> &Arc<LogHub> {
        &self.hub
    }

    /// Begins the log of a job's attempt (from 1). Waits for the disk, as all that is done with the log itself.
    ///
    /// # Errors
    /// When its files cannot be made.
    pub fn create(&self, run: &RunId, job: &JobId, attempt: u32) -> Result<JobLog, LogError> {
        let paths = self.paths(run, job, attempt);
        let known = self.begun().contains(run);
        if !known || !paths.log.parent().is_some_and(Path::is_dir) {
            let made = private_directory(&self.root)
                .and_then(|()| paths.log.parent().map_or(Ok(()), private_directory));
            made.map_err(error("make the directory of", &paths.log))?;
            let mut begun = self.begun();
            if begun.len() >= KNOWN_RUNS {
                begun.clear();
            }
            begun.insert(run.clone());
        }
        let key = LogKey {
            run: run.clone(),
            job: job.clone(),
            attempt,
        };
        JobLog::create(paths, self.options.most_bytes, Arc::clone(&self.hub), key)
    }

    /// Goes on with the log of a job's attempt that a process began which is gone; `step` is the one that goes on, if one does.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is not whole.
    pub fn reopen(
        &self,
        run: &RunId,
        job: &JobId,
        attempt: u32,
        step: Option<&StepId>,
    ) -> Result<Reopened, LogError> {
        let key = LogKey {
            run: run.clone(),
            job: job.clone(),
            attempt,
        };
        let paths = self.paths(run, job, attempt);
        reopen(paths, self.options.most_bytes, Arc::clone(&self.hub), (key, step))
    }

    /// A way to write to a log without waiting for the disk: by the thread that writes all logs of this store.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn writer(&self, log: &JobLog) -> Result<LogWriterHandle, LogError> {
        let queue = self
            .threads
            .queue()
            .map_err(error("start the writer of", log.path()))?;
        Ok(LogWriterHandle::new(log.clone(), queue))
    }

    /// Opens the log of a job's attempt for reading; an empty one when it has not written yet.
    ///
    /// # Errors
    /// When its files are there and cannot be opened.
    pub fn open(&self, run: &RunId, job: &JobId, attempt: u32) -> Result<LogReader, LogError> {
        LogReader::open(&self.paths(run, job, attempt))
    }

    /// At most `limit` lines of a log from line `from` (the first is 1), page by page, up to the last line there is now. A
    /// page is bounded in memory whatever the log holds.
    ///
    /// # Errors
    /// As for [`LogStore::open`].
    pub fn pages(
        &self,
        run: &RunId,
        job: &JobId,
        attempt: u32,
        from: u64,
        limit: u64,
    ) -> Result<Pages, LogError> {
        Pages::new(self.open(run, job, attempt)?, from, limit)
    }

    /// The logs that there are of a run, by job and attempt, and those of which cannot be said whose they are. Waits for the disk.
    ///
    /// # Errors
    /// When its directory is there and cannot be read.
    pub(super) fn logs_of(&self, run: &RunId) -> Result<(Vec<Target>, Vec<LogError>), LogError> {
        let directory = self.root.join(file_name(&run.0));
        let entries = match std::fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
            Err(cause) => return Err(error("list", &directory)(cause)),
        };
        let (mut logs, mut nameless) = (Vec::new(), Vec::new());
        for entry in entries {
            let path = entry.map_err(error("list", &directory))?.path();
            if path.extension().is_none_or(|ending| ending != "log") {
                continue;
            }
            match path.file_stem().and_then(OsStr::to_str).and_then(log_name) {
                Some((job, attempt)) => {
                    let run = run.clone();
                    logs.push(LogKey { run, job, attempt });
                }
                None => {
                    let cause = io::Error::other("the job's name was too long for a file's");
                    nameless.push(error("say which job has", &path)(cause));
                }
            }
        }
        logs.sort();
        let target = |log: LogKey| Target {
            run: run.clone(),
            log,
        };
        Ok((logs.into_iter().map(target).collect(), nameless))
    }

    /// Removes all logs of a run, as when its history is forgotten.
    ///
    /// # Errors
    /// When they are there and cannot be removed.
    pub fn remove(&self, run: &RunId) -> Result<(), LogError> {
        let directory = self.root.join(file_name(&run.0));
        match std::fs::remove_dir_all(&directory) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(error("remove", &directory)(cause)),
            _ => Ok(()),
        }
    }

    /// What the logs of a run take, in bytes; 0 when there are none.
    ///
    /// # Errors
    /// When they are there and cannot be looked at.
    pub fn size(&self, run: &RunId) -> Result<u64, LogError> {
        let directory = self.root.join(file_name(&run.0));
        let files = match std::fs::read_dir(&directory) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(0),
            other => other.map_err(error("read", &directory))?,
        };
        let mut all = 0_u64;
        for file in files {
            let size = file.and_then(|file| file.metadata()).map(|about| about.len());
            all = all.saturating_add(size.map_err(error("read", &directory))?);
        }
        Ok(all)
    }

    fn begun(&self) -> MutexGuard<'_, HashSet<RunId>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn paths(&self, run: &RunId, job: &JobId, attempt: u32) -> Paths {
        let directory = self.root.join(file_name(&run.0));
        let mut name = file_name(&job.0);
        if attempt > 1 {
            name.push_str(&format!("@{attempt}"));
        }
        let file = |ending: &str| directory.join(format!("{name}.{ending}"));
        Paths {
            log: file("log"),
            index: file("idx"),
            steps: file("steps"),
        }
    }
}

/// A file name for an id: what is no letter, digit, `-` or `_` becomes `%` and its hexadecimal bytes, so that two ids
/// never share a file and none leaves its directory. One that grows too long is cut and ends with `%%` and a hash.
pub(super) fn file_name(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    if name.len() > LONGEST_NAME {
        // FNV-1a of 64 bits: the same in every process and version.
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        name.truncate(LONGEST_NAME - 18);
        name.push_str(&format!("%%{hash:016x}"));
    }
    name
}

/// The job and the attempt of a file's name without its ending, as [`LogStore::paths`] makes it. Nothing of a name that was cut: it does not say which
/// job it is.
fn log_name(name: &str) -> Option<(JobId, u32)> {
    let (name, attempt) = match name.split_once('@') {
        Some((name, attempt)) => (name, attempt.parse().ok()?),
        None => (name, 1),
    };
    let mut pieces = name.split('%');
    let mut id = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at_checked(2)?;
        id.push(u8::from_str_radix(code, 16).ok()?);
        id.extend_from_slice(rest.as_bytes());
    }
    Some((JobId(String::from_utf8(id).ok()?), attempt))
}

/// Makes a file that its owner alone can read: logs may hold what a step prints by mistake. One that is there is emptied.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true).mode(0o600);
    options.open(path)
}

/// Makes a directory that its owner alone can read, or closes to others one that is there.
fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}
