//! Appending inside a transaction: who may, where, and what is there already.

use rusqlite::{Transaction, params};

use super::reader;
use super::rows::{read_summary, signed, to_json, write_summary};
use crate::event::{Event, Recorded, Seq};
use crate::executor::Owner;
use crate::id::RunId;
use crate::journal::{JournalError, Summary};
use crate::world::World;

/// Events for the end of a run's history.
#[derive(Clone)]
pub(super) struct Append {
    pub(super) run: RunId,
    /// Who appends: the run's owner, or nobody.
    pub(super) owner: Owner,
    /// The last event there is, as the owner knows it.
    pub(super) after: Seq,
    pub(super) events: Vec<Event>,
}

/// Appends, or says why not; the outer error is the database's.
pub(super) fn append(
    transaction: &Transaction<'_>,
    order: &Append,
    world: &dyn World,
) -> rusqlite::Result<Result<Vec<Recorded>, JournalError>> {
    let refused = |cause: String| {
        Err(JournalError::Refused {
            run: order.run.0.clone(),
            cause,
        })
    };
    let summary = read_summary(transaction, &order.run)?;
    let last = summary.as_ref().map_or(Seq::default(), |summary| summary.last);
    if let Some(summary) = &summary
        && summary.owner != order.owner
    {
        return Ok(refused(format!(
            "process {} owns it now; this one ({}) was taken for dead",
            summary.owner.pid, order.owner.pid
        )));
    }
    if last != order.after {
        let there = match reader::events(transaction, &order.run, order.after, usize::MAX) {
            Ok(there) => there,
            Err(error) => return Ok(Err(error)),
        };
        // Told a second time, because the answer to the first was lost.
        if there.len() == order.events.len()
            && there
                .iter()
                .zip(&order.events)
                .all(|(there, event)| there.event == *event)
        {
            return Ok(Ok(there));
        }
        return Ok(refused(format!(
            "its last event is {}, not {}: somebody else wrote to it",
            last.0, order.after.0
        )));
    }
    if summary.as_ref().is_some_and(|summary| summary.state.is_final()) {
        return Ok(refused("it has ended".to_owned()));
    }
    write(transaction, order, summary, world).map(Ok)
}

/// Makes the appending owner the run's, and appends. `false`, with nothing written, when it is not `from`'s any more or
/// has other events by now.
pub(super) fn take_over(
    transaction: &Transaction<'_>,
    from: &Owner,
    order: &Append,
    world: &dyn World,
) -> rusqlite::Result<bool> {
    let Some(summary) = read_summary(transaction, &order.run)? else {
        return Ok(false);
    };
    if summary.owner != *from || summary.last != order.after || summary.state.is_final() {
        return Ok(false);
    }
    let mut order = order.clone();
    if order.owner != *from {
        let owner = order.owner.clone();
        order.events.insert(0, Event::RunTakenOver { owner });
    }
    write(transaction, &order, Some(summary), world).map(|_| true)
}

fn write(
    transaction: &Transaction<'_>,
    order: &Append,
    mut summary: Option<Summary>,
    world: &dyn World,
) -> rusqlite::Result<Vec<Recorded>> {
    let mut seq = order.after;
    let mut insert =
        transaction.prepare_cached("INSERT INTO event (run, seq, time, body) VALUES (?1, ?2, ?3, ?4)")?;
    let mut all = Vec::with_capacity(order.events.len());
    for event in &order.events {
        seq = seq.next();
        let recorded = Recorded {
            run: order.run.clone(),
            seq,
            time: world.now(),
            event: event.clone(),
        };
        insert.execute(params![
            order.run.0,
            signed(seq.0),
            recorded.time.as_millis(),
            to_json(event)?
        ])?;
        match &mut summary {
            Some(summary) => summary.apply(&recorded),
            None => summary = Summary::create(&recorded),
        }
        all.push(recorded);
    }
    if let Some(summary) = &summary {
        write_summary(transaction, summary)?;
        if summary.state.is_final() {
            // Nobody is left to answer them.
            transaction
                .prepare_cached("DELETE FROM request WHERE run = ?1")?
                .execute([&order.run.0])?;
        }
    }
    Ok(all)
}
