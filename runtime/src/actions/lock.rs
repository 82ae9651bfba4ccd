//! The lock file: which commit each version of an action was when it was used last.
//!
//! TOML that people read, diff and merge: one line an action, sorted. `--frozen` takes nothing that is not in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::cache;
use super::error::ActionError;
use super::remote::is_full;
use crate::bounded::{self, Contents};
use crate::replace::write_whole;

/// The name of a project's lock file.
pub const LOCK_FILE: &str = "loom.lock";

/// What stands at the top of a new one.
const HEAD: &str = "# The commits of the actions and workflows that this project uses from other repositories.\n\
                    # Written by `loom-runtime run`; with `--frozen` nothing else is used. Commit it with the project.\n";

/// The largest that is read, in bytes.
const MOST: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    version: u32,
    #[serde(default)]
    actions: BTreeMap<String, String>,
}

/// The records of a lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records(BTreeMap<String, String>);

impl Records {
    /// Reads a lock file; one that is not there has no records. It blocks.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn read(path: &Path) -> Result<Self, ActionError> {
        let wrong = |why: String| ActionError::LockFile {
            path: path.to_owned(),
            why,
        };
        let bytes = match bounded::read(path, MOST) {
            Ok(Contents::Whole(bytes)) => bytes,
            Ok(Contents::TooLarge(_)) => return Err(wrong(format!("it is larger than {MOST} bytes"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not text".into()))?;
        let read: Text =
            toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        if read.version != 1 {
            return Err(wrong(format!(
                "it is of version {}, and this Loom reads version 1",
                read.version
            )));
        }
        if let Some((name, commit)) = read.actions.iter().find(|(_, commit)| !is_full(commit)) {
            return Err(wrong(format!(
                "`{commit}` of `{name}` is not the full name of a commit"
            )));
        }
        Ok(Self(read.actions))
    }

    /// The commit of `owner/repository@version`; owner and repository are compared without regard to case.
    #[must_use]
    pub fn get(&self, reference: &str) -> Option<&str> {
        let wanted = comparable(reference);
        let mut found = self.0.iter().filter(|(known, _)| comparable(known) == wanted);
        found.next().map(|(_, commit)| commit.as_str())
    }

    fn set(&mut self, reference: &str, commit: &str) {
        let wanted = comparable(reference);
        self.0.retain(|known, _| comparable(known) != wanted);
        self.0.insert(reference.to_owned(), commit.to_owned());
    }

    fn to_text(&self) -> String {
        let mut text = format!("{HEAD}version = 1\n\n[actions]\n");
        for (reference, commit) in &self.0 {
            let key = toml::Value::String(reference.clone());
            text.push_str(&format!("{key} = \"{commit}\"\n"));
        }
        text
    }
}

/// A reference with owner and repository as they are compared.
pub(super) fn comparable(reference: &str) -> String {
    match reference.split_once('@') {
        Some((repository, version)) => format!("{}@{version}", repository.to_lowercase()),
        None => reference.to_lowercase(),
    }
}

/// Writes a commit into a lock file, beside what is in it. Processes that do so at once wait for each other. It blocks.
///
/// # Errors
/// When it cannot be read or written.
pub(super) fn record(path: &Path, guard: &Path, reference: &str, commit: &str) -> Result<(), ActionError> {
    let failed = || ActionError::disk(format!("{} cannot be written", path.display()));
    // Beside the project lies nothing but the lock file itself.
    std::fs::create_dir_all(guard).map_err(failed())?;
    let resolved: PathBuf = path.canonicalize().unwrap_or_else(|_| {
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        folder.map_or_else(
            || path.to_owned(),
            |folder| folder.join(path.file_name().unwrap_or_default()),
        )
    });
    let name = cache::short_hash(resolved.as_os_str().as_encoded_bytes());
    let held = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(guard.join(name))
        .map_err(failed())?;
    // Held for one small file's reading and writing, so it is not waited for long.
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive)
        .map_err(std::io::Error::from)
        .map_err(failed())?;
    let mut records = Records::read(&resolved)?;
    if records.get(reference) == Some(commit) {
        return Ok(());
    }
    records.set(reference, commit);
    write_whole(&resolved, records.to_text().as_bytes()).map_err(failed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha(digit: char) -> String {
        std::iter::repeat_n(digit, 40).collect()
    }

    #[test]
    fn records_are_kept_sorted_and_once_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK_FILE);
        let guard = folder.path().join("guard");
        assert_eq!(Records::read(&path).unwrap(), Records::default());
        for (reference, digit) in [("o/b@v1", 'a'), ("o/a@v1", 'b'), ("O/B@v1", 'c'), ("o/b@V1", 'd')] {
            record(&path, &guard, reference, &sha(digit)).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().skip(5).collect();
        assert_eq!(
            lines,
            [
                format!("\"O/B@v1\" = \"{}\"", sha('c')),
                format!("\"o/a@v1\" = \"{}\"", sha('b')),
                format!("\"o/b@V1\" = \"{}\"", sha('d')),
            ]
        );
        let records = Records::read(&path).unwrap();
        assert_eq!(records.get("o/B@v1"), Some(sha('c').as_str()));
        assert_eq!(records.get("o/b@v2"), None);
    }

    #[test]
    fn what_is_no_lock_file_is_told_and_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOCK_FILE);
        for (text, why) in [
            ("version = 2\n", "version 2"),
            ("version = 1\n[actions]\n\"o/r@v1\" = \"abc\"\n", "full name"),
            ("<<<<<<< ours\n", "TOML"),
            ("version = 1\nother = 1\n", "other"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = record(&path, &folder.path().join("guard"), "o/r@v1", &sha('a')).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
