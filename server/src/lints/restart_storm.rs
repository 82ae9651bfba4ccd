//! An actor is started again and again.

use super::facts::Facts;
use super::store::{Finding, Severity};

/// Restarts within a minute.
const THRESHOLD: usize = 5;
const WITHIN: i64 = 60_000;

pub(super) fn check(facts: &Facts, now: i64) -> Vec<Finding> {
    let storms = facts.actors.iter().filter_map(|(id, subject)| {
        let restarts = subject.restarts.iter().filter(|at| **at > now - WITHIN).count();
        (restarts >= THRESHOLD).then(|| Finding {
            code: "restart_storm",
            severity: Severity::Problem,
            actor: Some(id.clone()),
            kind: Some(subject.kind.clone()),
            about: None,
            sentence: format!("{id} was started again {restarts} times within a minute"),
            value: i64::try_from(restarts).unwrap_or(i64::MAX),
            threshold: i64::try_from(THRESHOLD).unwrap_or(i64::MAX),
        })
    });
    storms.collect()
}
