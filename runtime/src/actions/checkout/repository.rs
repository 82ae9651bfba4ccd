//! Repositories that a checkout makes: with the files as they are, or those of another commit.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{AtFlags, FileType};

use super::super::cache::blocking;
use super::super::copy;
use super::super::error::ActionError;
use super::super::git::Git;
use super::super::tree::{Copied, Kind, Tree};
use super::inputs::{CheckoutInputs, Submodules};
use super::place::{MARK, Target};
use super::project::{ASKING, Named, Project, files_of};
use crate::executor::Notes;

/// How long taking the history of the repository at hand may take, or getting what is elsewhere.
const LIMIT: Duration = Duration::from_secs(1_800);

/// What gives a repository its history, whoever owns the one that it is taken from.
const UPLOAD: &str = "--upload-pack=git -c safe.directory=* upload-pack";

/// Copies the files as they are, and gives them a repository at the commit at hand.
pub(super) async fn copy(
    project: &Project,
    inputs: &CheckoutInputs,
    target: &Target,
    notes: &dyn Notes,
) -> Result<(), ActionError> {
    if let (true, Some(head)) = (project.is_repository, &project.head) {
        let made = Made::at(&target.path, project).await?;
        made.take_history(project, inputs, head, project.branch.as_deref())
            .await?;
        made.git(&["read-tree", "HEAD"]).await?;
    }
    let files = match project.is_repository {
        true => Files::Named(list(project, inputs.submodules).await?),
        false => Files::All,
    };
    let (from, to) = (project.top.clone(), target.path.clone());
    let copied = blocking(move || copy_files(&from, &to, files)).await?;
    let what = format!(
        "{} cannot be copied to {}",
        project.top.display(),
        target.path.display()
    );
    let copied = copied.map_err(ActionError::disk(what))?;
    notes.line(&format!(
        "Copied {} files of {} as they are, with what is not committed, to {}",
        copied.files,
        project.top.display(),
        target.seen.display()
    ));
    if !inputs.sparse.is_empty() {
        notes.line("`sparse-checkout` leaves nothing out here: the copy has all files");
    }
    Ok(())
}

/// Puts a commit there, with a repository at it.
pub(super) async fn export(
    project: &Project,
    inputs: &CheckoutInputs,
    target: &Target,
    commit: &str,
    branch: Option<&str>,
    notes: &dyn Notes,
) -> Result<(), ActionError> {
    let made = Made::at(&target.path, project).await?;
    if let (true, Some(head)) = (target.keeps_files, &project.head) {
        // What is there is of the commit at hand: its files are those that may go.
        made.take_history(project, inputs, head, None).await?;
        made.git(&["read-tree", "HEAD"]).await?;
    }
    made.take_history(project, inputs, commit, branch).await?;
    if !inputs.sparse.is_empty() {
        let mode = if inputs.sparse_cone { "--cone" } else { "--no-cone" };
        let mut arguments = vec!["sparse-checkout", "set", mode, "--end-of-options"];
        arguments.extend(inputs.sparse.iter().map(String::as_str));
        made.git(&arguments).await?;
    }
    made.git(&["reset", "--hard", "--quiet", commit]).await?;
    if inputs.lfs {
        made.elsewhere(&["lfs", "pull"]).await?;
    }
    if inputs.submodules != Submodules::None {
        let depth = format!("--depth={}", inputs.fetch_depth);
        let mut arguments = vec!["submodule", "update", "--init", "--force"];
        arguments.extend((inputs.fetch_depth > 0).then_some(depth.as_str()));
        arguments.extend((inputs.submodules == Submodules::Recursive).then_some("--recursive"));
        made.elsewhere(&arguments).await?;
    }
    notes.line(&format!(
        "Checked out {commit} of {} to {}",
        project.top.display(),
        target.seen.display()
    ));
    Ok(())
}

/// A repository that Loom made.
struct Made<'a> {
    path: &'a Path,
}

