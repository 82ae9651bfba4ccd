//! Places for names that others keep something of. Pure: time is given.
//!
//! Prometheus, or what is behind a collector, keeps each series that it ever saw for weeks. So names have places: one that has a place keeps it,
//! and it is given to another only when somebody needs it and nothing of the name was there for a day. What has no place is summed up
//! as [`OTHER`] where that is a true sum, and counted.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use loom_protocol::Timestamp;

use crate::directory::Text;

/// What stands for all names without a place. A name that is called so has none.
pub(crate) const OTHER: &str = "other";
/// Types with series of their own, at most.
pub(crate) const MOST_TYPES: usize = 200;
/// Milliseconds for which a place is kept for a name that is gone.
const KEPT: u64 = 24 * 60 * 60 * 1_000;

/// The places of one kind of names.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    /// When something of the name was there last.
    kept: Mutex<HashMap<Text, Timestamp>>,
}

impl Places {
    /// So many of them.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::default(),
        }
    }

    /// Gives places to the names that are there, the first first, as far as there are any. Says who has one.
    pub(crate) fn admit<'a>(&self, there: impl Iterator<Item = &'a str>, now: Timestamp) -> HashSet<Text> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = Vec::new();
        for name in there {
            match kept.get_mut(name) {
                Some(seen) => *seen = now,
                None if name == OTHER => {}
                None => new.push(name),
            }
        }
        let mut free = self.most.saturating_sub(kept.len());
        if free < new.len() {
            kept.retain(|_, seen| now.millis_since(*seen) < KEPT);
            free = self.most.saturating_sub(kept.len());
        }
        kept.extend(new.into_iter().take(free).map(|name| (Text::from(name), now)));
        kept.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(places: &Places, there: &[&str], hours: i64) -> Vec<String> {
        let now = Timestamp::from_millis(hours * 60 * 60 * 1_000);
        let admitted = places.admit(there.iter().copied(), now);
        let mut names: Vec<String> = admitted.iter().map(|name| name.to_string()).collect();
        names.sort();
        names
    }

    #[test]
    fn who_has_a_place_keeps_it_until_it_is_gone_for_a_day_and_somebody_needs_it() {
        let places = Places::new(2);
        assert_eq!(admitted(&places, &["b", "c", "a"], 0), ["b", "c"], "the first");
        assert_eq!(admitted(&places, &["a", "b"], 23), ["b", "c"], "c may come back");
        assert_eq!(admitted(&places, &["b"], 25), ["b", "c"], "nobody needs it");
        assert_eq!(admitted(&places, &["a", "b"], 25), ["a", "b"]);
        assert_eq!(admitted(&places, &["c", "a"], 26), ["a", "b"]);
    }

    #[test]
    fn the_name_of_all_others_is_nobodys() {
        assert_eq!(admitted(&Places::new(2), &[OTHER, "a"], 0), ["a"]);
    }

    #[test]
    fn however_many_come_and_go_there_are_so_many_a_day() {
        let places = Places::new(10);
        let mut seen = HashSet::new();
        for hour in 0..72 {
            let names: Vec<String> = (0..50).map(|number| format!("{hour}-{number}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let admitted = admitted(&places, &names, hour);
            assert_eq!(admitted.len(), 10);
            seen.extend(admitted);
        }
        assert_eq!(seen.len(), 30, "ten a day");
    }
}
