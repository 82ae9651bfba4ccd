//! The journal in SQLite: one file in WAL mode, shared by every Loom on the state directory.
//!
//! One writer thread a process commits what has gathered as one transaction (`BEGIN IMMEDIATE`, `synchronous=FULL`);
//! events and the projections of runs change together. Readers use connections of their own; what this process committed
//! last is in memory for those who follow it.

mod append;
mod claims;
mod forget;
mod list;
mod pool;
mod reader;
mod recent;
mod rows;
mod schema;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use self::append::Append;
use self::pool::Readers;
use self::writer::Writer;
use super::{
    Change, ClaimRequest, ClaimState, Claimant, Claimed, Journal, JournalError, Request, RunQuery, Stamped,
    Summary,
};
use crate::event::{Event, Recorded, Seq};
use crate::executor::Owner;
use crate::id::{JobId, RunId};
use crate::world::World;

/// A journal in a file. Cheap to share by `Arc`; dropping the last one ends its writer thread.
pub struct SqliteJournal {
    writer: Writer,
    readers: Readers,
    instance: String,
    world: Arc<dyn World>,
}

impl SqliteJournal {
    /// Opens the journal in this file, making it when it is not there, and puts its projections right.
    ///
    /// # Errors
    /// When the file cannot be opened, or a newer Loom wrote it.
    pub fn open(path: &Path, world: Arc<dyn World>) -> Result<Self, JournalError> {
        schema::make_private(path)?;
        let mut connection = schema::connect(path)?;
        schema::migrate(path, &mut connection)?;
        let instance = schema::instance(path, &mut connection)?;
        schema::rebuild_projections(&mut connection)?;
        let writer = Writer::start(path, connection, Arc::clone(&world))?;
        Ok(Self {
            writer,
            readers: Readers::new(path),
            instance,
            world,
        })
    }

    /// The state directory's own id, drawn when the journal was made.
    pub fn instance(&self) -> &str {
        &self.instance
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<Vec<Recorded>, JournalError> {
        let events = Stamped::now(&*self.world, events);
        self.append_stamped(run, owner, after, events).await
    }

    async fn append_stamped(
        &self,
        run: &RunId,
        owner: &Owner,
        after: Seq,
        events: Vec<Stamped>,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.writer
            .append(Append {
                run: run.clone(),
                owner: owner.clone(),
                after,
                events,
            })
            .await
    }

    async fn read(&self, run: &RunId, after: Seq, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        // Who follows a run of this process reads on where it is; a history is read from its beginning in the file, as it
        // may have been removed by another process.
        if after != Seq::default()
            && let Some(events) = self.writer.recent().after(run, after, limit)
        {
            return Ok(events);
        }
        let run = run.clone();
        self.readers
            .query(move |connection| reader::events(connection, &run, after, limit))
            .await
    }

    async fn runs(&self, query: RunQuery) -> Result<Vec<Summary>, JournalError> {
        self.readers
            .query(move |connection| list::runs(connection, &query))
            .await
    }

    async fn count(&self, query: RunQuery) -> Result<u64, JournalError> {
        self.readers
            .query(move |connection| list::count(connection, &query))
            .await
    }

    async fn summary(&self, run: &RunId) -> Result<Option<Summary>, JournalError> {
        let run = run.clone();
        self.readers
            .query(move |connection| rows::read_summary(connection, &run).map_err(reader::cannot_read))
            .await
    }

    async fn last_number(&self, file: &str) -> Result<u64, JournalError> {
        let file = file.to_owned();
        self.readers
            .query(move |connection| reader::last_number(connection, &file))
            .await
    }

    async fn changes(&self, after: u64) -> Result<Vec<Change>, JournalError> {
        self.readers
            .query(move |connection| reader::changes(connection, after))
            .await
    }

    async fn last_change(&self) -> Result<u64, JournalError> {
        self.readers.query(reader::last_change).await
    }

    async fn request(&self, run: &RunId, request: Request) -> Result<(), JournalError> {
        self.writer.request(run.clone(), request).await
    }

    async fn requests(&self, after: u64) -> Result<Vec<(u64, RunId, Request)>, JournalError> {
        self.readers
            .query(move |connection| reader::requests(connection, after))
            .await
    }

    async fn take_over(
        &self,
        run: &RunId,
        from: &Owner,
        to: &Owner,
        after: Seq,
        events: Vec<Event>,
    ) -> Result<bool, JournalError> {
        let append = Append {
            run: run.clone(),
            owner: to.clone(),
            after,
            events: Stamped::taken_over(&*self.world, from, to, events),
        };
        self.writer.take_over(from.clone(), append).await
    }

    async fn mark_swept(&self, runs: Vec<RunId>) -> Result<(), JournalError> {
        self.writer.mark_swept(runs).await
    }

    async fn forget(&self, runs: Vec<RunId>) -> Result<Vec<RunId>, JournalError> {
        self.writer.forget(runs).await
    }

    async fn claim(&self, claim: ClaimRequest) -> Result<Claimed, JournalError> {
        self.writer.claim(claim).await
    }

    async fn claim_state(
        &self,
        run: &RunId,
        job: Option<&JobId>,
    ) -> Result<Option<ClaimState>, JournalError> {
        let claimant = claimant(run, job);
        self.readers
            .query(move |connection| claims::state(connection, &claimant).map_err(reader::cannot_read))
            .await
    }

    async fn release(&self, run: &RunId, job: Option<&JobId>) -> Result<(), JournalError> {
        self.writer.release(claimant(run, job)).await
    }

    async fn release_claims_of(&self, runs: &[RunId]) -> Result<(), JournalError> {
        self.writer.release_runs(runs.to_vec()).await
    }

    fn written(&self) -> watch::Receiver<u64> {
        self.writer.written()
    }

    async fn foreign_version(&self) -> Result<i64, JournalError> {
        self.foreign_change(None, Duration::ZERO).await
    }

    async fn foreign_change(&self, known: Option<i64>, within: Duration) -> Result<i64, JournalError> {
        self.readers.version(known, within).await
    }
}

fn claimant(run: &RunId, job: Option<&JobId>) -> Claimant {
    Claimant {
        run: run.clone(),
        job: job.cloned(),
    }
}
