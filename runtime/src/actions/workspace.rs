//! The copy of the project that a job works in instead of the project itself.
//!
//! It has the project's files as they are and a repository of its own. Nothing in it is shared with the project, the
//! objects of git neither: that they are read-only holds for git alone. A job's `chmod -R` or `chown -R` would reach the
//! user's own through a hard link, and root writes to what is read-only; copying packs costs little beside the files.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::copy::open_directory;
use super::error::ActionError;
use super::tree::{Copied, Kind, Tree};

/// A `.git` that is a file is no larger.
const LINK: u64 = 8192;

/// Copies the project to `to`, which is made; where the project holds `apart` (the state directory), without that. A
/// worktree's or submodule's copy is a repository of its own.
///
/// # Errors
/// When something cannot be read or written; what was copied by then is left for the caller to remove.
pub async fn copy_project(from: &Path, to: &Path, apart: &Path) -> Result<Copied, ActionError> {
    let (from, to, apart) = (from.to_owned(), to.to_owned(), apart.to_owned());
    super::cache::blocking(move || {
        let what = format!("{} cannot be copied to {}", from.display(), to.display());
        copy(&from, &to, &apart).map_err(ActionError::disk(what))
    })
    .await?
}

fn copy(from: &Path, to: &Path, apart: &Path) -> io::Result<Copied> {
    let from = from.canonicalize()?;
    fs::DirBuilder::new().mode(0o700).create(to)?;
    let mode = fs::metadata(&from)?.permissions().mode() & 0o777;
    fs::set_permissions(to, fs::Permissions::from_mode(mode | 0o700))?;
    let apart = apart.canonicalize().ok();
    let mut left_out: Vec<PathBuf> = apart
        .iter()
        .filter_map(|apart| apart.strip_prefix(&from).ok().map(Path::to_owned))
        .filter(|inside| !inside.as_os_str().is_empty())
        .collect();
    let linked = repository_elsewhere(&from);
    if linked.is_some() {
        left_out.push(".git".into());
    }
    let copied = Tree::of(&from, Kind::Faithful)?.copy_all(&open_directory(to)?, &left_out)?;
    if let Some(linked) = linked {
        linked.copy(&to.join(".git"))?;
    }
    Ok(copied)
}

/// The repository that a `.git` file names.
struct Linked {
    /// What the worktree has of its own; of a submodule, all.
    own: PathBuf,
    /// What the worktrees share.
    common: Option<PathBuf>,
}

fn repository_elsewhere(project: &Path) -> Option<Linked> {
    let link = project.join(".git");
    let found = fs::symlink_metadata(&link).ok()?;
    if !found.is_file() || found.len() > LINK {
        return None;
    }
    let text = fs::read_to_string(link).ok()?;
    let own = project
        .join(text.trim().strip_prefix("gitdir:")?.trim())
        .canonicalize()
        .ok()?;
    let common = fs::read_to_string(own.join("commondir")).ok();
    let common = common.and_then(|common| own.join(common.trim()).canonicalize().ok());
    own.join("HEAD").is_file().then_some(Linked { own, common })
}

