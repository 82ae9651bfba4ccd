//! Writes the log of a job.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use loom_protocol::Timestamp;

use super::index::Entry;
use super::{LineSplitter, LogError, LogHub, Source, error};
use crate::executor::Stream;
use crate::id::{JobId, RunId};

/// The log of a job while it is written. Cheap to clone; all clones write the same files.
#[derive(Clone)]
pub struct JobLog {
    shared: Arc<Shared>,
}

struct Shared {
    files: Mutex<Files>,
    hub: Arc<LogHub>,
    key: (RunId, JobId),
}

struct Files {
    log: File,
    index: File,
    path: PathBuf,
    end: u64,
    lines: u64,
    text: Vec<u8>,
    entries: Vec<u8>,
    failed: bool,
}

impl JobLog {
    pub(super) fn create(
        log: &Path,
        index: &Path,
        hub: Arc<LogHub>,
        key: (RunId, JobId),
    ) -> Result<Self, LogError> {
        if let Some(directory) = log.parent() {
            std::fs::create_dir_all(directory).map_err(error("make the directory of", log))?;
        }
        let create = |path: &Path| {
            // Logs may hold what a step prints by mistake: they are for their owner alone.
            OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(true)
                .mode(0o600)
                .open(path)
                .map_err(error("make", path))
        };
        let files = Files {
            log: create(log)?,
            index: create(index)?,
            path: log.to_owned(),
            end: 0,
            lines: 0,
            text: Vec::new(),
            entries: Vec::new(),
            failed: false,
        };
        Ok(Self {
            shared: Arc::new(Shared {
                files: Mutex::new(files),
                hub,
                key,
            }),
        })
    }

    /// Writes a line of Loom's own. A log that cannot be written does not stop a job: it is said once.
    pub fn note(&self, at: Timestamp, text: &str) {
        let mut files = self.lock();
        for line in text.lines() {
            files.add(
                Entry {
                    offset: 0,
                    time: at,
                    step: None,
                    source: Source::Loom,
                },
                line.as_bytes(),
            );
        }
        let result = files.flush();
        let total = files.lines;
        drop(files);
        self.shared.hub.grew(&self.shared.key, total);
        if let Err(error) = result {
            tracing::error!(%error, "a note is lost");
        }
    }

    /// Where a step's output goes.
    pub fn step(&self, step: u32) -> StepLog {
        StepLog {
            log: self.clone(),
            step,
            stdout: LineSplitter::default(),
            stderr: LineSplitter::default(),
        }
    }

    /// Lines there are.
    pub fn total(&self) -> u64 {
        self.lock().lines
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Files> {
        self.shared.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.hub.closed(&self.key);
    }
}

/// Takes the output of one step.
pub struct StepLog {
    log: JobLog,
    step: u32,
    stdout: LineSplitter,
    stderr: LineSplitter,
}

impl StepLog {
    /// Takes bytes as the step wrote them; whole lines go to the files at once.
    ///
    /// # Errors
    /// When the files cannot be written, e.g. because the disk is full. What was written before stays whole.
    pub fn write(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) -> Result<(), LogError> {
        let entry = Entry {
            offset: 0,
            time: at,
            step: Some(self.step),
            source: stream.into(),
        };
        let splitter = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let mut files = self.log.lock();
        splitter.push(bytes, |line| files.add(entry, line));
        self.log.commit(files)
    }

    /// Writes what is left without a line end, once the streams have ended.
    ///
    /// # Errors
    /// As for [`StepLog::write`].
    pub fn finish(&mut self, at: Timestamp) -> Result<(), LogError> {
        let mut files = self.log.lock();
        for (stream, splitter) in [
            (Stream::Stdout, &mut self.stdout),
            (Stream::Stderr, &mut self.stderr),
        ] {
            let entry = Entry {
                offset: 0,
                time: at,
                step: Some(self.step),
                source: stream.into(),
            };
            splitter.finish(|line| files.add(entry, line));
        }
        self.log.commit(files)
    }
}

impl JobLog {
    fn commit(&self, mut files: std::sync::MutexGuard<'_, Files>) -> Result<(), LogError> {
        let before = files.entries.is_empty();
        let result = files.flush();
        let total = files.lines;
        drop(files);
        if !before {
            self.shared.hub.grew(&self.shared.key, total);
        }
        result
    }
}

impl Files {
    fn add(&mut self, mut entry: Entry, line: &[u8]) {
        entry.offset = self.end + self.text.len() as u64;
        entry.write(&mut self.entries);
        self.text.extend_from_slice(line);
        self.text.push(b'\n');
    }

    /// Text first, then its index. When the text cannot be written whole, the log is cut back to the last whole line
    /// that is indexed, and the lines at hand are given up: a reader never sees a torn line.
    fn flush(&mut self) -> Result<(), LogError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let (text, entries) = (std::mem::take(&mut self.text), std::mem::take(&mut self.entries));
        let written = self
            .log
            .write_all(&text)
            .and_then(|()| self.index.write_all(&entries));
        match written {
            Ok(()) => {
                self.failed = false;
                self.end += text.len() as u64;
                self.lines += (entries.len() / super::index::SIZE) as u64;
                (self.text, self.entries) = (text, entries);
                self.text.clear();
                self.entries.clear();
                Ok(())
            }
            Err(cause) => {
                let cut = |file: &mut File, length: u64| {
                    use std::io::Seek;
                    file.set_len(length)
                        .and_then(|()| file.seek(std::io::SeekFrom::Start(length)))
                };
                let back = cut(&mut self.log, self.end)
                    .and_then(|_| cut(&mut self.index, self.lines * super::index::SIZE as u64));
                if let Err(error) = back {
                    tracing::error!(%error, "a log cannot be cut back to its last whole line");
                }
                if std::mem::replace(&mut self.failed, true) {
                    return Ok(()); // said once, until it works again
                }
                Err(error("write", &self.path)(cause))
            }
        }
    }
}
