//! Who sends to whom.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::WINDOW;
use super::actors::COARSE;
use super::series::end_of_step;
use crate::directory::Text;

/// Edges that are kept.
const MAX_EDGES: usize = 20_000;

/// From an actor, or from outside of all, to one, by a type of message.
pub(super) type Key = (Option<Text>, Text, Text);

/// What a boot says of an edge.
pub(super) struct EdgeTotal<'a> {
    pub(super) boot: &'a Text,
    pub(super) count: u64,
    /// Whether a total that is new came from nothing.
    pub(super) from_nothing: bool,
    /// The seconds in which it grew.
    pub(super) span: (i64, i64),
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Edges {
    pub(super) all: HashMap<Key, Edge>,
}

/// Messages of one type from one to another.
#[derive(Serialize, Deserialize)]
pub(super) struct Edge {
    pub(super) boot: Text,
    /// The types of its ends, where they were known.
    pub(super) kinds: (Option<Text>, Option<Text>),
    latest: u64,
    /// All that were told of.
    pub(super) count: u64,
    /// By the second in which each step of ten ends.
    recent: VecDeque<(i64, f32)>,
    heard: i64,
}

impl Edges {
    /// Takes a total over; `counts` says whether what it grew by belongs into the window.
    pub(super) fn report(
        &mut self,
        key: Key,
        kinds: (Option<Text>, Option<Text>),
        total: &EdgeTotal<'_>,
        counts: bool,
    ) {
        if self.all.len() >= MAX_EDGES && !self.all.contains_key(&key) {
            return;
        }
        let begin = if total.from_nothing { 0 } else { total.count };
        let edge = self.all.entry(key).or_insert_with(|| Edge {
            boot: total.boot.clone(),
            kinds: (None, None),
            latest: begin,
            count: begin,
            recent: VecDeque::new(),
            heard: total.span.1,
        });
        if edge.boot != *total.boot {
            edge.boot = total.boot.clone();
            edge.latest = begin;
        }
        let grown = total.count.saturating_sub(edge.latest);
        edge.latest = total.count;
        edge.heard = total.span.1;
        edge.count = edge.count.saturating_add(grown);
        edge.kinds = (kinds.0.or(edge.kinds.0.take()), kinds.1.or(edge.kinds.1.take()));
        if counts && grown > 0 {
            edge.spread(total.span, grown);
        }
    }

    pub(super) fn rename(&mut self, from: &str, to: &Text) {
        let renamed = |id: &Text| &**id == from;
        let keys: Vec<Key> = self
            .all
            .keys()
            .filter(|(sender, receiver, _)| renamed(receiver) || sender.as_ref().is_some_and(renamed))
            .cloned()
            .collect();
        for key in keys {
            if let Some(edge) = self.all.remove(&key) {
                let (sender, receiver, message) = key;
                let new = |id: Text| if renamed(&id) { to.clone() } else { id };
                self.all.insert((sender.map(new), new(receiver), message), edge);
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.all.values_mut().for_each(|edge| edge.recent.clear());
    }

    /// Forgets what is too old, and edges to actors that are gone.
    pub(super) fn tidy(&mut self, second: i64, is_known: impl Fn(&str) -> bool) {
        self.all.retain(|(_, to, _), edge| {
            while edge.recent.front().is_some_and(|(end, _)| *end < second - WINDOW) {
                edge.recent.pop_front();
            }
            edge.heard >= second - WINDOW || is_known(to)
        });
    }
}

impl Edge {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of a step need not be exact beyond 2^24"
    )]
    fn spread(&mut self, (from, to): (i64, i64), grown: u64) {
        let from = from.min(to - 1);
        let part = grown as f32 / (to - from) as f32;
        for second in from + 1..=to {
            let end = end_of_step(second, COARSE);
            match self.recent.iter_mut().rev().find(|(at, _)| *at == end) {
                Some((_, count)) => *count += part,
                None => self.recent.push_back((end, part)),
            }
        }
    }

    /// Messages in steps that end after `from`.
    pub(super) fn since(&self, from: i64) -> f64 {
        let within = self.recent.iter().filter(|(end, _)| *end > from);
        within.map(|(_, count)| f64::from(*count)).sum()
    }
}