impl<'a> Made<'a> {
    async fn at(path: &'a Path, project: &Project) -> Result<Self, ActionError> {
        let made = Self { path };
        let initialise = ["init", "--quiet", "--template=", "--initial-branch=main"];
        Git::new("making a repository", ASKING, initialise)
            .within(path)
            .run()
            .await?;
        if let Some(origin) = &project.origin {
            made.git(&["remote", "add", "origin", origin]).await?;
        }
        made.git(&["config", "gc.auto", "0"]).await?;
        let mark = path.join(".git").join(MARK);
        blocking(move || std::fs::write(mark, "made by Loom, which may replace it\n"))
            .await?
            .map_err(ActionError::disk("a repository cannot be made in the workspace"))?;
        Ok(made)
    }

    fn call(&self, arguments: &[&str]) -> Git {
        let settings = ["-c", "safe.directory=*", "-c", "core.symlinks=true"];
        let what = format!(
            "`git {}` in {}",
            arguments.first().unwrap_or(&""),
            self.path.display()
        );
        Git::new(what, LIMIT, settings.iter().chain(arguments))
            .within(self.path)
            .env("GIT_DIR", self.path.join(".git"))
            .env("GIT_WORK_TREE", self.path)
    }

    async fn git(&self, arguments: &[&str]) -> Result<(), ActionError> {
        self.call(arguments).run().await.map(drop)
    }

    /// A call that gets what is not in the repository at hand.
    async fn elsewhere(&self, arguments: &[&str]) -> Result<(), ActionError> {
        let answer = Git::new("getting what is elsewhere", LIMIT, arguments)
            .within(self.path)
            .ask()
            .await?;
        if answer.success {
            return Ok(());
        }
        Err(ActionError::Checkout {
            what: format!("`git {}` failed: {}", arguments.join(" "), answer.complaint),
            help: "look at the network and git's credentials, or check out what is at hand, as it is".into(),
        })
    }

    /// Takes the history up to a commit, as deep as is asked for, and makes it the one at hand.
    async fn take_history(
        &self,
        project: &Project,
        inputs: &CheckoutInputs,
        commit: &str,
        branch: Option<&str>,
    ) -> Result<(), ActionError> {
        let from = project.top.to_string_lossy();
        let head = match branch.and_then(|branch| branch.strip_prefix("refs/heads/")) {
            Some(name) => format!("+{commit}:refs/remotes/origin/{name}"),
            None => commit.to_owned(),
        };
        let depth = format!("--depth={}", inputs.fetch_depth);
        let mut takings: Vec<Vec<&str>> = Vec::new();
        if inputs.fetch_depth == 0 {
            // The user's own branches are newer than what is known of the host's.
            takings.push(vec!["+refs/remotes/origin/*:refs/remotes/origin/*"]);
            takings.push(vec!["+refs/heads/*:refs/remotes/origin/*"]);
            takings.push(vec![&head, "+refs/tags/*:refs/tags/*"]);
        } else if inputs.fetch_tags {
            takings.push(vec![&depth, &head, "+refs/tags/*:refs/tags/*"]);
        } else {
            takings.push(vec![&depth, &head]);
        }
        for taking in takings {
            let (options, names): (Vec<&str>, Vec<&str>) = taking
                .into_iter()
                .partition(|argument| argument.starts_with("--"));
            let mut arguments = vec![
                "-c",
                "protocol.file.allow=always",
                "fetch",
                "--quiet",
                "--no-tags",
            ];
            arguments.extend(["--update-shallow", "--no-write-fetch-head", UPLOAD]);
            arguments.extend(options);
            arguments.push(&from);
            arguments.extend(names);
            self.git(&arguments).await?;
        }
        match branch {
            Some(branch) => {
                self.git(&["update-ref", branch, commit]).await?;
                self.git(&["symbolic-ref", "HEAD", branch]).await
            }
            None => self.git(&["update-ref", "--no-deref", "HEAD", commit]).await,
        }
    }
}

