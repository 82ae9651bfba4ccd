//! The file: SQLite in WAL mode, written by one thread, read by connections of its own. All SQL of the history is in here.

mod reader;
mod schema;
mod writer;

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

pub(crate) use self::reader::Found;
pub(crate) use self::schema::Known;
pub(crate) use self::writer::{Order, Row};
use self::writer::{Status, Writer};

/// What the file is called.
pub const FILE: &str = "history.sqlite";
/// Held by the studio that keeps its history there.
const LOCK: &str = "history.lock";

/// Why a file is not used. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    #[error("use {path}: {cause}; name another directory, or mend this one, then start again")]
    Directory { path: PathBuf, cause: String },
    #[error(
        "keep the history in {path}: another studio keeps its own there; give this one another LOOM_STATE_DIR"
    )]
    Taken { path: PathBuf },
    #[error("read {path}: a newer Loom wrote it; use that one, or move the file away")]
    Newer { path: PathBuf },
    #[error("read {path}: {cause}; move the file away to begin a new one, then start again")]
    Unreadable { path: PathBuf, cause: String },
    #[error("write the history into {path}: {cause}")]
    Write { path: PathBuf, cause: String },
}

/// An open file.
pub(crate) struct Disk {
    path: PathBuf,
    writer: Writer,
    status: Arc<Mutex<Status>>,
    reader: Mutex<Option<Connection>>,
    _lock: File,
}

impl Disk {
    /// Opens the file in a directory, making both where they are not there, and tells what is in it.
    pub(crate) fn open(directory: &Path, max: u64) -> Result<(Self, Known), DiskError> {
        let failed = |error: std::io::Error| DiskError::Directory {
            path: directory.to_owned(),
            cause: error.to_string(),
        };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(0o600);
        let lock = options.open(directory.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(DiskError::Taken {
                    path: directory.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let path = directory.join(FILE);
        // Private from the first byte: names of actors may be nobody else's business.
        drop(options.open(&path).map_err(failed)?);
        let mut connection = schema::connect(&path)?;
        schema::migrate(&path, &mut connection)?;
        let known = schema::known(&path, &connection)?;
        let status = Arc::new(Mutex::new(Status::of(&connection)));
        let writer = Writer::start(&path, connection, max, &status)?;
        let disk = Self {
            path,
            writer,
            status,
            reader: Mutex::default(),
            _lock: lock,
        };
        Ok((disk, known))
    }

    /// Orders something of the writer. False when it has too much to do: then it was not ordered.
    pub(crate) fn order(&self, order: Order) -> bool {
        self.writer.order(order)
    }

    /// Waits until all that was ordered is done, but no longer than this.
    pub(crate) fn wait(&self, within: Duration) {
        self.writer.wait(within);
    }

    pub(crate) fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at each chunk of one ring of a series that is of seconds from one on and before another.
    pub(crate) fn read(
        &self,
        series: i64,
        ring: usize,
        span: (i64, i64),
        look: impl FnMut(Found<'_>),
    ) -> Result<(), DiskError> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match reader.take() {
            Some(connection) => connection,
            None => schema::connect(&self.path)?,
        };
        reader::read(&connection, series, ring, span, look).map_err(|error| DiskError::Unreadable {
            path: self.path.clone(),
            cause: error.to_string(),
        })?;
        *reader = Some(connection);
        Ok(())
    }
}

/// What SQLite says, and of what an operator can do something about, what that is.
fn explain(path: &Path, error: &rusqlite::Error) -> DiskError {
    let next = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "; make room there, it is tried again",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "; another program holds the file, it is tried again"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "; move the file away and start again: a new one is made"
        }
        _ => "; it is tried again",
    };
    DiskError::Write {
        path: path.to_owned(),
        cause: format!("{error}{next}"),
    }
}
