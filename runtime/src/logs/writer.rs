//! Writes the log of a job. Everything here waits for the disk; [`super::LogWriterHandle`] does not.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use loom_protocol::Timestamp;

use super::batch::Batch;
use super::error::{counted, error};
use super::index::{Entry, SIZE};
use super::steps::{Ordinals, StepsFile};
use super::store::{Paths, private_file};
use super::{LineSplitter, LogError, LogHub, LogKey, Source};
use crate::executor::Stream;
use crate::id::StepId;

/// What Loom itself may say in a log that is full.
const ROOM_FOR_NOTES: u64 = 1024 * 1024;

/// What a log says that takes no more of its job's output, before the number of bytes.
pub(super) const FULL: &str = "this log has reached its limit of ";
/// What a log says where lines are lost, between their number and the cause.
pub(super) const MISSING: &str = " missing here, which could not be written: ";

/// Memory that is kept for the next lines, in bytes.
const KEPT: usize = 128 * 1024;

/// The log of a job while it is written. Cheap to clone; all clones write the same files.
#[derive(Clone)]
pub struct JobLog {
    shared: Arc<Shared>,
}

struct Shared {
    files: Mutex<Files>,
    ordinals: Mutex<Ordinals>,
    path: PathBuf,
    /// Orders for the thread that writes which it has not done yet.
    underway: AtomicU64,
    /// Whether it ever had one.
    touched: AtomicBool,
    lost: AtomicU64,
    left_out: AtomicU64,
    first: OnceLock<LogError>,
    hub: Arc<LogHub>,
    key: LogKey,
}

/// The files of a log, and where they end.
pub(super) struct Begun {
    pub(super) log: File,
    pub(super) index: File,
    pub(super) steps: StepsFile,
    pub(super) ordinals: Ordinals,
    /// Bytes of whole lines in the log.
    pub(super) end: u64,
    /// Lines in the index.
    pub(super) lines: u64,
    /// Whether it takes no more of the job's output.
    pub(super) is_full: bool,
}

struct Files {
    log: File,
    index: File,
    steps: StepsFile,
    /// Bytes of whole lines in the log.
    end: u64,
    /// Lines in the index.
    lines: u64,
    most_bytes: u64,
    /// No more of the job's output is taken.
    full: bool,
    /// What is to be written next.
    pending: Batch,
    /// Lines that are lost at the end, which the log does not say yet, and why.
    missing: Option<(u64, String)>,
    /// Writes that a test wants to fail.
    #[cfg(test)]
    failing: u32,
}

impl JobLog {
    pub(super) fn create(
        paths: Paths,
        most_bytes: u64,
        hub: Arc<LogHub>,
        key: LogKey,
    ) -> Result<Self, LogError> {
        let create = |path: &Path| private_file(path).map_err(error("make", path));
        let begun = Begun {
            // The index first: an old one must not point into a new log.
            index: create(&paths.index)?,
            log: create(&paths.log)?,
            steps: StepsFile::new(paths.steps).map_err(error("make", &paths.log))?,
            ordinals: Ordinals::default(),
            end: 0,
            lines: 0,
            is_full: false,
        };
        Ok(Self::of(begun, most_bytes, (paths.log, hub, key)))
    }

    /// Writes on where these files end.
    pub(super) fn of(
        begun: Begun,
        most_bytes: u64,
        (path, hub, key): (PathBuf, Arc<LogHub>, LogKey),
    ) -> Self {
        let lines = begun.lines;
        let files = Files {
            index: begun.index,
            log: begun.log,
            steps: begun.steps,
            end: begun.end,
            lines,
            most_bytes,
            full: begun.is_full,
            pending: Batch::default(),
            missing: None,
            #[cfg(test)]
            failing: 0,
        };
        hub.begun(&key);
        if lines > 0 {
            hub.grew(&key, lines);
        }
        Self {
            shared: Arc::new(Shared {
                files: Mutex::new(files),
                ordinals: Mutex::new(begun.ordinals),
                path,
                underway: AtomicU64::new(0),
                touched: AtomicBool::new(false),
                lost: AtomicU64::new(0),
                left_out: AtomicU64::new(0),
                first: OnceLock::new(),
                hub,
                key,
            }),
        }
    }

