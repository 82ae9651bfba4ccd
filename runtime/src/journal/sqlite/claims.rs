//! Claims of concurrency groups, inside a transaction. What follows from what is in `journal/claims.rs`.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::rows::{read_summary, signed, unsigned};
use crate::id::{JobId, RunId};
use crate::journal::claims::{Kept, answer, enter, group_key, next};
use crate::journal::{ClaimRequest, ClaimState, Claimant, Claimed, JournalError};

const COLUMNS: &str = "id, name, run, job, state, displaced_by, cancels";

/// Claims, or says why not; the outer error is the database's.
pub(super) fn claim(
    transaction: &Transaction<'_>,
    request: &ClaimRequest,
) -> rusqlite::Result<Result<Claimed, JournalError>> {
    let run = read_summary(transaction, &request.run)?;
    if let Err(error) = request.admitted(run.as_ref()) {
        return Ok(Err(error));
    }
    let (name, claimant) = (group_key(&request.group), request.claimant());
    if let Some(own) = kept(transaction, &claimant)? {
        return Ok(if own.group == name {
            Ok(answer(&own, &group(transaction, &name)?))
        } else {
            Err(request.elsewhere(&own))
        });
    }
    let entry = match enter(request, &group(transaction, &name)?) {
        Ok(entry) => entry,
        Err(error) => return Ok(Err(error)),
    };
    transaction
        .prepare_cached("INSERT INTO claim (name, run, job, state, cancels) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            name,
            claimant.run.0,
            job_column(&claimant),
            word(entry.state),
            entry.cancels.map(signed)
        ])?;
    let id = transaction.last_insert_rowid();
    for displaced in entry.displaces {
        transaction
            .prepare_cached("UPDATE claim SET state = 'displaced', displaced_by = ?2 WHERE id = ?1")?
            .execute(params![signed(displaced), id])?;
    }
    let group = group(transaction, &name)?;
    let own = group.iter().find(|kept| kept.id == unsigned(id));
    Ok(own
        .map(|own| answer(own, &group))
        .ok_or_else(|| JournalError::Write("a claim is not there after it was written".to_owned())))
}

/// Where a claimant stands.
pub(super) fn state(connection: &Connection, claimant: &Claimant) -> rusqlite::Result<Option<ClaimState>> {
    Ok(kept(connection, claimant)?.map(|kept| kept.state))
}

/// Ends a claim, and lets the next one of its group run.
pub(super) fn release(transaction: &Transaction<'_>, claimant: &Claimant) -> rusqlite::Result<()> {
    let Some(own) = kept(transaction, claimant)? else {
        return Ok(());
    };
    transaction
        .prepare_cached("DELETE FROM claim WHERE id = ?1")?
        .execute([signed(own.id)])?;
    promote(transaction, &own.group)
}

/// Ends all claims of a run and its jobs.
pub(super) fn release_run(transaction: &Transaction<'_>, run: &RunId) -> rusqlite::Result<()> {
    let groups: Vec<String> = transaction
        .prepare_cached("DELETE FROM claim WHERE run = ?1 RETURNING name")?
        .query_map([&run.0], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    groups.iter().try_for_each(|group| promote(transaction, group))
}

fn promote(transaction: &Transaction<'_>, group_name: &str) -> rusqlite::Result<()> {
    if let Some(id) = next(&group(transaction, group_name)?) {
        transaction
            .prepare_cached("UPDATE claim SET state = 'held' WHERE id = ?1")?
            .execute([signed(id)])?;
    }
    Ok(())
}

fn kept(connection: &Connection, claimant: &Claimant) -> rusqlite::Result<Option<Kept>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM claim WHERE run = ?1 AND job = ?2"
        ))?
        .query_row(params![claimant.run.0, job_column(claimant)], row)
        .optional()
}

fn group(connection: &Connection, name: &str) -> rusqlite::Result<Vec<Kept>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM claim WHERE name = ?1 ORDER BY id"
        ))?
        .query_map([name], row)?
        .collect()
}

fn row(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let (job, state): (String, String) = (row.get(3)?, row.get(4)?);
    Ok(Kept {
        id: unsigned(row.get(0)?),
        group: row.get(1)?,
        claimant: Claimant {
            run: RunId(row.get(2)?),
            job: (!job.is_empty()).then_some(JobId(job)),
        },
        state: match state.as_str() {
            "held" => ClaimState::Held,
            "waiting" => ClaimState::Waiting,
            // A word of a newer Loom is no leave to run.
            _ => ClaimState::Displaced,
        },
        displaced_by: row.get::<_, Option<i64>>(5)?.map(unsigned),
        cancels: row.get::<_, Option<i64>>(6)?.map(unsigned),
    })
}

fn job_column(claimant: &Claimant) -> &str {
    claimant.job.as_ref().map_or("", |job| &job.0)
}

fn word(state: ClaimState) -> &'static str {
    match state {
        ClaimState::Held => "held",
        ClaimState::Waiting => "waiting",
        ClaimState::Displaced => "displaced",
    }
}
