//! An actor ended by a panic or an error, and nobody started it again.

use super::facts::Facts;
use super::store::{Finding, Severity};

/// Seconds in which an owner may start it again.
const THRESHOLD: i64 = 10;
/// After this many it is known, and no longer new.
const NEWS: i64 = 600;

pub(super) fn check(facts: &Facts, now: i64) -> Vec<Finding> {
    let failed = facts.actors.iter().filter_map(|(id, subject)| {
        let seconds = (now - subject.failed_since?) / 1_000;
        (THRESHOLD..NEWS).contains(&seconds).then(|| Finding {
            code: "panicked_and_gone",
            severity: Severity::Problem,
            actor: Some(id.clone()),
            kind: Some(subject.kind.clone()),
            about: None,
            sentence: format!("{id} failed, and nobody started it again; its journal says why"),
            value: seconds,
            threshold: THRESHOLD,
        })
    });
    failed.collect()
}
