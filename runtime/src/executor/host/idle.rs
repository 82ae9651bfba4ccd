//! The directory of a job that has ended, while its agent waits for the run's next job: that gets it, cleared.
//!
//! It has a name of its own meanwhile, and the ended job has nothing any more. In the register it is found by the run: when
//! its Loom dies, the next one removes it.

use std::io;
use std::path::PathBuf;

use super::directories::PASSAGE_MODE;
use super::register::{Entry, Register};
use crate::executor::ExecutorError;
use crate::executor::channel::{JobDirectory, clear_directory, clear_folder, remove_directory};
use crate::id::{JobKey, RunId};

/// What the names of such directories end with; no job's name has a full stop.
const ENDING: &str = ".idle";

/// What a job on the host has of its own.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) directory: JobDirectory,
    pub(super) entry: Entry,
    /// Where its scripts go.
    pub(super) passage: PathBuf,
}

/// What waits for another job.
#[derive(Debug)]
pub(super) struct IdleDirectory {
    name: String,
    held: Held,
}

impl IdleDirectory {
    /// Takes it from the job of this name, once nothing of that runs. Nothing has changed when it is not to be used again.
    /// For a thread that may block.
    ///
    /// # Errors
    /// When something that a step left cannot be removed.
    pub(super) fn take(
        register: &Register,
        name: &str,
        run: &RunId,
        held: &Held,
    ) -> io::Result<Option<Self>> {
        let entry = &held.entry;
        let (Some(parent), false) = (entry.directory.parent(), entry.engine) else {
            return Ok(None);
        };
        let is_own = entry.directory.file_name().is_some_and(|own| own == name);
        if !is_own || !clear_directory(&held.directory)? {
            return Ok(None);
        }
        // The scripts lie apart.
        let is_whole = clear_folder(&held.passage, PASSAGE_MODE)?
            && held.passage.parent() == Some(&*entry.scripts)
            && entry.scripts.symlink_metadata().is_ok_and(|found| found.is_dir());
        if !is_whole {
            return Ok(None);
        }
        let idle = format!("{}{}{ENDING}", JobKey::prefix(run), entry.agent);
        let path = parent.join(&idle);
        // The entry first: no directory is without one.
        register.rename(name, &idle)?;
        if let Err(error) = std::fs::rename(&entry.directory, &path) {
            if register.rename(&idle, name).is_err() {
                // Nobody would look for it by this name while this process lives.
                let removed = [&entry.scripts, &entry.directory].map(|path| remove_directory(path));
                removed.into_iter().collect::<io::Result<()>>()?;
                register.forget(&idle)?;
            }
            return Err(error);
        }
        Ok(Some(Self {
            name: idle,
            held: Held {
                directory: held.directory.moved_to(path.clone()),
                entry: Entry {
                    directory: path,
                    ..entry.clone()
                },
                passage: held.passage.clone(),
            },
        }))
    }

    /// Gives it to the job of this name, at `path`. For a thread that may block.
    ///
    /// # Errors
    /// When something is there already; with all that is to be removed.
    pub(super) fn give(
        self,
        register: &Register,
        name: &str,
        path: PathBuf,
    ) -> Result<Held, Box<(Self, io::Error)>> {
        let is_own = path.file_name().is_some_and(|own| own == name);
        if !is_own || path.parent() != self.held.entry.directory.parent() {
            return Err(Box::new((self, io::Error::other("it is to be elsewhere"))));
        }
        // The directory first: a job that has begun is looked for by both names, its own and its entry's.
        if let Err(error) = std::fs::rename(&self.held.entry.directory, &path) {
            return Err(Box::new((self, error)));
        }
        let held = Held {
            directory: self.held.directory.moved_to(path.clone()),
            entry: Entry {
                directory: path,
                ..self.held.entry
            },
            passage: self.held.passage,
        };
        // What steps saw of it is made anew: nobody has it open.
        let made = register
            .rename(&self.name, name)
            .and_then(|()| held.directory.create_shared().map_err(io::Error::other));
        match made {
            Ok(()) => Ok(held),
            Err(error) => Err(Box::new((Self { held, ..self }, error))),
        }
    }

    /// Removes it; its entry stays. For a thread that may block.
    ///
    /// # Errors
    /// When something in it is not the caller's to remove.
    pub(super) fn remove(&self) -> Result<(), ExecutorError> {
        for path in [&self.held.entry.scripts, &self.held.entry.directory] {
            remove_directory(path)
                .map_err(|error| ExecutorError::cleanup(path.display().to_string(), error))?;
        }
        Ok(())
    }

    /// Takes it out of the register, once it is removed and its agent has ended. For a thread that may block.
    ///
    /// # Errors
    /// When the register cannot be written.
    pub(super) fn forget(&self, register: &Register) -> Result<(), ExecutorError> {
        register
            .forget(&self.name)
            .map_err(|error| ExecutorError::cleanup(&self.name, error))
    }
}

/// The run that something of this name in the register waits for a job of.
pub(super) fn run_of(name: &str) -> Option<RunId> {
    let (run, _) = name
        .strip_suffix(ENDING)?
        .strip_prefix("loom-")?
        .rsplit_once("-loom-agent-")?;
    Some(RunId(run.to_owned()))
}
