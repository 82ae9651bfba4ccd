//! A step's command files: what `GITHUB_ENV` and its like name.
//!
//! Each step has five of its own, fresh and empty, below `_runner_file_commands` in the job's temporary directory, as
//! GitHub's runner has them. They are read once, when the step has ended, under a cap. What a step put in their place is
//! not trusted: nothing is opened through a link, and nothing but a regular file is read.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::sys::Beneath;

/// The directory's name below the job's temporary directory, as on GitHub.
pub const DIRECTORY: &str = "_runner_file_commands";

/// Bytes that are read of a step's `GITHUB_ENV`, `GITHUB_OUTPUT`, `GITHUB_PATH` and `GITHUB_STATE` together.
pub const MAX_COMMANDS: u64 = 16 * 1024 * 1024;

/// Bytes that are read of a step's summary, as on GitHub.
pub const MAX_SUMMARY: u64 = 1024 * 1024;

/// Which command file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `GITHUB_ENV`.
    Env,
    /// `GITHUB_OUTPUT`.
    Output,
    /// `GITHUB_PATH`.
    Path,
    /// `GITHUB_STATE`.
    State,
    /// `GITHUB_STEP_SUMMARY`.
    Summary,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Env, Self::Output, Self::Path, Self::State, Self::Summary];

    /// The variable that names the file.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Env => "GITHUB_ENV",
            Self::Output => "GITHUB_OUTPUT",
            Self::Path => "GITHUB_PATH",
            Self::State => "GITHUB_STATE",
            Self::Summary => "GITHUB_STEP_SUMMARY",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Env => "set_env",
            Self::Output => "set_output",
            Self::Path => "add_path",
            Self::State => "save_state",
            Self::Summary => "step_summary",
        }
    }
}

/// What a command file holds at the end of its step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Nothing, or the file is gone.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// More than is read; its length.
    TooLarge(u64),
    /// It cannot be read; why, in a sentence.
    Unreadable(String),
}

/// The command files of one step.
#[derive(Clone, Debug)]
pub struct CommandFiles {
    directory: PathBuf,
    step: u32,
}

impl CommandFiles {
    /// The files of a step that are, or are to be, in this directory.
    pub fn of(directory: &Path, step: u32) -> Self {
        Self {
            directory: directory.to_owned(),
            step,
        }
    }

    /// Makes the files, empty and anew, with this mode, for this owner (user and group) where one is given. Makes the
    /// directory too, in place of anything else that a step may have put there.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn create(&self, owner: Option<(u32, u32)>, mode: u32) -> io::Result<()> {
        let top = match Beneath::open(&self.directory) {
            Ok(top) => top,
            Err(_) => {
                if fs::symlink_metadata(&self.directory).is_ok() {
                    fs::remove_file(&self.directory)?;
                }
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o755)
                    .create(&self.directory)?;
                // Explicit, since the umask has no say: the step's user need not be ours.
                fs::set_permissions(&self.directory, fs::Permissions::from_mode(0o755))?;
                Beneath::open(&self.directory)?
            }
        };
        for kind in Kind::ALL {
            let name = self.name(kind);
            let file = match top.create_new(&name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    self.remove_one(&top, &name)?;
                    top.create_new(&name)?
                }
                made => made?,
            };
            // Explicit otherwise, since the umask has no say.
            if mode != 0o600 {
                file.set_permissions(fs::Permissions::from_mode(mode))?;
            }
            if let Some((user, group)) = owner {
                std::os::unix::fs::fchown(&file, Some(user), Some(group))?;
            }
        }
        Ok(())
    }

    /// The variables that tell the step where they are.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, PathBuf)> + use<'_> {
        Kind::ALL
            .into_iter()
            .map(|kind| (kind.variable(), self.directory.join(self.name(kind))))
    }

    /// What the step wrote. Those that are empty are left out.
    pub fn read(&self) -> Vec<(Kind, Content)> {
        let top = match Beneath::open(&self.directory) {
            Ok(top) => top,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                let why = format!(
                    "the directory of the command files cannot be entered: {}",
                    crate::program::plain(&error)
                );
                return Kind::ALL
                    .into_iter()
                    .map(|kind| (kind, Content::Unreadable(why.clone())))
                    .collect();
            }
        };
        let mut room = MAX_COMMANDS;
        let mut all = Vec::new();
        for kind in Kind::ALL {
            let limit = if kind == Kind::Summary { MAX_SUMMARY } else { room };
            let content = read_one(&top, &self.name(kind), limit);
            if let (Content::Bytes(bytes), true) = (&content, kind != Kind::Summary) {
                room = room.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            }
            if content != Content::Empty {
                all.push((kind, content));
            }
        }
        all
    }

    /// Removes them, whatever they have become.
    pub fn remove(&self) {
        let Ok(top) = Beneath::open(&self.directory) else {
            return;
        };
        for kind in Kind::ALL {
            // What cannot be removed goes with the job's directory.
            let _ = self.remove_one(&top, &self.name(kind));
        }
    }

    /// Removes a file, or the directory that a step made of it; fine when there is nothing.
    fn remove_one(&self, top: &Beneath, name: &str) -> io::Result<()> {
        match top.remove_file(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(_) if top.look(name).is_ok_and(|found| found.is_directory) => {
                fs::remove_dir_all(top.path_of(&self.directory, name))
            }
            removed => removed,
        }
    }

    fn name(&self, kind: Kind) -> String {
        format!("{}_{}", kind.prefix(), self.step)
    }
}