    /// Writes a line of Loom's own, or several.
    ///
    /// # Errors
    /// [`LogError::Lost`] when the files cannot be written, e.g. because the disk is full.
    pub fn note(&self, at: Timestamp, text: &str) -> Result<(), LogError> {
        let mut batch = Batch::default();
        text.lines()
            .for_each(|line| batch.push(at, None, Source::Loom, line.as_bytes()));
        self.write([&batch])
    }

    /// Where a step's output goes.
    pub fn step(&self, step: &StepId) -> StepLog {
        StepLog {
            log: self.clone(),
            step: self.ordinal(step),
            batch: Batch::default(),
            stdout: LineSplitter::default(),
            stderr: LineSplitter::default(),
        }
    }

    /// Lines there are.
    pub fn total(&self) -> u64 {
        self.files().lines
    }

    /// Lines that could not be written. Its job cannot be said to have ended well.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Acquire)
    }

    /// Why the first of the lost lines could not be written.
    pub fn first_error(&self) -> Option<&LogError> {
        self.shared.first.get()
    }

    /// Lines that were left out because the log had reached its limit.
    pub fn left_out(&self) -> u64 {
        self.shared.left_out.load(Ordering::Acquire)
    }

    /// Whether all that was handed over so far is in the files, or counted as lost.
    pub fn is_written(&self) -> bool {
        self.shared.underway.load(Ordering::Acquire) == 0
    }

    /// Whether nothing was ever handed over.
    pub fn is_untouched(&self) -> bool {
        !self.shared.touched.load(Ordering::Acquire)
    }

    pub(super) fn order_begins(&self) {
        self.shared.touched.store(true, Ordering::Release);
        self.shared.underway.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn order_ends(&self) {
        self.shared.underway.fetch_sub(1, Ordering::AcqRel);
    }

    /// Says at the end of a log that reached its limit how many lines were left out.
    ///
    /// # Errors
    /// As for [`JobLog::note`].
    pub fn finish(&self, at: Timestamp) -> Result<(), LogError> {
        match self.left_out() {
            0 => Ok(()),
            count => self.note(
                at,
                &format!("left out because this log was full: {}", counted(count)),
            ),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.shared.path
    }

    pub(super) fn ordinal(&self, step: &StepId) -> u32 {
        lock(&self.shared.ordinals).of(step)
    }

    /// Writes lines: all of them at once, text first.
    pub(super) fn write<'a>(&self, batches: impl IntoIterator<Item = &'a Batch>) -> Result<(), LogError> {
        let mut files = self.files();
        let before = files.lines;
        let mut left_out = 0;
        for batch in batches {
            left_out += files.take(batch);
        }
        self.shared.left_out.fetch_add(left_out, Ordering::AcqRel);
        let names = lock(&self.shared.ordinals).take_pending();
        let lines = files.pending.lines();
        let written = files.flush(&names);
        let total = files.lines;
        drop(files);
        if total > before {
            self.shared.hub.grew(&self.shared.key, total);
        }
        written.map_err(|cause| self.lose(lines, cause))
    }

    /// Counts lines that are lost, and makes the error that says so.
    pub(super) fn lose(&self, lines: u64, cause: io::Error) -> LogError {
        let error = LogError::Lost {
            path: self.shared.path.clone(),
            lines,
            cause: Arc::new(cause),
        };
        // The first reason is there before the count that makes somebody ask for it.
        drop(self.shared.first.set(error.clone()));
        self.shared.lost.fetch_add(lines, Ordering::AcqRel);
        error
    }

    /// The next writes fail, once their text is written.
    #[cfg(test)]
    pub(super) fn fail_next(&self, writes: u32) {
        self.files().failing = writes;
    }

    /// Whatever wants to write to this log waits until it is let go.
    #[cfg(test)]
    pub(crate) fn hold(&self) -> impl Drop + '_ {
        self.files()
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        lock(&self.shared.files)
    }
}

/// What a panic left is whole: places move after the writing alone.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
    batch: Batch,
    stdout: LineSplitter,
    stderr: LineSplitter,
}

impl StepLog {
    /// Takes bytes as the step wrote them; whole lines go to the files at once.
    ///
    /// # Errors
    /// [`LogError::Lost`], with how many lines are, when the files cannot be written. What was written before stays whole.
    pub fn write(&mut self, stream: Stream, at: Timestamp, bytes: &[u8]) -> Result<(), LogError> {
        let (step, batch) = (Some(self.step), &mut self.batch);
        let splitter = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        splitter.push(bytes, |line| batch.push(at, step, stream.into(), line));
        self.commit()
    }

