//! A log that another process began, which is gone: what of it is whole is written on from.
//!
//! Text is written before its index, so what has no index is cut off. What the dead process was told and had not written yet is
//! not in it: whoever goes on has to say it again, and learns how far a step's words have come.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::error::error;
use super::index::{Entry, SIZE};
use super::steps::StepsFile;
use super::store::Paths;
use super::writer::{Begun, FULL, JobLog, MISSING};
use super::{LogError, LogHub, LogKey};
use crate::id::StepId;

/// Lines of the index that are read at once.
const AT_ONCE: u64 = 4096;

/// So much is looked at of a line of Loom's own.
const LOOKED_AT: u64 = 64 * 1024;

/// A log that is written on.
pub struct Reopened {
    /// The log.
    pub log: JobLog,
    /// Lines of the step that are in it, when it was the last to write.
    pub said: u64,
    /// What Loom itself has said since, or a little before.
    pub notes: Vec<String>,
}

/// Opens the log to be written on, by this step first.
pub(super) fn reopen(
    paths: Paths,
    most_bytes: u64,
    hub: Arc<LogHub>,
    (key, step): (LogKey, Option<&StepId>),
) -> Result<Reopened, LogError> {
    let open = |path: &Path| {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        opened.map_err(error("open", path))
    };
    // The index says what there is; a log without one was never begun.
    let (index, log) = (open(&paths.index)?, open(&paths.log)?);
    let (steps, ordinals) = StepsFile::reopen(paths.steps).map_err(error("read", &paths.log))?;
    let ordinal = step.and_then(|step| ordinals.get(step));
    let read = || {
        let lines = index.metadata()?.len() / SIZE as u64;
        let end = end_of(&log, &index, lines)?;
        let tail = Tail::read(&log, &index, (lines, end), ordinal)?;
        index.set_len(lines * SIZE as u64)?;
        log.set_len(end)?;
        Ok((lines, end, tail))
    };
    let (lines, end, tail) = read().map_err(error("go on with", &paths.log))?;
    let begun = Begun {
        log,
        index,
        steps,
        ordinals,
        end,
        lines,
        is_full: tail.is_full,
    };
    Ok(Reopened {
        log: JobLog::of(begun, most_bytes, (paths.log, hub, key)),
        said: tail.said,
        notes: tail.notes,
    })
}

/// Where the last line of the index ends in the log.
fn end_of(log: &File, index: &File, lines: u64) -> io::Result<u64> {
    let Some(last) = lines.checked_sub(1) else {
        return Ok(0);
    };
    let [last] = entries(index, last, 1)?.try_into().map_err(|_| torn())?;
    let mut at = last.offset;
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = log.read_at(&mut piece, at)?;
        let read = piece.get(..length).unwrap_or_default();
        match memchr::memchr(b'\n', read) {
            Some(end) => return Ok(at + end as u64 + 1),
            None if read.is_empty() => return Err(torn()),
            None => at += length as u64,
        }
    }
}

fn entries(index: &File, first: u64, count: u64) -> io::Result<Vec<Entry>> {
    let length = usize::try_from(count).map_err(io::Error::other)? * SIZE;
    let mut bytes = vec![0; length];
    index.read_exact_at(&mut bytes, first * SIZE as u64)?;
    bytes
        .chunks_exact(SIZE)
        .map(|entry| Entry::read(entry).ok_or_else(torn))
        .collect()
}

fn torn() -> io::Error {
    io::Error::other("its index names text that is not there")
}

/// What is at the end of a log, back to the first line of the step that wrote last.
#[derive(Default)]
struct Tail {
    said: u64,
    notes: Vec<String>,
    is_full: bool,
}

impl Tail {
    fn read(log: &File, index: &File, (lines, end): (u64, u64), step: Option<u32>) -> io::Result<Self> {
        let mut tail = Self::default();
        let (mut left, mut ends) = (lines, end);
        while left > 0 {
            let first = left.saturating_sub(AT_ONCE);
            for entry in entries(index, first, left - first)?.into_iter().rev() {
                match entry.step {
                    None => tail.note(log, entry.offset, ends)?,
                    own if own == step => tail.said += 1,
                    Some(_) => return Ok(tail),
                }
                ends = entry.offset;
            }
            left = first;
        }
        Ok(tail)
    }

