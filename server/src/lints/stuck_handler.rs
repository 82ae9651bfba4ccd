//! An actor is in one message for too long.

use super::facts::Facts;
use super::store::{Finding, Severity};

/// Seconds in one message.
const THRESHOLD: i64 = 10;

pub(super) fn check(facts: &Facts, now: i64) -> Vec<Finding> {
    let stuck = facts.actors.iter().filter_map(|(id, subject)| {
        let seconds = (now - subject.busy_since?) / 1_000;
        (seconds > THRESHOLD).then(|| Finding {
            code: "stuck_handler",
            severity: Severity::Warning,
            actor: Some(id.clone()),
            kind: Some(subject.kind.clone()),
            about: None,
            sentence: format!(
                "{id} is in one message for more than {THRESHOLD} s; {} wait behind it",
                subject.queued
            ),
            value: seconds,
            threshold: THRESHOLD,
        })
    });
    stuck.collect()
}
