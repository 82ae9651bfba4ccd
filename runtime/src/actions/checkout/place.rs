//! The folder that a checkout goes to.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::AtFlags;

use super::super::cache::blocking;
use super::super::copy;
use super::super::error::ActionError;
use super::CheckoutRequest;

/// What marks a repository that Loom made: only such a one is replaced in the user's own directory.
pub(super) const MARK: &str = "loom-checkout";

/// A folder that is ready for a checkout: without a `.git`, and empty where that is wanted.
pub(super) struct Target {
    /// Where it is, without links on the way.
    pub(super) path: PathBuf,
    /// The same as steps see it.
    pub(super) seen: PathBuf,
    /// Whether files of before are still in it.
    pub(super) keeps_files: bool,
}

enum Refused {
    LeadsOut,
    InUse,
    Disk(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<rustix::io::Errno> for Refused {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Disk(error.into())
    }
}

impl Target {
    /// Makes the folder, or empties it. The workspace is reached as it is; below it no link is followed.
    pub(super) async fn prepare(request: &CheckoutRequest, below: &Path) -> Result<Self, ActionError> {
        let shown = below.display().to_string();
        let (workspace, below) = (request.workspace.clone(), below.to_owned());
        let seen = request.seen_as.join(&below);
        let (in_place, clean) = (request.in_place, request.inputs.clean);
        let made = blocking(move || prepare(&workspace, &below, in_place, clean)).await?;
        let made = made.map(|target| Self { seen, ..target });
        made.map_err(|refused| match refused {
            Refused::LeadsOut => ActionError::Checkout {
                what: format!("the path `{shown}` leads through a link or a file"),
                help: "choose another `path`".into(),
            },
            Refused::InUse => ActionError::Checkout {
                what: format!(
                    "the folder `{shown}` of your workspace has files already, and Loom does not change them"
                ),
                help: "choose another `path`, or run with `--workspace-mode copy`".into(),
            },
            Refused::Disk(cause) => ActionError::Disk {
                what: format!("the folder `{shown}` of the workspace cannot be made"),
                cause,
            },
        })
    }
}

fn prepare(workspace: &Path, below: &Path, in_place: bool, clean: bool) -> Result<Target, Refused> {
    let workspace = workspace.canonicalize()?;
    let mut folder = copy::open_directory(&workspace)?;
    for name in below.components() {
        folder =
            copy::make_directory(&folder, name.as_os_str()).map_err(|error| match error.raw_os_error() {
                Some(code) if is_no_folder(code) => Refused::LeadsOut,
                _ => Refused::Disk(error),
            })?;
    }
    let path = workspace.join(below);
    let is_empty = copy::names(&folder)?.is_empty();
    if in_place && !is_empty && !is_ours(&folder) {
        return Err(Refused::InUse);
    }
    if clean {
        copy::empty(&folder)?;
    } else if !is_empty {
        remove_git(&folder)?;
    }
    Ok(Target {
        seen: path.clone(),
        path,
        keeps_files: !clean && !is_empty,
    })
}

fn is_no_folder(code: i32) -> bool {
    [rustix::io::Errno::NOTDIR, rustix::io::Errno::LOOP]
        .iter()
        .any(|error| error.raw_os_error() == code)
}

fn is_ours(folder: &OwnedFd) -> bool {
    rustix::fs::statat(folder, Path::new(".git").join(MARK), AtFlags::SYMLINK_NOFOLLOW).is_ok()
}

/// Removes the `.git` of a folder, whatever it is.
fn remove_git(folder: &OwnedFd) -> io::Result<()> {
    match rustix::fs::unlinkat(folder, ".git", AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
        Err(_) => copy::remove(folder, ".git".as_ref()),
    }
}