fn read_one(top: &Beneath, name: &str, limit: u64) -> Content {
    // Most steps write nothing.
    if top
        .look(name)
        .is_ok_and(|found| found.is_file && found.length == 0)
    {
        return Content::Empty;
    }
    let file = match top.read(name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Content::Empty,
        // What `O_NOFOLLOW` says to a link.
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
            return Content::Unreadable("the step put a link in its place".to_owned());
        }
        Err(error) => return Content::Unreadable(crate::program::plain(&error)),
    };
    let length = match file.metadata() {
        Ok(found) if !found.is_file() => {
            return Content::Unreadable("it is no regular file any more".to_owned());
        }
        Ok(found) => found.size(),
        Err(error) => return Content::Unreadable(crate::program::plain(&error)),
    };
    if length > limit {
        return Content::TooLarge(length);
    }
    let mut bytes = Vec::new();
    // It may still grow under something that the step left running.
    match file.take(limit.saturating_add(1)).read_to_end(&mut bytes) {
        Ok(0) => Content::Empty,
        Ok(read) => match u64::try_from(read) {
            Ok(read) if read <= limit => Content::Bytes(bytes),
            _ => Content::TooLarge(limit.saturating_add(1)),
        },
        Err(error) => Content::Unreadable(crate::program::plain(&error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn content(all: &[(Kind, Content)], wanted: Kind) -> Content {
        all.iter()
            .find(|(kind, _)| *kind == wanted)
            .map(|(_, content)| content.clone())
            .unwrap_or_default()
    }

    fn path(files: &CommandFiles, kind: Kind) -> PathBuf {
        files.directory.join(files.name(kind))
    }

    #[test]
    fn what_was_written_is_read_and_planted_things_are_named() {
        let temporary = tempfile::tempdir().unwrap();
        let secret = temporary.path().join("secret");
        fs::write(&secret, "x").unwrap();
        let files = CommandFiles::of(&temporary.path().join(DIRECTORY), 7);
        files.create(None, 0o600).unwrap();
        assert_eq!(files.read(), Vec::new());
        fs::write(path(&files, Kind::Env), "A=1\n").unwrap();
        fs::remove_file(path(&files, Kind::Output)).unwrap();
        std::os::unix::fs::symlink(&secret, path(&files, Kind::Output)).unwrap();
        fs::remove_file(path(&files, Kind::Path)).unwrap();
        fs::create_dir_all(path(&files, Kind::Path).join("deep")).unwrap();
        fs::remove_file(path(&files, Kind::State)).unwrap();
        let summary = File::create(path(&files, Kind::Summary)).unwrap();
        summary.set_len(MAX_SUMMARY + 1).unwrap();
        let all = files.read();
        assert_eq!(content(&all, Kind::Env), Content::Bytes(b"A=1\n".to_vec()));
        for (kind, part) in [(Kind::Output, "link"), (Kind::Path, "no regular file")] {
            let Content::Unreadable(why) = content(&all, kind) else {
                panic!("{all:?}")
            };
            assert!(why.contains(part), "{why}");
        }
        assert_eq!(content(&all, Kind::State), Content::Empty);
        assert_eq!(content(&all, Kind::Summary), Content::TooLarge(MAX_SUMMARY + 1));
        files.remove();
        assert_eq!(fs::read_dir(&files.directory).unwrap().count(), 0);
    }

    #[test]
    fn the_cap_is_for_all_together_and_a_pipe_is_not_waited_for() {
        let temporary = tempfile::tempdir().unwrap();
        let files = CommandFiles::of(&temporary.path().join(DIRECTORY), 0);
        files.create(None, 0o600).unwrap();
        let fill =
            |kind: Kind, length: u64| File::create(path(&files, kind)).unwrap().set_len(length).unwrap();
        fill(Kind::Env, MAX_COMMANDS - 10);
        fill(Kind::Output, 11);
        fs::remove_file(path(&files, Kind::State)).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(path(&files, Kind::State))
            .status()
            .unwrap();
        assert!(made.success());
        let all = files.read();
        assert_eq!(content(&all, Kind::Output), Content::TooLarge(11));
        assert!(
            matches!(content(&all, Kind::State), Content::Unreadable(_)),
            "a pipe"
        );
    }

    #[test]
    fn a_directory_swapped_for_a_link_is_not_followed() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().join(DIRECTORY);
        let elsewhere = temporary.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("set_env_1"), "A=1").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &directory).unwrap();
        let files = CommandFiles::of(&directory, 1);
        assert!(matches!(
            content(&files.read(), Kind::Env),
            Content::Unreadable(_)
        ));
        files.create(None, 0o600).unwrap();
        assert_eq!(fs::read_to_string(elsewhere.join("set_env_1")).unwrap(), "A=1");
        assert_eq!(files.read(), Vec::new());
    }
}
