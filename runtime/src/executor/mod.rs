//! Where a job's steps run: the seam between the engine and Docker, the host, and whatever comes later.
//!
//! An [`Executor`] opens one [`Place`] a job: the job's own room (a container, or this machine), the services beside it
//! on one network, and a room for each container action. Several steps may run in it at once. The engine knows nothing of
//! containers; executors know nothing of runs, journals or actors. All executors pass the suite in `conformance/`.

pub mod channel;
pub mod docker;
mod error;
pub mod host;
mod output;
mod spec;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

pub use error::{ExecutorError, Fault};
pub use output::{
    Closed, CommandFiles, ExitStatus, FileContent, Notes, Signal, SilentNotes, StepEnd, StepOutput, Stream,
    Swept, Usage,
};
pub(crate) use spec::led;
pub use spec::{
    Apart, ContainerSpec, Owner, PlaceFacts, PlaceSpec, Program, PullPolicy, RegistryLogin, RoomSpec,
    ServiceFacts, Shell, StepSpec, Wanted,
};

use crate::id::{JobKey, RunId, StepId};

/// A way to run jobs.
///
/// Contract, held by the conformance suite:
/// - `open` either returns a place or leaves nothing behind.
/// - `reclaim` removes whatever a place of that key holds (containers, networks, volumes, directory, processes), found by
///   label and by what was written down, also when the object is lost to a panic or its process was killed; it is
///   idempotent and succeeds when there is nothing.
/// - what was kept runs nothing, and only `reclaim` removes it.
/// - every call but `fetch` and `run` is bounded in time.
#[async_trait]
pub trait Executor: Send + Sync {
    /// The word for it: `docker`, `host`.
    fn name(&self) -> &'static str;

    /// Where the engine is that it has places in, for one that needs an engine: in another one they are not found.
    ///
    /// # Errors
    /// [`ExecutorError::Unreachable`].
    async fn address(&self) -> Result<Option<String>, ExecutorError> {
        Ok(None)
    }

    /// Whether it can run anything at all, asked before a run starts.
    ///
    /// # Errors
    /// [`ExecutorError::Unreachable`] with what to do about it.
    async fn probe(&self) -> Result<(), ExecutorError>;

    /// Gets what the job needs from elsewhere: its images. May take long; may be dropped at any time and leaves nothing
    /// behind then.
    ///
    /// # Errors
    /// [`ExecutorError::Image`] and what the engine says.
    async fn fetch(&self, _place: &PlaceSpec, _notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        Ok(())
    }

    /// Makes the place: network, services (until each is healthy), the job's room with its agent. What is worth telling
    /// meanwhile goes to `notes`. To be awaited to its end: dropped halfway, it may leave what only
    /// [`Executor::reclaim`] finds.
    ///
    /// # Errors
    /// See [`ExecutorError`]; nothing is left behind then, unless [`ExecutorError::may_leave`] says so.
    async fn open(&self, place: PlaceSpec, notes: Arc<dyn Notes>) -> Result<Arc<dyn Place>, ExecutorError>;

    /// Whether its places go on for a while when the process that opened them dies: then [`Executor::attach`] may find them.
    fn outlives_its_process(&self) -> bool {
        false
    }

    /// Goes on with a place that a process of this state directory had opened for `place`, which is gone, and in which the job's
    /// steps may still run. Nothing begins in it by that. This process owns the run already: of two that attach, the later one has
    /// the place.
    ///
    /// # Errors
    /// [`ExecutorError::Lost`] when it is not there any more, does not answer, or is not the one that is meant. It is left as
    /// it is then, for [`Executor::reclaim`].
    async fn attach(
        &self,
        _place: PlaceSpec,
        _notes: Arc<dyn Notes>,
    ) -> Result<Arc<dyn Place>, ExecutorError> {
        Err(ExecutorError::lost(
            "its kind ends with the process that opened it",
        ))
    }

    /// Removes whatever a job's place still holds.
    ///
    /// # Errors
    /// When the engine does not answer or refuses; what was left is named.
    async fn reclaim(&self, job: &JobKey) -> Result<(), ExecutorError>;

    /// The run has ended: ends what waits for another job of it, which is no job's.
    async fn run_ended(&self, _run: &RunId) {}

    /// Removes whatever the named runs still hold: their owners are dead and do not come back. What jobs of these resource
    /// names hold stays: it was [kept](Place::keep).
    ///
    /// # Errors
    /// As for [`Executor::reclaim`].
    async fn sweep(&self, runs: &[RunId], kept: &BTreeSet<String>) -> Result<Swept, ExecutorError>;

