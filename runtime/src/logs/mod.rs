//! Logs: append-only files with an index, one pair a job. Live viewers read the same bytes.
//!
//! `<state>/logs/<run>/<job>.log` holds the lines, each ended by `\n`; `<job>.idx` holds a record of fixed size for
//! each: where it starts, when it was written, by which step, on which stream. The index is written after the text, so
//! a reader that goes by the index never sees half a line. Logs are no rows in a database: a line costs 24 bytes beside
//! its text, a window of a million lines is found by its number.

mod hub;
mod index;
mod lines;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use hub::{Grown, LogHub};
pub use lines::LineSplitter;
pub use reader::{LogReader, Pages, Window};
pub use writer::{JobLog, StepLog};

use crate::executor::Stream;
use crate::id::{JobId, RunId};

/// A line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the job's log, from 1.
    pub number: u64,
    /// When the step wrote it.
    pub time: Timestamp,
    /// The step that wrote it; absent for what Loom itself has to say.
    pub step: Option<u32>,
    /// Where it was written to.
    pub source: Source,
    /// Its text, without the line end. What is no UTF-8 is replaced.
    pub text: String,
}

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The step's standard output.
    Stdout,
    /// The step's standard error.
    Stderr,
    /// Loom itself: pulls, fallbacks, what was left running.
    Loom,
}

impl Source {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Loom => "loom",
        }
    }
}

impl From<Stream> for Source {
    fn from(stream: Stream) -> Self {
        match stream {
            Stream::Stdout => Self::Stdout,
            Stream::Stderr => Self::Stderr,
        }
    }
}

/// A log cannot be written or read.
#[derive(Debug, Error)]
#[error("{what} the log {}: {cause}", path.display())]
pub struct LogError {
    what: &'static str,
    path: PathBuf,
    #[source]
    cause: std::io::Error,
}

/// All logs of a state directory.
#[derive(Clone)]
pub struct LogStore {
    root: PathBuf,
    hub: Arc<LogHub>,
}

impl LogStore {
    /// The logs below this directory, which is made when needed.
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            hub: Arc::new(LogHub::default()),
        }
    }

    /// Who is told when a log of this process grows.
    pub fn hub(&self) -> &Arc<LogHub> {
        &self.hub
    }

    /// Begins the log of a job.
    ///
    /// # Errors
    /// When its files cannot be made.
    pub fn create(&self, run: &RunId, job: &JobId) -> Result<JobLog, LogError> {
        let (log, index) = self.paths(run, job);
        JobLog::create(&log, &index, Arc::clone(&self.hub), (run.clone(), job.clone()))
    }

    /// Opens the log of a job for reading; an empty one when the job has not written yet.
    ///
    /// # Errors
    /// When its files are there and cannot be opened.
    pub fn open(&self, run: &RunId, job: &JobId) -> Result<LogReader, LogError> {
        let (log, index) = self.paths(run, job);
        LogReader::open(&log, &index)
    }

    /// At most `limit` lines of a job's log from line `from` (the first is 1), page by page, up to the last line there is
    /// now. A page is bounded in memory whatever the log holds.
    ///
    /// # Errors
    /// As for [`LogStore::open`].
    pub fn pages(&self, run: &RunId, job: &JobId, from: u64, limit: u64) -> Result<Pages, LogError> {
        Pages::new(self.open(run, job)?, from, limit)
    }

    fn paths(&self, run: &RunId, job: &JobId) -> (PathBuf, PathBuf) {
        let directory = self.root.join(file_name(&run.0));
        let name = file_name(&job.0);
        (
            directory.join(format!("{name}.log")),
            directory.join(format!("{name}.idx")),
        )
    }
}

/// A file name for an id: what is no letter, digit, `-` or `_` becomes `%` and its hexadecimal bytes, so that two ids
/// never share a file and none leaves its directory.
fn file_name(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for c in id.chars() {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            name.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                name.push_str(&format!("%{byte:02x}"));
            }
        }
    }
    name
}

