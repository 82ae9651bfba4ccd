//! The tables, how they came to be, and how the projections are made anew.

use std::fs::{OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::{reader, rows};
use crate::event::Seq;
use crate::id::RunId;
use crate::journal::{JournalError, Origin, Summary};

/// Each step is final once released: later ones are added behind it.
const STEPS: &[M<'_>] = &[
    M::up(
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
     CREATE TABLE event (
         run TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER NOT NULL, body TEXT NOT NULL,
         PRIMARY KEY (run, seq)
     ) WITHOUT ROWID;
     CREATE INDEX event_first ON event (run) WHERE seq = 1;
     CREATE TABLE run (
         id TEXT PRIMARY KEY, name TEXT NOT NULL, file TEXT NOT NULL, event TEXT NOT NULL, executor TEXT NOT NULL,
         state TEXT NOT NULL, on_crash TEXT NOT NULL, owner TEXT NOT NULL,
         created INTEGER NOT NULL, started INTEGER, finished INTEGER, last INTEGER NOT NULL, change INTEGER NOT NULL
     ) WITHOUT ROWID;
     CREATE INDEX run_created ON run (created DESC, id DESC);
     CREATE INDEX run_change ON run (change);
     CREATE INDEX run_open ON run (id) WHERE finished IS NULL;
     CREATE TABLE request (
         id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, time INTEGER NOT NULL, body TEXT NOT NULL
     );",
    ),
    // What lost runs of before left is looked for once more. Requests are kept as long as their runs are open.
    M::up(
        "ALTER TABLE run ADD COLUMN remains INTEGER NOT NULL DEFAULT 0;
     UPDATE run SET remains = 1 WHERE state = '\"lost\"';
     CREATE INDEX run_remains ON run (id) WHERE remains = 1;
     DELETE FROM request WHERE run IN (SELECT id FROM run WHERE finished IS NOT NULL);",
    ),
    // Claims of concurrency groups. The run as a whole has the job ''.
    M::up(
        "CREATE TABLE claim (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, run TEXT NOT NULL, job TEXT NOT NULL,
         state TEXT NOT NULL, displaced_by INTEGER, cancels INTEGER,
         UNIQUE (run, job)
     );
     CREATE INDEX claim_name ON claim (name, id);
     CREATE UNIQUE INDEX claim_held ON claim (name) WHERE state = 'held';",
    ),
    // Attempts at a run: `first` is the first one, of which there is nothing in its own line.
    M::up(
        "ALTER TABLE run ADD COLUMN first TEXT;
     ALTER TABLE run ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
     CREATE INDEX run_first ON run (first) WHERE first IS NOT NULL;",
    ),
    // Which run of its workflow's file each is. Not unique: before this, two that began at the same moment may have got one
    // number.
    M::up(
        "ALTER TABLE run ADD COLUMN number INTEGER;
     UPDATE run SET number = (
         SELECT CASE WHEN json_valid(body) THEN json_extract(body, '$.number') END
         FROM event WHERE event.run = run.id AND event.seq = 1
     );
     CREATE INDEX run_number ON run (file, number);",
    ),
    // The jobs that are under way, as JSON. Of a run that is open right now only what comes is in it: an older Loom may be
    // running it, so its line stays as it is.
    M::up("ALTER TABLE run ADD COLUMN under_way TEXT NOT NULL DEFAULT '{}';"),
    // Where runs come from, and what lists are asked by: `run_list` has all that they are filtered by, so that a filter
    // reads no line that it does not want. A line without an actor, not even an empty one, is from before this.
    M::up(
        "ALTER TABLE run ADD COLUMN branch TEXT;
     ALTER TABLE run ADD COLUMN actor TEXT;
     ALTER TABLE run ADD COLUMN sha TEXT;
     ALTER TABLE run ADD COLUMN title TEXT;
     DROP INDEX run_created;
     CREATE INDEX run_list ON run (created DESC, id DESC, file, name, state, event, branch, actor, number, title);
     CREATE INDEX run_file ON run (file, created DESC, id DESC);
     CREATE INDEX run_unplaced ON run (id) WHERE actor IS NULL;
     CREATE INDEX run_uncounted ON run (file) WHERE number IS NULL;",
    ),
];

