//! A process is silent: what its actors do, nobody knows.

use super::facts::Facts;
use super::store::{Finding, Severity};

/// Silent actors.
const THRESHOLD: i64 = 1;

pub(super) fn check(facts: &Facts, _: i64) -> Vec<Finding> {
    let silent = facts.silent.iter().map(|(boot, actors)| {
        let count = actors.len();
        let first = actors.iter().min().map(ToString::to_string).unwrap_or_default();
        let which = if count == 1 {
            first
        } else {
            format!("{first} and {} others", count - 1)
        };
        let sentence = match boot {
            Some(_) => format!("a process is silent; what {which} do is not known"),
            None => format!("{which}: reported by single calls, and not heard any more"),
        };
        Finding {
            code: "stale_process",
            severity: Severity::Warning,
            actor: None,
            kind: None,
            about: Some(format!("{boot:?}")),
            sentence,
            value: i64::try_from(count).unwrap_or(i64::MAX),
            threshold: THRESHOLD,
        }
    });
    silent.collect()
}
