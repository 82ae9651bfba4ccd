//! Finding a project's workflow files and reading them.

use std::io;
use std::path::{Path, PathBuf};

use loom_workflow::{Dialect, Source};
use thiserror::Error;

/// A workflow file larger than this is refused unread, so that a wrong path cannot fill the memory.
const LARGEST: u64 = 64 * 1024 * 1024;

/// No workflow can be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The file is not there.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// Neither `.loom.yml` nor `.github/workflows` is there.
    #[error("{} holds neither `.loom.yml` nor a workflow in `.github/workflows`", .0.display())]
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
            Self::Unreadable { .. } => "save it as UTF-8 text, or name another workflow file",
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
    for name in [".loom.yml", ".loom.yaml"] {
        let file = directory.join(name);
        if file.is_file() {
            return vec![clean(file)];
        }
    }
    let github = workflows_in(&directory.join(".github").join("workflows"));
    if github.is_empty() {
        workflows_in(directory)
    } else {
        github
    }
}

/// The `.yml` and `.yaml` files of a directory, by name.
pub fn workflows_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Vec::new();
    };
    let yaml =
        |path: &PathBuf| path.extension().is_some_and(|end| end == "yml" || end == "yaml") && path.is_file();
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(clean(entry.ok()?.path())))
        .filter(yaml)
        .collect();
    files.sort();
    files
}

/// Reads a workflow file.
///
/// # Errors
/// When it cannot be read, is too large, or is no text.
pub fn read(path: &Path) -> Result<WorkflowFile, ProjectError> {
    let unreadable = |cause| ProjectError::Unreadable {
        path: path.to_owned(),
        cause,
    };
    let bytes = match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > LARGEST => {
            return Err(unreadable(io::Error::other(format!(
                "it is larger than {} MiB",
                LARGEST / 1024 / 1024
            ))));
        }
        Ok(_) => std::fs::read(path).map_err(unreadable)?,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            return Err(ProjectError::Missing(path.to_owned()));
        }
        Err(cause) => return Err(unreadable(cause)),
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = place(error.as_bytes(), error.utf8_error().valid_up_to());
        unreadable(io::Error::other(format!("it is no UTF-8 text: {place}")))
    })?;
    let name = path.display().to_string();
    let dialect = Dialect::of_path(&path.to_string_lossy());
    Ok(WorkflowFile {
        path: path.to_owned(),
        source: Source::new(name, text),
        dialect,
    })
}

/// Where a byte stands, as editors count.
fn place(bytes: &[u8], at: usize) -> String {
    let before = bytes.get(..at).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default())
        .chars()
        .count()
        + 1;
    format!("line {line}, column {column} has a byte that no text has")
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
