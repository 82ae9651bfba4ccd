//! The journal in SQLite: one file in WAL mode, shared by every Loom on the state directory.
//!
//! One writer thread a process commits what has gathered as one transaction (`BEGIN IMMEDIATE`, `synchronous=FULL`);
//! events and the projections of runs change together. Readers use a connection of their own.

mod reader;
mod rows;
mod schema;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::watch;

use self::writer::Writer;
use super::{Change, Journal, JournalError, Request, RunQuery, Summary};
use crate::event::{Event, Recorded, Seq};
use crate::executor::Owner;
use crate::id::RunId;
use crate::world::World;

/// A journal in a file. Cheap to share by `Arc`; dropping the last one ends its writer thread.
pub struct SqliteJournal {
    writer: Writer,
    reader: Arc<Mutex<Connection>>,
    instance: String,
}

impl SqliteJournal {
    /// Opens the journal in this file, making it when it is not there, and puts its projections right.
    ///
    /// # Errors
    /// When the file cannot be opened, or a newer Loom wrote it.
    pub fn open(path: &Path, world: Arc<dyn World>) -> Result<Self, JournalError> {
        let mut connection = schema::connect(path)?;
        schema::migrate(path, &mut connection)?;
        let instance = schema::instance(path, &mut connection)?;
        schema::rebuild_projections(&mut connection)?;
        let reader = schema::connect(path)?;
        let writer = Writer::start(path, connection, world)?;
        Ok(Self {
            writer,
            reader: Arc::new(Mutex::new(reader)),
            instance,
        })
    }

    /// The state directory's own id, drawn when the journal was made.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Runs a query on the reading connection, off the async threads.
    async fn query<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let reader = Arc::clone(&self.reader);
        let work = move || {
            // A panic while reading leaves nothing half done on a connection that only reads.
            let connection = reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            ask(&connection)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| JournalError::Read("the reader panicked".to_owned()))?
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&self, run: &RunId, events: Vec<Event>) -> Result<Vec<Recorded>, JournalError> {
        self.writer.append(run.clone(), events).await
    }

    async fn read(&self, run: &RunId, after: Seq, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        let run = run.clone();
        self.query(move |connection| reader::events(connection, &run, after, limit))
            .await
    }

    async fn runs(&self, query: RunQuery) -> Result<Vec<Summary>, JournalError> {
        self.query(move |connection| reader::runs(connection, &query))
            .await
    }

    async fn changes(&self, after: u64) -> Result<Vec<Change>, JournalError> {
        self.query(move |connection| reader::changes(connection, after))
            .await
    }

    async fn last_change(&self) -> Result<u64, JournalError> {
        self.query(reader::last_change).await
    }

    async fn request(&self, run: &RunId, request: Request) -> Result<(), JournalError> {
        self.writer.request(run.clone(), request).await
    }

    async fn requests(&self, after: u64) -> Result<Vec<(u64, RunId, Request)>, JournalError> {
        self.query(move |connection| reader::requests(connection, after))
            .await
    }

    async fn take_over(&self, run: &RunId, from: &Owner, to: &Owner) -> Result<bool, JournalError> {
        self.writer.take_over(run.clone(), from.clone(), to.clone()).await
    }

    fn written(&self) -> watch::Receiver<u64> {
        self.writer.written()
    }

    async fn foreign_version(&self) -> Result<i64, JournalError> {
        self.query(reader::data_version).await
    }
}