fn error(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LogError + use<> {
    let path = path.to_owned();
    move |cause| LogError { what, path, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn store() -> (tempfile::TempDir, LogStore) {
        let directory = tempfile::tempdir().unwrap();
        let store = LogStore::new(directory.path().join("logs"));
        (directory, store)
    }

    fn ids() -> (RunId, JobId) {
        (RunId("r".into()), JobId("build".into()))
    }

    #[test]
    fn lines_come_back_with_number_time_step_and_stream() {
        let (_directory, store) = store();
        let (run, job) = ids();
        let log = store.create(&run, &job).unwrap();
        log.note(at(1), "pulling");
        let mut step = log.step(3);
        step.write(Stream::Stdout, at(2), b"hello\nwor").unwrap();
        step.write(Stream::Stderr, at(3), b"oops\n").unwrap();
        step.write(Stream::Stdout, at(4), b"ld").unwrap();
        step.finish(at(5)).unwrap();
        let window = store.open(&run, &job).unwrap().window(1, 100).unwrap();
        let lines: Vec<_> = window
            .lines
            .iter()
            .map(|l| (l.number, l.time.as_millis(), l.step, l.source, l.text.as_str()))
            .collect();
        assert_eq!(
            lines,
            [
                (1, 1, None, Source::Loom, "pulling"),
                (2, 2, Some(3), Source::Stdout, "hello"),
                (3, 3, Some(3), Source::Stderr, "oops"),
                (4, 5, Some(3), Source::Stdout, "world"),
            ]
        );
        assert_eq!(window.total, 4);
    }

    #[test]
    fn a_window_in_the_middle_of_many_lines_is_exact() {
        let (_directory, store) = store();
        let (run, job) = ids();
        let log = store.create(&run, &job).unwrap();
        let mut step = log.step(0);
        let text: String = (1..=100_000).map(|n| format!("line {n}\n")).collect();
        for chunk in text.as_bytes().chunks(30_000) {
            step.write(Stream::Stdout, at(0), chunk).unwrap();
        }
        let window = store.open(&run, &job).unwrap().window(70_000, 3).unwrap();
        assert_eq!(
            window.lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(),
            ["line 70000", "line 70001", "line 70002"]
        );
        assert_eq!(window.total, 100_000);
        let tail = store.open(&run, &job).unwrap().window(100_001, 10).unwrap();
        assert!(tail.lines.is_empty());
    }

    #[test]
    fn a_window_of_long_lines_is_bounded_and_pages_hold_every_line_once() {
        let (_directory, store) = store();
        let (run, job) = ids();
        let log = store.create(&run, &job).unwrap();
        let mut step = log.step(0);
        let long = "x".repeat(200_000);
        for n in 1..=100 {
            step.write(Stream::Stdout, at(0), format!("{n} {long}\n").as_bytes())
                .unwrap();
        }
        let window = store.open(&run, &job).unwrap().window(1, usize::MAX).unwrap();
        let held: usize = window.lines.iter().map(|line| line.text.len()).sum();
        assert!((4_000_000..5_000_000).contains(&held), "{held} bytes at once");
        let pages = store.pages(&run, &job, 3, 95).unwrap();
        assert_eq!(pages.total(), 100);
        // What is written meanwhile is not waited for.
        step.write(Stream::Stdout, at(0), b"late\n").unwrap();
        let numbers: Vec<u64> = pages
            .flat_map(|page| page.unwrap())
            .map(|line| {
                assert!(line.text.starts_with(&format!("{} x", line.number)));
                line.number
            })
            .collect();
        assert_eq!(numbers, (3..=97).collect::<Vec<u64>>());
        assert_eq!(store.pages(&run, &job, 101, u64::MAX).unwrap().count(), 1);
        assert_eq!(store.pages(&run, &job, 102, u64::MAX).unwrap().count(), 0);
    }

    #[test]
    fn a_job_that_has_not_written_has_an_empty_log() {
        let (_directory, store) = store();
        let (run, job) = ids();
        assert_eq!(store.open(&run, &job).unwrap().window(1, 10).unwrap().total, 0);
    }

    #[test]
    fn carriage_returns_before_line_ends_and_broken_utf8_are_read_as_text() {
        let (_directory, store) = store();
        let (run, job) = ids();
        let log = store.create(&run, &job).unwrap();
        let mut step = log.step(0);
        step.write(Stream::Stdout, at(0), b"windows\r\n\xff\xfe\n")
            .unwrap();
        let window = store.open(&run, &job).unwrap().window(1, 10).unwrap();
        assert_eq!(window.lines[0].text, "windows");
        assert_eq!(window.lines[1].text, "\u{fffd}\u{fffd}");
    }

    #[test]
    fn ids_never_leave_the_directory_or_share_a_file() {
        assert_eq!(file_name("../x"), "%2e%2e%2fx");
        assert_ne!(file_name("a b"), file_name("a_b"));
    }

    #[tokio::test]
    async fn growth_is_told_with_the_new_total() {
        let (_directory, store) = store();
        let (run, job) = ids();
        let mut grown = store.hub().subscribe(&run, &job);
        let log = store.create(&run, &job).unwrap();
        log.note(at(1), "one");
        log.note(at(1), "two");
        assert_eq!(*grown.borrow_and_update(), 2);
        drop(log);
    }
}
