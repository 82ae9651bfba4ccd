//! What became of schedules, in a file of the state directory. Several that serve on one directory share it: whoever has its
//! lock looks, and writes down what it begins before it does.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::due::Missed;
use crate::bounded::{self, Contents};
use crate::executor::Owner;
use crate::id::RunId;
use crate::replace::write_whole;

/// The largest record that is read, in bytes; ours hold a line a schedule.
const MOST: u64 = 4 * 1024 * 1024;

/// How often the lock is tried, and the pause between: five seconds in all.
const LOCK_TRIES: u32 = 500;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// A schedule of a workflow's file, as it is written there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    /// Several may use one state directory.
    pub(super) project: String,
    pub(super) file: String,
    pub(super) cron: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timezone: Option<String>,
}

/// What became of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    #[serde(flatten)]
    pub(super) key: Key,
    /// Up to when was looked: what came due until then is done with.
    pub(super) until: Timestamp,
    /// The last time that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) begun: Option<Begun>,
    /// The last times that were missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) missed: Option<Missed>,
}

/// A time that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Begun {
    pub(super) at: Timestamp,
    /// Who began it.
    pub(super) by: Owner,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub(super) enum Outcome {
    /// Nothing is known yet.
    Begins,
    /// A run, which is in the history.
    Run { run: RunId },
    /// No run.
    Failed { why: String },
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) schedules: Vec<Kept>,
}

impl Record {
    pub(super) fn find(&mut self, key: &Key) -> Option<&mut Kept> {
        self.schedules.iter_mut().find(|kept| kept.key == *key)
    }
}

/// Where the record lies.
#[derive(Clone, Debug)]
pub(super) struct RecordFile(PathBuf);

impl RecordFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Reads the record, has it changed and writes it, while nobody else does. It blocks.
    ///
    /// # Errors
    /// When it cannot be read or written: then nothing has changed.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Record) -> T) -> io::Result<T> {
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.0.with_extension("lock"))?;
        lock_soon(&lock)?;
        let before = read(&self.0)?;
        let mut record = before.clone().unwrap_or_default();
        let answer = change(&mut record);
        if before.as_ref() != Some(&record) {
            write_whole(&self.0, &serde_json::to_vec_pretty(&record)?)?;
        }
        Ok(answer)
    }
}

/// Locks a file that others hold for one small file's reading and writing. One that stands still holds it up for no longer than this.
fn lock_soon(lock: &File) -> io::Result<()> {
    for _ in 0..LOCK_TRIES {
        match flock(lock, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(LOCK_PAUSE),
            locked => return Ok(locked?),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::TimedOut,
        "another process holds the lock of the file and does not let go of it",
    ))
}

/// What the file says; nothing where there is none. One that cannot be understood is put aside.
fn read(path: &Path) -> io::Result<Option<Record>> {
    let bytes = match bounded::read(path, MOST) {
        Ok(Contents::Whole(bytes)) => bytes,
        Ok(_) => Vec::new(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match serde_json::from_slice(&bytes) {
        Ok(record) => Ok(Some(record)),
        Err(error) => {
            let aside = path.with_extension("json.broken");
            std::fs::rename(path, &aside)?;
            tracing::warn!(
                %error,
                file = %path.display(),
                "what became of schedules cannot be read; the file was put aside as {}, and what was missed is not known",
                aside.display()
            );
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(cron: &str) -> Key {
        Key {
            project: "/project".into(),
            file: ".github/workflows/night.yml".into(),
            cron: cron.into(),
            timezone: None,
        }
    }

    fn kept(cron: &str) -> Kept {
        Kept {
            key: key(cron),
            until: Timestamp::UNIX_EPOCH,
            begun: Some(Begun {
                at: Timestamp::UNIX_EPOCH,
                by: Owner {
                    instance: "i".into(),
                    boot: "b".into(),
                    pid: 7,
                    started: 8,
                },
                outcome: Outcome::Run {
                    run: RunId("r".into()),
                },
            }),
            missed: Some(Missed {
                count: 2,
                first: Timestamp::UNIX_EPOCH,
                last: Timestamp::UNIX_EPOCH,
            }),
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_a_broken_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("schedules.json");
        let file = RecordFile::new(path.clone());
        file.change(|record| record.schedules.push(kept("0 4 * * *")))
            .unwrap();
        let read = file.change(|record| record.clone()).unwrap();
        assert_eq!(read.schedules, [kept("0 4 * * *")]);
        std::fs::write(&path, "{\"schedules\": 5").unwrap();
        assert_eq!(file.change(|record| record.clone()).unwrap(), Record::default());
        assert_eq!(
            std::fs::read_to_string(folder.path().join("schedules.json.broken")).unwrap(),
            "{\"schedules\": 5"
        );
    }

    #[test]
    fn of_many_that_look_at_once_one_begins() {
        let folder = tempfile::tempdir().unwrap();
        let file = RecordFile::new(folder.path().join("schedules.json"));
        file.change(|record| record.schedules.push(kept("0 4 * * *")))
            .unwrap();
        let due = Timestamp::from_second(60).unwrap();
        let begin = || {
            let begun = file.change(|record| {
                let kept = record.find(&key("0 4 * * *")).unwrap();
                std::mem::replace(&mut kept.until, due) < due
            });
            begun.unwrap()
        };
        let begun = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
            all.into_iter()
                .map(|one| one.join().unwrap())
                .filter(|begun| *begun)
                .count()
        });
        assert_eq!(begun, 1);
    }
}
