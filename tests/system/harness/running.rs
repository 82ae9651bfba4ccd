//! A `loom-runtime` that runs, and what came of it.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::poll::{LIMIT, until};

/// A command that is about to run.
pub(crate) struct Loom {
    command: Command,
}

impl Loom {
    pub(super) fn new(command: Command) -> Self {
        Self { command }
    }

    /// Any program, run the same way.
    pub(crate) fn program(path: &Path) -> Self {
        Self::new(Command::new(path))
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Outcome {
        self.start().end()
    }

    /// Runs it to its end with this as its input.
    pub(crate) fn run_with(mut self, input: &str) -> Outcome {
        use std::io::Write;

        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        self.command.stdin(reader);
        let running = self.spawn();
        writer.write_all(input.as_bytes()).expect("room in the pipe");
        drop(writer);
        running.end()
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running {
        self.command.stdin(Stdio::null());
        self.spawn()
    }

    /// Starts it with this as the beginning of its input.
    pub(crate) fn started_with(mut self, input: &str) -> Running {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        self.command.stdin(reader);
        let mut running = self.spawn();
        running.input = Some(writer);
        running.type_in(input);
        running
    }

    fn spawn(mut self) -> Running {
        let shown = format!("{:?}", self.command);
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = self.command.spawn().unwrap_or_else(|e| panic!("{shown}: {e}"));
        let stdout = Pipe::read(child.stdout.take().expect("piped"));
        let stderr = Pipe::read(child.stderr.take().expect("piped"));
        Running {
            shown,
            child,
            stdout,
            stderr,
            started,
            input: None,
        }
    }
}

impl Loom {
    /// Starts it with a terminal as its input, output and talk.
    pub(crate) fn at_terminal(mut self, [input, output, talk]: [std::fs::File; 3]) -> Child {
        self.command.stdin(input).stdout(output).stderr(talk);
        self.command
            .spawn()
            .unwrap_or_else(|e| panic!("{:?}: {e}", self.command))
    }
}

/// A Loom that runs and whose output nobody reads: what it prints fills the pipe, and then waits. Killed when dropped.
pub(crate) struct Unread {
    shown: String,
    child: Child,
    started: Instant,
    /// Held open for as long as it runs: a reader that goes away is another case.
    _reader: PipeReader,
}

impl Loom {
    /// Starts it without a reader of its output; with `Stderr::Same` its talk goes into the same pipe.
    pub(crate) fn start_unread(mut self, stderr: Stderr) -> Unread {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let talk: Stdio = match stderr {
            Stderr::Same => writer.try_clone().expect("a second end").into(),
            Stderr::Nowhere => Stdio::null(),
        };
        self.command.stdin(Stdio::null()).stdout(writer).stderr(talk);
        let shown = format!("{:?}", self.command);
        let child = self.command.spawn().unwrap_or_else(|e| panic!("{shown}: {e}"));
        Unread {
            shown,
            child,
            started: Instant::now(),
            _reader: reader,
        }
    }
}

/// Where the talk of one goes that nobody reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stderr {
    Same,
    Nowhere,
}

impl Unread {
    /// Sends a signal to it alone.
    pub(crate) fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// Looks until there is something, as long as it runs.
    pub(crate) fn until<T>(&mut self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        until(what, || {
            let ended = self.child.try_wait().expect("it is our child");
            assert!(
                ended.is_none(),
                "{}: ended ({ended:?}) before this: {what}",
                self.shown
            );
            look()
        })
    }

    /// Waits for its end, and says how it ended.
    pub(crate) fn end(mut self) -> Option<i32> {
        let status = until(
            &format!("the end of {} after {:?}", self.shown, self.started.elapsed()),
            || self.child.try_wait().expect("it is our child"),
        );
        status.code()
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // Already over, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .expect("a process id");
    kill_process(pid, signal).expect("it runs");
}

/// A stream that is read as it comes.
struct Pipe {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Pipe {
    fn read(stream: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let sink = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                sink.lock()
                    .expect("the reader alone writes")
                    .push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self {
            text,
            reader: Some(reader),
        }
    }

    fn so_far(&self) -> String {
        self.text.lock().expect("the reader does not panic").clone()
    }

