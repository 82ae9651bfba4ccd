//! A repository elsewhere, reached through git.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cache::{Entry, NOT_WRITABLE, blocking};
use super::error::ActionError;
use super::git::{self, Answer, Git, without_credentials};
use super::remote::{Advertised, Short, is_short};

/// How long asking for branches and tags may take.
const ASKING: Duration = Duration::from_secs(60);

/// A repository elsewhere.
pub(super) struct Remote {
    url: String,
    /// What is wanted of it, as messages name it.
    reference: String,
    limit: Duration,
}

impl Remote {
    pub(super) fn new(url: String, reference: String, limit: Duration) -> Self {
        Self {
            url,
            reference,
            limit,
        }
    }

    /// The commit that a branch, a tag or the start of a commit's name leads to.
    ///
    /// # Errors
    /// When the repository or the version is not there, or it cannot be asked.
    pub(super) async fn resolve(&self, version: &str, entry: &Entry) -> Result<String, ActionError> {
        let patterns = match version.strip_prefix("refs/") {
            Some(_) => vec![version.to_owned(), format!("{version}^{{}}")],
            None => vec![
                format!("refs/tags/{version}"),
                format!("refs/tags/{version}^{{}}"),
                format!("refs/heads/{version}"),
            ],
        };
        // Only these are sent, of however many there are.
        let arguments = ["ls-remote", "--quiet", &self.url].map(str::to_owned);
        let named = self.list(arguments.into_iter().chain(patterns)).await?;
        if let Some(commit) = named.commit_of(version) {
            return Ok(commit.to_owned());
        }
        let all = self
            .list(["ls-remote", "--quiet", "--heads", "--tags", &self.url].map(str::to_owned))
            .await?;
        if is_short(version) {
            let start = version.to_ascii_lowercase();
            match all.short(&start) {
                Short::One(commit) => return Ok(commit),
                Short::Several => {}
                Short::None => {
                    if let Some(commit) = self.search(&start, entry).await? {
                        return Ok(commit);
                    }
                }
            }
        }
        Err(self.no_version(version, all.closest(version)))
    }

    async fn list(&self, arguments: impl IntoIterator<Item = String>) -> Result<Advertised, ActionError> {
        let what = format!("asking {} for its branches and tags", self.shown());
        let answer = self
            .git(what, ASKING.min(self.limit), arguments)
            .await?
            .ask()
            .await?;
        if answer.success {
            Ok(Advertised::parse(&String::from_utf8_lossy(&answer.output)))
        } else {
            Err(self.failure("asking for branches and tags", answer))
        }
    }

    /// The one commit of the whole history whose name begins so.
    async fn search(&self, start: &str, entry: &Entry) -> Result<Option<String>, ActionError> {
        let holder = entry.hold(self.limit).await?;
        let found = self.search_in(start, holder.incoming().await?).await;
        holder.clear().await?;
        found
    }

    async fn search_in(&self, start: &str, incoming: &Path) -> Result<Option<String>, ActionError> {
        let repository = self.bare(incoming).await?;
        let arguments = [
            "fetch",
            "--quiet",
            "--no-tags",
            // Commits only: where the host can, no file is sent.
            "--filter=tree:0",
            &self.url,
            "+refs/heads/*:refs/heads/*",
            "+refs/tags/*:refs/tags/*",
        ];
        let what = format!("fetching the history of {}", self.shown());
        let git = self.git(what, self.limit, arguments.map(str::to_owned)).await?;
        let fetched = git.in_repository(&repository).ask().await?;
        if !fetched.success {
            return Err(self.failure("fetching the history", fetched));
        }
        let commit = format!("{start}^{{commit}}");
        let found = Git::new(
            "looking for a commit",
            ASKING,
            ["rev-parse", "--verify", "--quiet", &commit],
        )
        .in_repository(&repository)
        .ask()
        .await?;
        Ok(found.success.then(|| found.text()))
    }

    /// Fetches the files of a commit, without its history, into a directory of that one; answers where they are. What
    /// submodules are of is not fetched, as on GitHub.
    ///
    /// # Errors
    /// When the repository or the commit is not there, or it cannot be fetched.
    pub(super) async fn fetch(
        &self,
        version: &str,
        commit: &str,
        incoming: &Path,
    ) -> Result<PathBuf, ActionError> {
        let repository = self.bare(incoming).await?;
        let what = format!("fetching {}", self.reference);
        let shallow = ["fetch", "--quiet", "--no-tags", "--depth=1", &self.url, commit];
        let git = self
            .git(what.clone(), self.limit, shallow.map(str::to_owned))
            .await?;
        let fetched = git.in_repository(&repository).ask().await?;
        if !fetched.success {
            // Some hosts give only what a branch or tag is at; what is not there by any name is not there.
            let refused = is_refused(&fetched.complaint);
            if !refused {
                return Err(self.failure(&what, fetched));
            }
            let all = [
                "fetch",
                "--quiet",
                "--no-tags",
                &self.url,
                "+refs/heads/*:refs/heads/*",
                "+refs/tags/*:refs/tags/*",
            ];
            let git = self.git(what.clone(), self.limit, all.map(str::to_owned)).await?;
            let fetched = git.in_repository(&repository).ask().await?;
            if !fetched.success {
                return Err(self.failure(&what, fetched));
            }
        }
        let object = format!("{commit}^{{commit}}");
        let there =
            Git::new("looking for a commit", ASKING, ["cat-file", "-e", &object]).in_repository(&repository);
        if !there.ask().await?.success {
            return Err(self.no_version(version, Vec::new()));
        }
        let tree = incoming.join("tree");
        let made = tree.clone();
        blocking(move || std::fs::create_dir(made))
            .await?
            .map_err(ActionError::disk(NOT_WRITABLE))?;
        // The files as they are in the repository, whatever the user prefers for their own.
        let settings = [
            "core.autocrlf=false",
            "core.eol=lf",
            "core.symlinks=true",
            "core.bare=false",
        ];
        for arguments in [
            &["read-tree", commit][..],
            &["checkout-index", "--all", "--force", "--quiet"][..],
        ] {
            let settings = settings.iter().flat_map(|setting| ["-c", setting]);
            Git::new(
                what.clone(),
                self.limit,
                settings.chain(arguments.iter().copied()),
            )
            .within(&tree)
            .env("GIT_DIR", &repository)
            .env("GIT_WORK_TREE", &tree)
            .run()
            .await?;
        }
        Ok(tree)
    }

