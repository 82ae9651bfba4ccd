//! The configuration files: `loom.toml` in the project, `config.toml` of the user.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use thiserror::Error;

use super::choices::{Keep, WorkspaceMode};
use super::lint::LintConfig;
use crate::executor::PullPolicy;
use crate::machine::Choice;
use crate::prepare::UnmappedLabel;

/// What both files may say. A key that is not listed here is an error with its place: a typing mistake must not be
/// silently without effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FileConfig {
    /// Images by `runs-on` label, beside and before the built-in table; `host` stands for the host itself.
    #[serde(default, deserialize_with = "images")]
    pub images: BTreeMap<String, String>,
    /// Defaults of `loom-runtime run`.
    #[serde(default)]
    pub run: RunDefaults,
    /// Where actions come from.
    #[serde(default)]
    pub actions: ActionsConfig,
    /// Settings of `loom-runtime serve`.
    #[serde(default)]
    pub server: ServerConfig,
    /// What is wanted of lints.
    #[serde(default)]
    pub lint: LintConfig,
}

/// The longest `orphan-grace`, in seconds: a week.
pub const LONGEST_GRACE: u32 = 604_800;

/// Defaults of `loom-runtime run`, named as its flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunDefaults {
    /// `docker`, `host` or `auto`.
    pub executor: Option<Choice>,
    /// `missing`, `always` or `never`.
    pub pull: Option<PullPolicy>,
    /// Jobs at the same time.
    #[serde(default, deserialize_with = "at_least_one")]
    pub parallel: Option<NonZeroUsize>,
    /// What becomes of jobs whose label nothing runs.
    pub unmapped_label: Option<UnmappedLabel>,
    /// Seconds for which jobs on the machine itself go on when the process that runs them has died.
    #[serde(default, deserialize_with = "grace")]
    pub orphan_grace: Option<u32>,
    /// How jobs see the project.
    pub workspace_mode: Option<WorkspaceMode>,
    /// Whose place is kept when its job is done.
    pub keep: Option<Keep>,
    /// The Node.js for JavaScript actions, as a path that the job sees.
    pub node: Option<String>,
    /// The event.
    pub event: Option<String>,
    /// Who caused it.
    pub actor: Option<String>,
    /// The repository's main branch.
    pub default_branch: Option<String>,
    /// Environment variables for every step, below those of files and flags.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The file with environment variables, from the project's folder.
    pub env_file: Option<PathBuf>,
    /// The file with secrets, from the project's folder.
    pub secret_file: Option<PathBuf>,
    /// The file with variables of the `vars` context, from the project's folder.
    pub var_file: Option<PathBuf>,
    /// The file with inputs, from the project's folder.
    pub input_file: Option<PathBuf>,
}

/// Where actions and called workflows of other repositories come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ActionsConfig {
    /// The address that `owner/name` is appended to.
    pub host: Option<String>,
    /// Addresses, or beginnings of `owner/name`, and what is fetched from instead.
    #[serde(default)]
    pub mirrors: BTreeMap<String, String>,
    /// Directories instead of `owner/name` or `owner/name@ref`, from the project's folder.
    #[serde(default, deserialize_with = "overrides")]
    pub overrides: BTreeMap<String, PathBuf>,
    /// Whether nothing is fetched.
    pub offline: Option<bool>,
    /// Whether only what the lock file has is used.
    pub frozen: Option<bool>,
}

/// Settings of the studio server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServerConfig {
    /// The port.
    #[serde(default, deserialize_with = "port")]
    pub port: Option<u16>,
    /// The address to bind.
    pub bind: Option<String>,
    /// Runs at the same time.
    #[serde(default, deserialize_with = "at_least_one")]
    pub runs: Option<NonZeroUsize>,
    /// Origins that the CORS, Origin and Host checks accept beside our own.
    pub cors_origins: Option<Vec<String>>,
    /// PEM file of the certificate that the studio shows over TLS.
    pub tls_cert: Option<PathBuf>,
    /// PEM file of its private key.
    pub tls_key: Option<PathBuf>,
    /// Seconds for which actors that fell silent are shown; at least 10.
    #[serde(default, deserialize_with = "seconds")]
    pub forget_after: Option<u64>,
    /// Mebibytes of memory for the recording of the last ten minutes; 0 records nothing.
    pub recorder_mb: Option<u16>,
    /// Whether workflows start at the times of their `on.schedule`.
    pub schedules: Option<bool>,
}

