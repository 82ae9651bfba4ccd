//! The program `git`, called so that it never asks, never goes on for ever, and never says more than is read.
//!
//! The user's configuration and credentials apply: what one can clone in a terminal, Loom can fetch. Nothing that says
//! which repository the surrounding process was in does, and no hook runs.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::error::ActionError;

/// How much of what git prints is kept: a list of every branch and tag of a very large repository.
const MOST_OUTPUT: usize = 16 * 1024 * 1024;

/// How much of what git complains is kept.
const MOST_COMPLAINTS: usize = 64 * 1024;

/// How long to wait for the rest of the output when git has ended: a helper may hold its streams.
const REST: Duration = Duration::from_secs(1);

/// What ties git to the repository around the calling process (a hook, for one), and would lead it astray.
const ASTRAY: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_EXTERNAL_DIFF",
    "GIT_TRACE",
    "GIT_TRACE_CURL",
    "GIT_CURL_VERBOSE",
];

/// Settings for every call.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
    "protocol.version=2",
    "advice.detachedHead=false",
    // A transfer that stands still for a minute ends.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=60",
];

/// A call of git.
pub(super) struct Git {
    what: String,
    command: Command,
    limit: Duration,
    most: usize,
}

/// How a call of git ended.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether it succeeded.
    pub(super) success: bool,
    /// What it printed.
    pub(super) output: Vec<u8>,
    /// What it complained, without credentials and on one line.
    pub(super) complaint: String,
}

impl Answer {
    /// What it printed, as text without the white space around it.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).trim().to_owned()
    }
}

impl Git {
    /// A call that does `what`, as messages name it.
    pub(super) fn new<A: AsRef<OsStr>>(
        what: impl Into<String>,
        limit: Duration,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = Command::new("git");
        for name in ASTRAY {
            command.env_remove(name);
        }
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command
            .args(arguments)
            // Outside of any repository: what the one at hand has in its configuration a job may have written.
            .current_dir("/")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GCM_INTERACTIVE", "never")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_LFS_SKIP_SMUDGE", "1")
            .env("LC_ALL", "C")
            .env("LANGUAGE", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Self {
            what: what.into(),
            command,
            limit,
            most: MOST_OUTPUT,
        }
    }

    /// Where it runs.
    pub(super) fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// In a bare repository, named outright: users may forbid git to find such by itself.
    pub(super) fn in_repository(self, repository: &Path) -> Self {
        self.within(repository).env("GIT_DIR", repository)
    }

    /// A variable of its environment.
    pub(super) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// How much of what it prints is kept, in bytes.
    pub(super) fn most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When there is no git, when it takes too long, and when it prints more than is kept.
    pub(super) async fn ask(mut self) -> Result<Answer, ActionError> {
        let mut child = self
            .command
            .spawn()
            .map_err(|cause| ActionError::GitMissing { cause })?;
        // Dropped before its end, with the future or at the time limit, it takes what it started along.
        let mut group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
        let output = Collected::of(child.stdout.take(), self.most);
        let complaints = Collected::of(child.stderr.take(), MOST_COMPLAINTS);
        let status = match tokio::time::timeout(self.limit, child.wait()).await {
            Ok(status) => status.map_err(ActionError::disk(format!("{} cannot be waited for", self.what)))?,
            Err(_) => {
                return Err(ActionError::TimedOut {
                    what: self.what,
                    after: self.limit,
                });
            }
        };
        group.0 = None;
        let (output, whole) = output.end().await;
        if !whole {
            return Err(ActionError::Git {
                what: self.what,
                said: format!("it printed more than {} bytes", self.most),
            });
        }
        let (complaints, _) = complaints.end().await;
        Ok(Answer {
            success: status.success(),
            output,
            complaint: complaint(&String::from_utf8_lossy(&complaints)),
        })
    }

    /// Runs it to its end, which must be a good one.
    ///
    /// # Errors
    /// As [`Git::ask`], and when git fails.
    pub(super) async fn run(self) -> Result<Answer, ActionError> {
        let what = self.what.clone();
        let answer = self.ask().await?;
        if answer.success {
            Ok(answer)
        } else {
            Err(ActionError::Git {
                what,
                said: answer.complaint,
            })
        }
    }
}

