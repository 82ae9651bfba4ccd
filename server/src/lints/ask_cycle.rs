//! Actors wait for each other's answers in a circle: none of them will ever answer.
//!
//! Processes tell of asks only while somebody looks closer. Of one that is in a mailbox they may know no more than that it is in one of
//! a few: so what is looked for are actors of which each waits for another one of them, whichever that is. In all that these asks
//! may be there is a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Ask, Facts};
use super::store::{Finding, Severity};
use crate::directory::Text;

/// Seconds that each of the asks waits.
const THRESHOLD: i64 = 5;
/// Circles that are told at once.
const MOST: usize = 20;
/// Asks of a circle that its sentence names.
const NAMED: usize = 6;

pub(super) fn check(facts: &Facts, now: i64) -> Vec<Finding> {
    // Of several asks from one to another the one that waits longest.
    let mut asks: BTreeMap<(&Text, &[Text]), &Ask> = BTreeMap::new();
    for ask in facts.asks.values().flatten() {
        if (now - ask.since) / 1_000 > THRESHOLD {
            let longest = asks.entry((&ask.from, &ask.to)).or_insert(ask);
            if ask.since < longest.since {
                *longest = ask;
            }
        }
    }
    let closed = closed(asks.into_values().collect());
    let groups = groups(closed).into_iter();
    groups.take(MOST).map(|group| finding(&group, now)).collect()
}

/// The asks among actors that all wait for each other: whom they may have asked waits in turn, and somebody waits for whoever asked.
fn closed(mut asks: Vec<&Ask>) -> Vec<&Ask> {
    loop {
        let waiting: BTreeSet<&Text> = asks.iter().map(|ask| &ask.from).collect();
        let asked: BTreeSet<&Text> = asks.iter().flat_map(|ask| &ask.to).collect();
        let before = asks.len();
        asks.retain(|ask| asked.contains(&ask.from) && ask.to.iter().all(|to| waiting.contains(to)));
        if asks.len() == before {
            return asks;
        }
    }
}

/// Asks that have an actor in common, directly or by others.
fn groups(mut asks: Vec<&Ask>) -> Vec<Vec<&Ask>> {
    let mut groups = Vec::new();
    while let Some(first) = asks.first() {
        let mut names: BTreeSet<&Text> = [&first.from].into();
        loop {
            let before = names.len();
            for ask in &asks {
                if names.contains(&ask.from) || ask.to.iter().any(|to| names.contains(to)) {
                    names.insert(&ask.from);
                    names.extend(&ask.to);
                }
            }
            if names.len() == before {
                break;
            }
        }
        let (group, others) = asks.into_iter().partition(|ask| names.contains(&ask.from));
        groups.push(group);
        asks = others;
    }
    groups
}