/// Which files are copied.
enum Files {
    /// All of a folder that is no repository.
    All,
    /// These, by their paths, and these empty folders.
    Named(Vec<Named>),
}

/// The files as they are, with those of the submodules that are wanted; of the others the folder only.
async fn list(project: &Project, submodules: Submodules) -> Result<Vec<Named>, ActionError> {
    let mut files = Vec::new();
    let mut levels = vec![(PathBuf::new(), project.files().await?, submodules)];
    while let Some((prefix, named, wanted)) = levels.pop() {
        for name in named {
            match name {
                Named::File(path) => files.push(Named::File(prefix.join(path))),
                Named::Submodule(path) => {
                    let path = prefix.join(path);
                    let top = project.top.join(&path);
                    if wanted != Submodules::None && is_there(&top).await? {
                        let inner = match wanted {
                            Submodules::Recursive => Submodules::Recursive,
                            _ => Submodules::None,
                        };
                        levels.push((path.clone(), files_of(&top).await?, inner));
                    }
                    files.push(Named::Submodule(path));
                }
            }
        }
    }
    Ok(files)
}

async fn is_there(submodule: &Path) -> Result<bool, ActionError> {
    let git = submodule.join(".git");
    blocking(move || git.exists()).await
}

/// The submodules whose files are not there.
pub(super) async fn empty_submodules(top: &Path) -> Result<Vec<PathBuf>, ActionError> {
    let mut missing = Vec::new();
    for named in files_of(top).await? {
        if let Named::Submodule(path) = named
            && !is_there(&top.join(&path)).await?
        {
            missing.push(path);
        }
    }
    Ok(missing)
}

fn copy_files(from: &Path, to: &Path, files: Files) -> std::io::Result<Copied> {
    let tree = Tree::of(from, Kind::Faithful)?;
    let target = copy::open_directory(to)?;
    // A copy within the tree is no part of it.
    let own = to.strip_prefix(from.canonicalize()?).map(Path::to_owned).ok();
    let Files::Named(named) = files else {
        let own = own.unwrap_or_else(|| PathBuf::from(".git"));
        return tree.copy_all(&target, &[own]);
    };
    let mut copied = Copied::default();
    let mut open: Option<(PathBuf, Option<(OwnedFd, OwnedFd)>)> = None;
    for name in named {
        let (path, is_folder) = match name {
            Named::File(path) => (path, false),
            Named::Submodule(path) => (path, true),
        };
        if own.as_ref().is_some_and(|own| path.starts_with(own)) {
            continue;
        }
        let folder = if is_folder {
            Some(path.as_path())
        } else {
            path.parent()
        };
        let folder = folder.unwrap_or(Path::new(""));
        if is_folder {
            make_folders(&target, folder)?;
            continue;
        }
        if open.as_ref().is_none_or(|(known, _)| known != folder) {
            // A folder that is gone, or has a link on its way by now, has no files.
            let both = match tree.folder(folder) {
                Some(from) => Some((from, make_folders(&target, folder)?)),
                None => None,
            };
            open = Some((folder.to_owned(), both));
        }
        if let (Some((_, Some((from, to)))), Some(name)) = (&open, path.file_name())
            && rustix::fs::statat(from, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|found| FileType::from_raw_mode(found.st_mode) != FileType::Directory)
        {
            // In the place of what was there before.
            match rustix::fs::unlinkat(to, name, AtFlags::empty()) {
                Ok(()) | Err(rustix::io::Errno::NOENT) => {}
                Err(_) => copy::remove(to, name)?,
            }
            copied.add(tree.copy_one(from, &path, to)?);
        }
    }
    Ok(copied)
}

fn make_folders(target: &OwnedFd, folder: &Path) -> std::io::Result<OwnedFd> {
    let mut open = target.try_clone()?;
    for name in folder.components() {
        open = copy::make_directory(&open, name.as_os_str())?;
    }
    Ok(open)
}
