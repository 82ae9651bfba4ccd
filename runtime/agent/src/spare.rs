//! Files of a step that is over, for the next one: file systems take their time to give out new ones (ext4 without a
//! journal looks for one that was not freed just now), and steps are short.
//!
//! Only on the host, where the agent is the caller. Nothing of a step passes to the next: the files are emptied, and they
//! stay only when no process is left that could have them open.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::files::{CommandFiles, Content, Kind};
use crate::sys;

/// What is there for the next step.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    /// The command files of this step.
    pub(crate) files: Option<u32>,
    /// A script's file.
    pub(crate) script: Option<PathBuf>,
    /// Whether files stay at all.
    kept: bool,
}

impl Spare {
    /// Nothing yet; `kept` when files are to stay.
    pub(crate) fn new(kept: bool) -> Self {
        Self {
            kept,
            ..Self::default()
        }
    }

    /// Takes or removes the files of a step that is over.
    pub(crate) fn take_over(
        &mut self,
        files: Option<(CommandFiles, &[(Kind, Content)])>,
        script: Option<PathBuf>,
    ) {
        // One that still runs may have been given them by the step that is over.
        let kept = self.kept && !sys::has_children();
        if let Some((files, content)) = files {
            if kept && self.files.is_none() && files.empty(content) {
                self.files = Some(files.step());
            } else {
                files.remove();
            }
        }
        if let Some(script) = script {
            if kept && self.script.is_none() && empty_script(&script) {
                self.script = Some(script);
            } else {
                let _ = fs::remove_file(script);
            }
        }
    }

    /// The job's directory and with it these files have moved: what else is there now is not the next job's to see.
    pub(crate) fn moved(&mut self, files: Option<&Path>, scripts: &Path) -> io::Result<()> {
        let mut own: Vec<PathBuf> = Vec::new();
        if let (Some(folder), Some(step)) = (files, self.files) {
            own.extend(CommandFiles::of(folder, step).paths());
        }
        own.extend(self.script.clone());
        for folder in files.into_iter().chain([scripts]) {
            clear_but(folder, &own)?;
        }
        Ok(())
    }
}

/// A file for a script: that of a step before it, under this name, or a new one. Empty, and the caller's alone.
pub(crate) fn script(path: &Path, spare: Option<PathBuf>) -> io::Result<File> {
    if let Some(spare) = spare
        && spare.parent() == path.parent()
        && is_spare(&spare, 0o600)
        && (spare == path || fs::rename(&spare, path).is_ok())
    {
        return OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path);
    }
    // A step before this one may have left anything at all here, a link included.
    if fs::symlink_metadata(path).is_ok() {
        fs::remove_file(path)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

fn empty_script(path: &Path) -> bool {
    let emptied = || {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        empty(path)
    };
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) && emptied().is_ok()
}

/// Empties a file; a link is not followed, a pipe not waited for.
pub(crate) fn empty(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).truncate(true);
    options
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map(drop)
}

/// Whether an empty file is there that is nobody else's and has one name only.
pub(crate) fn is_spare(path: &Path, mode: u32) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| {
        found.is_file()
            && found.len() == 0
            && found.nlink() == 1
            && found.uid() == sys::effective_user()
            && found.mode() & 0o7777 == mode
    })
}

/// Removes what is in a folder but for these. A link in its place is not followed.
fn clear_but(folder: &Path, own: &[PathBuf]) -> io::Result<()> {
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            return Err(io::Error::other(format!(
                "`{}` is no folder any more",
                folder.display()
            )));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if own.contains(&entry.path()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_file_of_ours_with_one_name_is_used_again() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        let file = script(&path("0.sh"), None).unwrap();
        drop(file);
        fs::write(path("0.sh"), "echo one").unwrap();
        fs::set_permissions(path("0.sh"), fs::Permissions::from_mode(0o555)).unwrap();
        assert!(!is_spare(&path("0.sh"), 0o600));
        assert!(empty_script(&path("0.sh")) && is_spare(&path("0.sh"), 0o600));
        let inode = |name: &str| fs::metadata(path(name)).unwrap().ino();
        let first = inode("0.sh");
        script(&path("1.py"), Some(path("0.sh"))).unwrap();
        assert_eq!(inode("1.py"), first);
        assert!(!path("0.sh").exists());
        // Another name leads to it as well: what it holds is seen there.
        fs::hard_link(path("1.py"), path("other")).unwrap();
        script(&path("2.sh"), Some(path("1.py"))).unwrap();
        assert_ne!(inode("2.sh"), first);
        // A link is not followed, nothing is emptied through it.
        fs::write(path("secret"), "x").unwrap();
        std::os::unix::fs::symlink(path("secret"), path("link")).unwrap();
        assert!(!empty_script(&path("link")) && empty(&path("link")).is_err());
        assert_eq!(fs::read_to_string(path("secret")).unwrap(), "x");
    }

    #[test]
    fn what_a_job_left_beside_the_files_that_stay_is_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let (files, scripts) = (temporary.path().join("files"), temporary.path().join("scripts"));
        fs::create_dir(&scripts).unwrap();
        CommandFiles::of(&files, 3).create(None, 0o600).unwrap();
        for path in [files.join("deep/er"), scripts.join("own")] {
            fs::create_dir_all(path).unwrap();
        }
        fs::write(scripts.join("3.sh"), "").unwrap();
        fs::write(files.join("set_env_3.copy"), "A=1").unwrap();
        let mut spare = Spare {
            files: Some(3),
            script: Some(scripts.join("3.sh")),
            kept: true,
        };
        spare.moved(Some(&files), &scripts).unwrap();
        let count = |path: &Path| fs::read_dir(path).unwrap().count();
        assert_eq!((count(&files), count(&scripts)), (5, 1));
        let link = temporary.path().join("link");
        std::os::unix::fs::symlink(&scripts, &link).unwrap();
        assert!(spare.moved(Some(&files), &link).is_err());
        assert_eq!(count(&scripts), 1, "nothing goes by way of a link");
    }
}
