//! Facts of the repository at hand, asked of the `git` program. Where there is no git or no repository there are none; that
//! is no error.

mod program;
mod remote;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::program::Git;
pub use self::remote::Remote;

/// The name of a commit that is not there, as GitHub writes it.
pub const NO_COMMIT: &str = "0000000000000000000000000000000000000000";
/// Changed paths that are kept, at most. GitHub looks at 300 in filters; more here do no harm.
const MOST_PATHS: usize = 20_000;

/// What git knows of the repository at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GitFacts {
    /// The top folder of the work tree; `None` without a repository.
    pub root: Option<PathBuf>,
    /// What is checked out: `refs/heads/main`, or `refs/tags/v1` when exactly a tag is.
    pub reference: Option<String>,
    /// The commit that is checked out.
    pub head: Option<Commit>,
    /// The branch that the remote's HEAD names, else what can be guessed of it.
    pub default_branch: Option<String>,
    /// Where it came from.
    pub remote: Option<Remote>,
    /// `user.name` of git's configuration.
    pub user_name: Option<String>,
    /// `user.email` of git's configuration.
    pub user_email: Option<String>,
    /// Paths that the commit changed against its first parent, from the top folder.
    pub changed: Option<Vec<String>>,
    /// Why git could not be asked although there seems to be a repository, in a sentence for people.
    pub problem: Option<String>,
}

/// A commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Commit {
    /// Its hash.
    pub sha: String,
    /// The hash of its tree.
    pub tree: String,
    /// The hash of its first parent; none for the first commit.
    pub parent: Option<String>,
    /// Its whole message without the last newline.
    pub message: String,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// When it was committed, as ISO 8601 with an offset.
    pub timestamp: String,
}

/// Somebody as git knows people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// What a branch changes against the one it is to be merged into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Comparison {
    /// The newest commit that both have.
    pub base: String,
    /// The paths that differ from it.
    pub changed: Vec<String>,
}

/// Asks git for the facts of the repository that a folder is in. It waits for a program, up to a few seconds where the disk
/// is slow.
pub fn read(folder: &Path) -> GitFacts {
    let git = Git::within(folder);
    let root = match git.line(&["rev-parse", "--show-toplevel"]) {
        Ok(Some(root)) => PathBuf::from(root),
        Ok(None) => return without_repository(&git, None),
        Err(problem) => return without_repository(&git, Some(problem).filter(|_| seems_to_be_one(folder))),
    };
    // Each takes a few milliseconds, mostly to start: together they take as long as one.
    let (reference, head, settings, remote_head, changed) = std::thread::scope(|scope| {
        let reference = scope.spawn(|| reference(&git));
        let head = scope.spawn(|| head(&git));
        let remote_head = scope.spawn(|| {
            git.line(&["symbolic-ref", "-q", "refs/remotes/origin/HEAD"])
                .ok()
                .flatten()
        });
        let changed = scope.spawn(|| changed(&git));
        (
            reference.join().ok().flatten(),
            head.join().ok().flatten(),
            settings(&git),
            remote_head.join().ok().flatten(),
            changed.join().ok().flatten(),
        )
    });
    let default_branch = remote_head
        .and_then(|full| full.strip_prefix("refs/remotes/origin/").map(str::to_owned))
        .or_else(|| guessed_branch(&git, &settings, reference.as_deref()));
    GitFacts {
        root: Some(root),
        default_branch,
        reference,
        changed: changed.filter(|_| head.is_some()),
        head,
        remote: settings.remote.as_deref().and_then(Remote::parse),
        user_name: settings.user_name,
        user_email: settings.user_email,
        problem: None,
    }
}

/// What the commit at hand changes against a branch of the repository, as a pull request into it would; `None` when the
/// branch or a common commit is not there.
pub fn compare(folder: &Path, branch: &str) -> Option<Comparison> {
    let git = Git::within(folder);
    let base = [
        format!("refs/remotes/origin/{branch}"),
        format!("refs/heads/{branch}"),
    ]
    .iter()
    .find_map(|other| git.line(&["merge-base", "HEAD", other]).ok().flatten())?;
    let changed = git.items(&["diff", "--name-only", "--no-renames", "-z", &base, "HEAD", "--"])?;
    Some(Comparison { base, changed })
}

/// Whether files of the work tree differ from the commit that is checked out, or are not known to git. It looks at the whole
/// tree.
pub fn is_dirty(folder: &Path) -> bool {
    let status = Git::within(folder).items(&["status", "--porcelain", "-z"]);
    status.is_some_and(|status| !status.is_empty())
}