    /// Stops what was started in the kept place of this resource name, and leaves it there.
    ///
    /// # Errors
    /// When the engine does not answer, or something does not stop.
    async fn rest(&self, _name: &str) -> Result<(), ExecutorError> {
        Ok(())
    }
}

/// Where the steps of one job run.
///
/// `run` may be called for several steps at once; it returns when the step's main process has ended and all its output is
/// in `output`, or the place failed. A signal for a step that is not there yet is remembered until it can take it; one for a
/// step that has ended is nothing. `close` is bounded whatever the agent, the container or the engine do (frozen agent,
/// paused container, stopped engine), ends every step that still runs, and after it the place holds nothing.
#[async_trait]
pub trait Place: Send + Sync {
    /// What steps are told of it: paths as seen in the job's room, ids, ports.
    fn facts(&self) -> &PlaceFacts;

    /// Runs one step to its end.
    ///
    /// # Errors
    /// [`ExecutorError::Lost`] when the outcome cannot be known; a step that merely exits with a code other than zero is
    /// no error but a [`StepEnd`].
    async fn run(&self, step: StepSpec, output: Box<dyn StepOutput>) -> Result<StepEnd, ExecutorError>;

    /// In a place that was [attached to](Executor::attach): hands on what a step says that was begun before, from its first byte
    /// to its end, whoever heard how much of it; also of one that ended while nobody was there, or long ago. `None` when
    /// no step of this id has begun.
    ///
    /// # Errors
    /// As for [`Place::run`].
    async fn follow(
        &self,
        _step: &StepId,
        _output: Box<dyn StepOutput>,
    ) -> Result<Option<StepEnd>, ExecutorError> {
        Ok(None)
    }

    /// Sends a signal to the process group of a step.
    ///
    /// # Errors
    /// [`ExecutorError::Lost`] when the place is lost or closed.
    async fn signal(&self, step: &StepId, signal: Signal) -> Result<(), ExecutorError>;

    /// Gets the image of a container action before its step's turn; `run` does it itself where nobody asked before.
    ///
    /// # Errors
    /// [`ExecutorError::Image`] and what the engine says.
    async fn pull(&self, _image: &str, _notes: Arc<dyn Notes>) -> Result<(), ExecutorError> {
        Ok(())
    }

    /// Builds the image of a container action from a folder of this machine; answers the name to run it by. `dockerfile`
    /// is relative to `context`, or absolute. What the build says goes to `notes`.
    ///
    /// # Errors
    /// [`ExecutorError::Workflow`] when it does not build.
    async fn build(
        &self,
        context: PathBuf,
        dockerfile: PathBuf,
        notes: Arc<dyn Notes>,
    ) -> Result<String, ExecutorError>;

    /// What of its files this machine does not see.
    fn apart(&self) -> Apart {
        Apart::default()
    }

    /// Brings a file or folder of the job's room here, as `to`, which is not there yet; `false` when there is no such
    /// thing. For what is [`Place::apart`].
    ///
    /// # Errors
    /// When it cannot be read or written; [`ExecutorError::Workflow`] when the job has more there than is brought.
    async fn bring(&self, from: &str, _to: &Path, _wanted: Wanted) -> Result<bool, ExecutorError> {
        Err(ExecutorError::Setup {
            what: format!("bring `{from}`"),
            cause: "this place keeps its files on this machine".to_owned(),
        })
    }

    /// Puts a folder of this machine into the job's room, as the folder `to`, beside what is in it already. For what is
    /// [`Place::apart`].
    ///
    /// # Errors
    /// When it cannot be read or written.
    async fn send(&self, _from: &Path, to: &str) -> Result<(), ExecutorError> {
        Err(ExecutorError::Setup {
            what: format!("send `{to}`"),
            cause: "this place keeps its files on this machine".to_owned(),
        })
    }

    /// Empties a folder of the job's room, or removes a file of it; fine when there is neither. For what is
    /// [`Place::apart`].
    ///
    /// # Errors
    /// When something stays.
    async fn clear(&self, path: &str) -> Result<(), ExecutorError> {
        Err(ExecutorError::Setup {
            what: format!("clear `{path}`"),
            cause: "this place keeps its files on this machine".to_owned(),
        })
    }

    /// Ends what still runs and removes everything the place holds.
    ///
    /// # Errors
    /// When something could not be removed; it is named.
    async fn close(&self) -> Result<Closed, ExecutorError>;

    /// Ends what still runs, and leaves the rest for people who look into it, until [`Executor::reclaim`] removes it: nothing
    /// runs in it any more, and what steps were told with is not in it. Services of these names are not left: what they are
    /// made of must not be seen.
    ///
    /// # Errors
    /// When something does not end; the place is to be reclaimed then.
    async fn keep(&self, without: &[String]) -> Result<Closed, ExecutorError>;
}
