//! What a user gives a run: secrets, variables of the `vars` context, environment, inputs; from flags, from files, from the
//! environment, or typed when asked. Flags beat files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use loom_workflow::expression::{Object, Value};
use thiserror::Error;

use super::dotenv;
use crate::bounded::{self, Contents};
use crate::secret::Secret;

/// The largest file of values that is read, in bytes.
const MOST: u64 = 4 * 1024 * 1024;

/// What a user gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Secrets by name. Names are in capitals, as GitHub keeps them.
    pub secrets: IndexMap<String, Secret>,
    /// The `vars` context. Names are in capitals, as GitHub keeps them.
    pub vars: BTreeMap<String, String>,
    /// Variables for every step, below those of the workflow.
    pub env: BTreeMap<String, String>,
    /// Inputs, declared or not.
    pub inputs: BTreeMap<String, String>,
}

impl Values {
    /// `GITHUB_TOKEN`, which is the user's own; none when it was not given.
    #[must_use]
    pub fn token(&self) -> Option<&Secret> {
        let token = self.secrets.get(TOKEN);
        token.filter(|token| !token.expose().is_empty())
    }

    /// The `vars` context.
    #[must_use]
    pub fn vars_context(&self) -> Object {
        let pairs = self.vars.iter();
        pairs
            .map(|(name, value)| (name.as_str(), Value::from(value.as_str())))
            .collect()
    }

    /// The `secrets` context, with the secrets in clear: for expressions alone, never to be printed or kept. The token is
    /// always in it, empty when there is none.
    #[must_use]
    pub fn secrets_context(&self) -> Object {
        let token = self.token().map(Secret::expose).unwrap_or_default();
        let mut secrets = Object::new();
        // As GitHub spells it.
        secrets.insert("github_token", Value::from(token));
        for (name, secret) in &self.secrets {
            secrets.insert(name.as_str(), Value::from(secret.expose()));
        }
        secrets
    }
}

const TOKEN: &str = "GITHUB_TOKEN";

/// Where values come from. Each list holds `NAME=VALUE`, or `NAME` for the value that the environment has.
#[derive(Clone, Debug, Default)]
pub struct ValueSources {
    /// The project, where the usual files lie.
    pub project: PathBuf,
    /// Secrets.
    pub secrets: Vec<Secret>,
    /// The file of secrets; `.secrets` of the project when not given.
    pub secret_file: Option<PathBuf>,
    /// Variables of the `vars` context.
    pub vars: Vec<String>,
    /// The file of those; `.vars` of the project when not given.
    pub var_file: Option<PathBuf>,
    /// Variables for steps that files and flags beat.
    pub env_defaults: BTreeMap<String, String>,
    /// Variables for steps.
    pub env: Vec<String>,
    /// The file of those; `.env` of the project when not given.
    pub env_file: Option<PathBuf>,
    /// Inputs.
    pub inputs: Vec<String>,
    /// The file of those; none when not given.
    pub input_file: Option<PathBuf>,
}

/// Whom to ask for a value that no file or flag has.
pub trait Asked {
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<OsString>;
    /// What a person types for a secret, unseen; `None` where nobody can be asked.
    ///
    /// # Errors
    /// When the terminal does not work, or the person would rather stop.
    fn typed(&mut self, name: &str) -> io::Result<Option<String>>;
}

