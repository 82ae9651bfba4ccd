//! The journal: the ordered, durable history of runs. What happened is written here before anyone is told.
//!
//! A [`Journal`] appends and reads events; a run's state is a fold over them ([`crate::state`]). The list of runs is a
//! projection that is written in the same transaction and can be rebuilt from the events at any time. Several
//! processes share one journal: each run is appended to by its owner alone, which the journal itself holds; everybody
//! reads.

mod admission;
mod claims;
mod error;
mod filter;
mod memory;
mod origin;
mod sqlite;
#[cfg(test)]
pub(crate) mod suite;
mod summary;
mod tail;

use std::time::Duration;

use async_trait::async_trait;
use loom_protocol::Timestamp;
use tokio::sync::watch;

pub use claims::{ClaimRequest, ClaimState, Claimant, Claimed, MOST_WAITING, Queue, claim_settled};
pub use error::JournalError;
pub use filter::{Place, RunFilter, RunQuery, StateFilter};
pub use memory::MemoryJournal;
pub use origin::Origin;
pub use sqlite::SqliteJournal;
pub use summary::{Summary, UnderWay};
pub use tail::Tail;

use crate::event::{Event, PauseAnswer, Recorded, Seq};
use crate::executor::Owner;
use crate::id::{JobId, RunId, StepId};
use crate::world::World;

/// Where events are kept.
///
/// Contract, held by the conformance suite of every implementation:
/// - `append` gives the events the next places of their run, in order, and returns once they survive a crash of the
///   process and of the machine. Either all of them are there or none.
/// - Only a run's owner appends to it, and only behind the event that it says is the last one. The same append a second
///   time (its answer was lost) writes nothing and answers as the first one did.
/// - A run whose events were appended is in `runs` at once.
/// - `read` never skips an event and never returns one that could still vanish.
/// - Of the attempts at a run one is open at most, and no two have the same number.
/// - Of the runs of one workflow's file no two have the same number.
/// - Of a concurrency group one claimant holds at most, whichever processes ask. A claim ends when it is released, or with
///   its run: the end of the run and the next one's turn are one step.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes events at the end of a run's history, behind event `after` (0 begins the run), stamped with the time now.
    ///
    /// # Errors
    /// [`JournalError::Refused`] when the run is not `owner`'s, has ended, or has other events behind `after`;
    /// [`JournalError::NumberTaken`] when it is to begin with the number of another; else see [`JournalError`]. Nothing was
    /// written by this call then.
    async fn append(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<Vec<Recorded>, JournalError>;

    /// As [`Journal::append`], of events that the owner has stamped: its state, folded ahead of the writing, is then the
    /// fold of what is written.
    ///
    /// # Errors
    /// As for [`Journal::append`].
    async fn append_stamped(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Stamped>,
    ) -> Result<Vec<Recorded>, JournalError>;

    /// At most `limit` events of a run after a place, in order.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn read(&self, run: &RunId, after: Seq, limit: usize) -> Result<Vec<Recorded>, JournalError>;

    /// Runs, newest first.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn runs(&self, query: RunQuery) -> Result<Vec<Summary>, JournalError>;

    /// How many runs a query is of, whatever its limit and its place in the list.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn count(&self, query: RunQuery) -> Result<u64, JournalError>;

    /// A run's line in the list.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn summary(&self, run: &RunId) -> Result<Option<Summary>, JournalError>;

    /// The highest number that a run of a workflow's file has, 0 when there is none. Further attempts at one have its number.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn last_number(&self, file: &str) -> Result<u64, JournalError>;

    /// Runs that changed after a place in the journal's own order of changes, in that order.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn changes(&self, after: u64) -> Result<Vec<Change>, JournalError>;

    /// The newest place in the journal's own order of changes.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn last_change(&self) -> Result<u64, JournalError>;

    /// Leaves a request for a run's owner.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn request(&self, run: &RunId, request: Request) -> Result<(), JournalError>;

    /// Requests left after a place, in order, with their places. Those of runs that have ended are gone.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn requests(&self, after: u64) -> Result<Vec<(u64, RunId, Request)>, JournalError>;

    /// Makes `to` the owner of a run whose owner `from` is dead and writes these events behind event `after`, both or
    /// neither. `false` when somebody else was faster: the owner is another one by now, or the history is longer.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn take_over(
        &self,
        run: &RunId,
        from: &Owner,
        to: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<bool, JournalError>;

    /// Notes that nothing of these runs is left anywhere: [`Summary::remains`] is `false` from now on.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn mark_swept(&self, runs: Vec<RunId>) -> Result<(), JournalError>;

    /// Forgets these runs, but for those that have not ended, of which something may be left, of which another attempt goes on, and
    /// the one that changed last: the order of changes goes on behind it. At most [`FORGOTTEN_AT_ONCE`]. Answers those that are
    /// gone, in the order in which they were given, so that their logs can be removed too.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn forget(&self, runs: Vec<RunId>) -> Result<Vec<RunId>, JournalError>;

    /// Claims a concurrency group for a run or a job of it. A second time it answers as the first one did, as far as those
    /// named are still there. Who has to wait asks [`Journal::claim_state`], or waits with [`claim_settled`].
    ///
    /// # Errors
    /// [`JournalError::Refused`] when the run is not the owner's or has ended, or when the claimant has another group;
    /// [`JournalError::Deadlock`] for a job whose run has the group; else see [`JournalError`]. Nothing was claimed then.
    async fn claim(&self, claim: ClaimRequest) -> Result<Claimed, JournalError>;

    /// Where a claimant stands; `None` when it claims nothing.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn claim_state(&self, run: &RunId, job: Option<&JobId>)
    -> Result<Option<ClaimState>, JournalError>;

    /// Gives up what a claimant has or waits for; the next one's turn comes. Nothing happens when it claims nothing.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn release(&self, run: &RunId, job: Option<&JobId>) -> Result<(), JournalError>;

    /// Gives up all that these runs and their jobs have or wait for, e.g. because their owners are dead.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn release_claims_of(&self, runs: &[RunId]) -> Result<(), JournalError>;

    /// Gives up all that a run and its jobs have or wait for.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn release_run(&self, run: &RunId) -> Result<(), JournalError> {
        self.release_claims_of(std::slice::from_ref(run)).await
    }

    /// Wakes whenever this process wrote something; the number means nothing.
    fn written(&self) -> watch::Receiver<u64>;

    /// A number that changes when another process wrote something; cheap to ask (SQLite's `data_version`).
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn foreign_version(&self) -> Result<i64, JournalError>;

    /// The same, once it is another than `known`, or after about `within`: for who wants to hear of it soon and is to cost
    /// nothing while nothing happens. A journal to which nobody else can write answers at once.
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn foreign_change(&self, known: Option<i64>, within: Duration) -> Result<i64, JournalError> {
        let _ = (known, within);
        self.foreign_version().await
    }
}

