//! The file of named tokens: who has one, in which role, and the token's hash. Private to whoever runs the server.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::Reach;
use super::digest::Digest;
use super::role::{Caller, Role};
use super::workspaces::TokenWorkspaces;
use crate::secret::unguessable;
use crate::workspaces::WorkspaceName;

/// Bytes of a file that is read.
const MAX_BYTES: u64 = 1024 * 1024;
/// Tokens in a file.
const MAX_TOKENS: usize = 1_000;
/// Workspaces that the tokens of a file may name, `main` included.
const MAX_WORKSPACES: usize = 32;
/// Letters of a name.
const MAX_NAME: usize = 64;
/// What our tokens begin with, so that tools that look for secrets where none should be know one.
const PREFIX: &str = "loom_";

/// A file of named tokens.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: PathBuf,
}

/// One token, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedToken {
    /// Who has it.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// Where it may do that. Not written where it is `main` alone, so that versions without workspaces read the file.
    #[serde(default, skip_serializing_if = "TokenWorkspaces::is_main_alone")]
    pub workspaces: TokenWorkspaces,
    /// When it was made.
    pub created: Timestamp,
    #[serde(rename = "sha256")]
    pub(super) digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    tokens: Vec<NamedToken>,
}

/// Why tokens could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFileError {
    /// There is no such file.
    #[error("there is no file of tokens at {path}\nhelp: `loom-studio token add NAME --role admin --tokens {path}` makes it", path = .path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// Others than its owner may read or change it.
    #[error(
        "others can read or change the file of tokens {path} (its mode is {mode:o})\nhelp: `chmod 600 {path}`", path = .path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The system does not let us read or write it.
    #[error("can't use the file of tokens {path}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is in it is no list of tokens.
    #[error("the file of tokens {path} can't be read: {why}", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A name that can't be one.
    #[error("`{name}` can't be a name here: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// The name has a token already.
    #[error("`{name}` has a token already\nhelp: choose another name, or revoke that one first")]
    Taken {
        /// The name.
        name: String,
    },
    /// There is no token of that name.
    #[error("nobody called `{name}` has a token here\nhelp: `loom-studio token list` names those who do")]
    Unknown {
        /// The name.
        name: String,
    },
    /// It names another workspace than `main`, where there can be no other.
    #[error(
        "the file of tokens {path} names the workspace `{workspace}`, and a recording is shown as `main` alone\n\
         help: give a studio that shows one a file of its own", path = .path.display()
    )]
    MainAlone {
        /// The file.
        path: PathBuf,
        /// The workspace.
        workspace: WorkspaceName,
    },
    /// The tokens name too many workspaces.
    #[error(
        "with `{name}` there would be {count} workspaces, and there may be {MAX_WORKSPACES}\nhelp: run a studio of its own for some of them"
    )]
    TooManyWorkspaces {
        /// Whose token is one too many.
        name: String,
        /// How many there would be.
        count: usize,
    },
    /// There are too many tokens.
    #[error("there are {MAX_TOKENS} tokens, as many as there may be\nhelp: revoke some")]
    Full,
}

