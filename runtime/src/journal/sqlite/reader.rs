//! Queries. Nothing here writes.

use loom_protocol::Timestamp;
use rusqlite::types::FromSql;
use rusqlite::{Connection, Row, params};

use super::rows::{StoredRequest, unsigned};
use crate::event::{Event, Recorded, Seq};
use crate::id::RunId;
use crate::journal::{Change, JournalError, Request};

pub(super) fn events(
    connection: &Connection,
    run: &RunId,
    after: Seq,
    limit: usize,
) -> Result<Vec<Recorded>, JournalError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let after = i64::try_from(after.0).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached("SELECT seq, time, body FROM event WHERE run = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3")
        .map_err(cannot_read)?;
    let mut rows = statement
        .query(params![run.0, after, limit])
        .map_err(cannot_read)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().map_err(cannot_read)? {
        let seq = Seq(unsigned(column(row, 0)?));
        let body: String = column(row, 2)?;
        let event = Event::from_json(&body).map_err(|error| JournalError::Event {
            run: run.0.clone(),
            seq: seq.0,
            cause: error.to_string(),
        })?;
        events.push(Recorded {
            run: run.clone(),
            seq,
            time: Timestamp::from_millis(column(row, 1)?),
            event,
        });
    }
    Ok(events)
}

pub(super) fn last_number(connection: &Connection, file: &str) -> Result<u64, JournalError> {
    // Runs of an older Loom have no number of their own: they count. An attempt has the number of its run, which may be
    // pruned by now.
    let counted = connection.query_row(
        "SELECT max(coalesce(max(number), 0), count(*) FILTER (WHERE first IS NULL)) FROM run WHERE file = ?1",
        params![file],
        |row| row.get(0),
    );
    counted.map(unsigned).map_err(cannot_read)
}

pub(super) fn changes(connection: &Connection, after: u64) -> Result<Vec<Change>, JournalError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached("SELECT change, id, last FROM run WHERE change > ?1 ORDER BY change")
        .map_err(cannot_read)?;
    let change = |row: &Row<'_>| {
        Ok(Change {
            change: unsigned(row.get(0)?),
            run: RunId(row.get(1)?),
            last: Seq(unsigned(row.get(2)?)),
        })
    };
    let rows = statement.query_map([after], change).map_err(cannot_read)?;
    rows.collect::<rusqlite::Result<_>>().map_err(cannot_read)
}

pub(super) fn last_change(connection: &Connection) -> Result<u64, JournalError> {
    let newest: i64 = connection
        .query_row("SELECT coalesce(max(change), 0) FROM run", [], |row| row.get(0))
        .map_err(cannot_read)?;
    Ok(unsigned(newest))
}

pub(super) fn requests(
    connection: &Connection,
    after: u64,
) -> Result<Vec<(u64, RunId, Request)>, JournalError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached("SELECT id, run, body FROM request WHERE id > ?1 ORDER BY id")
        .map_err(cannot_read)?;
    let rows = statement
        .query_map([after], |row| {
            Ok((
                unsigned(row.get(0)?),
                RunId(row.get(1)?),
                row.get::<_, String>(2)?,
            ))
        })
        .map_err(cannot_read)?;
    let mut requests = Vec::new();
    for row in rows {
        let (id, run, body) = row.map_err(cannot_read)?;
        // A request of a kind that this version does not know is somebody else's to answer.
        if let Ok(stored) = serde_json::from_str::<StoredRequest>(&body) {
            requests.push((id, run, stored.into()));
        }
    }
    Ok(requests)
}

pub(super) fn data_version(connection: &Connection) -> Result<i64, JournalError> {
    connection
        .pragma_query_value(None, "data_version", |row| row.get(0))
        .map_err(cannot_read)
}

fn column<T: FromSql>(row: &Row<'_>, index: usize) -> Result<T, JournalError> {
    row.get(index).map_err(cannot_read)
}

pub(super) fn cannot_read(error: rusqlite::Error) -> JournalError {
    JournalError::Read(error.to_string())
}
