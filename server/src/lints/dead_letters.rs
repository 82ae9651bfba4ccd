//! Messages reach nobody, because the actor had ended.

use super::facts::{DEAD_WITHIN, Facts};
use super::store::{Finding, Severity};

/// Messages within a minute.
const THRESHOLD: u64 = 1;

pub(super) fn check(facts: &Facts, now: i64) -> Vec<Finding> {
    let letters = facts.dead.iter().filter_map(|(kind, counts)| {
        let last = counts.back()?.1;
        let recent = counts.iter().any(|(at, _)| *at > now - DEAD_WITHIN);
        let before = counts.iter().rev().find(|(at, _)| *at <= now - DEAD_WITHIN);
        let before = before.or(counts.front())?.1;
        let dead = last.saturating_sub(before);
        (recent && dead >= THRESHOLD).then(|| Finding {
            code: "dead_letters",
            severity: Severity::Warning,
            actor: None,
            kind: Some(kind.clone()),
            about: None,
            sentence: format!(
                "{dead} messages for {kind} reached nobody within a minute: the actor had ended"
            ),
            value: i64::try_from(dead).unwrap_or(i64::MAX),
            threshold: i64::try_from(THRESHOLD).unwrap_or(i64::MAX),
        })
    });
    letters.collect()
}
