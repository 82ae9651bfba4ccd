//! The reading connections: a few, so that one long read keeps no other waiting.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{reader, schema};
use crate::journal::JournalError;

/// Reads at the same time at most; more wait for their turn.
const AT_ONCE: usize = 4;

/// How often to look whether somebody else wrote, for who waits for that.
const LOOK: Duration = Duration::from_millis(20);

/// Connections that read, opened when they are first needed.
pub(super) struct Readers {
    shared: Arc<Shared>,
    turns: Arc<Semaphore>,
}

struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// `data_version` compares what one connection saw before and now: this one is asked for it alone.
    versions: Mutex<Option<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                idle: Mutex::default(),
                versions: Mutex::default(),
            }),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Runs a query, off the async threads.
    pub(super) async fn query<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let shared = Arc::clone(&self.shared);
        off_the_async_threads(move || {
            let _turn = turn.map_err(|_| JournalError::Closed)?;
            let idle = lock(&shared.idle).pop();
            let connection = idle.map_or_else(|| schema::connect_reader(&shared.path), Ok)?;
            let answer = ask(&connection);
            lock(&shared.idle).push(connection);
            answer
        })
        .await
    }

    /// A number that changes when a connection outside this pool wrote: once it is another than `known`, or after `within`.
    ///
    /// One thread looks again and again: handing each look to another thread costs many times as much as the look.
    pub(super) async fn version(&self, known: Option<i64>, within: Duration) -> Result<i64, JournalError> {
        let shared = Arc::clone(&self.shared);
        off_the_async_threads(move || {
            let until = Instant::now() + within;
            loop {
                let version = shared.version()?;
                if known != Some(version) || Instant::now() >= until {
                    return Ok(version);
                }
                std::thread::sleep(LOOK);
            }
        })
        .await
    }
}

impl Shared {
    fn version(&self) -> Result<i64, JournalError> {
        let mut versions = lock(&self.versions);
        let connection = match versions.take() {
            Some(connection) => connection,
            None => schema::connect_reader(&self.path)?,
        };
        let version = reader::data_version(&connection);
        *versions = Some(connection);
        version
    }
}

async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| JournalError::Read("the reader panicked".to_owned()))?
}

/// A panic while reading leaves nothing half done: a connection that it had taken is closed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