impl Linked {
    /// Makes one repository of both.
    fn copy(&self, to: &Path) -> io::Result<()> {
        fs::create_dir(to)?;
        let target = open_directory(to)?;
        let shared = self.common.as_ref().unwrap_or(&self.own);
        // What other worktrees have is theirs, and what each has of its own comes from this one.
        let left_out = ["worktrees", "commondir", "gitdir"].map(PathBuf::from);
        let mut left_out = left_out.to_vec();
        if self.common.is_some() {
            left_out.extend(["HEAD", "index", "config.worktree", "logs/HEAD"].map(PathBuf::from));
        }
        Tree::of(shared, Kind::Faithful)?.copy_all(&target, &left_out)?;
        if self.common.is_some() {
            for name in ["HEAD", "index", "config.worktree", "ORIG_HEAD", "FETCH_HEAD"] {
                match fs::copy(self.own.join(name), to.join(name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        // A submodule's says where its files are, as seen from where it was.
        let mut config = OpenOptions::new()
            .append(true)
            .create(true)
            .custom_flags(i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0))
            .open(to.join("config"))?;
        config.write_all(b"\n[core]\n\tbare = false\n\tworktree = ..\n")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};
    use std::process::Command;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(["-c", "protocol.file.allow=always"])
            .args(arguments)
            .current_dir(folder)
            .env_remove("GIT_DIR")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn repository(folder: &Path) {
        fs::create_dir_all(folder.join("src")).unwrap();
        git(folder, &["init", "--quiet", "-b", "main"]);
        fs::write(folder.join("src/a"), "a").unwrap();
        fs::write(folder.join("b"), "b").unwrap();
        git(folder, &["add", "."]);
        git(folder, &["commit", "--quiet", "-m", "one"]);
        fs::write(folder.join("b"), "changed").unwrap();
    }

    #[tokio::test]
    async fn a_copy_is_the_project_as_it_is_with_its_repository() {
        let temporary = tempfile::tempdir().unwrap();
        let (from, to) = (temporary.path().join("from"), temporary.path().join("to"));
        repository(&from);
        symlink("/etc/passwd", from.join("link")).unwrap();
        fs::create_dir(from.join("closed")).unwrap();
        fs::set_permissions(from.join("closed"), fs::Permissions::from_mode(0o500)).unwrap();
        fs::set_permissions(from.join("src/a"), fs::Permissions::from_mode(0o640)).unwrap();
        let old = filetime(&from.join("src/a"));
        copy_project(&from, &to, Path::new("/none")).await.unwrap();
        assert_eq!(fs::read_link(to.join("link")).unwrap(), Path::new("/etc/passwd"));
        assert_eq!(git(&to, &["status", "--porcelain"]), "M b\n?? link");
        assert_eq!(
            git(&to, &["rev-parse", "HEAD"]),
            git(&from, &["rev-parse", "HEAD"])
        );
        let found = fs::metadata(to.join("src/a")).unwrap();
        assert_eq!(
            (found.permissions().mode() & 0o777, filetime(&to.join("src/a"))),
            (0o640, old)
        );
        // Nothing is shared: a commit there is none here.
        git(&to, &["commit", "--quiet", "-am", "two"]);
        assert_ne!(
            git(&to, &["rev-parse", "HEAD"]),
            git(&from, &["rev-parse", "HEAD"])
        );
        let object = fs::read_dir(to.join(".git/objects"))
            .unwrap()
            .flatten()
            .next()
            .unwrap();
        let file = fs::read_dir(object.path()).unwrap().flatten().next().unwrap();
        assert_eq!(file.metadata().unwrap().nlink(), 1);
    }

    fn filetime(path: &Path) -> (i64, i64) {
        let found = fs::metadata(path).unwrap();
        (found.mtime(), found.mtime_nsec())
    }

    #[tokio::test]
    async fn worktrees_and_submodules_become_repositories_of_their_own() {
        let temporary = tempfile::tempdir().unwrap();
        let (main, tree) = (temporary.path().join("main"), temporary.path().join("tree"));
        repository(&main);
        git(
            &main,
            &["worktree", "add", "--quiet", "-b", "side", tree.to_str().unwrap()],
        );
        fs::write(tree.join("b"), "side").unwrap();
        let to = temporary.path().join("copy");
        copy_project(&tree, &to, Path::new("/none")).await.unwrap();
        assert_eq!(git(&to, &["status", "--porcelain"]), "M b");
        assert_eq!(git(&to, &["branch", "--show-current"]), "side");
        git(&to, &["commit", "--quiet", "-am", "two"]);
        assert_eq!(
            git(&main, &["rev-parse", "side"]),
            git(&main, &["rev-parse", "main"])
        );

        let above = temporary.path().join("above");
        repository(&above);
        git(
            &above,
            &["submodule", "--quiet", "add", main.to_str().unwrap(), "sub"],
        );
        let to = temporary.path().join("copy-of-sub");
        copy_project(&above.join("sub"), &to, Path::new("/none"))
            .await
            .unwrap();
        assert_eq!(git(&to, &["status", "--porcelain"]), "");
        assert_eq!(
            git(&to, &["rev-parse", "--show-toplevel"]),
            to.display().to_string()
        );
    }

    #[tokio::test]
    async fn what_lies_within_the_project_is_not_copied_into_itself() {
        let temporary = tempfile::tempdir().unwrap();
        let from = temporary.path().join("from");
        let jobs = from.join("state/jobs");
        fs::create_dir_all(&jobs).unwrap();
        fs::write(from.join("a"), "a").unwrap();
        let to = jobs.join("copy");
        copy_project(&from, &to, &jobs).await.unwrap();
        assert!(to.join("a").is_file() && to.join("state").is_dir() && !to.join("state/jobs").exists());
    }

    #[tokio::test]
    async fn what_cannot_be_copied_fails_with_its_cause() {
        let temporary = tempfile::tempdir().unwrap();
        let from = temporary.path().join("from");
        fs::create_dir(&from).unwrap();
        let to = temporary.path().join("none/to");
        let error = copy_project(&from, &to, Path::new("/none")).await.unwrap_err();
        assert!(error.to_string().contains("cannot be copied"), "{error}");
    }
}
