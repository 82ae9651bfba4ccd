//! The configuration files: `loom.toml` in the project, `config.toml` of the user.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// What both files may say. A key that is not listed here is an error with its place: a typing mistake must not be
/// silently without effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileConfig {
    /// Images by `runs-on` label, beside and before the built-in table; `host` stands for the host itself.
    #[serde(default)]
    pub images: BTreeMap<String, String>,
    /// Defaults of `loom-runtime run`.
    #[serde(default)]
    pub run: RunDefaults,
    /// Settings of `loom-runtime serve`.
    #[serde(default)]
    pub server: ServerConfig,
}

/// Defaults of `loom-runtime run`, named as its flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunDefaults {
    /// `docker`, `host` or `auto`.
    pub executor: Option<String>,
    /// `missing`, `always` or `never`.
    pub pull: Option<String>,
    /// Jobs at the same time.
    pub parallel: Option<usize>,
}

/// Settings of the studio server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServerConfig {
    /// The port.
    pub port: Option<u16>,
    /// The address to bind.
    pub bind: Option<String>,
    /// Runs at the same time.
    pub runs: Option<NonZeroUsize>,
    /// Origins that the CORS, Origin and Host checks accept beside our own.
    pub cors_origins: Option<Vec<String>>,
}

/// A configuration file that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It is there and cannot be read.
    #[error("read the configuration {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// What it says is not understood; the text shows the place.
    #[error("understand the configuration {}: {cause}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What, with line and column.
        cause: String,
    },
}

impl FileConfig {
    /// Reads the project's file and the user's and merges them; files that are not there say nothing.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(project: &Path, user: Option<&Path>) -> Result<Self, ConfigError> {
        let project = Self::read(&project.join("loom.toml"))?;
        let user = user.map(Self::read).transpose()?.flatten();
        Ok(project.unwrap_or_default().or(user.unwrap_or_default()))
    }

    fn read(path: &Path) -> Result<Option<Self>, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(None),
            Err(cause) => {
                return Err(ConfigError::Read {
                    path: path.to_owned(),
                    cause,
                });
            }
        };
        let parsed = toml::from_str(&text);
        parsed.map(Some).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            cause: error.to_string(),
        })
    }

    /// This file's word first, the other's where this one is silent.
    fn or(self, other: Self) -> Self {
        let mut images = other.images;
        images.extend(self.images);
        Self {
            images,
            run: RunDefaults {
                executor: self.run.executor.or(other.run.executor),
                pull: self.run.pull.or(other.run.pull),
                parallel: self.run.parallel.or(other.run.parallel),
            },
            server: ServerConfig {
                port: self.server.port.or(other.server.port),
                bind: self.server.bind.or(other.server.bind),
                runs: self.server.runs.or(other.server.runs),
                cors_origins: self.server.cors_origins.or(other.server.cors_origins),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_beats_the_user_key_by_key() {
        let directory = tempfile::tempdir().unwrap();
        let user = directory.path().join("user.toml");
        std::fs::write(
            &user,
            "[run]\nexecutor = 'docker'\nparallel = 3\n[images]\na = 'x'\nb = 'x'\n",
        )
        .unwrap();
        std::fs::write(
            directory.path().join("loom.toml"),
            "[run]\nexecutor = 'host'\n[images]\na = 'y'\n",
        )
        .unwrap();
        let config = FileConfig::load(directory.path(), Some(&user)).unwrap();
        assert_eq!(config.run.executor.as_deref(), Some("host"));
        assert_eq!(config.run.parallel, Some(3));
        assert_eq!(config.images.get("a").map(String::as_str), Some("y"));
        assert_eq!(config.images.get("b").map(String::as_str), Some("x"));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("loom.toml"), "[run]\nexecutr = 'host'\n").unwrap();
        let error = FileConfig::load(directory.path(), None).unwrap_err().to_string();
        assert!(error.contains("executr") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn no_files_say_nothing() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(
            FileConfig::load(directory.path(), None).unwrap(),
            FileConfig::default()
        );
    }
}
