//! Why an action cannot be had, whose fault it is, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use loom_workflow::{Diagnostics, Source};
use thiserror::Error;

/// Who has to do something about an [`ActionError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The workflow's, its actions' or their host's: the job fails.
    Workflow,
    /// This machine's: the job is lost.
    Machine,
}

/// An action, a called workflow or a checkout that cannot be had. Messages fit after "failed to use it: …".
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ActionError {
    /// There is no `git`.
    #[error("the program `git` cannot be started: {cause}")]
    GitMissing {
        /// What the system says.
        cause: io::Error,
    },
    /// The reference is not one that could lead anywhere.
    #[error("`{reference}` names no repository: {why}")]
    Malformed {
        /// As written.
        reference: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such repository, or the user may not see it.
    #[error(
        "the repository {url} of `{reference}` does not exist, or is private{}",
        words_of(said)
    )]
    RepositoryMissing {
        /// What was wanted.
        reference: String,
        /// Where it was looked for, without credentials.
        url: String,
        /// What git says.
        said: String,
    },
    /// The repository has no such version.
    #[error("the repository {url} has no branch, tag or commit `{version}`")]
    RefMissing {
        /// What was wanted.
        version: String,
        /// Where it was looked for, without credentials.
        url: String,
        /// Names of branches and tags that are nearly so.
        closest: Vec<String>,
    },
    /// The repository has no such path.
    #[error("`{path}` is not in the repository of `{reference}`{why}")]
    PathMissing {
        /// What was wanted.
        reference: String,
        /// The path within it.
        path: String,
        /// What else there is to say, with what joins it to the sentence; may be empty.
        why: String,
    },
    /// The host does not answer.
    #[error("{url} cannot be reached{}", words_of(said))]
    Unreachable {
        /// Where, without credentials.
        url: String,
        /// What git says.
        said: String,
        /// Whether the cache has what was wanted, as it was known last.
        cached: bool,
    },
    /// Nothing may be fetched, and it is not there.
    #[error("`{reference}` is not in the cache, and `--offline` fetches nothing")]
    Offline {
        /// What was wanted.
        reference: String,
    },
    /// The lock file has another commit, or none.
    #[error("{}", frozen(reference, lock, recorded.as_deref(), found.as_deref()))]
    Frozen {
        /// What was wanted.
        reference: String,
        /// The lock file.
        lock: PathBuf,
        /// The commit that it has.
        recorded: Option<String>,
        /// The commit that was found.
        found: Option<String>,
    },
    /// git took too long.
    #[error("{what} took longer than {} s", after.as_secs())]
    TimedOut {
        /// What was done.
        what: String,
        /// How long it was given.
        after: Duration,
    },
    /// git failed in some other way.
    #[error("{what} failed{}", words_of(said))]
    Git {
        /// What was done.
        what: String,
        /// What git says.
        said: String,
    },
    /// The cache, or another directory of this machine, cannot be used.
    #[error("{what}: {cause}")]
    Disk {
        /// What was done.
        what: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The lock file is not one.
    #[error("{} cannot be read: {why}", path.display())]
    LockFile {
        /// The lock file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no action.
    #[error("`{name}` is no action: it has no `action.yml`, `action.yaml` or `Dockerfile`")]
    NoAction {
        /// The action, as people know it.
        name: String,
    },
    /// Its file is wrong.
    #[error("{}", invalid(source_text, diagnostics))]
    Invalid {
        /// The file.
        source_text: Box<Source>,
        /// What is wrong with it; at least one of these is an error.
        diagnostics: Box<Diagnostics>,
    },
    /// A checkout that Loom cannot do.
    #[error("{what}")]
    Checkout {
        /// What is wrong, and why.
        what: String,
        /// What to do about it.
        help: String,
    },
}

impl ActionError {
    /// Whose fault it is. An action that cannot be fetched fails its job, whoever keeps it from that: design, section 5.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::GitMissing { .. } | Self::Disk { .. } => Fault::Machine,
            _ => Fault::Workflow,
        }
    }

    /// Whether the same may be had later without anybody changing what is wanted: the host, the network, git or this
    /// machine kept it away. A repository that is private to whoever has no credentials yet counts as that.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::TimedOut { .. }
                | Self::RepositoryMissing { .. }
                | Self::Git { .. }
                | Self::GitMissing { .. }
                | Self::Disk { .. }
        )
    }

    /// What to do about it, in a sentence.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::GitMissing { .. } => {
                "install git, or give the action a directory of this machine: --action-override NAME@REF=DIR".into()
            }
            Self::Malformed { .. } => "write `owner/repository@version` or `owner/repository/path@version`".into(),
            Self::RepositoryMissing { .. } => {
                "look at its name; for a private one give git credentials that may read it (`gh auth setup-git`, a \
                 credential helper, or `url.<base>.insteadOf` with ssh), or use --action-override NAME@REF=DIR"
                    .into()
            }
            Self::RefMissing { closest, .. } => match closest.as_slice() {
                [] => "look at the repository's branches and tags".into(),
                names => format!("did you mean {}?", alternatives(names)),
            },
            Self::PathMissing { .. } => "look at the path, and at the version it is in".into(),
            Self::Unreachable { cached: true, .. } => {
                "the cache has it as it was last: use that with --offline, or look at the network".into()
            }
            Self::Unreachable { .. } => {
                "look at the network and at git's proxy settings, name a mirror, or use --action-override NAME@REF=DIR; \
                 with --offline only what is in the cache is used"
                    .into()
            }
            Self::Offline { .. } => "run it once without --offline, or use --action-override NAME@REF=DIR".into(),
            Self::Frozen { found, .. } => match found {
                Some(_) => "look at what changed, then run without --frozen to record it".into(),
                None => "run without --frozen to record it".into(),
            },
            Self::TimedOut { .. } => "look at the network, or name a mirror that is nearer".into(),
            Self::Disk { .. } => "look at the disk and its permissions; XDG_CACHE_HOME moves the cache".into(),
            Self::LockFile { .. } => "mend it or delete it: the next run without --frozen writes it anew".into(),
            Self::NoAction { .. } => "look at the path; an action's folder has an `action.yml`".into(),
            Self::Checkout { help, .. } => help.clone(),
            Self::Git { .. } | Self::Invalid { .. } => return None,
        })
    }

    /// The same with what to do about it: for where there is one text only.
    #[must_use]
    pub fn with_help(&self) -> String {
        match self.help() {
            Some(help) => format!("{self}; {help}"),
            None => self.to_string(),
        }
    }

    pub(super) fn disk(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |cause| Self::Disk { what, cause }
    }

    /// What a thread that was to do the work came to.
    pub(super) fn thread(error: &tokio::task::JoinError) -> Self {
        Self::Disk {
            what: "the work on files was ended".into(),
            cause: io::Error::other(error.to_string()),
        }
    }
}

