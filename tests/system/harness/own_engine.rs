//! An engine of one test's own, which may be stopped and killed.

use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use super::http::Address;

/// Started by `tests/setup/engine.sh`, with the test images. Gone when dropped. Needs root.
pub(crate) struct OwnEngine {
    directory: PathBuf,
    _parent: tempfile::TempDir,
}

fn script(name: &str, arguments: &[&str], host: Option<&str>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("setup").join(name);
    let mut command = Command::new("bash");
    command
        .arg(path)
        .args(arguments)
        .stdin(std::process::Stdio::null());
    command.envs(host.map(|host| ("DOCKER_HOST", host)));
    let done = command.output().expect("bash starts");
    assert!(
        done.status.success(),
        "{name} {arguments:?}: {}\n{}",
        done.status,
        String::from_utf8_lossy(&done.stderr)
    );
}

impl OwnEngine {
    pub(crate) fn start() -> Self {
        Self::start_on(|_| true).expect("it was not kept from starting")
    }

    /// The same, with something done first to the folder its data will be in; none when that says that it cannot be.
    pub(crate) fn start_on(prepare: impl FnOnce(PathBuf) -> bool) -> Option<Self> {
        // Short: the paths of its sockets have a limit.
        let parent = tempfile::Builder::new()
            .prefix("loome")
            .tempdir()
            .expect("a temporary directory");
        let engine = Self {
            directory: parent.path().join("e"),
            _parent: parent,
        };
        if !prepare(engine.directory.join("data")) {
            return None;
        }
        script("engine.sh", &["start", engine.path()], None);
        script("images.sh", &["add"], Some(&engine.host()));
        Some(engine)
    }

    fn path(&self) -> &str {
        self.directory.to_str().expect("UTF-8")
    }

    /// As in `DOCKER_HOST`.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}/docker.sock", self.path())
    }

    /// Sends a signal to the engine's process: halts it, lets it go on, kills it.
    pub(crate) fn signal(&self, signal: Signal) {
        let text = std::fs::read_to_string(self.directory.join("pid")).expect("it runs");
        let pid = text
            .trim()
            .parse()
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process id");
        kill_process(pid, signal).expect("it runs");
    }

    /// Whether it answers.
    pub(crate) fn answers(&self) -> bool {
        let ping = Address::of_engine(&self.host()).get("/_ping").try_send();
        ping.is_ok_and(|answer| answer.status == 200)
    }

    /// How many there are in a list of its.
    pub(crate) fn count(&self, path: &str) -> usize {
        let value = Address::of_engine(&self.host()).get(path).send().is(200).value();
        value.as_array().map_or(0, Vec::len)
    }

    /// Starts it once more on the same data, after it was killed.
    pub(crate) fn again(&self) {
        script("engine.sh", &["again", self.path()], None);
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // One that is halted cannot be stopped; what fails here has been told already.
            if let Ok(text) = std::fs::read_to_string(self.directory.join("pid"))
                && let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw)
            {
                let _ = kill_process(pid, Signal::CONT);
            }
        }
        script("engine.sh", &["stop", self.path()], None);
    }
}
