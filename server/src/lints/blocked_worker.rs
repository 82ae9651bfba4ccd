//! Messages wait for several actors of one thread, and none of them handles any: something blocks the thread.

use std::collections::BTreeMap;

use super::facts::{Facts, Worker};
use super::store::{Finding, Severity};

/// Seconds without a message handled.
const THRESHOLD: i64 = 10;
/// Actors that wait.
const SEVERAL: usize = 2;

pub(super) fn check(facts: &Facts, now: i64) -> Vec<Finding> {
    let mut waiting: BTreeMap<&Worker, Vec<i64>> = BTreeMap::new();
    for subject in facts.actors.values() {
        if let (Some(worker), Some(since)) = (&subject.worker, subject.waiting_since) {
            waiting.entry(worker).or_default().push(since);
        }
    }
    let blocked = waiting.into_iter().filter_map(|(worker, mut waiting)| {
        waiting.sort_unstable();
        // So long as at least several wait.
        let since = *waiting.get(SEVERAL - 1)?;
        let since = since.max(facts.workers.get(worker).copied().unwrap_or(since));
        let seconds = (now - since) / 1_000;
        let (count, (_, node, name)) = (waiting.len(), worker);
        let on = node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
        (seconds >= THRESHOLD).then(|| Finding {
            code: "blocked_arbiter",
            severity: Severity::Problem,
            actor: None,
            kind: None,
            about: Some(format!("{worker:?}")),
            sentence: format!(
                "{name}{on} seems blocked: messages wait for {count} of its actors, and none was handled for more than {THRESHOLD} s"
            ),
            value: seconds,
            threshold: THRESHOLD,
        })
    });
    blocked.collect()
}
