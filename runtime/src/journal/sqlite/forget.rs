//! Forgets runs, inside a transaction.

use rusqlite::Transaction;

use crate::id::RunId;
use crate::journal::FORGOTTEN_AT_ONCE;

/// Removes the events and lines of those of these runs that may go: [`crate::journal::Journal::forget`].
pub(super) fn forget(transaction: &Transaction<'_>, runs: &[RunId]) -> rusqlite::Result<Vec<RunId>> {
    let mut gone = Vec::new();
    for run in runs.iter().take(FORGOTTEN_AT_ONCE) {
        let may_go: bool = transaction
            .prepare_cached(
                "SELECT EXISTS (
                     SELECT 1 FROM run WHERE id = ?1 AND finished IS NOT NULL AND remains = 0
                         AND change < (SELECT max(change) FROM run)
                         AND NOT EXISTS (
                             SELECT 1 FROM run AS other
                             WHERE other.finished IS NULL AND coalesce(other.first, other.id) = coalesce(run.first, run.id)
                         )
                 )",
            )?
            .query_row([&run.0], |row| row.get(0))?;
        if may_go {
            for table in [
                "DELETE FROM event WHERE run = ?1",
                "DELETE FROM run WHERE id = ?1",
            ] {
                transaction.prepare_cached(table)?.execute([&run.0])?;
            }
            gone.push(run.clone());
        }
    }
    Ok(gone)
}
