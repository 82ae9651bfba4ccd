//! A project directory and a state directory of a test's own.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::running::Loom;
use super::setup::{binary, user};

/// A fresh project, gone with the test.
pub(crate) struct Project {
    directory: tempfile::TempDir,
    /// Who runs Loom in it, when not the tests' own user.
    user: Option<String>,
}

impl Project {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("loom-test-")
            .tempdir()
            .expect("a temporary directory");
        // Steps may run as any user of their image and look into the workspace.
        open(directory.path());
        for name in ["project", "home"] {
            let path = directory.path().join(name);
            std::fs::create_dir(&path).expect("a directory");
            open(&path);
        }
        Self {
            directory,
            user: None,
        }
    }

    /// With this as its `.loom.yml`.
    pub(crate) fn with(workflow: &str) -> Self {
        let project = Self::new();
        project.file(".loom.yml", workflow);
        project
    }

    /// With the named file of the project's `examples/workflows` as its `.loom.yml`.
    pub(crate) fn with_example(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../examples/workflows")
            .join(name);
        Self::with(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
    }

    /// Gives all of it to an ordinary user, who also runs Loom in it from now on. Where the tests are run by one,
    /// nothing changes.
    pub(crate) fn owned_by_ordinary_user(mut self) -> Self {
        self.user = user();
        if let Some(user) = &self.user {
            // The build directory may lie where an ordinary user does not get in.
            let copy = self.directory.path().join("loom-runtime");
            // By another process: what was open for writing here cannot be started while a child of another test's, which
            // was forked meanwhile, has it open too.
            let copied = Command::new("cp").arg(binary("loom-runtime")).arg(&copy).status();
            assert!(copied.expect("cp starts").success(), "a copy of the binary");
            let done = Command::new("chown")
                .args(["-R", &format!("{user}:")])
                .arg(self.directory.path())
                .status()
                .expect("chown starts");
            assert!(done.success(), "chown to {user}");
        }
        self
    }

    /// Writes a file into the project.
    pub(crate) fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, text).expect("a file");
        self
    }

    /// What a file of the project holds.
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The project directory, which steps see as their workspace.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("project")
    }

    /// The state directory; made by the first Loom.
    pub(crate) fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// A `loom-runtime` in this project, with nothing in its environment but what a bare login has.
    pub(crate) fn loom(&self, arguments: &[&str]) -> Loom {
        let mut command = match &self.user {
            None => Command::new(binary("loom-runtime")),
            Some(user) => {
                // util-linux's: keeps the environment, and is essential on Debian.
                let mut command = Command::new("runuser");
                command
                    .args(["-u", user, "--"])
                    .arg(self.directory.path().join("loom-runtime"));
                command
            }
        };
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path().join("home"))
            .env("LANG", "C.UTF-8")
            .env("LOOM_STATE_DIR", self.state());
        Loom::new(command)
    }

    /// A script of bash's, with the binary in `$LOOM`.
    pub(crate) fn loom_in_shell(&self, script: &str) -> Loom {
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .current_dir(self.path())
            .env("LOOM", binary("loom-runtime"))
            .env("LOOM_STATE_DIR", self.state());
        Loom::new(command)
    }

    /// The id of the run that was made last, as `runs list` has it.
    #[track_caller]
    pub(crate) fn newest_run(&self) -> String {
        let list = self.loom(&["runs", "list", "--format", "json"]).run().exits(0);
        let runs: serde_json::Value =
            serde_json::from_str(&list.stdout).unwrap_or_else(|e| panic!("{e}\n{list}"));
        runs[0]["runId"]
            .as_str()
            .unwrap_or_else(|| panic!("no runId\n{list}"))
            .to_owned()
    }

    /// Deletes what the journal keeps beside the events; they are all that counts.
    pub(crate) fn delete_projections(&self) {
        let database = self.database();
        let connection = rusqlite::Connection::open(&database).expect("the journal opens");
        let deleted = connection
            .execute("DELETE FROM run", [])
            .expect("the list of runs");
        assert!(
            deleted > 0,
            "nothing was there to delete in {}",
            database.display()
        );
    }

    /// The journal, from beside Loom.
    pub(crate) fn journal(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.database()).expect("the journal opens")
    }

    /// The journal's file.
    fn database(&self) -> PathBuf {
        let path = self.state().join("journal.db");
        assert!(path.is_file(), "no journal in {}", self.state().display());
        path
    }
}

fn open(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}