fn words_of(said: &str) -> String {
    match said {
        "" => String::new(),
        said => format!(": {said}"),
    }
}

fn alternatives(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

fn frozen(reference: &str, lock: &std::path::Path, recorded: Option<&str>, found: Option<&str>) -> String {
    let lock = lock.display();
    match (recorded, found) {
        (Some(recorded), Some(found)) => {
            format!("`{reference}` is {found} now, but {recorded} in {lock}, and --frozen takes no other")
        }
        _ => format!("`{reference}` is not in {lock}, and --frozen takes nothing else"),
    }
}

/// The first error, at its place; how many more there are.
fn invalid(source: &Source, diagnostics: &Diagnostics) -> String {
    let errors = || diagnostics.iter().filter(|found| found.is_blocking());
    let Some(first) = errors().next() else {
        return format!("{} is no action", source.name());
    };
    let place = match first.span() {
        Some(span) => {
            let at = source.position(span.start);
            format!("{}:{}:{}", source.name(), at.line, at.column)
        }
        None => source.name().to_owned(),
    };
    let help = first
        .help
        .as_ref()
        .map_or(String::new(), |help| format!("; {help}"));
    let more = match errors().count().saturating_sub(1) + diagnostics.omitted() {
        0 => String::new(),
        1 => " (and one more error)".to_owned(),
        more => format!(" (and {more} more errors)"),
    };
    format!("{place}: {}{help}{more}", first.message)
}