/// How long to wait for others. They hold the file for milliseconds.
const BUSY: Duration = Duration::from_secs(10);

/// Makes the file readable to its owner alone, also one that is there: histories may hold what is nobody else's business.
/// SQLite gives the files beside it the same rights when it makes them.
pub(super) fn make_private(path: &Path) -> Result<(), JournalError> {
    let failed = |error: std::io::Error| JournalError::Open {
        path: path.to_owned(),
        cause: error.to_string(),
    };
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    drop(options.open(path).map_err(failed)?);
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(ending);
        let closed = std::fs::metadata(&file).and_then(|there| {
            if there.permissions().mode() & 0o077 == 0 {
                return Ok(());
            }
            std::fs::set_permissions(&file, Permissions::from_mode(0o600))
        });
        match closed {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                // Another user's file, which that user lets us write: its rights are that user's choice.
                tracing::warn!(%error, "the journal may be readable to others");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Opens a connection with the settings that every one of ours has.
pub(super) fn connect(path: &Path) -> Result<Connection, JournalError> {
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        // Others may hold the write lock for a moment: a commit here takes milliseconds.
        connection.busy_timeout(BUSY)?;
        write_ahead(&connection)?;
        keep_log(&connection)?;
        keep_plans(&connection)?;
        // FULL: an acknowledged event survives a power cut.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    };
    open().map_err(|error| cannot_open(path, &error))
}

/// Opens one more connection to a file that [`connect`] has made ready; it only reads.
pub(super) fn connect_reader(path: &Path) -> Result<Connection, JournalError> {
    let open = || -> rusqlite::Result<Connection> {
        // Not `READ_ONLY`: a reader of a file in WAL mode takes locks in the file beside it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        keep_log(&connection)?;
        keep_plans(&connection)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    };
    open().map_err(|error| cannot_open(path, &error))
}

/// Has statements prepared once. Else SQLite prepares one anew whenever another value is bound to its `LIMIT`, which costs
/// as much as all else about a small query.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
}

/// Leaves the log of writes where it is when the last connection closes: a short run would otherwise copy it, remove it,
/// and make the next one begin by making it anew, each waiting for the disk. It is copied as usual once it is long enough.
fn keep_log(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map(drop)
}

/// Puts the file in WAL mode. The change needs the file for itself and is refused as busy at once, whatever the timeout, when
/// another Loom opens the same new file at the same moment: then that one is making the change.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let deadline = Instant::now() + BUSY;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(10))
            }
            other => return other,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Brings the tables to this version.