    /// Writes what is left without a line end, once the streams have ended.
    ///
    /// # Errors
    /// As for [`StepLog::write`].
    pub fn finish(&mut self, at: Timestamp) -> Result<(), LogError> {
        let (step, batch) = (Some(self.step), &mut self.batch);
        for (stream, splitter) in [
            (Stream::Stdout, &mut self.stdout),
            (Stream::Stderr, &mut self.stderr),
        ] {
            splitter.finish(|line| batch.push(at, step, stream.into(), line));
        }
        self.commit()
    }

    fn commit(&mut self) -> Result<(), LogError> {
        let written = self.log.write([&self.batch]);
        self.batch.clear();
        written
    }
}

impl Files {
    /// Takes lines to be written, as far as there is room. How many are left out.
    fn take(&mut self, batch: &Batch) -> u64 {
        let room = |files: &Self, most: u64, more: usize| {
            files.end + (files.pending.text.len() + more) as u64 <= most
        };
        if !self.full && room(self, self.most_bytes, batch.text.len()) {
            self.pending.append(batch);
            return 0;
        }
        let mut left_out = 0;
        for (entry, line) in batch.iter() {
            let most = if entry.source == Source::Loom {
                self.most_bytes.saturating_add(ROOM_FOR_NOTES)
            } else {
                self.most_bytes
            };
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            if (!self.full || entry.source == Source::Loom) && room(self, most, line.len()) {
                self.pending.push(entry.time, entry.step, entry.source, text);
                continue;
            }
            left_out += 1;
            if !std::mem::replace(&mut self.full, true) {
                let full = format!(
                    "{FULL}{} bytes: what the job prints from here on is left out",
                    self.most_bytes
                );
                self.pending.push(entry.time, None, Source::Loom, full.as_bytes());
            }
        }
        left_out
    }

    /// Text first, then its index. When one of them cannot be written whole, the log is cut back to the last whole line
    /// that is indexed, and the lines at hand are given up: a reader never sees a torn line, nor a line without its text.
    /// Once it can be written again, it says first how many are missing.
    fn flush(&mut self, names: &[u8]) -> io::Result<()> {
        let lines = self.pending.lines();
        let Some(first) = self.pending.entries.first() else {
            return self.steps.write(names);
        };
        let mut head = Batch::default();
        if let Some((count, cause)) = &self.missing {
            let said = format!("{}{MISSING}{cause}", counted(*count));
            head.push(first.time, None, Source::Loom, said.as_bytes());
        }
        let mut index = Vec::with_capacity((head.entries.len() + self.pending.entries.len()) * SIZE);
        let mut base = self.end;
        for part in [&head, &self.pending] {
            for entry in &part.entries {
                let offset = base + entry.offset;
                Entry { offset, ..*entry }.write(&mut index);
            }
            base += part.text.len() as u64;
        }
        let written = self.write(names, &head.text, &index);
        if self.pending.text.capacity() > KEPT {
            // One burst must not hold memory for as long as the job runs.
            self.pending = Batch::default();
        }
        self.pending.clear();
        match written {
            Ok(()) => {
                self.end = base;
                self.lines += lines + head.lines();
                self.missing = None;
            }
            Err(error) => {
                let before = self.missing.take().map_or(0, |(count, _)| count);
                self.missing = Some((before + lines, error.to_string()));
                self.cut_back();
                return Err(error);
            }
        }
        Ok(())
    }

    fn write(&mut self, names: &[u8], head: &[u8], index: &[u8]) -> io::Result<()> {
        self.steps.write(names)?;
        self.log.write_all_at(head, self.end)?;
        let behind = self.end + head.len() as u64;
        self.log.write_all_at(&self.pending.text, behind)?;
        #[cfg(test)]
        if self.failing > 0 {
            self.failing -= 1;
            return Err(io::Error::other("a test failed it"));
        }
        self.index.write_all_at(index, self.lines * SIZE as u64)
    }

    /// The index first, so that it never points beyond the text. What cannot be cut is written over by the next lines.
    fn cut_back(&mut self) {
        let cut = self
            .index
            .set_len(self.lines * SIZE as u64)
            .and_then(|()| self.log.set_len(self.end));
        if let Err(error) = cut {
            tracing::error!(%error, "a log cannot be cut back to its last whole line");
        }
    }
}
