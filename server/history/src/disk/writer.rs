//! The one thread that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior, params};

use super::{DiskError, explain, reader, schema};
use crate::chunk::{Chunk, STEPS, Span, cut};
use crate::key::Key;
use crate::ring::RINGS;

/// Orders that may wait; beyond, it is asked again later.
const QUEUE: usize = 32;
/// How long an end waits for what was ordered.
const FAREWELL: Duration = Duration::from_secs(5);
/// The ring that a file which is too large is made smaller by: the longest.
const LONGEST: i64 = 2;

/// What the writer is to do.
pub(crate) enum Order {
    /// Keep these chunks.
    Save(Vec<Row>),
    /// Forget these series.
    Forget(Vec<i64>),
    /// Forget what is too old, as of a second, and keep the file within its bound.
    Prune(i64),
    /// Forget what is not before a second.
    Cut(i64),
    /// Say that all before is done.
    Done(SyncSender<()>),
    /// Panic, as no order should.
    #[cfg(test)]
    Panic,
    /// Find the disk full with so many pages more.
    #[cfg(test)]
    Fill(i64),
}

/// A chunk and whose it is.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) series: i64,
    pub(crate) key: Key,
    pub(crate) ring: usize,
    pub(crate) chunk: Arc<Chunk>,
}

/// How the writer does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Status {
    /// Why it could not do what it was ordered last.
    pub(crate) trouble: Option<String>,
    /// Orders to save that came to an end, well or not.
    pub(crate) saves: u64,
    pub(crate) bytes: u64,
    /// The first second that is in the file.
    pub(crate) first: Option<i64>,
    /// Chunks that had to go before their time.
    pub(crate) forgotten: u64,
}

impl Status {
    pub(super) fn of(connection: &Connection) -> Self {
        let mut status = Self::default();
        status.measure(connection);
        status
    }

    fn measure(&mut self, connection: &Connection) {
        if let Ok(bytes) = bytes(connection) {
            self.bytes = bytes;
        }
        // Ring by ring, or all of the file would be gone through.
        let first = (0_i64..).zip(RINGS).filter_map(|(ring, _)| {
            connection
                .prepare_cached("SELECT min(start) FROM chunk WHERE ring = ?1")
                .and_then(|mut statement| statement.query_row([ring], |row| row.get::<_, Option<i64>>(0)))
                .ok()?
        });
        self.first = first.min();
    }
}

pub(super) struct Writer {
    /// Gone while it ends.
    orders: Option<SyncSender<Order>>,
    /// Hangs up when the thread has ended.
    ended: Mutex<Receiver<()>>,
}

impl Writer {
    pub(super) fn start(
        path: &Path,
        connection: Connection,
        max: u64,
        status: &Arc<Mutex<Status>>,
    ) -> Result<Self, DiskError> {
        let (orders, inbox) = sync_channel(QUEUE);
        let (lives, ended) = sync_channel::<()>(0);
        let (file, status) = (path.to_owned(), Arc::clone(status));
        thread::Builder::new()
            .name("loom-history".to_owned())
            .spawn(move || {
                let _held = lives;
                keep_writing(&file, connection, max, &inbox, &status);
            })
            .map_err(|error| DiskError::Directory {
                path: path.to_owned(),
                cause: error.to_string(),
            })?;
        Ok(Self {
            orders: Some(orders),
            ended: Mutex::new(ended),
        })
    }

    pub(super) fn order(&self, order: Order) -> bool {
        self.orders
            .as_ref()
            .is_some_and(|orders| orders.try_send(order).is_ok())
    }

    pub(super) fn wait(&self, within: Duration) {
        let Some(orders) = &self.orders else { return };
        let deadline = Instant::now() + within;
        let (done, answer) = sync_channel(1);
        let mut order = Order::Done(done);
        // A full queue moves on while the writer does: it is asked until there is room.
        while let Err(std::sync::mpsc::TrySendError::Full(back)) = orders.try_send(order) {
            if Instant::now() >= deadline {
                return;
            }
            order = back;
            thread::park_timeout(Duration::from_millis(5));
        }
        match answer.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!("the history's file is slow: the last minutes may not be in it");
            }
        }
    }
}

impl Drop for Writer {
    /// The file is closed when nobody has it any more: another one may be opened at once. A disk that hangs does not hang us.
    fn drop(&mut self) {
        self.orders = None;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _ended = ended.recv_timeout(FAREWELL);
    }
}

/// Serves orders until the last handle is gone. A panic loses the order at hand and the connection, which is opened again.
fn keep_writing(
    path: &Path,
    connection: Connection,
    max: u64,
    inbox: &Receiver<Order>,
    status: &Mutex<Status>,
) {
    let mut connection = Some(connection);
    while let Ok(order) = inbox.recv() {
        let is_save = matches!(order, Order::Save(_));
        let open = connection.take().map_or_else(|| schema::connect(path), Ok);
        let outcome = open.and_then(|mut open| {
            let served = catch_unwind(AssertUnwindSafe(|| {
                let outcome = serve(path, &mut open, max, order, status);
                (open, outcome)
            }));
            match served {
                Ok((open, outcome)) => {
                    connection = Some(open);
                    outcome
                }
                Err(_) => {
                    tracing::error!("the history's writer panicked; its connection is opened again");
                    Ok(())
                }
            }
        });
        let mut status = lock(status);
        if is_save {
            status.saves += 1;
        }
        match outcome {
            Ok(()) if is_save => {
                if status.trouble.take().is_some() {
                    tracing::info!("the history is written again");
                }
            }
            Ok(()) => {}
            Err(error) => {
                let trouble = error.to_string();
                // Once for each kind of trouble: it is tried again every few seconds.
                if status.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!("failed to {trouble}");
                }
                status.trouble = Some(trouble);
            }
        }
    }
}