impl TokenFile {
    /// The file at `path`, which need not be there yet.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// The tokens in it, in the order in which they were made.
    ///
    /// # Errors
    /// When it is not there, can't be read, is not private to its owner, or is no list of tokens.
    pub fn read(&self) -> Result<Vec<NamedToken>, TokenFileError> {
        // Looked at before it is opened: opening a pipe would wait for somebody to write.
        let about = fs::metadata(&self.path).map_err(|error| self.failed(error))?;
        if !about.is_file() {
            return Err(self.malformed("it is no ordinary file"));
        }
        let file = File::open(&self.path).map_err(|error| self.failed(error))?;
        self.check_mode(&file.metadata().map_err(|error| self.failed(error))?)?;
        let mut text = String::new();
        let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
        read.map_err(|error| self.failed(error))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(self.malformed("it is too large"));
        }
        let written: Written = serde_json::from_str(&text).map_err(|error| self.malformed(error))?;
        let tokens = written.tokens;
        if tokens.len() > MAX_TOKENS {
            return Err(self.malformed(format!("it has more than {MAX_TOKENS} tokens")));
        }
        check_count(&tokens).map_err(|error| self.malformed(error))?;
        for (index, token) in tokens.iter().enumerate() {
            check_name(&token.name).map_err(|error| self.malformed(error))?;
            let twin = tokens.iter().take(index).find(|other| other.name == token.name);
            if twin.is_some() {
                return Err(self.malformed(format!("`{}` is in it twice", token.name)));
            }
        }
        Ok(tokens)
    }

    /// The same, where there may be these workspaces.
    pub(super) fn read_within(&self, reach: Reach) -> Result<Vec<NamedToken>, TokenFileError> {
        let tokens = self.read()?;
        match others(&tokens).pop_first() {
            Some(workspace) if reach == Reach::MainAlone => Err(TokenFileError::MainAlone {
                path: self.path.clone(),
                workspace,
            }),
            _ => Ok(tokens),
        }
    }

    /// Makes a token of the workspace `main` and gives it; see [`Self::add_to`].
    ///
    /// # Errors
    /// As there.
    pub fn add(&self, name: &str, role: Role, now: Timestamp) -> Result<String, TokenFileError> {
        self.add_to(name, role, TokenWorkspaces::default(), now)
    }

    /// Makes a token and gives it; it is kept nowhere. Makes the file when there is none.
    ///
    /// # Errors
    /// When the name is taken or can't be one, when there are too many tokens or workspaces, and when the file can't be read or
    /// written.
    pub fn add_to(
        &self,
        name: &str,
        role: Role,
        workspaces: TokenWorkspaces,
        now: Timestamp,
    ) -> Result<String, TokenFileError> {
        check_name(name)?;
        let token = format!("{PREFIX}{}", unguessable());
        self.change(|tokens| {
            if tokens.iter().any(|token| token.name == name) {
                return Err(TokenFileError::Taken {
                    name: name.to_owned(),
                });
            }
            if tokens.len() >= MAX_TOKENS {
                return Err(TokenFileError::Full);
            }
            tokens.push(NamedToken {
                name: name.to_owned(),
                role,
                workspaces,
                created: now,
                digest: Digest::of(&token),
            });
            check_count(tokens)
        })?;
        Ok(token)
    }

    /// Takes somebody's token away. A server that runs knows within two seconds, and ends what was begun with it.
    ///
    /// # Errors
    /// When nobody of that name has one, and when the file can't be read or written.
    pub fn revoke(&self, name: &str) -> Result<(), TokenFileError> {
        self.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|token| token.name != name);
            if tokens.len() == before {
                return Err(TokenFileError::Unknown {
                    name: name.to_owned(),
                });
            }
            Ok(())
        })
    }

    /// One change at a time, written as a whole or not at all.
    fn change(
        &self,
        change: impl FnOnce(&mut Vec<NamedToken>) -> Result<(), TokenFileError>,
    ) -> Result<(), TokenFileError> {
        // Where it is a link, what it leads to is the file.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let beside = |ending: &str| {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(ending);
            path.with_file_name(name)
        };
        let lock = private().create(true).append(true).open(beside(".lock"));
        let lock = lock.map_err(|error| self.failed_beside(error))?;
        lock.lock().map_err(|error| self.failed_beside(error))?;
        let mut tokens = match self.read() {
            Err(TokenFileError::Missing { .. }) => Vec::new(),
            read => read?,
        };
        change(&mut tokens)?;
        let mut text =
            serde_json::to_string_pretty(&Written { tokens }).map_err(|error| self.malformed(error))?;
        text.push('\n');
        let new = beside(".new");
        // What another attempt left may have other permissions.
        let _none = fs::remove_file(&new);
        let write = || {
            let mut file = private().write(true).create_new(true).open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| self.failed_beside(error))
    }

    #[cfg(unix)]
    fn check_mode(&self, about: &fs::Metadata) -> Result<(), TokenFileError> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 == 0 {
            return Ok(());
        }
        Err(TokenFileError::Open {
            path: self.path.clone(),
            mode,
        })
    }

    #[cfg(not(unix))]
    fn check_mode(&self, _: &fs::Metadata) -> Result<(), TokenFileError> {
        Ok(())
    }

    fn failed(&self, source: io::Error) -> TokenFileError {
        let path = self.path.clone();
        match source.kind() {
            io::ErrorKind::NotFound => TokenFileError::Missing { path },
            io::ErrorKind::InvalidData => self.malformed("it is no text"),
            _ => TokenFileError::Io { path, source },
        }
    }

    /// A file that is to be made is not missing.
    fn failed_beside(&self, source: io::Error) -> TokenFileError {
        TokenFileError::Io {
            path: self.path.clone(),
            source,
        }
    }

    fn malformed(&self, why: impl ToString) -> TokenFileError {
        TokenFileError::Malformed {
            path: self.path.clone(),
            why: why.to_string(),
        }
    }
}

/// The workspaces that tokens name beside `main`.
pub(super) fn others(tokens: &[NamedToken]) -> BTreeSet<WorkspaceName> {
    let named = tokens.iter().flat_map(|token| token.workspaces.iter());
    named.filter(|name| !name.is_main()).cloned().collect()
}

/// Each is a studio with memory and threads of its own, so that there must be an end.
fn check_count(tokens: &[NamedToken]) -> Result<(), TokenFileError> {
    let count = others(tokens).len() + 1;
    match tokens.last() {
        Some(last) if count > MAX_WORKSPACES => Err(TokenFileError::TooManyWorkspaces {
            name: last.name.clone(),
            count,
        }),
        _ => Ok(()),
    }
}

/// Opens what only its owner can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Names stand in journals, logs and lists: they are short, can be typed, and are nobody else's.
fn check_name(name: &str) -> Result<(), TokenFileError> {
    let why = if name.is_empty() || name.len() > MAX_NAME {
        "it must have 1 to 64 letters"
    } else if !name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || "-_.@+".contains(letter))
    {
        "it may have letters, digits and -_.@+"
    } else if [Caller::LOCAL, Caller::MAIN].contains(&name) {
        "those without a token of their own are called so"
    } else {
        return Ok(());
    };
    Err(TokenFileError::Name {
        name: name.to_owned(),
        why,
    })
}