/// The processes of a call that has not ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // It may have ended this moment, which is what is wanted.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// A stream that is read to its end, and kept up to a bound.
struct Collected {
    kept: Arc<Mutex<(Vec<u8>, bool)>>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Collected {
    fn of(stream: Option<impl AsyncRead + Unpin + Send + 'static>, most: usize) -> Self {
        let kept = Arc::new(Mutex::new((Vec::new(), true)));
        let task = stream.map(|mut stream| {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut piece = vec![0; 16 * 1024];
                while let Ok(read @ 1..) = stream.read(&mut piece).await {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    let room = most.saturating_sub(kept.0.len());
                    let fits = piece.get(..read.min(room)).unwrap_or_default();
                    kept.0.extend_from_slice(fits);
                    kept.1 &= read <= room;
                }
            })
        });
        Self { kept, task }
    }

    /// What was read, and whether that is all of it.
    async fn end(mut self) -> (Vec<u8>, bool) {
        if let Some(task) = &mut self.task {
            // Whoever still holds the stream is not git.
            let _ = tokio::time::timeout(REST, task).await;
        }
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Collected {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Settings that keep ssh from asking, unless the user chose the program.
pub(super) async fn quiet_ssh(url: &str, limit: Duration) -> Option<(&'static str, OsString)> {
    let is_ssh = url.starts_with("ssh://") || url.starts_with("git+ssh://") || !url.contains("://");
    let chosen = ["GIT_SSH_COMMAND", "GIT_SSH"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    if !is_ssh || chosen {
        return None;
    }
    let asked = Git::new(
        "reading git's settings",
        limit,
        ["config", "--get", "core.sshCommand"],
    )
    .ask()
    .await;
    let configured = asked.is_ok_and(|answer| answer.success);
    (!configured).then(|| ("GIT_SSH_COMMAND", OsString::from("ssh -oBatchMode=yes")))
}

/// The last words of what git complained, on one line and without credentials.
fn complaint(text: &str) -> String {
    let lines = text
        .split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("warning: redirecting"));
    let mut kept: Vec<&str> = Vec::new();
    for line in lines {
        if kept.last() != Some(&line) {
            kept.push(line);
        }
    }
    let from = kept.len().saturating_sub(6);
    let joined = kept.get(from..).unwrap_or_default().join(" / ");
    let plain: String = joined.chars().filter(|c| !c.is_control()).take(1_000).collect();
    without_credentials(&plain)
}

/// A text without the names and passwords of its URLs.
pub(super) fn without_credentials(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let host = after
            .find(|c: char| c == '/' || c == '\'' || c == '"' || c.is_whitespace())
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(host);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str("***@");
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_never_told() {
        for (text, want) in [
            (
                "fatal: unable to access 'https://u:p@h/x/': no",
                "fatal: unable to access 'https://***@h/x/': no",
            ),
            ("https://token@h", "https://***@h"),
            ("https://h/a@b ssh://git@h/x", "https://h/a@b ssh://***@h/x"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_credentials(text), want);
        }
        assert_eq!(complaint("a\n\na\nremote: \u{1b}[1mb\n"), "a / remote: [1mb");
    }

    #[tokio::test]
    async fn a_call_that_takes_too_long_ends_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let alias = format!("alias.slow=!sh -c 'echo $$ > {}; sleep 1000'", mark.display());
        let started = std::time::Instant::now();
        let git = Git::new("waiting", Duration::from_secs(2), ["-c", &alias, "slow"]);
        let error = git.run().await.unwrap_err();
        assert!(matches!(error, ActionError::TimedOut { .. }), "{error}");
        assert!(started.elapsed() < Duration::from_secs(60));
        let pid = std::fs::read_to_string(&mark).unwrap();
        let gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        };
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while !gone() {
            assert!(std::time::Instant::now() < deadline, "it still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn what_is_printed_is_bounded() {
        let git = Git::new(
            "talking",
            Duration::from_secs(60),
            ["-c", "alias.talk=!yes | head -c 100000", "talk"],
        );
        let error = git.most(1000).run().await.unwrap_err();
        assert!(error.to_string().contains("more than 1000 bytes"), "{error}");
    }
}
