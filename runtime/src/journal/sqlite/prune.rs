//! Forgets old runs, inside a transaction.

use loom_protocol::Timestamp;
use rusqlite::{Transaction, params};

use crate::id::RunId;
use crate::journal::PRUNED_AT_ONCE;

/// Removes the events and lines of runs that ended before this, the oldest first.
///
/// The run that changed last stays whatever its age: the order of changes goes on behind it.
pub(super) fn prune(
    transaction: &Transaction<'_>,
    before: Timestamp,
    keep: usize,
) -> rusqlite::Result<Vec<RunId>> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let runs: Vec<RunId> = transaction
        .prepare_cached(
            "SELECT id FROM run
             WHERE finished < ?1 AND remains = 0 AND change < (SELECT max(change) FROM run)
                 AND id NOT IN (SELECT id FROM run ORDER BY created DESC, id DESC LIMIT ?2)
             ORDER BY created, id LIMIT ?3",
        )?
        .query_map(
            params![before.as_millis(), number(keep), number(PRUNED_AT_ONCE)],
            |row| row.get(0).map(RunId),
        )?
        .collect::<rusqlite::Result<_>>()?;
    for run in &runs {
        for table in [
            "DELETE FROM event WHERE run = ?1",
            "DELETE FROM run WHERE id = ?1",
        ] {
            transaction.prepare_cached(table)?.execute([&run.0])?;
        }
    }
    Ok(runs)
}
