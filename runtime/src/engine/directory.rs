//! The state directory: where a project's journal, logs and job directories lie.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The places in a state directory.
#[derive(Clone, Debug)]
pub struct StateDirectory {
    root: PathBuf,
}

impl StateDirectory {
    /// Opens a state directory, making it (mode 0700) when it is not there.
    ///
    /// # Errors
    /// When it cannot be made or is no directory.
    pub fn open(root: PathBuf) -> io::Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&root)?;
        // Containers get paths below it mounted: they must not depend on where this process stands.
        Ok(Self {
            root: root.canonicalize()?,
        })
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// The directory of logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The directory of the owners' locks.
    pub fn owners(&self) -> PathBuf {
        self.root.join("owners")
    }

    /// The directory of the jobs' directories.
    pub fn jobs(&self) -> PathBuf {
        self.root.join("jobs")
    }

    /// The directory in which agents of host jobs are written down.
    pub fn agents(&self) -> PathBuf {
        self.root.join("agents")
    }

    /// The directory of things that can be made again, such as the agent's binary.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The directory of recordings of what was reported to the studio.
    pub fn recordings(&self) -> PathBuf {
        self.root.join("recordings")
    }

    /// What became of the schedules of workflows.
    pub fn schedules(&self) -> PathBuf {
        self.root.join("schedules.json")
    }

    /// Where a `serve` says how it can be reached.
    pub fn serve(&self) -> PathBuf {
        self.root.join("serve.json")
    }
}
