//! Finding a project's workflow files and reading them.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use loom_workflow::{Dialect, Source, tree::Limits};
use thiserror::Error;

use crate::bounded::{self, Contents};

/// What a workflow from standard input is called.
pub(crate) const STDIN: &str = "<stdin>";

/// No workflow can be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The file is not there.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// Nothing there is a workflow.
    #[error("{} holds no workflow: no `.loom.yml`, nothing in `.github/workflows`, no other `.yml` or `.yaml` file", .0.display())]
    Nothing(PathBuf),
    /// A directory holds several workflows.
    #[error("{} holds several workflows: {}", directory.display(), list(files))]
    Several {
        /// The directory.
        directory: PathBuf,
        /// The workflows.
        files: Vec<PathBuf>,
    },
    /// The file cannot be read.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl ProjectError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Missing(_) | Self::Several { .. } => "name a workflow file on the command line",
            Self::Nothing(_) => "write a `.loom.yml` there, or name a workflow file on the command line",
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
                "give yourself the right to read it"
            }
            Self::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                "lead the link to a file, or remove it"
            }
            Self::Unreadable { .. } => "put a workflow file in its place, or name another one",
        }
    }
}

/// A workflow file that was read.
#[derive(Clone, Debug)]
pub struct WorkflowFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its text, under the name that people see.
    pub source: Source,
    /// Its dialect.
    pub dialect: Dialect,
}

/// The workflows that are meant.
#[derive(Clone, Debug)]
pub enum Found {
    /// The file that was named, or a project's own `.loom.yml`.
    One(WorkflowFile),
    /// Those of a folder, by name: at least one.
    Folder(Vec<WorkflowFile>),
}

/// Reads the workflows that are meant: the file, those in a directory, or a project's default.
///
/// # Errors
/// See [`ProjectError`].
pub fn choose(path: Option<&Path>) -> Result<Found, ProjectError> {
    let path = path.unwrap_or(Path::new("."));
    if !path.exists() {
        return Err(ProjectError::Missing(path.to_owned()));
    }
    if !path.is_dir() {
        return read(path).map(Found::One);
    }
    let files = candidates(path);
    match files.as_slice() {
        [] => Err(ProjectError::Nothing(path.to_owned())),
        [own] if is_own(own) => read(own).map(Found::One),
        files => Ok(Found::Folder(
            files.iter().map(|file| read(file)).collect::<Result<_, _>>()?,
        )),
    }
}

/// Whether a file is a project's own workflow, which no event need start.
fn is_own(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name == ".loom.yml" || name == ".loom.yaml")
}

/// Reads the workflow that is meant: the file, the one in a directory, or a project's default.
///
/// # Errors
/// See [`ProjectError`].
pub fn find(path: Option<&Path>) -> Result<WorkflowFile, ProjectError> {
    let path = path.unwrap_or(Path::new("."));
    if !path.exists() {
        return Err(ProjectError::Missing(path.to_owned()));
    }
    if !path.is_dir() {
        return read(path);
    }
    let mut files = candidates(path);
    match files.len() {
        0 => Err(ProjectError::Nothing(path.to_owned())),
        1 => read(&files.remove(0)),
        _ => Err(ProjectError::Several {
            directory: path.to_owned(),
            files,
        }),
    }
}

/// The workflow files of a directory: its `.loom.yml` if there is one, else those of `.github/workflows`, else those that
/// lie in it directly. Subdirectories are not searched.
pub fn candidates(directory: &Path) -> Vec<PathBuf> {
    if let Some(own) = own_in(directory, Path::is_file).next() {
        return vec![own];
    }
    let github = github_in(directory, Path::is_file);
    if github.is_empty() {
        workflows_in(directory)
    } else {
        github
    }
}

/// A directory's own workflows, of which the first counts.
fn own_in(directory: &Path, is_meant: fn(&Path) -> bool) -> impl Iterator<Item = PathBuf> {
    let own = [".loom.yml", ".loom.yaml"].map(|name| directory.join(name));
    own.into_iter().filter(move |file| is_meant(file)).map(clean)
}

/// Whether something is there that is no folder: a file, or what looks like one and cannot be read.
fn is_no_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok() && !path.is_dir()
}

/// The workflows that GitHub finds in a directory: of a repository, of its `.github`, or of the folder of workflows itself.
fn github_in(directory: &Path, is_meant: fn(&Path) -> bool) -> Vec<PathBuf> {
    let real = directory.canonicalize();
    let is = |end: &str| real.as_ref().is_ok_and(|real| real.ends_with(end));
    if is(".github/workflows") {
        yaml_in(directory, is_meant)
    } else if is(".github") {
        // What lies beside the folder of workflows is none.
        yaml_in(&directory.join("workflows"), is_meant)
    } else {
        yaml_in(&directory.join(".github/workflows"), is_meant)
    }
}

