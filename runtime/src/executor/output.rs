//! What comes of steps: output as it is written, ends, command files, and what an executor has to say besides.

use std::time::Duration;

/// Takes what an executor has to say while it prepares a job: shown live, written to the job's log.
pub trait Notes: Send + Sync {
    /// A line for the job's log.
    fn line(&self, text: &str);
    /// Progress of something long, such as a pull; replaces what was said before under the same `what`.
    fn progress(&self, what: &str, done: u64, total: Option<u64>);
}

/// Notes that nobody wants to hear.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilentNotes;

impl Notes for SilentNotes {
    fn line(&self, _text: &str) {}
    fn progress(&self, _what: &str, _done: u64, _total: Option<u64>) {}
}

/// Takes the output of a step as it comes. Called from a thread that may block; one call at a
/// time.
///
/// A writer that is slow slows the reading of the spool, never the step.
pub trait StepOutput: Send {
    /// Bytes as the step wrote them; not aligned to lines or characters.
    fn chunk(&mut self, stream: Stream, at: jiff::Timestamp, bytes: &[u8]);

    /// The step has ended so, and all that it wrote has come. What is called here is called on the thread that read the end,
    /// so that what follows at once needs no other; an executor that has no such thread leaves it out.
    fn ended(&mut self, _end: &StepEnd) {}
}

/// Which of its two streams a step wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a step's main process ended, and what it left for Loom to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepEnd {
    /// The exit status, or why there is none.
    pub status: ExitStatus,
    /// From start to end, by the agent's clock.
    pub took: Duration,
    /// What it used, where the system tells.
    pub usage: Option<Usage>,
    /// What the step wrote to its command files; read under a cap, without following links.
    pub files: CommandFiles,
    /// Whether a signal that somebody asked for reached it while it ran: one that had ended before has ended by itself.
    pub signalled: bool,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// It never started; why, in a sentence. A missing shell is one.
    NotStarted(String),
    /// The kernel ended it, or what it waited for, because the memory that the job may use was full.
    OutOfMemory,
}

impl ExitStatus {
    /// That of a process which this signal ended.
    pub fn by(signal: Signal) -> Self {
        Self::Signal(match signal {
            Signal::Interrupt => 2,
            Signal::Terminate => 15,
            Signal::Kill => 9,
        })
    }
}

impl Default for ExitStatus {
    fn default() -> Self {
        Self::Code(0)
    }
}

/// What a step left in its command files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandFiles {
    /// `GITHUB_ENV`.
    pub env: FileContent,
    /// `GITHUB_OUTPUT`.
    pub output: FileContent,
    /// `GITHUB_PATH`.
    pub path: FileContent,
    /// `GITHUB_STATE`.
    pub state: FileContent,
    /// `GITHUB_STEP_SUMMARY`.
    pub summary: FileContent,
}

/// What one command file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FileContent {
    /// Nothing was written, or the step removed the file.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// Larger than is read (output, env, state, path: 16 MiB together; summary: 1 MiB as on GitHub); its length.
    TooLarge(u64),
    /// It is no regular file any more, or cannot be read; why, in a sentence.
    Unreadable(String),
}

/// What a step used, over all processes it waited for (`wait4`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Processor time in user mode.
    pub user: Duration,
    /// Processor time in the kernel.
    pub system: Duration,
    /// Largest resident set, in bytes.
    pub max_resident: u64,
}

/// What is left to say when a place has closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// Processes that steps left running and that were ended now: `pid name`.
    pub killed: Vec<String>,
}

/// What a sweep removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Each thing by its name in the engine or on disk.
    pub removed: Vec<String>,
}

/// The signals that the engine sends to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Please stop (SIGINT): the first that a cancelled step gets.
    Interrupt,
    /// Stop (SIGTERM).
    Terminate,
    /// End now (SIGKILL).
    Kill,
}
