//! Gives files of a workspace that became somebody else's to the job's caller.
//!
//! A caller who is not root could not even remove what a job made as root, or gave to a third. The caller is the owner of the job's
//! directory *as seen from here*: that holds in a rootless engine too, where root inside is the caller outside and
//! nothing is to be done. No link is followed, no mount point crossed; each name is resolved beneath an open directory,
//! so that a path swapped meanwhile leads nowhere.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, OpenOptions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, lchown};
use std::path::{Path, PathBuf};

use crate::options::Give;
use crate::{layout, program, sys};

/// Deeper directories are left as they are; each level holds a descriptor.
const MAX_DEPTH: usize = 200;

/// How many troubles are told; more of the same help nobody.
const MAX_TROUBLES: usize = 10;

/// What was given away.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) files: u64,
    pub(crate) troubles: Vec<String>,
}

/// Who gets the files, and which.
#[derive(Debug)]
pub(crate) struct Giver {
    uid: u32,
    gid: u32,
    /// When the job began, in seconds and nanoseconds of the file system's clock.
    since: (i64, i64),
    device: u64,
    /// Below the workspace, as paths in it.
    mounts: BTreeSet<PathBuf>,
    given: Given,
}

/// The subcommand: for a job whose agent was killed.
pub(crate) fn run(options: &Give) -> Result<u8, String> {
    let given = workspace(&options.directory, &options.workspace, &options.also, false);
    for trouble in &given.troubles {
        sys::complain(&format!("{trouble}\n"));
    }
    Ok(u8::from(!given.troubles.is_empty()))
}

/// Gives what changed in `workspace` since the job began and is another's to the owner of `directory`, and what is in
/// `also` and in `directory` too, which the owner is to remove.
///
/// `own_top` says that the workspace itself was the owner's when the job began, so it may be given too.
pub(crate) fn workspace(directory: &Path, workspace: &Path, also: &[PathBuf], own_top: bool) -> Given {
    let found = fs::metadata(directory).and_then(|dir| {
        Ok((
            dir,
            fs::symlink_metadata(directory.join(layout::NONCE))?,
            fs::metadata(workspace)?,
        ))
    });
    let (dir, nonce, top) = match found {
        Ok(found) => found,
        Err(error) => {
            return Given {
                files: 0,
                troubles: vec![trouble(workspace, &error)],
            };
        }
    };
    if dir.uid() == 0 || sys::effective_user() != 0 {
        return Given::default();
    }
    let mut giver = Giver {
        uid: dir.uid(),
        gid: dir.gid(),
        since: (nonce.ctime(), nonce.ctime_nsec()),
        device: top.dev(),
        mounts: mounts_below(workspace),
        given: Given::default(),
    };
    giver.walk_from(workspace);
    if own_top && top.uid() != giver.uid {
        giver.give(workspace, workspace);
    }
    for more in also.iter().map(PathBuf::as_path).chain([directory]) {
        if let Ok(top) = fs::metadata(more) {
            giver.device = top.dev();
            giver.mounts = mounts_below(more);
            giver.walk_from(more);
        }
    }
    giver.given
}

impl Giver {
    fn walk_from(&mut self, top: &Path) {
        match open_directory(top) {
            Ok(open) => self.walk(&open, top, 0),
            Err(error) => self.note(top, &error),
        }
    }

    fn walk(&mut self, directory: &File, path: &Path, depth: usize) {
        let beneath = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
        let entries = match fs::read_dir(&beneath) {
            Ok(entries) => entries,
            Err(error) => return self.note(path, &error),
        };
        for entry in entries {
            match entry {
                Ok(entry) => {
                    let name = entry.file_name();
                    self.visit(&beneath.join(&name), &path.join(&name), depth);
                }
                Err(error) => self.note(path, &error),
            }
        }
    }

    fn visit(&mut self, at: &Path, path: &Path, depth: usize) {
        let found = match fs::symlink_metadata(at) {
            Ok(found) => found,
            Err(error) => return self.note(path, &error),
        };
        if found.dev() != self.device || self.mounts.contains(path) {
            return;
        }
        if found.is_dir() {
            match open_directory(at) {
                Ok(_) if depth >= MAX_DEPTH => {
                    self.tell(format!("`{}` is too deep to look into", path.display()))
                }
                Ok(open) => self.walk(&open, path, depth + 1),
                Err(error) => self.note(path, &error),
            }
        }
        if found.uid() != self.uid && self.changed(&found) {
            self.give(at, path);
        }
    }

    fn changed(&self, found: &Metadata) -> bool {
        (found.ctime(), found.ctime_nsec()) >= self.since
    }

    fn give(&mut self, at: &Path, path: &Path) {
        match lchown(at, Some(self.uid), Some(self.gid)) {
            Ok(()) => self.given.files += 1,
            Err(error) => self.note(path, &error),
        }
    }

    fn note(&mut self, path: &Path, error: &std::io::Error) {
        self.tell(trouble(path, error));
    }

    fn tell(&mut self, text: String) {
        if self.given.troubles.len() < MAX_TROUBLES {
            self.given.troubles.push(text);
        }
    }
}

fn trouble(path: &Path, error: &std::io::Error) -> String {
    format!(
        "`{}` cannot be given to its caller: {}",
        path.display(),
        program::plain(error)
    )
}

fn open_directory(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
        .open(path)
}

/// Mount points below `top`, from `/proc/self/mountinfo`: a bind mount within one file system has the same device.
fn mounts_below(top: &Path) -> BTreeSet<PathBuf> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    table
        .lines()
        .filter_map(|line| Some(PathBuf::from(unescape(line.split(' ').nth(4)?))))
        .filter(|point| point.starts_with(top) && point != top)
        .collect()
}

/// Spaces and their like stand as `\040` in the table.
fn unescape(field: &str) -> String {
    let mut out = Vec::new();
    let mut rest = field.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let code = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(code) if *byte == b'\\' => {
                out.push(code);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => out.push(*byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_with_spaces_are_read() {
        assert_eq!(unescape(r"/a\040b\134c"), r"/a b\c");
        assert_eq!(unescape(r"/plain\09"), r"/plain\09");
    }
}
