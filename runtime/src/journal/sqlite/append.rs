//! Appending inside a transaction: who may, where, and what is there already.

use rusqlite::{Transaction, params};

use super::rows::{change_summary, read_summary, signed, to_json, write_summary};
use super::{claims, list, reader};
use crate::event::{Recorded, Seq};
use crate::executor::Owner;
use crate::id::RunId;
use crate::journal::admission::{Admission, admit, admit_attempt, beginning, compare, number_taken};
use crate::journal::{JournalError, RunQuery, Stamped, Summary};

/// Events for the end of a run's history.
#[derive(Clone)]
pub(super) struct Append {
    pub(super) run: RunId,
    /// Who appends: the run's owner, or nobody.
    pub(super) owner: Owner,
    /// The last event there is, as the owner knows it.
    pub(super) after: Seq,
    pub(super) events: Vec<Stamped>,
}

impl Append {
    /// The line of the run that these events begin, when they begin one.
    fn begins(&self, known: Option<&Summary>) -> Option<Summary> {
        let first = self.events.first().filter(|_| known.is_none())?;
        beginning(&self.run, first)
    }
}

/// Events that were appended.
pub(super) struct Appended {
    pub(super) events: Vec<Recorded>,
    /// How much they are, as they are written down.
    pub(super) bytes: usize,
}

/// Appends, or says why not; the outer error is the database's.
pub(super) fn append(
    transaction: &Transaction<'_>,
    order: &Append,
) -> rusqlite::Result<Result<Appended, JournalError>> {
    let summary = read_summary(transaction, &order.run)?;
    match admit(&order.run, summary.as_ref(), &order.owner, order.after) {
        Ok(Admission::Write) => {
            if let Some(new) = order.begins(summary.as_ref())
                && let Some(refused) = refused_new(transaction, &new)?
            {
                return Ok(Err(refused));
            }
        }
        Ok(Admission::Compare) => {
            let there = reader::events(transaction, &order.run, order.after, usize::MAX);
            let same = there.and_then(|there| compare(&order.run, order.after, &order.events, there));
            return Ok(same.map(|events| Appended { events, bytes: 0 }));
        }
        Err(error) => return Ok(Err(error)),
    }
    write(transaction, order, summary).map(Ok)
}

/// Why a run may not begin so, if it may not.
fn refused_new(transaction: &Transaction<'_>, new: &Summary) -> rusqlite::Result<Option<JournalError>> {
    if new.first.is_none() {
        return Ok(match new.number {
            Some(number) if has_number(transaction, &new.workflow.file, number)? => {
                Some(number_taken(new, number))
            }
            _ => None,
        });
    }
    let query = RunQuery {
        attempts_at: new.first.clone(),
        limit: usize::MAX,
        ..RunQuery::default()
    };
    Ok(match list::runs(transaction, &query) {
        Ok(others) => admit_attempt(new, &others).err(),
        Err(error) => Some(error),
    })
}

fn has_number(transaction: &Transaction<'_>, file: &str, number: u64) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT 1 FROM run WHERE file = ?1 AND number = ?2")?
        .exists(params![file, signed(number)])
}

/// Makes the appending owner the run's, and appends. `false`, with nothing written, when it is not `from`'s any more or
/// has other events by now.
pub(super) fn take_over(
    transaction: &Transaction<'_>,
    from: &Owner,
    order: &Append,
) -> rusqlite::Result<bool> {
    let Some(summary) = read_summary(transaction, &order.run)? else {
        return Ok(false);
    };
    if summary.owner != *from || summary.last != order.after || summary.state.is_final() {
        return Ok(false);
    }
    write(transaction, order, Some(summary)).map(|_| true)
}

fn write(
    transaction: &Transaction<'_>,
    order: &Append,
    mut summary: Option<Summary>,
) -> rusqlite::Result<Appended> {
    let before = summary.clone();
    let mut seq = order.after;
    let mut insert =
        transaction.prepare_cached("INSERT INTO event (run, seq, time, body) VALUES (?1, ?2, ?3, ?4)")?;
    let mut all = Appended {
        events: Vec::with_capacity(order.events.len()),
        bytes: 0,
    };
    for event in &order.events {
        seq = seq.next();
        let recorded = Recorded {
            run: order.run.clone(),
            seq,
            time: event.time,
            event: event.event.clone(),
        };
        let body = to_json(&event.event)?;
        all.bytes += body.len();
        insert.execute(params![
            order.run.0,
            signed(seq.0),
            recorded.time.as_millis(),
            body
        ])?;
        match &mut summary {
            Some(summary) => summary.apply(&recorded),
            None => summary = Summary::create(&recorded),
        }
        all.events.push(recorded);
    }
    if let Some(summary) = &summary {
        match &before {
            Some(before) => change_summary(transaction, before, summary)?,
            None => write_summary(transaction, summary)?,
        }
        if summary.state.is_final() {
            // Nobody is left to answer them.
            transaction
                .prepare_cached("DELETE FROM request WHERE run = ?1")?
                .execute([&order.run.0])?;
            claims::release_run(transaction, &order.run)?;
        }
    }
    Ok(all)
}