    fn note(&mut self, log: &File, from: u64, to: u64) -> io::Result<()> {
        let length = to.checked_sub(from + 1).ok_or_else(torn)?.min(LOOKED_AT);
        let mut text = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        log.read_exact_at(&mut text, from)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        if text.contains(MISSING) {
            return Err(io::Error::other(
                "lines of it are missing, and nobody knows of which step",
            ));
        }
        self.is_full |= text.starts_with(FULL);
        self.notes.push(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use loom_protocol::Timestamp;

    use super::*;
    use crate::executor::Stream;
    use crate::id::{JobId, RunId};
    use crate::logs::{LogOptions, LogStore, Source};

    fn now() -> Timestamp {
        Timestamp::from_millis(1)
    }

    struct Bench {
        directory: tempfile::TempDir,
        store: LogStore,
    }

    fn bench(most_bytes: u64) -> Bench {
        let directory = tempfile::tempdir().unwrap();
        let store = LogStore::with_options(directory.path().join("logs"), LogOptions { most_bytes });
        Bench { directory, store }
    }

    fn ids() -> (RunId, JobId) {
        (RunId("r".into()), JobId("build".into()))
    }

    fn step(id: &str) -> StepId {
        StepId(id.into())
    }

    impl Bench {
        fn write(&self, log: &JobLog, id: &str, text: &str) {
            log.step(&step(id))
                .write(Stream::Stdout, now(), text.as_bytes())
                .unwrap();
        }

        /// As another process: nothing of this one's knows the log.
        fn reopen(&self, id: &str) -> Result<Reopened, LogError> {
            let store = LogStore::with_options(self.directory.path().join("logs"), self.store.options());
            let (run, job) = ids();
            store.reopen(&run, &job, 1, Some(&step(id)))
        }

        fn lines(&self) -> Vec<String> {
            let (run, job) = ids();
            let window = self.store.open(&run, &job, 1).unwrap().window(1, 1000).unwrap();
            let shown = |line: &crate::logs::Line| {
                let step = line.step.as_ref().map_or("-", |step| &step.0);
                format!("{step} {}", line.text)
            };
            window.lines.iter().map(shown).collect()
        }

        fn append(&self, ending: &str, bytes: &[u8]) {
            let path = self
                .directory
                .path()
                .join("logs/r")
                .join(format!("build.{ending}"));
            let mut file = OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(bytes).unwrap();
        }

        fn create(&self) -> JobLog {
            let (run, job) = ids();
            self.store.create(&run, &job, 1).unwrap()
        }
    }

    #[test]
    fn what_is_torn_is_cut_off_and_the_log_goes_on_behind_it() {
        let bench = bench(1 << 20);
        let log = bench.create();
        log.note(now(), "made").unwrap();
        bench.write(&log, "0", "a\n");
        bench.write(&log, "1", "b\nc\n");
        log.note(now(), "said").unwrap();
        bench.append("log", b"text without an index\nhalf a li");
        bench.append("idx", &[7; SIZE - 1]);
        bench.append("steps", b"\"2");
        let again = bench.reopen("1").unwrap();
        assert_eq!(
            (again.said, again.notes.as_slice()),
            (2, ["said".to_owned()].as_slice())
        );
        bench.write(&again.log, "2", "d\n");
        bench.write(&again.log, "1", "e\n");
        assert_eq!(
            bench.lines(),
            ["- made", "0 a", "1 b", "1 c", "- said", "2 d", "1 e"]
        );
        assert_eq!(again.log.total(), 7);
    }

    #[test]
    fn a_step_that_has_said_nothing_yet_begins_at_its_first_line() {
        let bench = bench(1 << 20);
        let log = bench.create();
        assert_eq!(bench.reopen("0").unwrap().said, 0);
        bench.write(&log, "0", &"x\n".repeat(10_000));
        assert_eq!(bench.reopen("0").unwrap().said, 10_000);
        assert_eq!(bench.reopen("1").unwrap().said, 0);
    }

    #[test]
    fn a_full_log_stays_full() {
        let bench = bench(10);
        let log = bench.create();
        bench.write(&log, "0", "12345678\nmore\nand more\n");
        let again = bench.reopen("0").unwrap();
        assert_eq!(again.said, 1);
        bench.write(&again.log, "0", "x\n");
        again.log.finish(now()).unwrap();
        let lines = bench.lines();
        assert!(lines[1].contains("reached its limit"), "{lines:?}");
        assert_eq!(lines[2..], ["- left out because this log was full: 1 line"]);
    }

    #[test]
    fn a_log_that_lacks_lines_or_is_not_there_is_refused() {
        let bench = bench(1 << 20);
        assert!(bench.reopen("0").is_err());
        let log = bench.create();
        log.fail_next(1);
        let mut lost = log.step(&step("0"));
        assert!(lost.write(Stream::Stdout, now(), b"lost\n").is_err());
        bench.write(&log, "0", "kept\n");
        let refused = bench.reopen("0").err().unwrap().to_string();
        assert!(refused.contains("lines of it are missing"), "{refused}");
        // Its index names text that is not there.
        let log = bench.create();
        bench.write(&log, "0", "text\n");
        let far = Entry {
            offset: 1000,
            time: now(),
            step: None,
            source: Source::Loom,
        };
        let mut record = Vec::new();
        far.write(&mut record);
        bench.append("idx", &record);
        assert!(bench.reopen("0").is_err());
    }
}