    /// All of it; the process has ended, and nothing that outlives it holds the pipe for long.
    fn whole(&mut self, of: &str) -> String {
        let reader = self.reader.take().expect("read to its end once");
        until(
            &format!("the end of the output of {of}: something still holds its pipe"),
            || reader.is_finished().then_some(()),
        );
        reader.join().expect("the reader does not panic");
        self.so_far()
    }
}

/// A Loom that runs. Killed when dropped.
pub(crate) struct Running {
    shown: String,
    child: Child,
    stdout: Pipe,
    stderr: Pipe,
    started: Instant,
    /// Where more of its input comes from, where it has any.
    input: Option<PipeWriter>,
}

impl Running {
    /// Gives it more input.
    pub(crate) fn type_in(&mut self, text: &str) {
        use std::io::Write as _;

        let input = self.input.as_mut().expect("it was started with an input");
        input.write_all(text.as_bytes()).expect("room in the pipe");
    }

    /// There is no more input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// How it ended, if it has.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// Sends a signal to it alone.
    pub(crate) fn signal(&self, signal: Signal) {
        send(&self.child, signal);
    }

    /// The same for one that may have ended.
    pub(crate) fn signal_if_there(&self, signal: Signal) {
        if let Some(process) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It is our child and was not waited for: its number is not another's.
            let _ = kill_process(process, signal);
        }
    }

    /// Waits until its stdout holds this text.
    pub(crate) fn until_stdout(&mut self, text: &str) {
        self.until_output(text, |running| running.stdout.so_far());
    }

    /// Waits until its stderr holds this text.
    pub(crate) fn until_stderr(&mut self, text: &str) {
        self.until_output(text, |running| running.stderr.so_far());
    }

    fn until_output(&mut self, text: &str, stream: impl Fn(&Self) -> String) {
        let deadline = Instant::now() + LIMIT;
        while !stream(self).contains(text) {
            let ended = self.child.try_wait().expect("it is our child");
            // What it wrote last may still be on its way through the pipe.
            if ended.is_some() && self.stdout.reader.as_ref().is_none_or(JoinHandle::is_finished) {
                assert!(
                    stream(self).contains(text),
                    "ended ({ended:?}) without `{text}`\n{}",
                    self.so_far()
                );
                return;
            }
            assert!(
                Instant::now() < deadline,
                "no `{text}` within {} s\n{}",
                LIMIT.as_secs(),
                self.so_far()
            );
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Looks until there is something, as long as it runs.
    pub(crate) fn until<T>(&mut self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        until(what, || {
            let found = look();
            if found.is_none() && self.has_ended().is_some() {
                panic!("ended before this: {what}\n{}", self.so_far());
            }
            found
        })
    }

    /// What it said until now, both streams, for the message of a failing test.
    pub(crate) fn so_far(&self) -> String {
        format!(
            "$ {}\n-- stdout\n{}\n-- stderr\n{}",
            self.shown,
            self.stdout.so_far(),
            self.stderr.so_far()
        )
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Outcome {
        let deadline = Instant::now() + LIMIT * 2;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                break status;
            }
            assert!(Instant::now() < deadline, "does not end\n{}", self.so_far());
            std::thread::park_timeout(Duration::from_millis(5));
        };
        let took = self.started.elapsed();
        let shown = self.shown.clone();
        Outcome {
            status,
            stdout: self.stdout.whole(&shown),
            stderr: self.stderr.whole(&shown),
            shown,
            took,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already over, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How it ended and what it said.
pub(crate) struct Outcome {
    shown: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Outcome {
    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "exit code\n{self}");
        self
    }

    /// Insists on a text in stdout, which is data.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in stdout\n{self}");
        self
    }

    /// Insists on a text in stderr, which is talk.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in stderr\n{self}");
        self
    }

    /// Insists that a text is in neither stream.
    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "`{text}` in the output\n{self}"
        );
        self
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "$ {}\n-- {} after {:.1} s\n-- stdout\n{}\n-- stderr\n{}",
            self.shown,
            self.status,
            self.took.as_secs_f64(),
            self.stdout,
            self.stderr
        )
    }
}