/// Values that cannot be used. No message holds a value.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ValuesError {
    /// A file that was named cannot be read.
    #[error("read {}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A file is larger than any file of values.
    #[error("read {}: it is larger than {} MiB", file.display(), MOST / 1024 / 1024)]
    TooLarge {
        /// The file.
        file: PathBuf,
    },
    /// A line of a file is no `NAME=value`.
    #[error("understand {} at line {line}: {what}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A name that this kind of value cannot have.
    #[error("take {kind} `{name}`: {why}")]
    Name {
        /// `the secret`, `the input`, …
        kind: &'static str,
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// A value was left to the environment, and is not there.
    #[error("take {kind} `{name}`: no value is given, and the environment has no variable of that name")]
    Absent {
        /// `the secret`, `the input`, …
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A variable of the environment holds bytes that are no text.
    #[error("take {kind} `{name}` from the environment: it is not UTF-8 text")]
    Bytes {
        /// `the secret`, `the input`, …
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Nobody typed it.
    #[error("ask for the secret `{name}`")]
    Prompt {
        /// The name.
        name: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl ValuesError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::TooLarge { .. } => "name a file of NAME=value lines",
            Self::Line { .. } => {
                "a line is NAME=value; a value with spaces at its ends, a `#` or several lines stands in quotes"
            }
            Self::Name { .. } => "choose another name, in the workflow too",
            Self::Absent { .. } | Self::Bytes { .. } => "give it as NAME=VALUE, or set the variable",
            Self::Prompt { .. } => {
                "give it in a file: `--secret-file FILE`, or in the environment under its name"
            }
        }
    }
}

/// A kind of value: how it is called, and which names it takes.
#[derive(Clone, Copy)]
enum Kind {
    Secret,
    Var,
    Env,
    Input,
}

impl Kind {
    fn called(self) -> &'static str {
        match self {
            Self::Secret => "the secret",
            Self::Var => "the variable",
            Self::Env => "the environment variable",
            Self::Input => "the input",
        }
    }

    /// The name as it is kept.
    fn name(self, written: &str) -> Result<String, ValuesError> {
        let wrong = |why| {
            Err(ValuesError::Name {
                kind: self.called(),
                name: written.to_owned(),
                why,
            })
        };
        let first_is_digit = written.starts_with(|c: char| c.is_ascii_digit());
        let of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match self {
            Self::Secret | Self::Var => {
                // What a called workflow declares under `secrets` may have `-` in its name.
                let is_known = |c: char| of_word(c) || (c == '-' && matches!(self, Self::Secret));
                if written.is_empty() || first_is_digit || !written.chars().all(is_known) {
                    return wrong(
                        "a name has letters, digits and `_`, a secret's also `-`, and does not begin with a digit",
                    );
                }
                let kept = written.to_ascii_uppercase();
                if kept.starts_with("GITHUB_") && kept != TOKEN {
                    return wrong("names that begin with GITHUB_ are GitHub's own");
                }
                Ok(kept)
            }
            Self::Env => {
                if written.is_empty() || written.contains(['=', '\0']) {
                    return wrong("a name is not empty and has no `=`");
                }
                Ok(written.to_owned())
            }
            Self::Input => {
                if written.is_empty() || !written.chars().all(|c| of_word(c) || c == '-') {
                    return wrong("a name has letters, digits, `_` and `-`");
                }
                Ok(written.to_owned())
            }
        }
    }
}

/// Reads all values. It waits for files, and perhaps for a person.
///
/// # Errors
/// See [`ValuesError`].
pub fn read(sources: &ValueSources, asked: &mut dyn Asked) -> Result<Values, ValuesError> {
    let mut values = Values::default();
    for (name, value) in &sources.env_defaults {
        values.put(Kind::Env, Kind::Env.name(name)?, value.clone());
    }
    let secrets: Vec<&str> = sources.secrets.iter().map(Secret::expose).collect();
    let usual = |name: &str| Some(sources.project.join(name));
    let kinds = [
        (Kind::Env, &sources.env_file, usual(".env"), texts(&sources.env)),
        (Kind::Var, &sources.var_file, usual(".vars"), texts(&sources.vars)),
        (Kind::Input, &sources.input_file, None, texts(&sources.inputs)),
        (Kind::Secret, &sources.secret_file, usual(".secrets"), secrets),
    ];
    for (kind, named, usual, flags) in kinds {
        values.take(kind, (named.as_deref(), usual.as_deref()), flags, asked)?;
    }
    Ok(values)
}

/// Reads the secrets alone.
///
/// # Errors
/// See [`ValuesError`].
pub fn secrets(
    sources: &ValueSources,
    asked: &mut dyn Asked,
) -> Result<IndexMap<String, Secret>, ValuesError> {
    let mut values = Values::default();
    let flags = sources.secrets.iter().map(Secret::expose).collect();
    let usual = sources.project.join(".secrets");
    values.take(
        Kind::Secret,
        (sources.secret_file.as_deref(), Some(&usual)),
        flags,
        asked,
    )?;
    Ok(values.secrets)
}

/// Secrets that were looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those that are there, by name.
    pub secrets: IndexMap<String, Secret>,
    /// The names of the others.
    pub absent: Vec<String>,
}