/// A number of which 0 would let nothing happen.
fn at_least_one<'de, D: Deserializer<'de>>(text: D) -> Result<Option<NonZeroUsize>, D::Error> {
    let number = |number| usize::try_from(number).ok().and_then(NonZeroUsize::new);
    whole(text, number, "a whole number, at least 1").map(Some)
}

fn port<'de, D: Deserializer<'de>>(text: D) -> Result<Option<u16>, D::Error> {
    whole(
        text,
        |number| number.try_into().ok(),
        "a whole number from 0 to 65535",
    )
    .map(Some)
}

fn seconds<'de, D: Deserializer<'de>>(text: D) -> Result<Option<u64>, D::Error> {
    let number = |number| u64::try_from(number).ok();
    whole(text, number, "a whole number of seconds").map(Some)
}

/// A time that is bounded, so that nothing runs for ever that nobody knows of.
fn grace<'de, D: Deserializer<'de>>(text: D) -> Result<Option<u32>, D::Error> {
    let number = |number| {
        u32::try_from(number)
            .ok()
            .filter(|number| *number <= LONGEST_GRACE)
    };
    whole(text, number, "a whole number of seconds, at most 604800").map(Some)
}

/// A whole number that is taken; else what was given and what is wanted, in words that are not those of a program's types.
fn whole<'de, D: Deserializer<'de>, N>(
    text: D,
    taken: impl FnOnce(i64) -> Option<N>,
    wanted: &str,
) -> Result<N, D::Error> {
    let given = toml::Value::deserialize(text)?;
    let number = given.as_integer().and_then(taken);
    number.ok_or_else(|| D::Error::custom(format!("it is {given}, and has to be {wanted}")))
}

/// Images by label; one without a name could never be had.
fn images<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeMap<String, String>, D::Error> {
    let images = BTreeMap::<String, String>::deserialize(text)?;
    match images.iter().find(|(_, image)| image.trim().is_empty()) {
        Some((label, _)) => Err(D::Error::custom(format!(
            "the label `{label}` has no image: name one, or `host`"
        ))),
        None => Ok(images),
    }
}

/// Directories by action.
fn overrides<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeMap<String, PathBuf>, D::Error> {
    let overrides = BTreeMap::<String, PathBuf>::deserialize(text)?;
    match overrides.keys().find(|name| !name.contains('/')) {
        Some(name) => Err(D::Error::custom(format!(
            "`{name}` names no action: it has to look like owner/name or owner/name@ref"
        ))),
        None => Ok(overrides),
    }
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
        Self {
            images: both(self.images, other.images),
            run: self.run.or(other.run),
            actions: self.actions.or(other.actions),
            server: self.server.or(other.server),
            lint: self.lint.or(other.lint),
        }
    }
}

impl RunDefaults {
    fn or(self, other: Self) -> Self {
        Self {
            executor: self.executor.or(other.executor),
            pull: self.pull.or(other.pull),
            parallel: self.parallel.or(other.parallel),
            unmapped_label: self.unmapped_label.or(other.unmapped_label),
            orphan_grace: self.orphan_grace.or(other.orphan_grace),
            workspace_mode: self.workspace_mode.or(other.workspace_mode),
            keep: self.keep.or(other.keep),
            node: self.node.or(other.node),
            event: self.event.or(other.event),
            actor: self.actor.or(other.actor),
            default_branch: self.default_branch.or(other.default_branch),
            env: both(self.env, other.env),
            env_file: self.env_file.or(other.env_file),
            secret_file: self.secret_file.or(other.secret_file),
            var_file: self.var_file.or(other.var_file),
            input_file: self.input_file.or(other.input_file),
        }
    }
}

impl ActionsConfig {
    fn or(self, other: Self) -> Self {
        Self {
            host: self.host.or(other.host),
            mirrors: both(self.mirrors, other.mirrors),
            overrides: both(self.overrides, other.overrides),
            offline: self.offline.or(other.offline),
            frozen: self.frozen.or(other.frozen),
        }
    }
}

impl ServerConfig {
    fn or(self, other: Self) -> Self {
        Self {
            port: self.port.or(other.port),
            bind: self.bind.or(other.bind),
            runs: self.runs.or(other.runs),
            cors_origins: self.cors_origins.or(other.cors_origins),
            tls_cert: self.tls_cert.or(other.tls_cert),
            tls_key: self.tls_key.or(other.tls_key),
            forget_after: self.forget_after.or(other.forget_after),
            recorder_mb: self.recorder_mb.or(other.recorder_mb),
            schedules: self.schedules.or(other.schedules),
        }
    }
}