/// Whether a folder lies in what looks like a repository.
fn seems_to_be_one(folder: &Path) -> bool {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.ancestors().any(|above| above.join(".git").exists())
}

fn without_repository(git: &Git<'_>, problem: Option<String>) -> GitFacts {
    let settings = settings(git);
    GitFacts {
        user_name: settings.user_name,
        user_email: settings.user_email,
        problem,
        ..GitFacts::default()
    }
}

/// What is checked out, by its full name.
fn reference(git: &Git<'_>) -> Option<String> {
    if let Some(branch) = git.line(&["symbolic-ref", "-q", "HEAD"]).ok().flatten() {
        return Some(branch);
    }
    // The newest version first, where several tags are at one commit.
    let tags = git.line(&["tag", "--points-at", "HEAD", "--sort=-version:refname"]);
    tags.ok().flatten().map(|tag| format!("refs/tags/{tag}"))
}

fn head(git: &Git<'_>) -> Option<Commit> {
    let format = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%cI%x00%B";
    let text = git.text(&["log", "-1", "--no-show-signature", format, "HEAD", "--"])?;
    let mut parts = text.splitn(9, '\0').map(str::to_owned);
    let mut next = || parts.next();
    let (sha, tree, parents) = (next()?, next()?, next()?);
    let author = Person {
        name: next()?,
        email: next()?,
    };
    let committer = Person {
        name: next()?,
        email: next()?,
    };
    Some(Commit {
        sha,
        tree,
        parent: parents
            .split(' ')
            .next()
            .filter(|sha| !sha.is_empty())
            .map(str::to_owned),
        author,
        committer,
        timestamp: next()?,
        message: next()?.trim_end_matches('\n').to_owned(),
    })
}

/// The paths that the commit changed against its first parent; all of its paths for the first commit.
fn changed(git: &Git<'_>) -> Option<Vec<String>> {
    let against_parent = [
        "diff",
        "--name-only",
        "--no-renames",
        "-z",
        "HEAD^1",
        "HEAD",
        "--",
    ];
    let mut changed = git.items(&against_parent).or_else(|| {
        git.items(&["ls-tree", "-r", "--name-only", "-z", "--full-tree", "HEAD"])
            .filter(|_| is_first(git))
    })?;
    changed.truncate(MOST_PATHS);
    Some(changed)
}

/// Whether the commit has no parent; in a shallow clone it only looks so.
fn is_first(git: &Git<'_>) -> bool {
    let shallow = git.line(&["rev-parse", "--is-shallow-repository"]).ok().flatten();
    shallow.as_deref() == Some("false")
}

#[derive(Default)]
struct Settings {
    remote: Option<String>,
    user_name: Option<String>,
    user_email: Option<String>,
    initial_branch: Option<String>,
}

/// What git's configuration says; a later value beats an earlier one.
fn settings(git: &Git<'_>) -> Settings {
    let pattern = r"^(remote\..*\.url|user\.(name|email)|init\.defaultbranch)$";
    let mut settings = Settings::default();
    let mut first_remote = None;
    for item in git
        .items(&["config", "-z", "--get-regexp", pattern])
        .unwrap_or_default()
    {
        let Some((key, value)) = item.split_once('\n') else {
            continue;
        };
        let value = Some(value.to_owned()).filter(|value| !value.is_empty());
        match key {
            "user.name" => settings.user_name = value,
            "user.email" => settings.user_email = value,
            "init.defaultbranch" => settings.initial_branch = value,
            // With several addresses the first one is fetched from.
            "remote.origin.url" => settings.remote = settings.remote.or(value),
            _ => first_remote = first_remote.or(value),
        }
    }
    settings.remote = settings.remote.or(first_remote);
    settings
}

/// The branch that is most likely the repository's main one.
fn guessed_branch(git: &Git<'_>, settings: &Settings, reference: Option<&str>) -> Option<String> {
    let names = git.text(&["for-each-ref", "--format=%(refname:strip=2)", "refs/heads"]);
    let names = names.unwrap_or_default();
    let there: BTreeSet<&str> = names.lines().collect();
    let likely = settings.initial_branch.iter().map(String::as_str);
    let guess = likely.chain(["main", "master"]).find(|name| there.contains(name));
    let only = || there.first().copied().filter(|_| there.len() == 1);
    let current = || reference.and_then(|full| full.strip_prefix("refs/heads/"));
    guess.or_else(only).or_else(current).map(str::to_owned)
}

#[cfg(test)]
pub(super) mod tests;
