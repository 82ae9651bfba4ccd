//! What the seconds of the history come to since this server began. Pure.

use std::collections::BTreeMap;

use loom_history::{By, Counts, Key, Step};
use loom_protocol::{BUCKETS, Timestamp};

use crate::directory::Text;
use crate::places::{MOST_TYPES, OTHER, Places};

/// Processes with points of their own, at most.
const MOST_PROCESSES: usize = 200;

/// Totals since a moment, and what was measured last.
#[derive(Debug)]
pub(super) struct Totals {
    types: Places,
    processes: Places,
    pub(super) by_type: BTreeMap<Text, OfType>,
    pub(super) by_process: BTreeMap<Text, OfProcess>,
    /// The last second that was added.
    pub(super) second: i64,
}

/// What the actors of a type did.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OfType {
    /// The first second that is in the totals.
    pub(super) since: i64,
    /// Messages handled and errors, in thousandths: a second may have a part of one.
    pub(super) handled: u64,
    pub(super) errors: u64,
    /// Times by bucket of [`loom_protocol::Histogram`].
    pub(super) wait: [u64; BUCKETS],
    pub(super) handle: [u64; BUCKETS],
    /// Messages that waited and living actors, where they were measured in the last second.
    pub(super) queue: Option<u64>,
    pub(super) actors: Option<u64>,
}

/// What a process used in the last second, where it was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OfProcess {
    /// Processor time, in millionths of a core.
    pub(super) cpu: Option<u64>,
    /// Bytes.
    pub(super) memory: Option<u64>,
    pub(super) files: Option<u64>,
    /// The share of their time in which arbiters ran, in millionths.
    pub(super) load: Option<u64>,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            types: Places::new(MOST_TYPES),
            processes: Places::new(MOST_PROCESSES),
            by_type: BTreeMap::new(),
            by_process: BTreeMap::new(),
            second: i64::MIN,
        }
    }
}

impl Totals {
    /// Adds a second that is over. Seconds come once each, in the order of time.
    pub(super) fn add(&mut self, second: i64, measured: &[(Key, Step)]) {
        self.second = second;
        let now = Timestamp::from_millis(second.saturating_mul(1_000));
        let of = |by| measured.iter().filter(move |(key, _)| key.by == by);
        let admitted = self.types.admit(of(By::Type).map(|(key, _)| &*key.name), now);
        self.by_type
            .retain(|name, _| &**name == OTHER || admitted.contains(name));
        for known in self.by_type.values_mut() {
            (known.queue, known.actors) = (None, None);
        }
        for (key, step) in of(By::Type) {
            let name = if admitted.contains(&key.name) {
                key.name.clone()
            } else {
                Text::from(OTHER)
            };
            let known = self.by_type.entry(name).or_insert_with(|| OfType::new(second));
            known.add(step);
        }
        let admitted = self
            .processes
            .admit(of(By::Process).map(|(key, _)| &*key.name), now);
        self.by_process = of(By::Process)
            .filter(|(key, _)| admitted.contains(&key.name))
            .map(|(key, step)| (key.name.clone(), OfProcess::new(step)))
            .collect();
    }
}

impl OfType {
    fn new(since: i64) -> Self {
        Self {
            since,
            handled: 0,
            errors: 0,
            wait: [0; BUCKETS],
            handle: [0; BUCKETS],
            queue: None,
            actors: None,
        }
    }

    fn add(&mut self, step: &Step) {
        let [handled, errors, queue, actors] = &step.slots;
        self.handled = self.handled.saturating_add(handled.sum);
        self.errors = self.errors.saturating_add(errors.sum);
        add_times(&mut self.wait, &step.wait);
        add_times(&mut self.handle, &step.handle);
        for (known, slot) in [(&mut self.queue, queue), (&mut self.actors, actors)] {
            if slot.seconds > 0 {
                *known = Some(known.unwrap_or(0).saturating_add(slot.sum));
            }
        }
    }
}

impl OfProcess {
    fn new(step: &Step) -> Self {
        let [cpu, memory, files, load] = step.slots.map(|slot| (slot.seconds > 0).then_some(slot.sum));
        Self {
            cpu,
            memory,
            files,
            load,
        }
    }
}

fn add_times(known: &mut [u64; BUCKETS], more: &Counts) {
    for (bucket, count) in more.iter() {
        if let Some(known) = known.get_mut(usize::from(bucket)) {
            *known = known.saturating_add(u64::from(count));
        }
    }
}

#[cfg(test)]
mod tests {
    use loom_history::Slot;

    use super::*;

    fn step(handled: u64, queue: u64) -> Step {
        let mut step = Step::default();
        (step.slots[0], step.slots[2]) = (Slot::once(handled * 1_000), Slot::once(queue));
        step.wait.add(3, 2);
        step
    }

    fn of_type(name: &str, step: Step) -> (Key, Step) {
        (Key::new(By::Type, name), step)
    }

    #[test]
    fn totals_only_grow_and_what_was_measured_last_is_of_the_last_second() {
        let mut totals = Totals::default();
        totals.add(10, &[of_type("Cart", step(5, 7))]);
        totals.add(11, &[of_type("Cart", step(3, 1)), of_type("Mail", step(1, 0))]);
        let cart = &totals.by_type["Cart"];
        assert_eq!((cart.since, cart.handled, cart.wait[3]), (10, 8_000, 4));
        assert_eq!((cart.queue, cart.actors), (Some(1), None));
        assert_eq!(totals.by_type["Mail"].since, 11);
        // Nobody was heard: a gap, and no zero.
        totals.add(12, &[]);
        let cart = &totals.by_type["Cart"];
        assert_eq!((cart.handled, cart.queue), (8_000, None));
    }

    #[test]
    fn types_without_a_place_are_one_whose_total_only_grows() {
        let mut totals = Totals::default();
        let mut seen = std::collections::BTreeSet::new();
        let mut before = 0;
        for round in 0..100 {
            let names = (0..50).map(|number| format!("T{round}-{number}"));
            let second: Vec<_> = names.map(|name| of_type(&name, step(1, 2))).collect();
            totals.add(round, &second);
            seen.extend(totals.by_type.keys().cloned());
            let other = totals.by_type.get(OTHER).map_or(0, |other| other.handled);
            assert!(other >= before);
            before = other;
        }
        assert_eq!(seen.len(), MOST_TYPES + 1);
        let handled: u64 = totals.by_type.values().map(|one| one.handled).sum();
        assert_eq!(handled, 5_000_000, "nothing is lost");
        assert_eq!(totals.by_type[OTHER].queue, Some(100), "of the last second");
    }

    #[test]
    fn processes_are_bounded_too() {
        let mut totals = Totals::default();
        let process = |number: usize| (Key::new(By::Process, format!("p{number}")), step(0, 4));
        let second: Vec<_> = (0..500).map(process).collect();
        totals.add(1, &second);
        assert_eq!(totals.by_process.len(), MOST_PROCESSES);
        assert_eq!(totals.by_process["p0"].files, Some(4));
        totals.add(2, &[]);
        assert!(totals.by_process.is_empty());
    }
}
