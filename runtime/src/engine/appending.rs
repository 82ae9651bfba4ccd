//! Writing into a run's history, as often as it takes within reason.

use std::time::Duration;

use super::shared::Shared;
use crate::event::{Event, Recorded, Seq};
use crate::id::RunId;
use crate::journal::JournalError;

/// How often a write is tried before it is given up; the pause doubles from 100 ms, three seconds in all.
const TRIES: u32 = 6;

/// Appends behind `after`, the last event that this process knows. A write that failed is tried again: the journal knows
/// what is its own, so what was written and not answered is not written twice.
///
/// # Errors
/// What the last try said; at once, when no other try helps.
pub(super) async fn append(
    shared: &Shared,
    run: &RunId,
    after: Seq,
    events: Vec<Event>,
) -> Result<Vec<Recorded>, JournalError> {
    let append = |events| shared.journal.append(run, &shared.owner, after, events);
    let mut pause = Duration::from_millis(100);
    for _ in 1..TRIES {
        match append(events.clone()).await {
            Ok(recorded) => return Ok(recorded),
            // Somebody else has the run or its number, or its history is not what it is here.
            Err(error @ (JournalError::Refused { .. } | JournalError::NumberTaken { .. })) => {
                return Err(error);
            }
            Err(error) => {
                tracing::warn!(%run, %error, "the run's history cannot be written; trying again");
            }
        }
        shared.world.sleep(pause).await;
        pause *= 2;
    }
    append(events).await
}
