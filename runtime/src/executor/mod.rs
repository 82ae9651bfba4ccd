//! Where a job's steps run: the seam between the engine and Docker, the host, and whatever comes later.
//!
//! An [`Executor`] opens one [`Session`] a job; the session runs the job's steps one after another and is closed at the
//! end. The engine knows nothing of containers; executors know nothing of runs, journals or actors. Both built-in
//! executors pass the suite in `conformance.rs`.

pub mod channel;
pub mod docker;
mod error;
pub mod host;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use error::ExecutorError;

use crate::id::{JobKey, RunId};

/// A way to run jobs.
///
/// Contract, held by the conformance suite:
/// - `open` either returns a session or leaves nothing behind.
/// - `reclaim` removes whatever an opened session of that key holds (container, directory, processes), also when the
///   session object is lost to a panic or its process was killed; it is idempotent and succeeds when there is nothing.
#[async_trait]
pub trait Executor: Send + Sync {
    /// The word for it: `docker`, `host`.
    fn name(&self) -> &'static str;

    /// Whether it can run anything at all, asked before a run starts.
    ///
    /// # Errors
    /// [`ExecutorError::Unreachable`] with what to do about it.
    async fn probe(&self) -> Result<(), ExecutorError>;

    /// Gets what the job needs from elsewhere, such as its image. May take long; may be dropped at any time and leaves
    /// nothing behind then. Does nothing where nothing is needed.
    ///
    /// # Errors
    /// [`ExecutorError::Image`] and what the engine says.
    async fn fetch(&self, _job: &JobSpec, _notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        Ok(())
    }

    /// Makes a place for the job's steps: starts the container, shakes hands with the agent. What is worth telling
    /// meanwhile (a fallback) goes to `notes`. Bounded in time, and to be awaited to its end: dropped halfway, it may
    /// leave what only [`Executor::sweep`] finds.
    ///
    /// # Errors
    /// See [`ExecutorError`]; nothing is left behind then.
    async fn open(&self, job: JobSpec, notes: Arc<dyn Notes>) -> Result<Arc<dyn Session>, ExecutorError>;

    /// Removes whatever a job's session still holds.
    ///
    /// # Errors
    /// When the engine does not answer or refuses; what was left is named.
    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError>;

    /// Removes whatever the named runs still hold: their owners are dead and do not come back.
    ///
    /// # Errors
    /// As for [`Executor::reclaim`].
    async fn sweep(&self, runs: &[RunId]) -> Result<Swept, ExecutorError>;
}

/// The place in which the steps of one job run, one at a time.
///
/// Contract: `run_step` is called by one caller at a time and returns when the step's main process has ended and its
/// output is complete in `output`, or the session failed; `signal` may be called meanwhile. After `close` the session
/// holds nothing any more, and every other call returns [`ExecutorError::SessionLost`].
#[async_trait]
pub trait Session: Send + Sync {
    /// Runs one step to its end.
    ///
    /// # Errors
    /// [`ExecutorError::SessionLost`] when the outcome cannot be known; a step that merely exits with a code other
    /// than zero is no error but a [`StepEnd`].
    async fn run_step(&self, step: StepSpec, output: &mut dyn StepOutput) -> Result<StepEnd, ExecutorError>;

    /// Sends a signal to the process group of the step that runs; nothing happens when none does.
    ///
    /// # Errors
    /// When the session is lost.
    async fn signal(&self, signal: Signal) -> Result<(), ExecutorError>;

    /// Ends what still runs and removes everything the session holds.
    ///
    /// # Errors
    /// When something could not be removed; it is named.
    async fn close(&self) -> Result<Closed, ExecutorError>;
}

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

/// Takes the output of a step as it comes. Called from the session's own task: it must not block for long.
///
/// A writer that is slow slows the reading of the spool, never the step.
pub trait StepOutput: Send {
    /// Bytes as the step wrote them; not aligned to lines or characters.
    fn chunk(&mut self, stream: Stream, at: jiff::Timestamp, bytes: &[u8]);
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

/// What a job needs to have a place to run in.
#[derive(Clone, Debug)]
pub struct JobSpec {
    /// Names everything the job holds in an engine or on disk.
    pub key: JobKey,
    /// The image, for executors that use one.
    pub image: String,
    /// When to pull it.
    pub pull: PullPolicy,
    /// The project directory on this machine, which the steps see as their workspace.
    pub workspace: PathBuf,
    /// A directory of this job's own, made by the caller with mode 0700; the executor's to use, removed at close.
    pub directory: PathBuf,
    /// How long what runs may go on when the process that owns the job has vanished.
    pub orphan_grace: Duration,
    /// Who owns the run, written where an engine keeps labels.
    pub owner: Owner,
}

/// The process that owns a run, told from every other one that ever had its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The state directory's own id: what another state directory made is never touched.
    pub instance: String,
    /// The machine's boot id.
    pub boot: String,
    /// The process's id.
    pub pid: u32,
    /// When the process started, in clock ticks since boot (`/proc/PID/stat`, field 22).
    pub started: u64,
}

/// When to pull an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PullPolicy {
    /// When it is not there.
    #[default]
    Missing,
    /// Before every job.
    Always,
    /// Never: a missing image fails the job.
    Never,
}

/// One step, ready to run: nothing left to evaluate.
#[derive(Clone, Debug)]
pub struct StepSpec {
    /// Its place in the job, from 0.
    pub index: u32,
    /// What to run.
    pub program: Program,
    /// The environment beside what the image or the host gives; later wins.
    pub env: BTreeMap<String, String>,
    /// Where to run, seen from inside; relative to the workspace.
    pub working_directory: Option<String>,
}

/// What a step runs.
#[derive(Clone, Debug)]
pub enum Program {
    /// A script, run by the first shell of `shells` that is there.
    Script {
        /// The script's text.
        text: String,
        /// Shells by preference; the session uses the first one it finds.
        shells: Vec<Shell>,
    },
}

/// A shell and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shell {
    /// Looked up in the step's `PATH`.
    pub program: String,
    /// Its arguments; `{0}` stands for the script's file.
    pub arguments: Vec<String>,
    /// The file name's ending that the shell wants, with its dot; may be empty.
    pub extension: String,
}

/// How a step's main process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepEnd {
    /// The exit status, or why there is none.
    pub status: ExitStatus,
    /// From start to end, by the agent's clock.
    pub took: Duration,
    /// What it used, where the system tells.
    pub usage: Option<Usage>,
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

/// What is left to say when a session has closed.
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