pub(super) fn migrate(path: &Path, connection: &mut Connection) -> Result<(), JournalError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let there: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| cannot_open(path, &error))?;
    if there > known {
        return Err(JournalError::Newer {
            path: path.to_owned(),
        });
    }
    if there == known {
        return Ok(());
    }
    // Several processes may open a new state directory at the same moment: one migrates, the others find it done. While it
    // does, theirs fail in ways that depend on the moment.
    let deadline = Instant::now() + Duration::from_secs(3);
    loop {
        let Err(error) = Migrations::from_slice(STEPS).to_latest(connection) else {
            return Ok(());
        };
        let now: rusqlite::Result<i64> =
            connection.pragma_query_value(None, "user_version", |row| row.get(0));
        if now.is_ok_and(|now| now == known) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(JournalError::Open {
                path: path.to_owned(),
                cause: error.to_string(),
            });
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// The state directory's own id, drawn by whoever opens it first.
pub(super) fn instance(path: &Path, connection: &mut Connection) -> Result<String, JournalError> {
    let fresh = uuid::Uuid::new_v4().simple().to_string();
    let draw = || -> rusqlite::Result<String> {
        let known = connection
            .query_row("SELECT value FROM meta WHERE key = 'instance'", [], |row| {
                row.get(0)
            })
            .optional()?;
        if let Some(known) = known {
            return Ok(known);
        }
        connection.execute(
            "INSERT OR IGNORE INTO meta (key, value) VALUES ('instance', ?1)",
            [&fresh],
        )?;
        connection.query_row("SELECT value FROM meta WHERE key = 'instance'", [], |row| {
            row.get(0)
        })
    };
    draw().map_err(|error| cannot_open(path, &error))
}

/// Makes the line of every run that has events and no line, and completes those that older Looms wrote. Cheap when nothing is
/// missing.
pub(super) fn rebuild_projections(connection: &mut Connection) -> Result<(), JournalError> {
    rebuild_lines(connection)?;
    complete_lines(connection).map_err(|error| JournalError::Write(error.to_string()))
}

/// Says in lines of older Looms where the runs come from, and which run of its file each is.
fn complete_lines(connection: &mut Connection) -> rusqlite::Result<()> {
    let missing = "SELECT EXISTS (SELECT 1 FROM run WHERE actor IS NULL)
                       OR EXISTS (SELECT 1 FROM run WHERE number IS NULL)";
    if !connection.query_row(missing, [], |row| row.get(0))? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let unplaced: Vec<String> = transaction
        .prepare("SELECT id FROM run WHERE actor IS NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for run in unplaced {
        let run = RunId(run);
        let first = reader::events(&transaction, &run, Seq::default(), 1);
        // Of a damaged history nothing is known.
        let origin = first
            .ok()
            .and_then(|first| Some(Origin::of(&first.first()?.event)));
        rows::write_origin(&transaction, &run, &origin.unwrap_or_default())?;
    }
    // They count by their order in the history; attempts have the number of their run.
    transaction.execute_batch(
        "UPDATE run SET number = counted.number
         FROM (SELECT id, row_number() OVER (PARTITION BY file ORDER BY created, id) AS number
               FROM run WHERE first IS NULL) AS counted
         WHERE run.number IS NULL AND run.id = counted.id;
         UPDATE run SET number = begun.number FROM run AS begun WHERE run.number IS NULL AND begun.id = run.first;
         UPDATE run SET number = 0 WHERE number IS NULL;",
    )?;
    transaction.commit()
}

fn rebuild_lines(connection: &mut Connection) -> Result<(), JournalError> {
    let missing = "SELECT run FROM event WHERE seq = 1 AND run NOT IN (SELECT id FROM run)";
    let list = |connection: &Connection| -> rusqlite::Result<Vec<String>> {
        connection
            .prepare(missing)?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    let failed = |error: rusqlite::Error| JournalError::Write(error.to_string());
    if list(connection).map_err(failed)?.is_empty() {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    for run in list(&transaction).map_err(failed)? {
        let run = RunId(run);
        let events = match reader::events(&transaction, &run, Seq::default(), usize::MAX) {
            Ok(events) => events,
            // One damaged history must not keep all others from being used.
            Err(error @ JournalError::Event { .. }) => {
                tracing::warn!(%error, "a run is not listed");
                continue;
            }
            Err(error) => return Err(error),
        };
        let mut events = events.iter();
        let Some(mut summary) = events.next().and_then(Summary::create) else {
            continue;
        };
        events.for_each(|event| summary.apply(event));
        rows::write_summary(&transaction, &summary).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

fn cannot_open(path: &Path, error: &rusqlite::Error) -> JournalError {
    JournalError::Open {
        path: path.to_owned(),
        cause: explain(error, path.to_str()),
    }
}

/// What SQLite says, and of a full disk what to do about it; `file` is the journal's.
pub(super) fn explain(error: &rusqlite::Error, file: Option<&str>) -> String {
    match (error.sqlite_error_code(), file) {
        (Some(ErrorCode::DiskFull), Some(file)) => {
            format!("{error}: make room for {file}, or name another LOOM_STATE_DIR, then run again")
        }
        _ => error.to_string(),
    }
}
