//! What outlives a restart: rules, channels and silences in one file, what is going on in another. Both are private to whoever runs
//! the server, for channels have secrets. Waits for the disk.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use loom_protocol::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::evaluation::Evaluation;
use super::outbox::Outbox;
use super::rule::{Rule, defaults};
use super::silence::Silence;
use super::warning::Warning;
use super::work::WorkLog;

/// The form of both files. A later one is not read by what knows no more than this.
const VERSION: u32 = 1;
/// Bytes of a file that is read.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
const SETTINGS: &str = "settings.json";
const STATE: &str = "state.json";

/// What people decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    version: u32,
    pub(crate) rules: Vec<Rule>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) silences: Vec<Silence>,
}

/// What is going on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    version: u32,
    /// By rule.
    pub(crate) evaluations: BTreeMap<String, Evaluation>,
    /// When lints were looked at last, by rule.
    #[serde(skip)]
    pub(crate) lints_looked: BTreeMap<String, Timestamp>,
    /// The second up to which metrics were looked at.
    pub(crate) evaluated: Option<i64>,
    /// The newest last.
    pub(crate) resolved: VecDeque<Warning>,
    pub(crate) outbox: Outbox,
    pub(crate) work: WorkLog,
}

/// The directory of both files.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    directory: PathBuf,
}

/// Why a file can't be used. Says what to do about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The system does not let us.
    #[error("can't {verb} {path}: {source}; see that whoever runs the server may, and that there is room", path = .path.display())]
    Io {
        verb: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// It holds something else.
    #[error("{path} can't be read: {why}; mend it, or move it away to begin anew, and start the studio again", path = .path.display())]
    Malformed { path: PathBuf, why: String },
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            rules: defaults(),
            channels: Vec::new(),
            silences: Vec::new(),
        }
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            version: VERSION,
            evaluations: BTreeMap::new(),
            lints_looked: BTreeMap::new(),
            evaluated: None,
            resolved: VecDeque::new(),
            outbox: Outbox::default(),
            work: WorkLog::default(),
        }
    }
}

impl Files {
    /// Those of a studio that keeps its state there. Nothing is made before something is written.
    pub(crate) fn below(state: &Path) -> Self {
        Self {
            directory: state.join("warnings"),
        }
    }

    /// What people decided; what there is where they decided nothing when there is no such file.
    ///
    /// # Errors
    /// When there is one that can't be read.
    pub(crate) fn settings(&self) -> Result<Settings, FileError> {
        let settings: Option<Settings> = self.read(SETTINGS)?;
        let settings = settings.unwrap_or_default();
        self.check(SETTINGS, settings.version)?;
        Ok(settings)
    }

    /// What was going on.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn kept(&self) -> Result<Kept, FileError> {
        let kept: Option<Kept> = self.read(STATE)?;
        let kept = kept.unwrap_or_default();
        self.check(STATE, kept.version)?;
        Ok(kept)
    }

    /// Writes down what people decided.
    ///
    /// # Errors
    /// When the system does not let us; what was there before is there still.
    pub(crate) fn save_settings(&self, settings: &Settings) -> Result<(), FileError> {
        self.write(SETTINGS, settings)
    }

    /// Writes down what is going on.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn save_kept(&self, kept: &Kept) -> Result<(), FileError> {
        self.write(STATE, kept)
    }

    fn check(&self, name: &str, version: u32) -> Result<(), FileError> {
        if version == VERSION {
            return Ok(());
        }
        let why = format!("it has version {version}, and this studio knows {VERSION}");
        Err(self.malformed(name, why))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, FileError> {
        let path = self.directory.join(name);
        let failed = |source| FileError::Io {
            verb: "read",
            path: path.clone(),
            source,
        };
        // Looked at before it is opened: opening a pipe would wait for somebody to write.
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
            Ok(about) if !about.is_file() => return Err(self.malformed(name, "it is no ordinary file")),
            Ok(about) if about.len() > MAX_BYTES => return Err(self.malformed(name, "it is too large")),
            Ok(_) => {}
        }
        let mut text = Vec::new();
        let file = fs::File::open(&path).map_err(failed)?;
        file.take(MAX_BYTES).read_to_end(&mut text).map_err(failed)?;
        // The place in the file, and no word of what is in it, which may be a secret.
        let place = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            self.malformed(
                name,
                format!("line {line}, column {column} is not what should be there"),
            )
        };
        serde_json::from_slice(&text).map(Some).map_err(place)
    }

    /// As a whole or not at all.
    fn write(&self, name: &str, what: &impl Serialize) -> Result<(), FileError> {
        let path = self.directory.join(name);
        let new = self.directory.join(format!("{name}.new"));
        let write = || {
            let text = serde_json::to_vec_pretty(what).map_err(io::Error::other)?;
            // What could not be read again is not written.
            if text.len() as u64 > MAX_BYTES {
                let why = format!("it would have {} bytes, of {MAX_BYTES} at most", text.len());
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
            }
            make_private(&self.directory)?;
            // What another attempt left may have other permissions.
            let _none = fs::remove_file(&new);
            let mut file = private().write(true).create_new(true).open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|source| FileError::Io {
            verb: "write",
            path: path.clone(),
            source,
        })
    }

    fn malformed(&self, name: &str, why: impl Into<String>) -> FileError {
        FileError::Malformed {
            path: self.directory.join(name),
            why: why.into(),
        }
    }
}

/// Makes a directory that only its owner can look into.
fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Opens what only its owner can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warnings::channel::{Secret, Target};

    #[test]
    fn what_is_written_is_private_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::below(folder.path());
        assert_eq!(files.settings().unwrap(), Settings::default());
        assert_eq!(files.kept().unwrap(), Kept::default());
        let mut settings = Settings::default();
        settings.channels.push(Channel {
            id: "c-1".into(),
            name: "On call".into(),
            enabled: true,
            target: Target::Slack {
                url: Secret::new("https://hooks.example/x"),
            },
        });
        files.save_settings(&settings).unwrap();
        files.save_kept(&Kept::default()).unwrap();
        assert_eq!(files.settings().unwrap(), settings);
        assert_eq!(files.kept().unwrap(), Kept::default());
        #[cfg(unix)]
        for entry in fs::read_dir(folder.path().join("warnings")).unwrap() {
            use std::os::unix::fs::PermissionsExt as _;
            let about = entry.unwrap().metadata().unwrap();
            assert_eq!(about.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_broken_is_said_with_its_place_and_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::below(folder.path());
        files.save_settings(&Settings::default()).unwrap();
        let path = folder.path().join("warnings/settings.json");
        for (text, said) in [
            ("{\n  \"version\": \"HUNTER2\"\n}", "line 2"),
            (
                "{\"version\": 2, \"rules\": [], \"channels\": [], \"silences\": []}",
                "version 2",
            ),
            ("", "line 1"),
        ] {
            fs::write(&path, text).unwrap();
            let error = files.settings().unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("settings.json"), "{error}");
            assert!(
                error.contains("move it away") && !error.contains("HUNTER2"),
                "{error}"
            );
        }
    }
}
