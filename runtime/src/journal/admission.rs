//! Whether an append may be done: the same rules in every journal.

use super::{JournalError, Stamped, Summary};
use crate::event::{Recorded, Seq};
use crate::executor::Owner;
use crate::id::RunId;

/// What to do with an append.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// Write it.
    Write,
    /// There are events behind its place: perhaps its own, because the answer to the first try was lost.
    Compare,
}

/// Looks at who appends, and where.
///
/// # Errors
/// [`JournalError::Refused`] when the run is another owner's, or has ended.
pub(super) fn admit(
    run: &RunId,
    summary: Option<&Summary>,
    owner: &Owner,
    after: Seq,
) -> Result<Admission, JournalError> {
    if let Some(summary) = summary
        && summary.owner != *owner
    {
        return Err(refused(run, not_the_owner(summary, owner)));
    }
    if summary.map_or(Seq::default(), |summary| summary.last) != after {
        return Ok(Admission::Compare);
    }
    if summary.is_some_and(|summary| summary.state.is_final()) {
        return Err(refused(run, "it has ended".to_owned()));
    }
    Ok(Admission::Write)
}

/// The line of a run, when this is its first event.
pub(super) fn beginning(run: &RunId, first: &Stamped) -> Option<Summary> {
    let recorded = Recorded {
        run: run.clone(),
        seq: Seq::default().next(),
        time: first.time,
        event: first.event.clone(),
    };
    Summary::create(&recorded)
}

/// Why a run may not begin with the number of another.
pub(super) fn number_taken(run: &Summary, number: u64) -> JournalError {
    JournalError::NumberTaken {
        run: run.id.0.clone(),
        number,
    }
}

/// Looks at the beginning of another attempt at a run; `others` are the attempts that there are.
///
/// # Errors
/// [`JournalError::Refused`] when one of them is open, or has its number, and when all of them were removed.
pub(super) fn admit_attempt(attempt: &Summary, others: &[Summary]) -> Result<(), JournalError> {
    if others.is_empty() {
        return Err(refused(
            &attempt.id,
            "the run that it is an attempt at was removed meanwhile".to_owned(),
        ));
    }
    let in_the_way = |other: &&Summary| !other.state.is_final() || other.attempt == attempt.attempt;
    match others.iter().find(in_the_way) {
        None => Ok(()),
        Some(other) => Err(refused(
            &attempt.id,
            format!(
                "attempt {} at its run, {}, was begun meanwhile",
                other.attempt, other.id
            ),
        )),
    }
}

/// The answer to an append whose place is taken by `there`: those events when they are its own.
///
/// # Errors
/// [`JournalError::Refused`] when they are somebody else's.
pub(super) fn compare(
    run: &RunId,
    after: Seq,
    events: &[Stamped],
    there: Vec<Recorded>,
) -> Result<Vec<Recorded>, JournalError> {
    let same = there.len() == events.len()
        && there
            .iter()
            .zip(events)
            .all(|(there, event)| there.event == event.event);
    if same {
        return Ok(there);
    }
    let cause = match there.last() {
        Some(last) => format!(
            "its last event is {}, not {}: somebody else wrote to it",
            last.seq.0, after.0
        ),
        None => format!("it has no event {}", after.0),
    };
    Err(refused(run, cause))
}

/// Why somebody who is not the owner may not write.
pub(super) fn not_the_owner(summary: &Summary, owner: &Owner) -> String {
    format!(
        "process {} owns it now; this one ({}) was taken for dead",
        summary.owner.pid, owner.pid
    )
}

pub(super) fn refused(run: &RunId, cause: String) -> JournalError {
    JournalError::Refused {
        run: run.0.clone(),
        cause,
    }
}
