//! The journal: the ordered, durable history of runs. What happened is written here before anyone is told.
//!
//! A [`Journal`] appends and reads events; a run's state is a fold over them ([`crate::state`]). The list of runs is a
//! projection that is written in the same transaction and can be rebuilt from the events at any time. Several
//! processes share one journal: each run is appended to by its owner alone, which the journal itself holds; everybody
//! reads.

mod error;
mod sqlite;
mod summary;
mod tail;

use async_trait::async_trait;
use tokio::sync::watch;

pub use error::JournalError;
pub use sqlite::SqliteJournal;
pub use summary::Summary;
pub use tail::Tail;

use crate::event::{Event, Recorded, Seq};
use crate::executor::Owner;
use crate::id::RunId;

/// Where events are kept.
///
/// Contract, held by the conformance suite of every implementation:
/// - `append` gives the events the next places of their run, in order, and returns once they survive a crash of the
///   process and of the machine. Either all of them are there or none.
/// - Only a run's owner appends to it, and only behind the event that it says is the last one. The same append a second
///   time (its answer was lost) writes nothing and answers as the first one did.
/// - A run whose events were appended is in `runs` at once.
/// - `read` never skips an event and never returns one that could still vanish.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes events at the end of a run's history, behind event `after` (0 begins the run).
    ///
    /// # Errors
    /// [`JournalError::Refused`] when the run is not `owner`'s, has ended, or has other events behind `after`; else see
    /// [`JournalError`]. Nothing was written by this call then.
    async fn append(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Event>,
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

    /// Wakes whenever this process wrote something; the number means nothing.
    fn written(&self) -> watch::Receiver<u64>;

    /// A number that changes when another process wrote something; cheap to ask (SQLite's `data_version`).
    ///
    /// # Errors
    /// See [`JournalError`].
    async fn foreign_version(&self) -> Result<i64, JournalError>;
}

/// Which runs to list.
#[derive(Clone, Debug)]
pub struct RunQuery {
    /// Only those that have not ended.
    pub open_only: bool,
    /// Only those of which something may be left in an engine or on disk.
    pub remains_only: bool,
    /// Only those of this workflow (by name or file).
    pub workflow: Option<String>,
    /// Only those of exactly this file: the name of one workflow may be the file of another.
    pub file: Option<String>,
    /// Only those whose id contains this text.
    pub id: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl Default for RunQuery {
    fn default() -> Self {
        Self {
            open_only: false,
            remains_only: false,
            workflow: None,
            file: None,
            id: None,
            limit: 50,
        }
    }
}

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
}
