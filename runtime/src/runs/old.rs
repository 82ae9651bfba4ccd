//! Which runs are removed, by their age, their count and the size of their logs.

use std::collections::{BTreeMap, BTreeSet};

use loom_protocol::Timestamp;

use crate::id::RunId;
use crate::journal::Summary;

/// What makes a run one too many. Each rule holds by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    /// It ended before this moment.
    pub(crate) before: Option<Timestamp>,
    /// So many runs are newer.
    pub(crate) keep: Option<usize>,
    /// Its logs and those of all that are newer take more bytes than this.
    pub(crate) bytes: Option<u64>,
}

/// The runs that go by these rules, the oldest first, each with the other attempts at it; `runs` is all of them, the newest first.
///
/// The attempts at a run go together, for a later one may have the logs of an earlier one, and count as one. A run stays that has
/// not ended, that left something or is in `spared`, and that with the highest number of its workflow's file: numbers go on
/// behind it.
pub(crate) fn old(
    runs: &[Summary],
    rules: Rules,
    spared: &BTreeSet<RunId>,
    size: impl Fn(&RunId) -> u64,
) -> Vec<Vec<RunId>> {
    let first = |run: &Summary| run.first.clone().unwrap_or_else(|| run.id.clone());
    let mut groups: BTreeMap<RunId, Vec<&Summary>> = BTreeMap::new();
    let mut order = Vec::new();
    let mut last: BTreeMap<&str, (u64, RunId)> = BTreeMap::new();
    for run in runs {
        let first = first(run);
        let number = run.number.unwrap_or_default();
        match last.get(run.workflow.file.as_str()) {
            Some((known, _)) if *known >= number => {}
            _ => drop(last.insert(&run.workflow.file, (number, first.clone()))),
        }
        let group = groups.entry(first.clone()).or_default();
        if group.is_empty() {
            order.push(first);
        }
        group.push(run);
    }
    let numbered: BTreeSet<&RunId> = last.values().map(|(_, run)| run).collect();
    let mut bytes = 0_u64;
    let mut gone = Vec::new();
    for (newer, first) in order.iter().enumerate() {
        let group = groups.get(first).map(Vec::as_slice).unwrap_or_default();
        if rules.bytes.is_some() {
            bytes = group
                .iter()
                .fold(bytes, |sum, run| sum.saturating_add(size(&run.id)));
        }
        let ends = group.iter().map(|run| run.finished_at);
        let too_old = |before| ends.clone().all(|end| end.is_some_and(|end| end < before));
        let goes = rules.before.is_some_and(too_old)
            || rules.keep.is_some_and(|keep| newer >= keep)
            || rules.bytes.is_some_and(|most| bytes > most);
        let stays = numbered.contains(first)
            || group
                .iter()
                .any(|run| run.finished_at.is_none() || run.remains || spared.contains(&run.id));
        if goes && !stays {
            gone.push(group.iter().rev().map(|run| run.id.clone()).collect());
        }
    }
    gone.reverse();
    gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Recorded, Seq};
    use crate::journal::suite::{created, finished};

    /// A run that ended at its moment; `first` makes it another attempt.
    fn run(id: &str, at: i64, number: u64, first: Option<&str>) -> Summary {
        let recorded = |seq, event| Recorded {
            run: RunId(id.into()),
            seq: Seq(seq),
            time: Timestamp::from_millis(at),
            event,
        };
        let mut run = Summary::create(&recorded(1, created())).unwrap();
        run.apply(&recorded(2, Event::RunStarted));
        run.apply(&recorded(3, finished()));
        (run.number, run.first) = (Some(number), first.map(|first| RunId(first.into())));
        run
    }

    fn of(runs: &[Summary], rules: Rules, spared: &[&str]) -> Vec<String> {
        let spared = spared.iter().map(|id| RunId((*id).into())).collect();
        let gone = old(runs, rules, &spared, |_| 10);
        gone.into_iter().flatten().map(|run| run.0).collect()
    }

    #[test]
    fn runs_go_by_age_count_and_size_the_oldest_first() {
        let runs = [
            run("d", 40, 4, None),
            run("c", 30, 3, None),
            run("b", 20, 2, None),
            run("a", 10, 1, None),
        ];
        let rules = Rules::default();
        let before = Rules {
            before: Some(Timestamp::from_millis(30)),
            ..rules
        };
        assert_eq!(of(&runs, before, &[]), ["a", "b"]);
        assert_eq!(
            of(
                &runs,
                Rules {
                    keep: Some(3),
                    ..rules
                },
                &[]
            ),
            ["a"]
        );
        assert_eq!(
            of(
                &runs,
                Rules {
                    bytes: Some(20),
                    ..rules
                },
                &[]
            ),
            ["a", "b"]
        );
        let both = Rules {
            keep: Some(2),
            ..before
        };
        assert_eq!(of(&runs, both, &["b"]), ["a"]);
        assert_eq!(of(&runs, rules, &[]), Vec::<String>::new());
        // The last number of a workflow stays, whatever is said.
        assert_eq!(
            of(
                &runs,
                Rules {
                    keep: Some(0),
                    ..rules
                },
                &[]
            ),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn what_goes_on_or_left_something_stays_and_attempts_go_together() {
        let mut open = run("open", 20, 2, None);
        open.finished_at = None;
        let mut left = run("left", 10, 1, None);
        left.remains = true;
        let all = Rules {
            keep: Some(0),
            ..Rules::default()
        };
        let newest = run("z", 90, 9, None);
        assert_eq!(of(&[newest.clone(), open, left], all, &[]), Vec::<String>::new());
        let runs = [
            newest,
            run("again", 50, 3, Some("first")),
            run("b", 40, 4, None),
            run("first", 10, 3, None),
        ];
        assert_eq!(
            of(
                &runs,
                Rules {
                    keep: Some(2),
                    ..Rules::default()
                },
                &[]
            ),
            ["b"]
        );
        let before = Rules {
            before: Some(Timestamp::from_millis(45)),
            ..Rules::default()
        };
        assert_eq!(
            of(&runs, before, &[]),
            ["b"],
            "its newest attempt is not that old"
        );
        assert_eq!(
            of(&runs, all, &["first"]),
            ["b"],
            "one that is spared spares the others"
        );
        assert_eq!(of(&runs, all, &[]), ["b", "first", "again"]);
    }
}