fn finding(group: &[&Ask], now: i64) -> Finding {
    let names: BTreeSet<&Text> = group.iter().map(|ask| &ask.from).collect();
    let mut asked: Vec<String> = group
        .iter()
        .take(NAMED)
        .map(|ask| format!("{} asked {} (`{}`)", ask.from, ask.to.join(" or "), ask.message))
        .collect();
    if group.len() > NAMED {
        asked.push(format!("{} more follow", group.len() - NAMED));
    }
    let first = names.first().copied();
    let who = match (first, names.len()) {
        (Some(own), 1) => format!("{own} waits for its own answer"),
        (_, count) => format!("{count} actors wait for each other's answers"),
    };
    let seconds = group.iter().map(|ask| (now - ask.since) / 1_000).min();
    Finding {
        code: "ask_cycle",
        severity: Severity::Problem,
        actor: first.cloned(),
        kind: None,
        about: Some(format!("{names:?}")),
        sentence: format!(
            "{who} for more than {THRESHOLD} s: {}; as long as each waits before it answers, none will",
            asked.join(", ")
        ),
        value: seconds.unwrap_or_default(),
        threshold: THRESHOLD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks that began so many seconds ago; of several that may be asked the names are separated by `|`.
    fn found(asks: &[(&str, &str, i64)]) -> Vec<Finding> {
        let now = 1_000_000;
        let mut facts = Facts::default();
        let asks = asks.iter().map(|(from, to, seconds)| Ask {
            from: Text::from(*from),
            to: to.split('|').map(Text::from).collect(),
            message: Text::from("M"),
            since: now - seconds * 1_000,
        });
        facts.asks.insert(Text::from("boot"), asks.collect());
        check(&facts, now)
    }

    fn sentences(asks: &[(&str, &str, i64)]) -> Vec<String> {
        found(asks).into_iter().map(|finding| finding.sentence).collect()
    }

    #[test]
    fn circles_are_found_beside_what_leads_into_and_out_of_them() {
        let found = sentences(&[
            ("before", "into", 60),
            ("into", "c", 60),
            ("c", "a", 9),
            ("a", "b", 8),
            ("b", "c", 7),
            ("b", "out", 60),
            ("out", "end", 60),
        ]);
        assert_eq!(
            found,
            [
                "3 actors wait for each other's answers for more than 5 s: a asked b (`M`), b asked c (`M`), c asked a (`M`); as \
                 long as each waits before it answers, none will"
            ]
        );
        let own = sentences(&[("a", "a", 9)]);
        assert!(own[0].starts_with("a waits for its own answer for more than 5 s: a asked a"));
    }

    #[test]
    fn where_it_is_not_known_whom_somebody_asked_all_of_them_must_wait() {
        let found = sentences(&[("a", "b", 9), ("b", "a|b", 9)]);
        assert!(
            found[0].contains("a asked b (`M`), b asked a or b (`M`);"),
            "{found:?}"
        );
        assert!(
            sentences(&[("a", "b", 9), ("b", "a|c", 9)]).is_empty(),
            "it may be c, which waits for nobody"
        );
        // Two circles side by side, or one: there is one in any case.
        let either = sentences(&[("a", "b", 9), ("b", "a|c", 9), ("c", "d", 9), ("d", "a|c", 9)]);
        assert_eq!(either.len(), 1);
        assert!(either[0].starts_with("4 actors"), "{either:?}");
    }

    #[test]
    fn where_there_is_no_circle_nothing_is_found() {
        assert!(found(&[]).is_empty());
        assert!(found(&[("a", "b", 60), ("b", "c", 60), ("a", "c", 60), ("d", "b", 60)]).is_empty());
        // One of them may be answered any moment.
        assert!(found(&[("a", "b", 60), ("b", "a", 5)]).is_empty());
    }

    #[test]
    fn circles_side_by_side_are_told_each_and_long_ones_in_short() {
        let found = found(&[("a", "b", 60), ("b", "a", 30), ("y", "x", 20), ("x", "y", 40)]);
        let told: Vec<_> = found
            .iter()
            .map(|finding| (finding.actor.as_deref(), finding.value, finding.about.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                (Some("a"), 30, Some("{\"a\", \"b\"}")),
                (Some("x"), 20, Some("{\"x\", \"y\"}"))
            ]
        );
        let names: Vec<String> = (0..10).map(|number| format!("n{number}")).collect();
        let ring: Vec<(&str, &str, i64)> = (0..10)
            .map(|place| (&*names[place], &*names[(place + 1) % 10], 9))
            .collect();
        let long = sentences(&ring);
        assert_eq!(long.len(), 1);
        assert!(
            long[0].contains("n5 asked n6 (`M`), 4 more follow;"),
            "{}",
            long[0]
        );
    }

    #[test]
    fn there_is_a_bound_to_what_is_told() {
        let names: Vec<String> = (0..100).map(|number| format!("n{number:03}")).collect();
        let own: Vec<(&str, &str, i64)> = names.iter().map(|name| (&**name, &**name, 9)).collect();
        assert_eq!(found(&own).len(), MOST);
    }
}
