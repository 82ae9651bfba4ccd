//! What git knows of the repository at hand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::cache::blocking;
use super::super::error::ActionError;
use super::super::git::{Answer, Git, without_credentials};

/// How long a question about the repository at hand may take.
pub(super) const ASKING: Duration = Duration::from_secs(120);

/// How much of the names of its files is kept: those of a few million.
const NAMES: usize = 256 * 1024 * 1024;

/// The repository at hand, on this machine.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// Its top folder; that which was given, when it is no repository.
    pub(super) top: PathBuf,
    /// The commit at hand; none in what is no repository, and in one without commits.
    pub(super) head: Option<String>,
    /// The branch at hand, as `refs/heads/…`.
    pub(super) branch: Option<String>,
    /// Where it was cloned from, without credentials.
    pub(super) origin: Option<String>,
    /// Whether it is a repository.
    pub(super) is_repository: bool,
}

/// A file of the repository at hand, by its path from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A file or a link; it may be gone.
    File(PathBuf),
    /// The folder of a submodule.
    Submodule(PathBuf),
}

impl Project {
    pub(super) async fn at(source: &Path) -> Result<Self, ActionError> {
        // Found by what is there: what git says, a job could have written into its configuration.
        let folder = source.to_owned();
        let top = blocking(move || {
            let folder = folder.canonicalize().unwrap_or(folder);
            let mut above = folder.ancestors();
            above
                .find(|folder| folder.join(".git").exists())
                .map(Path::to_owned)
        });
        let Some(top) = top.await? else {
            return Ok(Self {
                top: source.to_owned(),
                head: None,
                branch: None,
                origin: None,
                is_repository: false,
            });
        };
        let text = async |arguments: &[&str]| {
            let answer = match ask(&top, arguments).await {
                Ok(answer) => answer,
                // The files are there without git too.
                Err(ActionError::GitMissing { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            Ok(Some(answer.text()).filter(|text| answer.success && !text.is_empty()))
        };
        Ok(Self {
            head: text(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await?,
            branch: text(&["symbolic-ref", "--quiet", "HEAD"])
                .await?
                .filter(|name| name.starts_with("refs/heads/")),
            origin: text(&["config", "--get", "remote.origin.url"])
                .await?
                .map(plain_url),
            top,
            is_repository: true,
        })
    }

    /// The commit of a branch, a tag or a commit; branches first, as the action looks.
    pub(super) async fn commit(&self, reference: &str) -> Result<Option<String>, ActionError> {
        let branch = reference.strip_prefix("refs/heads/");
        let candidates = match branch.or((!reference.starts_with("refs/")).then_some(reference)) {
            Some(name) => {
                let mut names = vec![
                    format!("refs/heads/{name}"),
                    format!("refs/remotes/origin/{name}"),
                ];
                if branch.is_none() {
                    names.push(format!("refs/tags/{name}"));
                }
                if reference.len() >= 7 && reference.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    names.push(reference.to_owned());
                }
                names
            }
            None => vec![reference.to_owned()],
        };
        for name in candidates {
            let object = format!("{name}^{{commit}}");
            let found = ask(
                &self.top,
                &["rev-parse", "--verify", "--quiet", "--end-of-options", &object],
            )
            .await?;
            if found.success {
                return Ok(Some(found.text()).filter(|text| !text.is_empty()));
            }
        }
        Ok(None)
    }

    /// Its files as they are, those that git does not know yet included, those it ignores not.
    pub(super) async fn files(&self) -> Result<Vec<Named>, ActionError> {
        files_of(&self.top).await
    }
}

/// The files of a repository or submodule, by their paths from its top.
pub(super) async fn files_of(top: &Path) -> Result<Vec<Named>, ActionError> {
    let list = |arguments: &'static [&'static str]| {
        let git = Git::new("listing the files of the repository", ASKING, arguments);
        at(git, top).env("GIT_LITERAL_PATHSPECS", "1").most(NAMES).run()
    };
    let staged = list(&["-c", "safe.directory=*", "ls-files", "--stage", "-z"]).await?;
    let others = list(&[
        "-c",
        "safe.directory=*",
        "ls-files",
        "--others",
        "--exclude-standard",
        "-z",
    ])
    .await?;
    let mut files: Vec<Named> = Vec::new();
    for entry in staged.output.split(|byte| *byte == 0) {
        let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else {
            continue;
        };
        let path = path_of(entry.get(tab + 1..).unwrap_or_default());
        files.push(match entry.starts_with(b"160000") {
            true => Named::Submodule(path),
            false => Named::File(path),
        });
    }
    // Three entries of one file while a merge has conflicts.
    files.dedup();
    let names = others.output.split(|byte| *byte == 0);
    // What ends with a slash is a repository of its own, which this one does not know.
    let names = names.filter(|name| !name.is_empty() && !name.ends_with(b"/"));
    files.extend(names.map(|name| Named::File(path_of(name))));
    Ok(files)
}

/// A URL without the name and password that it may hold; of ssh, the name is no secret.
fn plain_url(url: String) -> String {
    match url.starts_with("http") {
        true => without_credentials(&url).replace("***@", ""),
        false => url,
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// Asks about the repository at hand, whoever owns its files: it is the user's, who named it.
async fn ask(directory: &Path, arguments: &[&str]) -> Result<Answer, ActionError> {
    let all = ["-c", "safe.directory=*"].iter().chain(arguments);
    let git = Git::new("asking git about the repository at hand", ASKING, all);
    at(git, directory).ask().await
}

/// In a repository whose files are those of this folder, whatever its configuration says.
fn at(git: Git, top: &Path) -> Git {
    git.within(top)
        .env("GIT_DIR", top.join(".git"))
        .env("GIT_WORK_TREE", top)
        // Nor does a question about what is here go anywhere else.
        .env("GIT_NO_LAZY_FETCH", "1")
}
