//! How things lie in their rows: written and read in one place.

use loom_protocol::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::event::{PauseAnswer, Seq, WorkflowRef};
use crate::id::{JobId, RunId, StepId};
use crate::journal::{Origin, Request, Summary};

/// The columns that [`summary_row`] reads, in its order.
pub(super) const SUMMARY_COLUMNS: &str = "id, name, file, event, executor, state, on_crash, owner, created, started, finished, last, \
     remains, first, attempt, number, under_way, branch, actor, sha, title";

pub(super) fn summary_row(row: &Row<'_>) -> rusqlite::Result<Summary> {
    Ok(Summary {
        id: RunId(row.get(0)?),
        workflow: WorkflowRef {
            name: row.get(1)?,
            file: row.get(2)?,
        },
        event: row.get(3)?,
        executor: row.get(4)?,
        state: json(row, 5)?,
        on_crash: json(row, 6)?,
        owner: json(row, 7)?,
        created_at: Timestamp::from_millis(row.get(8)?),
        started_at: row.get::<_, Option<i64>>(9)?.map(Timestamp::from_millis),
        finished_at: row.get::<_, Option<i64>>(10)?.map(Timestamp::from_millis),
        last: Seq(unsigned(row.get(11)?)),
        remains: row.get(12)?,
        first: row.get::<_, Option<String>>(13)?.map(RunId),
        attempt: row.get(14)?,
        number: row
            .get::<_, Option<i64>>(15)?
            .map(unsigned)
            .filter(|number| *number > 0),
        under_way: json(row, 16)?,
        origin: Origin {
            branch: known(row, 17)?,
            actor: known(row, 18)?,
            commit: known(row, 19)?,
            title: known(row, 20)?,
        },
    })
}

/// Reads a run's line inside a transaction.
pub(super) fn read_summary(connection: &Connection, run: &RunId) -> rusqlite::Result<Option<Summary>> {
    let sql = format!("SELECT {} FROM run WHERE id = ?1", SUMMARY_COLUMNS);
    connection
        .prepare_cached(&sql)?
        .query_row(params![run.0], summary_row)
        .optional()
}

/// Writes a run's line and gives it the newest place in the order of changes.
pub(super) fn write_summary(transaction: &Transaction<'_>, run: &Summary) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO run (id, name, file, event, executor, state, on_crash, owner, created, started, finished,
                              last, remains, first, attempt, number, under_way, branch, actor, sha, title, change)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                     (SELECT coalesce(max(change), 0) + 1 FROM run))
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, owner = excluded.owner, started = excluded.started,
                 finished = excluded.finished, last = excluded.last, remains = excluded.remains, under_way = excluded.under_way,
                 change = excluded.change",
        )?
        .execute(params![
            run.id.0,
            run.workflow.name,
            run.workflow.file,
            run.event,
            run.executor,
            to_json(&run.state)?,
            to_json(&run.on_crash)?,
            to_json(&run.owner)?,
            run.created_at.as_millis(),
            run.started_at.map(loom_protocol::Timestamp::as_millis),
            run.finished_at.map(loom_protocol::Timestamp::as_millis),
            signed(run.last.0),
            run.remains,
            run.first.as_ref().map(|first| first.0.as_str()),
            run.attempt,
            run.number.map(signed),
            to_json(&run.under_way)?,
            run.origin.branch.as_deref().unwrap_or_default(),
            run.origin.actor.as_deref().unwrap_or_default(),
            run.origin.commit.as_deref().unwrap_or_default(),
            run.origin.title.as_deref().unwrap_or_default(),
        ])?;
    Ok(())
}

/// Writes a run's line in place of the one that is there. What mostly changes is in no index but that of changes: each other one
/// that is written as well costs as much as the line.
pub(super) fn change_summary(
    transaction: &Transaction<'_>,
    before: &Summary,
    run: &Summary,
) -> rusqlite::Result<()> {
    let only_went_on = Summary {
        last: run.last,
        under_way: run.under_way.clone(),
        ..before.clone()
    };
    if only_went_on != *run {
        return write_summary(transaction, run);
    }
    transaction
        .prepare_cached(
            "UPDATE run SET last = ?2, under_way = ?3, change = (SELECT coalesce(max(change), 0) + 1 FROM run) WHERE id = ?1",
        )?
        .execute(params![run.id.0, signed(run.last.0), to_json(&run.under_way)?])?;
    Ok(())
}

/// How a request lies in its row.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(super) enum StoredRequest {
    Cancel {
        by: String,
    },
    CancelJob {
        job: JobId,
        by: String,
    },
    Answer {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job: Option<JobId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<StepId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pause: Option<u32>,
        answer: PauseAnswer,
    },
}

impl From<Request> for StoredRequest {
    fn from(request: Request) -> Self {
        match request {
            Request::Cancel { by } => Self::Cancel { by },
            Request::CancelJob { job, by } => Self::CancelJob { job, by },
            Request::Answer {
                job,
                step,
                pause,
                answer,
            } => Self::Answer {
                job,
                step,
                pause,
                answer,
            },
        }
    }
}

impl From<StoredRequest> for Request {
    fn from(stored: StoredRequest) -> Self {
        match stored {
            StoredRequest::Cancel { by } => Self::Cancel { by },
            StoredRequest::CancelJob { job, by } => Self::CancelJob { job, by },
            StoredRequest::Answer {
                job,
                step,
                pause,
                answer,
            } => Self::Answer {
                job,
                step,
                pause,
                answer,
            },
        }
    }
}

pub(super) fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// What is not known is empty; in a line that an older Loom wrote it may be missing.
fn known(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<String>> {
    let text: Option<String> = row.get(index)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Says in a run's line where the run comes from.
pub(super) fn write_origin(
    transaction: &Transaction<'_>,
    run: &RunId,
    origin: &Origin,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE run SET branch = ?2, actor = ?3, sha = ?4, title = ?5 WHERE id = ?1")?
        .execute(params![
            run.0,
            origin.branch.as_deref().unwrap_or_default(),
            origin.actor.as_deref().unwrap_or_default(),
            origin.commit.as_deref().unwrap_or_default(),
            origin.title.as_deref().unwrap_or_default(),
        ])?;
    Ok(())
}

fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}
