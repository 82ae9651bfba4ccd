//! The `git` program: asked in one folder, without its hooks into terminals and locks, and never for long.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a question may take. A repository on a file system that hangs must not keep a run from beginning.
const LIMIT: Duration = Duration::from_secs(5);
/// How much of an answer is read, in bytes.
const MOST: u64 = 8 * 1024 * 1024;
/// What a surrounding git sets for its hooks; it would make git look elsewhere.
const OF_HOOKS: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
];

/// Git in a folder.
pub(super) struct Git<'a> {
    folder: &'a Path,
}

impl<'a> Git<'a> {
    pub(super) fn within(folder: &'a Path) -> Self {
        Self { folder }
    }

    /// The first line of an answer; `None` for an empty one or a no.
    ///
    /// # Errors
    /// Why git could not be asked, in words: it is not there, refuses the folder, or does not answer in time.
    pub(super) fn line(&self, arguments: &[&str]) -> Result<Option<String>, String> {
        let answer = self.ask(arguments)?;
        match answer.code {
            Some(0) => {
                let text = String::from_utf8_lossy(&answer.stdout);
                let line = text.lines().next().unwrap_or_default();
                Ok(Some(line.to_owned()).filter(|line| !line.is_empty()))
            }
            Some(1) => Ok(None),
            _ => Err(answer.complaint()),
        }
    }

    /// An answer as text, bad UTF-8 replaced; `None` when there is none.
    pub(super) fn text(&self, arguments: &[&str]) -> Option<String> {
        let answer = self.ask(arguments).ok()?;
        (answer.code == Some(0)).then(|| String::from_utf8_lossy(&answer.stdout).into_owned())
    }

    /// The items of an answer that ends each with NUL.
    pub(super) fn items(&self, arguments: &[&str]) -> Option<Vec<String>> {
        let text = self.text(arguments)?;
        Some(text.split_terminator('\0').map(str::to_owned).collect())
    }

    fn ask(&self, arguments: &[&str]) -> Result<Answer, String> {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(self.folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C");
        for name in OF_HOOKS {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "git is not installed".to_owned(),
            _ => format!("git cannot be started: {error}"),
        })?;
        let answer = Self::await_answer(&mut child);
        if answer.is_none() {
            // It may be over by now.
            drop(child.kill());
        }
        let status = child.wait();
        let Some((stdout, stderr)) = answer else {
            return Err(format!("git gave no answer within {} s", LIMIT.as_secs()));
        };
        Ok(Answer {
            code: status.ok().and_then(|status| status.code()),
            stdout,
            stderr,
        })
    }

    /// Both streams, unless they take too long.
    fn await_answer(child: &mut Child) -> Option<(Vec<u8>, Vec<u8>)> {
        let deadline = std::time::Instant::now() + LIMIT;
        let stdout = read_aside(child.stdout.take()?);
        let stderr = read_aside(child.stderr.take()?);
        let left = || deadline.saturating_duration_since(std::time::Instant::now());
        let stdout = stdout.recv_timeout(left()).ok()?;
        let stderr = stderr.recv_timeout(left()).ok()?;
        Some((stdout, stderr))
    }
}

struct Answer {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Answer {
    /// What git said against it, in one line.
    fn complaint(&self) -> String {
        let said = String::from_utf8_lossy(&self.stderr);
        let line = said.lines().next().unwrap_or("it failed");
        format!("git: {}", line.trim_start_matches("fatal: "))
    }
}

/// Reads a stream on a thread of its own, up to a limit; the rest is thrown away, so that its writer can end.
fn read_aside(stream: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (done, read) = mpsc::sync_channel(1);
    let reader = std::thread::Builder::new().name("loom-git".to_owned());
    // Where no thread can be started, nobody answers: that is told as an answer that does not come.
    drop(reader.spawn(move || {
        let mut stream = stream;
        let mut bytes = Vec::new();
        let whole = stream.by_ref().take(MOST).read_to_end(&mut bytes);
        if whole.is_ok() {
            drop(io::copy(&mut stream, &mut io::sink()));
            drop(done.send(bytes));
        }
    }));
    read
}