/// All of both; the first one's value where both have one.
pub(super) fn both<V>(first: BTreeMap<String, V>, mut second: BTreeMap<String, V>) -> BTreeMap<String, V> {
    second.extend(first);
    second
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
        assert_eq!(config.run.executor, Some(Choice::Host));
        assert_eq!(config.run.parallel, NonZeroUsize::new(3));
        assert_eq!(config.images.get("a").map(String::as_str), Some("y"));
        assert_eq!(config.images.get("b").map(String::as_str), Some("x"));
    }

    #[test]
    fn every_key_is_read_and_both_files_count() {
        let directory = tempfile::tempdir().unwrap();
        let user = directory.path().join("user.toml");
        std::fs::write(
            &user,
            "[run]\nevent = 'pull_request'\nactor = 'ada'\nenv = {A = 'user', B = 'user'}\n\
             [actions]\nhost = 'https://git.example.invalid'\nmirrors = {'actions/' = 'https://m.example.invalid/'}\n",
        )
        .unwrap();
        std::fs::write(
            directory.path().join("loom.toml"),
            "[run]\nactor = 'bob'\norphan-grace = 0\nunmapped-label = 'fail'\nworkspace-mode = 'overlay'\nkeep = 'failed'\n\
             node = '/opt/node/bin/node'\ndefault-branch = 'trunk'\nenv-file = 'e'\nsecret-file = 's'\nvar-file = 'v'\n\
             input-file = 'i'\nenv = {A = 'project'}\n\
             [actions]\noverrides = {'o/r@v1' = 'dir'}\noffline = true\nfrozen = false\n",
        )
        .unwrap();
        let config = FileConfig::load(directory.path(), Some(&user)).unwrap();
        assert_eq!(config.run.event.as_deref(), Some("pull_request"));
        assert_eq!(config.run.actor.as_deref(), Some("bob"));
        assert_eq!(config.run.unmapped_label, Some(UnmappedLabel::Fail));
        assert_eq!(config.run.workspace_mode, Some(WorkspaceMode::Overlay));
        assert_eq!(
            (config.run.keep, config.run.orphan_grace),
            (Some(Keep::Failed), Some(0))
        );
        let env: Vec<&str> = config.run.env.values().map(String::as_str).collect();
        assert_eq!(env, ["project", "user"]);
        assert_eq!(
            config.actions.host.as_deref(),
            Some("https://git.example.invalid")
        );
        assert_eq!(
            (config.actions.offline, config.actions.frozen),
            (Some(true), Some(false))
        );
        assert_eq!(
            (config.actions.mirrors.len(), config.actions.overrides.len()),
            (1, 1)
        );
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let page = include_str!("../../../docs/configuration.md");
        let example = page
            .split("```toml\n")
            .nth(1)
            .unwrap()
            .split("```")
            .next()
            .unwrap();
        let config: FileConfig = toml::from_str(example).unwrap();
        assert_eq!(config.run.keep, Some(Keep::Never));
        assert_eq!(config.actions.overrides.len(), 1);
    }

    #[test]
    fn a_word_that_is_no_choice_is_refused_with_its_line_and_the_choices() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("loom.toml"), "[run]\n\nkeep = 'some'\n").unwrap();
        let error = FileConfig::load(directory.path(), None).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("`failed`"), "{error}");
    }

    #[test]
    fn a_value_that_could_do_nothing_is_refused_with_its_line() {
        for (text, words) in [
            ("[run]\nparallel = 0\n", "at least 1"),
            (
                "[run]\nparallel = 'two'\n",
                "it is \"two\", and has to be a whole number, at least 1",
            ),
            ("[server]\nport = 'abc'\n", "a whole number from 0 to 65535"),
            ("[server]\nport = 70000\n", "it is 70000, and"),
            ("[server]\nport = 1.5\n", "a whole number from 0 to 65535"),
            ("[server]\nforget-after = -1\n", "a whole number of seconds"),
            ("[run]\norphan-grace = 604801\n", "at most 604800"),
            ("[server]\nruns = 0\n", "at least 1"),
            ("[run]\nexecutor = 'podman'\n", "`docker`"),
            ("[run]\npull = 'often'\n", "`missing`"),
            ("[images]\nubuntu-latest = ''\n", "`ubuntu-latest` has no image"),
            (
                "[actions]\noverrides = { greet = 'x' }\n",
                "`greet` names no action",
            ),
        ] {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join("loom.toml"), text).unwrap();
            let error = FileConfig::load(directory.path(), None).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("line "), "{error}");
            for word in ["u16", "u64", "usize", "NonZero"] {
                assert!(!error.contains(word), "{error}");
            }
        }
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