/// An event with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamped {
    /// When it happened, by the owner's clock.
    pub time: Timestamp,
    /// What happened.
    pub event: Event,
}

impl Stamped {
    /// Events that all happen now.
    pub(crate) fn now(world: &dyn World, events: Vec<Event>) -> Vec<Self> {
        let stamp = |event| Self {
            time: world.now(),
            event,
        };
        events.into_iter().map(stamp).collect()
    }

    /// What a take-over writes: who owns the run now, where that is somebody else, and then these events.
    pub(crate) fn taken_over(
        world: &dyn World,
        from: &Owner,
        to: &Owner,
        mut events: Vec<Event>,
    ) -> Vec<Self> {
        if to != from {
            let ends = events
                .iter()
                .any(|event| matches!(event, Event::RunFinished { .. }));
            events.insert(
                0,
                Event::RunTakenOver {
                    owner: to.clone(),
                    from: Some(from.clone()),
                    resumes: !ends,
                },
            );
        }
        Self::now(world, events)
    }
}

/// Runs that [`Journal::forget`] forgets at once, so that nobody waits long for the journal meanwhile.
pub const FORGOTTEN_AT_ONCE: usize = 200;

/// A run that changed. A run stands once, at its newest change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The place in the journal's order of changes.
    pub change: u64,
    /// The run.
    pub run: RunId,
    /// Its last event.
    pub last: Seq,
}

/// What anybody may ask of a run's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Cancel the run.
    Cancel {
        /// Who asks.
        by: String,
    },
    /// Say how paused steps go on.
    Answer {
        /// The job; all that are paused when absent.
        job: Option<JobId>,
        /// That step of the job; all that it is paused at when absent.
        step: Option<StepId>,
        /// The number of the pause in its job: one that is in another by now stays as it is. Any when absent.
        pause: Option<u32>,
        /// How they go on.
        answer: PauseAnswer,
    },
    /// Cancel one job of the run, e.g. because a newer one takes its concurrency group.
    CancelJob {
        /// The job.
        job: JobId,
        /// Who asks.
        by: String,
    },
}
