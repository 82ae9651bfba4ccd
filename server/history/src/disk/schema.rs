//! The tables, and what is known of a file when it is opened.

use std::collections::HashMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use rusqlite_migration::{M, Migrations};

use super::DiskError;
use super::reader;
use crate::chunk::Reading;
use crate::key::{By, Key};
use crate::ring::RINGS;
use crate::step::Step;

/// Each step is final once released: later ones are added behind it.
const STEPS: &[M<'_>] = &[M::up(
    "CREATE TABLE series (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name));
     CREATE TABLE chunk (
         id INTEGER PRIMARY KEY, ring INTEGER NOT NULL, series INTEGER NOT NULL,
         start INTEGER NOT NULL, until INTEGER NOT NULL, first INTEGER NOT NULL, body BLOB NOT NULL
     );
     CREATE INDEX chunk_of ON chunk (series, ring, start, until);
     CREATE INDEX chunk_age ON chunk (ring, start);",
)];

/// How long to wait for others that hold the file: nobody should.
const BUSY: Duration = Duration::from_secs(2);

/// What is in a file.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) series: Vec<(i64, Key)>,
    pub(crate) next_series: i64,
    pub(crate) next_chunk: i64,
    /// The second after the last one that is in it.
    pub(crate) until: Option<i64>,
    /// What is in the finer rings and not yet in the coarser, as the process before ended without a word. In the order of time.
    pub(crate) missing: Vec<Missing>,
}

/// What one ring of one series lacks: the seconds, from one on and before another, and what was measured in them.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) series: i64,
    pub(crate) ring: usize,
    pub(crate) span: (i64, i64),
    pub(crate) step: Step,
}

/// Opens a connection with the settings that every one of ours has.
pub(super) fn connect(path: &Path) -> Result<Connection, DiskError> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        // Only has an effect on a file without tables.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        write_ahead(&connection)?;
        // A power cut may take the last commits; it leaves the file whole.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.set_prepared_statement_cache_capacity(16);
        Ok(connection)
    };
    open().map_err(|error| unreadable(path, &error))
}

/// Puts the file in WAL mode. That needs the file for itself, and is refused at once, whatever the timeout, while another
/// connection to it closes.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < deadline =>
            {
                thread::park_timeout(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

/// Brings the tables to this version.
pub(super) fn migrate(path: &Path, connection: &mut Connection) -> Result<(), DiskError> {
    let there: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| unreadable(path, &error))?;
    if usize::try_from(there).is_ok_and(|there| there > STEPS.len()) {
        return Err(DiskError::Newer {
            path: path.to_owned(),
        });
    }
    Migrations::from_slice(STEPS)
        .to_latest(connection)
        .map_err(|error| DiskError::Unreadable {
            path: path.to_owned(),
            cause: error.to_string(),
        })
}

/// What is in the file.
pub(super) fn known(path: &Path, connection: &Connection) -> Result<Known, DiskError> {
    read_known(connection).map_err(|error| unreadable(path, &error))
}

fn read_known(connection: &Connection) -> rusqlite::Result<Known> {
    let mut known = Known::default();
    let mut statement = connection.prepare("SELECT id, kind, name FROM series ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, name): (i64, String) = (row.get(0)?, row.get(2)?);
        known.next_series = known.next_series.max(id.saturating_add(1));
        if let Some(by) = By::of_code(row.get(1)?) {
            known.series.push((id, Key::new(by, name)));
        }
    }
    let last: Option<i64> = connection.query_row("SELECT max(id) FROM chunk", [], |row| row.get(0))?;
    known.next_chunk = last.map_or(1, |last| last.saturating_add(1));
    let reached = reached(connection)?;
    known.until = reached.values().copied().max();
    known.missing = missing(connection, &reached)?;
    Ok(known)
}

/// The second after the last one of each ring of each series. All of it is in an index.
fn reached(connection: &Connection) -> rusqlite::Result<HashMap<(i64, usize), i64>> {
    let mut reached: HashMap<(i64, usize), i64> = HashMap::new();
    let mut statement =
        connection.prepare("SELECT series, ring, max(until) FROM chunk GROUP BY series, ring")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let ring: i64 = row.get(1)?;
        if let Ok(ring) = usize::try_from(ring) {
            reached.insert((row.get(0)?, ring), row.get(2)?);
        }
    }
    Ok(reached)
}

/// What the coarser rings lack.
fn missing(connection: &Connection, reached: &HashMap<(i64, usize), i64>) -> rusqlite::Result<Vec<Missing>> {
    let mut missing = Vec::new();
    let mut all: Vec<i64> = reached.keys().map(|(series, _)| *series).collect();
    all.sort_unstable();
    all.dedup();
    for series in all {
        let until = |ring: usize| reached.get(&(series, ring)).copied().unwrap_or(i64::MIN);
        // What the ring between has is taken from there.
        for (coarse, fine, from) in [(1, 0, until(1)), (2, 1, until(2)), (2, 0, until(2).max(until(1)))] {
            let Some(resolution) = RINGS.get(fine) else {
                continue;
            };
            reader::read(connection, series, fine, (from, i64::MAX), |found| {
                if found.span.from < from {
                    return;
                }
                for (index, step) in Reading::new(found.span.first, found.bytes) {
                    let begin = index.saturating_mul(resolution.step).max(found.span.from);
                    let end = (index + 1).saturating_mul(resolution.step).min(found.span.until);
                    missing.push(Missing {
                        series,
                        ring: coarse,
                        span: (begin, end),
                        step,
                    });
                }
            })?;
        }
    }
    missing.sort_by_key(|missing| (missing.series, missing.ring, missing.span.0));
    Ok(missing)
}

fn unreadable(path: &Path, error: &rusqlite::Error) -> DiskError {
    DiskError::Unreadable {
        path: path.to_owned(),
        cause: error.to_string(),
    }
}
