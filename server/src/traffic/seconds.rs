//! What was measured in single seconds, for those who keep it.

use std::collections::HashMap;

use loom_history::{By, Key, Slot, Step};

use super::coverage::Coverage;
use super::series::Series;
use super::store::{State, Traffic};
use crate::directory::Text;

/// Seconds that are told at once.
pub(crate) const MOST: i64 = 60;

impl Traffic {
    /// What all, each type, and each actor that is followed each second did in the seconds from one to another, of which there may
    /// be [`MOST`]; in the order of time. Those that nobody was heard in are not among them.
    pub(crate) fn seconds(&self, from: i64, to: i64) -> Vec<(i64, Key, Step)> {
        let seconds = Seconds {
            from,
            to: to.min(from + MOST - 1),
        };
        // What comes in waits for this lock: under it numbers are copied, and nothing is made of them.
        let state = self.lock();
        let kinds = state.kinds_in(seconds);
        let actors = state.actors_in(seconds);
        drop(state);
        let mut all: Vec<(i64, Step)> = Vec::new();
        for (second, _, step) in &kinds {
            match all.iter_mut().find(|(of, _)| of == second) {
                Some((_, sum)) => sum.beside(step),
                None => all.push((*second, step.clone())),
            }
        }
        let all = all.into_iter().map(|(second, step)| (second, Key::all(), step));
        let keyed = |by: By, steps: Vec<(i64, Text, Step)>| {
            let steps = steps.into_iter();
            steps.map(move |(second, name, step)| (second, Key::new(by, name), step))
        };
        let mut told: Vec<(i64, Key, Step)> = all
            .chain(keyed(By::Type, kinds))
            .chain(keyed(By::Actor, actors))
            .collect();
        // In an order that does not depend on that of a map.
        told.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        told
    }
}

/// From one second to another.
#[derive(Clone, Copy)]
struct Seconds {
    from: i64,
    to: i64,
}

impl Seconds {
    /// Those that are covered, a bit each.
    fn bits(self, covered: &Coverage) -> u64 {
        let seconds = (self.from..=self.to).enumerate();
        seconds
            .filter(|(_, second)| covered.has(*second))
            .fold(0, |bits, (place, _)| bits | 1 << place)
    }

    fn each(self, bits: u64) -> impl Iterator<Item = i64> {
        let seconds = (self.from..=self.to).enumerate();
        seconds
            .filter(move |(place, _)| bits >> place & 1 == 1)
            .map(|(_, second)| second)
    }
}

impl State {
    fn kinds_in(&self, seconds: Seconds) -> Vec<(i64, Text, Step)> {
        let mut heard: HashMap<&Text, u64> = HashMap::with_capacity(self.kinds.all.len());
        for boot in self.boots.values() {
            let bits = seconds.bits(&boot.coverage);
            if bits != 0 {
                for name in boot.kinds.keys() {
                    *heard.entry(name).or_default() |= bits;
                }
            }
        }
        let mut told = Vec::new();
        for (name, kind) in &self.kinds.all {
            let bits = heard.get(name).copied().unwrap_or(0) | seconds.bits(&kind.loners);
            for second in seconds.each(bits) {
                told.push((second, name.clone(), step(&kind.series, second)));
            }
        }
        told
    }

    fn actors_in(&self, seconds: Seconds) -> Vec<(i64, Text, Step)> {
        let mut told = Vec::new();
        for (id, actor) in &self.actors.all {
            let Some(since) = actor.fine_since else { continue };
            let bits = seconds.bits(&self.coverage_of(actor));
            for second in seconds.each(bits).filter(|second| *second > since) {
                told.push((second, id.clone(), step(&actor.series, second)));
            }
        }
        told
    }
}

/// A second in which somebody was heard.
fn step(series: &Series, second: i64) -> Step {
    let mut step = Step::default();
    let sample = series.of_second(second);
    let (queue, live) = series.standing(second);
    let once = |number: Option<u32>| number.map_or(Slot::default(), |number| Slot::once(u64::from(number)));
    let (handled, errors) = sample.map_or((0.0, 0.0), |sample| (sample.handled, sample.errors));
    step.slots = [
        Slot::once(thousandths(handled)),
        Slot::once(thousandths(errors)),
        once(queue),
        once(live),
    ];
    if let Some(sample) = sample {
        step.wait = sample.wait.counts();
        step.handle = sample.handle.counts();
    }
    step
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are not below zero, and a cast holds them within bounds"
)]
fn thousandths(count: f32) -> u64 {
    (f64::from(count) * 1e3).round() as u64
}
