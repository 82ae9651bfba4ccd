//! There are so many actors of one type that somebody may have forgotten to stop them.

use super::facts::Facts;
use super::store::{Finding, Severity};

/// Actors of one type.
const THRESHOLD: u64 = 10_000;

pub(super) fn check(facts: &Facts, _: i64) -> Vec<Finding> {
    let many = facts.live.iter().filter(|(_, live)| **live > THRESHOLD);
    many.map(|(kind, live)| Finding {
        code: "too_many_of_one_type",
        severity: Severity::Warning,
        actor: None,
        kind: Some(kind.clone()),
        about: None,
        sentence: format!("more than {THRESHOLD} actors of {kind} live; does anybody stop them?"),
        value: i64::try_from(*live).unwrap_or(i64::MAX),
        threshold: i64::try_from(THRESHOLD).unwrap_or(i64::MAX),
    })
    .collect()
}
