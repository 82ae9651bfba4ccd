//! Recordings that were saved: a directory with a bounded number of them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use loom_protocol::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Files that are kept; of more, the newest.
const MOST: usize = 20;
/// Bytes of all of them together; of more, the newest. One is always kept.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// What their names end with.
pub(crate) const EXTENSION: &str = "loomrec";

/// A recording that was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Saved {
    /// The name of its file: when it was made, and why.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: u64,
}

/// Where recordings are saved. Safe from any thread; waits for the disk.
pub(crate) struct Shelf {
    directory: PathBuf,
    /// Held while one is written.
    writing: Mutex<()>,
}

impl Shelf {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            writing: Mutex::default(),
        }
    }

    /// The directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Saves a file made of these pieces, and lets go of the oldest where there are too many.
    pub(crate) fn save(&self, made: Timestamp, reason: &str, pieces: &[Bytes]) -> io::Result<Saved> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        fs::create_dir_all(&self.directory)?;
        let name = name(made, reason);
        let path = self.directory.join(&name);
        // Whoever lists them sees whole ones only.
        let unfinished = self.directory.join(format!("{name}.part"));
        let written = write(&unfinished, pieces).and_then(|()| fs::rename(&unfinished, &path));
        if let Err(error) = written {
            let _never_there = fs::remove_file(&unfinished);
            return Err(error);
        }
        let bytes = pieces.iter().map(|piece| piece.len() as u64).sum();
        self.make_room()?;
        Ok(Saved { name, bytes })
    }

    /// All of them, newest first.
    pub(crate) fn list(&self) -> io::Result<Vec<Saved>> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut saved = Vec::new();
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if is_name(&name)
                && let Ok(metadata) = entry.metadata()
                && metadata.is_file()
            {
                saved.push(Saved {
                    name,
                    bytes: metadata.len(),
                });
            }
        }
        saved.sort_by(|a, b| b.name.cmp(&a.name));
        Ok(saved)
    }

    /// The file of that name; nothing when there is none.
    pub(crate) fn open(&self, name: &str) -> io::Result<Option<File>> {
        if !is_name(name) {
            return Ok(None);
        }
        match File::open(self.directory.join(name)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn make_room(&self) -> io::Result<()> {
        let mut bytes = 0;
        for (place, saved) in self.list()?.into_iter().enumerate() {
            bytes += saved.bytes;
            if place > 0 && (place >= MOST || bytes > MOST_BYTES) {
                fs::remove_file(self.directory.join(saved.name))?;
            }
        }
        Ok(())
    }
}

fn write(path: &Path, pieces: &[Bytes]) -> io::Result<()> {
    let mut file = File::create(path)?;
    for piece in pieces {
        file.write_all(piece)?;
    }
    file.sync_all()
}

/// A name that sorts by time, for any file system.
pub(crate) fn name(made: Timestamp, reason: &str) -> String {
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let made: String = made.to_string().chars().filter(|letter| *letter != 'Z').collect();
    let made = made.replace([':', '.'], "-");
    let reason: String = reason.chars().take(40).map(plain).collect();
    format!("{made}-{reason}.{EXTENSION}")
}

/// Whether a name may be one of ours: no way leads out of the directory.
fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(".loomrec");
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    stem.is_some_and(|stem| !stem.is_empty() && stem.chars().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_no_name_leads_out() {
        let directory = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(directory.path().join("recordings"));
        assert_eq!(shelf.list().unwrap(), []);
        for second in 0..25 {
            let made = Timestamp::from_millis(1_765_596_838_077 + 1_000 * second);
            shelf
                .save(
                    made,
                    "by Hand",
                    &[Bytes::from_static(b"ab"), Bytes::from_static(b"c")],
                )
                .unwrap();
        }
        let saved = shelf.list().unwrap();
        assert_eq!(saved.len(), MOST);
        let newest = Saved {
            name: "2025-12-13T03-34-22-077-by-hand.loomrec".to_owned(),
            bytes: 3,
        };
        assert_eq!(saved[0], newest);
        assert!(shelf.open(&newest.name).unwrap().is_some());
        std::fs::write(directory.path().join("secret.loomrec"), "x").unwrap();
        for name in ["../secret.loomrec", "secret.loomrec", ".loomrec", "a.part", ""] {
            assert!(shelf.open(name).unwrap().is_none(), "{name}");
        }
    }

    #[test]
    fn what_can_t_be_written_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let shelf = Shelf::new(file);
        assert!(shelf.save(Timestamp::from_millis(0), "x", &[]).is_err());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