    /// An empty repository to fetch into.
    async fn bare(&self, incoming: &Path) -> Result<PathBuf, ActionError> {
        let repository = incoming.join("repository");
        Git::new(
            "making a repository in the cache",
            ASKING,
            ["init", "--quiet", "--bare", "--template=", "repository"],
        )
        .within(incoming)
        .run()
        .await?;
        Ok(repository)
    }

    async fn git(
        &self,
        what: String,
        limit: Duration,
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Git, ActionError> {
        let mut git = Git::new(what, limit, arguments);
        if let Some((name, value)) = git::quiet_ssh(&self.url, ASKING).await {
            git = git.env(name, value);
        }
        Ok(git)
    }

    fn shown(&self) -> String {
        without_credentials(&self.url)
    }

    fn no_version(&self, version: &str, closest: Vec<String>) -> ActionError {
        ActionError::RefMissing {
            version: version.to_owned(),
            url: self.shown(),
            closest,
        }
    }

    /// What a failure of git means. Git tells by words only; all of these are the same fault, so that nothing but the
    /// words of help depend on how they are read.
    fn failure(&self, what: &str, answer: Answer) -> ActionError {
        match kind(&answer.complaint) {
            Kind::NoRepository => ActionError::RepositoryMissing {
                reference: self.reference.clone(),
                url: self.shown(),
                said: answer.complaint,
            },
            Kind::Unreachable => ActionError::Unreachable {
                url: self.shown(),
                said: answer.complaint,
                cached: false,
            },
            Kind::Other => ActionError::Git {
                what: what.to_owned(),
                said: answer.complaint,
            },
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    NoRepository,
    Unreachable,
    Other,
}

const NO_REPOSITORY: &[&str] = &[
    "repository not found",
    "not found",
    "error: 404",
    "error: 403",
    "error: 401",
    "does not appear to be a git repository",
    "does not exist",
    "no such file or directory",
    "authentication failed",
    "could not read username",
    "could not read password",
    "terminal prompts disabled",
    "permission denied",
    "access denied",
    "host key verification failed",
];

const UNREACHABLE: &[&str] = &[
    "could not resolve",
    "couldn't resolve",
    "failed to connect",
    "couldn't connect",
    "connection refused",
    "connection reset",
    "connection timed out",
    "operation timed out",
    "operation too slow",
    "network is unreachable",
    "no route to host",
    "temporary failure in name resolution",
    "name or service not known",
    "error: 5",
    "error: 429",
    "early eof",
    "hung up unexpectedly",
    "rpc failed",
    "ssl",
    "empty reply from server",
];

fn kind(complaint: &str) -> Kind {
    let lower = complaint.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // A repository that is not there also makes ssh hang up.
    if has(NO_REPOSITORY) {
        Kind::NoRepository
    } else if has(UNREACHABLE) {
        Kind::Unreachable
    } else {
        Kind::Other
    }
}

/// Whether the host refused to give a commit by its name, or has none of that name.
fn is_refused(complaint: &str) -> bool {
    let lower = complaint.to_lowercase();
    [
        "not our ref",
        "unadvertised object",
        "does not allow request",
        "couldn't find remote ref",
        "dumb http transport does not support",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_of_git_are_understood() {
        for (complaint, want) in [
            ("fatal: repository 'https://h/o/r/' not found", Kind::NoRepository),
            ("remote: Repository not found.", Kind::NoRepository),
            (
                "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
                Kind::NoRepository,
            ),
            ("git@h: Permission denied (publickey).", Kind::NoRepository),
            (
                "fatal: unable to access 'https://h/': Could not resolve host: h",
                Kind::Unreachable,
            ),
            (
                "fatal: unable to access 'https://h/': The requested URL returned error: 503",
                Kind::Unreachable,
            ),
            (
                "fatal: unable to access 'https://h/': The requested URL returned error: 403",
                Kind::NoRepository,
            ),
            ("fatal: something else", Kind::Other),
        ] {
            assert_eq!(kind(complaint), want, "{complaint}");
        }
        assert!(is_refused("fatal: remote error: upload-pack: not our ref abc"));
    }
}
