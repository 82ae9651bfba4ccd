//! Messages come faster than an actor handles them.

use super::facts::{DEPTHS, Facts};
use super::store::{Finding, Severity};

/// Messages that wait.
const THRESHOLD: u64 = 100;

pub(super) fn check(facts: &Facts, _: i64) -> Vec<Finding> {
    let growing = facts.actors.iter().filter_map(|(id, subject)| {
        let (first, last) = (*subject.depths.front()?, *subject.depths.back()?);
        let never_fell = subject.depths.iter().is_sorted();
        let grew = last > first.saturating_add(first / 2);
        (subject.depths.len() == DEPTHS && last >= THRESHOLD && never_fell && grew).then(|| Finding {
            code: "growing_mailbox",
            severity: Severity::Warning,
            actor: Some(id.clone()),
            kind: Some(subject.kind.clone()),
            about: None,
            sentence: format!("the mailbox of {id} grows: from {first} to {last} messages within 30 s"),
            value: i64::try_from(last).unwrap_or(i64::MAX),
            threshold: i64::try_from(THRESHOLD).unwrap_or(i64::MAX),
        })
    });
    growing.collect()
}
