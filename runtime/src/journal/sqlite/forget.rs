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
                // All attempts go together: a later one may show the logs of an earlier one.
                "SELECT EXISTS (
                     SELECT 1 FROM run WHERE id = ?1 AND NOT EXISTS (
                         SELECT 1 FROM run AS attempt
                         WHERE (attempt.id = coalesce(run.first, run.id) OR attempt.first = coalesce(run.first, run.id))
                             AND (attempt.finished IS NULL OR attempt.remains <> 0
                                 OR attempt.change = (SELECT max(change) FROM run))
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