/// All that a directory has to be checked: its `.loom.yml`, the workflows of `.github/workflows`, and each `action.yml` in it
/// that Git does not leave out; where there is nothing of these, the `.yml` and `.yaml` files that lie in it directly. What is
/// called like one of them and cannot be read, as a link to nothing or a pipe, is among them: it is not to pass for checked.
pub fn checkable(directory: &Path) -> Vec<PathBuf> {
    let named = own_in(directory, is_no_folder).chain(github_in(directory, is_no_folder));
    let mut files: Vec<PathBuf> = named.chain(actions_in(directory)).collect();
    if files.is_empty() {
        files = yaml_in(directory, is_no_folder);
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    files
}

/// The files of actions below a directory, by path. What `.gitignore` and its like leave out is not looked at, nor other
/// repositories that lie in it.
fn actions_in(directory: &Path) -> Vec<PathBuf> {
    some_actions_in(directory, usize::MAX)
}

/// The same of the first so many files and folders.
pub(crate) fn some_actions_in(directory: &Path, most: usize) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(directory)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let is_other = entry.depth() > 0 && entry.path().join(".git").exists();
            !is_folder || entry.file_name() != ".git" && !is_other
        })
        .build();
    let named = walk.take(most).flatten().filter(|entry| {
        entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with("action.y"))
            && is_no_folder(entry.path())
    });
    let mut files: Vec<PathBuf> = named
        .map(|entry| clean(entry.into_path()))
        .filter(|file| loom_workflow::is_action(&resolved(file).to_string_lossy()))
        .collect();
    // A link that is called like an action makes its folder one, and is a file of its own where what it leads to is called
    // otherwise or lies outside; else that is in the list already.
    let real: HashSet<PathBuf> = files
        .iter()
        .filter(|file| !file.is_symlink())
        .filter_map(|file| file.canonicalize().ok())
        .collect();
    files.retain(|file| !file.is_symlink() || file.canonicalize().map_or(true, |to| !real.contains(&to)));
    files.sort();
    files
}

/// The `.yml` and `.yaml` files of a directory, by name.
pub fn workflows_in(directory: &Path) -> Vec<PathBuf> {
    yaml_in(directory, Path::is_file)
}

/// What in a directory is called `.yml` or `.yaml` and is meant, by name.
fn yaml_in(directory: &Path, is_meant: fn(&Path) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let yaml =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "yml" || end == "yaml") && is_meant(path);
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(clean(entry.ok()?.path())))
        .filter(yaml)
        .collect();
    files.sort();
    files
}

/// Reads a workflow file. One that is too large or no text has a source that says so when it is loaded.
///
/// # Errors
/// When it cannot be read, or is no regular file.
pub fn read(path: &Path) -> Result<WorkflowFile, ProjectError> {
    let contents = bounded::read(path, most()).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound if path.is_symlink() => ProjectError::Unreadable {
            path: path.to_owned(),
            cause: io::Error::new(
                io::ErrorKind::NotFound,
                "it is a link to a file that is not there",
            ),
        },
        io::ErrorKind::NotFound => ProjectError::Missing(path.to_owned()),
        _ => ProjectError::Unreadable {
            path: path.to_owned(),
            cause,
        },
    })?;
    Ok(WorkflowFile {
        path: path.to_owned(),
        source: source(path.display().to_string(), contents),
        dialect: Dialect::of_path(&resolved(path).to_string_lossy()),
    })
}

/// Reads a file from standard input: as the one that it is called, or as a `.loom.yml`.
///
/// # Errors
/// When it cannot be read.
pub fn read_stdin(called: Option<&Path>) -> Result<WorkflowFile, ProjectError> {
    let contents = bounded::read_from(io::stdin().lock(), most());
    let contents = contents.map_err(|cause| ProjectError::Unreadable {
        path: STDIN.into(),
        cause,
    })?;
    let dialect = |path: &Path| Dialect::of_path(&resolved(path).to_string_lossy());
    let path = called.unwrap_or(Path::new(STDIN));
    Ok(WorkflowFile {
        path: path.to_owned(),
        source: source(path.display().to_string(), contents),
        dialect: called.map_or(Dialect::Loom, dialect),
    })
}

fn source(name: String, contents: Contents) -> Source {
    match contents {
        Contents::Whole(bytes) => Source::from_bytes(name, bytes),
        Contents::TooLarge(length) => Source::too_large(name, length),
    }
}

/// The largest workflow that is read.
fn most() -> u64 {
    u64::try_from(Limits::default().bytes).unwrap_or(u64::MAX)
}

/// Where a file lies, whatever folder it was named from: in the folder that its path leads to, or, when only that is in
/// `.github/workflows`, where the file that it links to lies.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let lies = match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    };
    let github = |path: &Path| Dialect::of_path(&path.to_string_lossy()) == Dialect::GitHub;
    match path.canonicalize() {
        Ok(leads) if github(&leads) && !github(&lies) => leads,
        _ => lies,
    }
}