fn lock(status: &Mutex<Status>) -> MutexGuard<'_, Status> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(
    path: &Path,
    connection: &mut Connection,
    max: u64,
    order: Order,
    status: &Mutex<Status>,
) -> Result<(), DiskError> {
    let failed = |error: rusqlite::Error| explain(path, &error);
    match order {
        Order::Save(rows) => {
            save(connection, &rows).map_err(failed)?;
            for row in &rows {
                row.chunk.stored.store(true, Ordering::Release);
            }
        }
        Order::Forget(series) => forget(connection, &series).map_err(failed)?,
        Order::Prune(now) => {
            let forgotten = prune(connection, now, max).map_err(failed)?;
            let mut status = lock(status);
            status.forgotten += forgotten;
            status.measure(connection);
        }
        Order::Cut(before) => cut_after(connection, before).map_err(failed)?,
        Order::Done(done) => {
            // Whoever asked may have given up.
            let _gone = done.try_send(());
        }
        #[cfg(test)]
        Order::Panic => panic!("as ordered"),
        #[cfg(test)]
        Order::Fill(more) => {
            let pages: i64 = connection
                .pragma_query_value(None, "page_count", |row| row.get(0))
                .map_err(failed)?;
            let full = format!("PRAGMA max_page_count = {}", pages + more);
            connection
                .query_row(&full, [], |row| row.get::<_, i64>(0))
                .map_err(failed)?;
        }
    }
    Ok(())
}

fn save(connection: &mut Connection, rows: &[Row]) -> rusqlite::Result<()> {
    // Packed before anybody else has to wait for the file.
    let bodies: Vec<Vec<u8>> = rows.iter().map(|row| reader::packed(&row.chunk.bytes)).collect();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (row, body) in rows.iter().zip(bodies) {
        transaction
            .prepare_cached("INSERT OR REPLACE INTO series (id, kind, name) VALUES (?1, ?2, ?3)")?
            .execute(params![row.series, row.key.by.code(), &*row.key.name])?;
        let span = row.chunk.span;
        let ring = i64::try_from(row.ring).unwrap_or(i64::MAX);
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO chunk (id, ring, series, start, until, first, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                row.chunk.id,
                ring,
                row.series,
                span.from,
                span.until,
                span.first,
                body
            ])?;
    }
    transaction.commit()
}

fn forget(connection: &mut Connection, series: &[i64]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for id in series {
        transaction.execute("DELETE FROM chunk WHERE series = ?1", [id])?;
        transaction.execute("DELETE FROM series WHERE id = ?1", [id])?;
    }
    transaction.commit()
}

/// Gives how many chunks had to go before their time.
fn prune(connection: &mut Connection, now: i64, max: u64) -> rusqlite::Result<u64> {
    for (ring, resolution) in (0_i64..).zip(RINGS) {
        let oldest = now.saturating_sub(resolution.keep + resolution.step * STEPS);
        connection
            .prepare_cached("DELETE FROM chunk WHERE ring = ?1 AND start < ?2")?
            .execute([ring, oldest])?;
    }
    let mut forgotten = 0;
    while bytes(connection)? > max {
        let gone = connection.execute(
            "DELETE FROM chunk WHERE id IN (
                 SELECT id FROM chunk WHERE ring = ?1 ORDER BY start
                 LIMIT (SELECT 1 + count(*) / 20 FROM chunk WHERE ring = ?1)
             )",
            [LONGEST],
        )?;
        forgotten += gone as u64;
        if gone == 0 {
            break;
        }
    }
    // Given back to the disk, some megabytes at a time.
    connection
        .prepare("PRAGMA incremental_vacuum(2000)")?
        .query([])
        .and_then(|mut rows| {
            while rows.next()?.is_some() {}
            Ok(())
        })?;
    Ok(forgotten)
}

fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(u64::try_from(pages * number("page_size")?).unwrap_or(0))
}

fn cut_after(connection: &mut Connection, before: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut again = Vec::new();
    {
        let mut statement =
            transaction.prepare("SELECT id, ring, start, until, first, body FROM chunk WHERE until > ?1")?;
        let mut rows = statement.query([before])?;
        while let Some(row) = rows.next()? {
            let span = Span {
                from: row.get(2)?,
                until: row.get(3)?,
                first: row.get(4)?,
            };
            let ring: i64 = row.get(1)?;
            let step = usize::try_from(ring).ok().and_then(|ring| RINGS.get(ring));
            let bytes = reader::unpacked(row.get_ref(5)?.as_blob()?);
            let left = step
                .zip(bytes)
                .and_then(|(ring, bytes)| cut(span, &bytes, ring.step, before));
            again.push((row.get::<_, i64>(0)?, left));
        }
    }
    for (id, left) in again {
        match left {
            Some(open) => transaction.execute(
                "UPDATE chunk SET until = ?2, body = ?3 WHERE id = ?1",
                params![id, open.span.until, reader::packed(&open.bytes)],
            )?,
            None => transaction.execute("DELETE FROM chunk WHERE id = ?1", [id])?,
        };
    }
    transaction.commit()
}