/// Looks for secrets that were not given: in the environment, and then by asking.
///
/// # Errors
/// When a variable holds no text, or the terminal does not work.
pub fn find_secrets(names: &[&str], asked: &mut dyn Asked) -> Result<Found, ValuesError> {
    let mut found = Found::default();
    for name in names {
        match elsewhere(Kind::Secret, name, &Values::default(), asked) {
            Ok(Some(value)) => drop(found.secrets.insert((*name).to_owned(), Secret::new(value))),
            Ok(None) | Err(ValuesError::Absent { .. }) => found.absent.push((*name).to_owned()),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

impl Values {
    /// Takes those of a kind: of the file, and then of the flags.
    fn take(
        &mut self,
        kind: Kind,
        (named, usual): (Option<&Path>, Option<&Path>),
        flags: Vec<&str>,
        asked: &mut dyn Asked,
    ) -> Result<(), ValuesError> {
        for (name, value) in from_file(named, usual)? {
            self.put(kind, kind.name(&name)?, value);
        }
        for flag in flags {
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (kind.name(name)?, value.to_owned()),
                None => {
                    let kept = kind.name(flag)?;
                    let Some(value) = elsewhere(kind, flag, self, asked)? else {
                        continue;
                    };
                    (kept, value)
                }
            };
            self.put(kind, name, value);
        }
        Ok(())
    }

    fn put(&mut self, kind: Kind, name: String, value: String) {
        match kind {
            Kind::Secret => drop(self.secrets.insert(name, Secret::new(value))),
            Kind::Var => drop(self.vars.insert(name, value)),
            Kind::Env => drop(self.env.insert(name, value)),
            Kind::Input => drop(self.inputs.insert(name, value)),
        }
    }
}

/// The value of a flag that has a name only; `None` when a file has it already.
fn elsewhere(
    kind: Kind,
    name: &str,
    values: &Values,
    asked: &mut dyn Asked,
) -> Result<Option<String>, ValuesError> {
    let (called, name) = (kind.called(), name.to_owned());
    let capitals = || {
        let name = name.to_ascii_uppercase();
        asked
            .variable(&name)
            .filter(|_| matches!(kind, Kind::Secret | Kind::Var))
    };
    if let Some(value) = asked.variable(&name).or_else(capitals) {
        return match value.into_string() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(ValuesError::Bytes { kind: called, name }),
        };
    }
    if let Kind::Secret = kind {
        if values.secrets.contains_key(&name.to_ascii_uppercase()) {
            return Ok(None);
        }
        let typed = asked.typed(&name).map_err(|cause| ValuesError::Prompt {
            name: name.clone(),
            cause,
        })?;
        if typed.is_some() {
            return Ok(typed);
        }
    }
    Err(ValuesError::Absent { kind: called, name })
}

/// The pairs of a file that was named, which has to be there, else of the usual one, which has not.
fn from_file(named: Option<&Path>, usual: Option<&Path>) -> Result<Vec<(String, String)>, ValuesError> {
    let Some(path) = named.or(usual) else {
        return Ok(Vec::new());
    };
    let contents = match named {
        // It may well be a pipe: `--secret-file <(decrypt secrets)`.
        Some(path) => File::open(path).and_then(|file| bounded::read_from(file, MOST)),
        None => bounded::read(path, MOST),
    };
    let file = || path.to_owned();
    let bytes = match contents {
        Ok(Contents::Whole(bytes)) => bytes,
        Ok(Contents::TooLarge(_)) => return Err(ValuesError::TooLarge { file: file() }),
        // A folder of that name (a Python environment in `.env`) is somebody else's.
        Err(_) if named.is_none() && !path.is_file() => return Ok(Vec::new()),
        Err(cause) => return Err(ValuesError::Read { file: file(), cause }),
    };
    let line = |line: usize, what: String| ValuesError::Line {
        file: file(),
        line,
        what,
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = error
            .as_bytes()
            .get(..error.utf8_error().valid_up_to())
            .unwrap_or_default();
        let newlines = before.iter().filter(|byte| **byte == b'\n').count();
        line(newlines + 1, "it is not UTF-8 text".to_owned())
    })?;
    dotenv::parse(&text).map_err(|mistake| line(mistake.line, mistake.what))
}

#[cfg(test)]
mod tests;