/// Without a leading `./`, which nobody typed.
fn clean(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_owned).unwrap_or(path)
}

fn list(files: &[PathBuf]) -> String {
    files
        .iter()
        .map(|file| file.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_is_that_of_the_place_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let workflows = root.join(".github/workflows");
        std::fs::create_dir_all(&workflows).unwrap();
        std::fs::write(workflows.join("c.yml"), "jobs: {}\n").unwrap();
        std::fs::write(root.join("plain.yml"), "jobs: {}\n").unwrap();
        std::os::unix::fs::symlink(".github/workflows", root.join("folder")).unwrap();
        std::os::unix::fs::symlink("folder/c.yml", root.join("link.yml")).unwrap();
        std::os::unix::fs::symlink("../../plain.yml", workflows.join("out.yml")).unwrap();
        for (path, dialect) in [
            (".github/workflows/c.yml", Dialect::GitHub),
            ("folder/c.yml", Dialect::GitHub),
            ("link.yml", Dialect::GitHub),
            (".github/workflows/out.yml", Dialect::GitHub),
            ("plain.yml", Dialect::Loom),
            (".github/workflows/../../plain.yml", Dialect::Loom),
        ] {
            assert_eq!(read(&root.join(path)).unwrap().dialect, dialect, "{path}");
        }
    }

    #[test]
    fn what_is_too_large_or_no_text_is_read_as_such() {
        let folder = tempfile::tempdir().unwrap();
        for (bytes, code) in [
            (vec![b' '; Limits::default().bytes + 1], "yaml/too-large"),
            (b"a: \xFF\n".to_vec(), "yaml/encoding"),
        ] {
            let file = folder.path().join("w.yml");
            std::fs::write(&file, bytes).unwrap();
            let read = read(&file).unwrap();
            let found = loom_workflow::load(&read.source, read.dialect).diagnostics;
            let codes: Vec<&str> = found.iter().map(|found| found.code.as_str()).collect();
            assert_eq!(codes, [code]);
        }
    }

    #[test]
    fn what_lies_in_the_folder_of_github_is_found_in_its_workflows() {
        let folder = tempfile::tempdir().unwrap();
        let github = folder.path().join(".github");
        std::fs::create_dir_all(github.join("workflows")).unwrap();
        std::fs::write(github.join("dependabot.yml"), "").unwrap();
        std::fs::write(github.join("workflows/c.yml"), "").unwrap();
        let file = vec![github.join("workflows/c.yml")];
        for directory in [folder.path(), &github, &github.join("workflows")] {
            assert_eq!(candidates(directory), file, "{}", directory.display());
        }
    }

    #[test]
    fn a_link_that_is_called_like_an_action_is_one_unless_the_file_is_there_already() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["one", "two", "three"] {
            std::fs::create_dir(root.join(name)).unwrap();
        }
        std::fs::write(root.join("template.yml"), "").unwrap();
        std::fs::write(root.join("two/action.yml"), "").unwrap();
        std::os::unix::fs::symlink("../template.yml", root.join("one/action.yml")).unwrap();
        std::os::unix::fs::symlink("../two/action.yml", root.join("three/action.yaml")).unwrap();
        assert_eq!(
            checkable(root),
            [root.join("one/action.yml"), root.join("two/action.yml")]
        );
        assert_eq!(some_actions_in(root, 1), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_cannot_be_read_is_to_be_checked_and_never_to_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let workflows = root.join(".github/workflows");
        std::fs::create_dir_all(workflows.join("folder.yml")).unwrap();
        std::fs::create_dir_all(root.join("tool")).unwrap();
        std::fs::write(workflows.join("c.yml"), "").unwrap();
        let pipe = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(
            rustix::fs::CWD,
            workflows.join("pipe.yml"),
            pipe,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        for link in [".loom.yml", ".github/workflows/z.yml", "tool/action.yml"] {
            std::os::unix::fs::symlink("nowhere", root.join(link)).unwrap();
        }
        let all = checkable(root);
        for (file, why) in [
            (".loom.yml", Some("a link to a file that is not there")),
            (".github/workflows/c.yml", None),
            (".github/workflows/pipe.yml", Some("not a regular file")),
            (
                ".github/workflows/z.yml",
                Some("a link to a file that is not there"),
            ),
            ("tool/action.yml", Some("a link to a file that is not there")),
        ] {
            assert!(all.contains(&root.join(file)), "{file}: {all:?}");
            let error = read(&root.join(file)).err();
            assert_eq!(error.is_some(), why.is_some(), "{file}");
            if let (Some(error), Some(why)) = (error, why) {
                assert!(matches!(error, ProjectError::Unreadable { .. }), "{error}");
                assert!(error.to_string().contains(why), "{error}");
            }
        }
        assert_eq!(all.len(), 5, "{all:?}");
        assert_eq!(candidates(root), [workflows.join("c.yml")]);
    }
}
