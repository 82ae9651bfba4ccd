//! What a studio is told of what was measured: the totals that changed since it was told last.
//!
//! Reads the cells and remembers of each what was told; a look costs what there is, and tells no more than a bound.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Weak};

use loom_protocol::{ActorId, ActorMessages, Dropped, Edge, TypeTotals, WaitingAsk};

use super::message::Counts;
use super::row::{Row, Traffic};
use super::{asks, edges, kind, row};
use crate::registry::{ActorRegistry, Inner};

/// Rows and edges of one look. What is left has its turn with the next ones, in its newest state.
const LOOK: usize = 5_000;

/// What is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) types: Vec<TypeTotals>,
    pub(crate) messages: Vec<ActorMessages>,
    pub(crate) edges: Vec<Edge>,
    /// Asks that wait, all of them; nothing where there are none and it is known.
    pub(crate) asks: Option<Vec<WaitingAsk>>,
    /// What there was no room for, since the process began. Without events, which are not measured here.
    pub(crate) dropped: Dropped,
}

/// What a studio was told last.
pub(crate) struct Report {
    types: HashMap<String, TypeTotals>,
    /// Rows and edges by number, with what was counted.
    rows: HashMap<u64, u64>,
    edges: HashMap<u64, u64>,
    /// Those that somebody looks at are told first.
    watched: HashSet<String>,
    /// Where the next look begins, so that everyone has a turn.
    turn: usize,
    look: usize,
    /// It was told of asks that wait.
    has_asks: bool,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self::with_bound(LOOK)
    }

    pub(super) fn with_bound(look: usize) -> Self {
        Self {
            types: HashMap::new(),
            rows: HashMap::new(),
            edges: HashMap::new(),
            watched: HashSet::new(),
            turn: 0,
            look,
            has_asks: false,
        }
    }

    /// Nothing of what was told counts any more.
    pub(crate) fn start_over(&mut self) {
        self.types.clear();
        self.rows.clear();
        self.edges.clear();
        self.has_asks = false;
    }

    pub(crate) fn watch(&mut self, actors: &[ActorId]) {
        if self.watched.len() != actors.len() || actors.iter().any(|id| !self.watched.contains(&id.0)) {
            self.watched = actors.iter().map(|id| id.0.clone()).collect();
        }
    }

    /// What changed since the last look; of actors, those of the registries that are asked for.
    pub(crate) fn look(&mut self, is_wanted: impl Fn(&Weak<Inner>) -> bool) -> Measured {
        let mut measured = Measured {
            types: self.types(),
            ..Measured::default()
        };
        let living = row::all().living();
        let (watched, mut others): (Vec<_>, Vec<_>) = living
            .into_iter()
            .filter(|traffic| is_wanted(&traffic.registry))
            .partition(|traffic| self.watched.contains(&*traffic.actor));
        let turn = self.turn.checked_rem(others.len()).unwrap_or_default();
        others.rotate_left(turn);
        let mut look = Look {
            before: (std::mem::take(&mut self.rows), std::mem::take(&mut self.edges)),
            room: self.look,
            due: Vec::new(),
            measured: &mut measured,
            report: self,
        };
        look.tell(&watched);
        let before = look.tell(&others);
        self.turn = turn + before;
        measured.dropped = Dropped {
            events: 0,
            edges: edges::LEFT_OUT.load(std::sync::atomic::Ordering::Relaxed),
            messages: row::LEFT_OUT.load(std::sync::atomic::Ordering::Relaxed),
        };
        measured
    }

    /// The asks that wait among actors of these registries; nothing where there are none and that is known.
    pub(crate) fn asks(&mut self, registries: &[&ActorRegistry]) -> Option<Vec<WaitingAsk>> {
        let asks = asks::waiting(registries);
        let had_asks = std::mem::replace(&mut self.has_asks, !asks.is_empty());
        (had_asks || self.has_asks).then_some(asks)
    }

    fn types(&mut self) -> Vec<TypeTotals> {
        let mut changed = Vec::new();
        for now in totals() {
            let before = self.types.get(&now.kind);
            let messages: Vec<_> = now
                .messages
                .iter()
                .filter(|message| before.is_none_or(|before| !before.messages.contains(message)))
                .cloned()
                .collect();
            if messages.is_empty() {
                continue;
            }
            changed.push(TypeTotals {
                kind: now.kind.clone(),
                messages,
            });
            self.types.insert(now.kind.clone(), now);
        }
        changed
    }
}

/// Every type that ever had a message, with all of them. Types of one name are one to a studio, as their actors are.
fn totals() -> Vec<TypeTotals> {
    let mut types: BTreeMap<&str, BTreeMap<&str, Counts>> = BTreeMap::new();
    for kind in kind::all() {
        let messages = types.entry(kind.shown()).or_default();
        for message in kind.messages() {
            let mut counts = Counts::default();
            message.add_to(&mut counts);
            if !counts.is_empty() {
                messages.entry(message.name()).or_default().merge(&counts);
            }
        }
    }
    types
        .into_iter()
        .filter(|(_, messages)| !messages.is_empty())
        .map(|(kind, messages)| TypeTotals {
            kind: kind.to_owned(),
            messages: messages
                .iter()
                .map(|(kind, counts)| counts.totals(kind))
                .collect(),
        })
        .collect()
}

/// One look at the rows and edges.
struct Look<'a> {
    before: (HashMap<u64, u64>, HashMap<u64, u64>),
    room: usize,
    /// Edges of one row that are to be reported: who sent, and how many.
    due: Vec<(Option<Arc<str>>, u64)>,
    measured: &'a mut Measured,
    report: &'a mut Report,
}

impl Look<'_> {
    /// Returns how many of them had their turn.
    fn tell(&mut self, actors: &[Arc<Traffic>]) -> usize {
        let mut reported = actors.len();
        for (place, traffic) in actors.iter().enumerate() {
            let mut messages: BTreeMap<&str, Counts> = BTreeMap::new();
            for row in traffic.rows() {
                self.edges(&traffic.actor, row);
                if self.is_due(row) {
                    messages
                        .entry(row.message.name())
                        .or_default()
                        .merge(&row.counts());
                }
            }
            if !messages.is_empty() {
                let messages = messages
                    .iter()
                    .map(|(kind, counts)| counts.totals(kind))
                    .collect();
                let id = ActorId(traffic.actor.to_string());
                self.measured.messages.push(ActorMessages { id, messages });
            }
            if self.room == 0 {
                // This one had its turn: another begins the next look, however much this one does.
                reported = reported.min(place + 1);
            }
        }
        reported
    }

    fn is_due(&mut self, row: &Row) -> bool {
        let (before, now) = (self.before.0.get(&row.number).copied(), row.stamp());
        let is_due = before != Some(now) && now > 0 && self.room > 0;
        self.room -= usize::from(is_due);
        if let Some(reported) = if is_due { Some(now) } else { before } {
            self.report.rows.insert(row.number, reported);
        }
        is_due
    }

    fn edges(&mut self, to: &str, row: &Row) {
        let mut due = std::mem::take(&mut self.due);
        // Nothing is copied or made under the lock, which the actor takes with each message.
        let mut edges = row.edges();
        for edge in edges.all() {
            let before = self.before.1.get(&edge.number).copied();
            let is_due = before != Some(edge.count) && self.room > 0;
            self.room -= usize::from(is_due);
            if is_due {
                due.push((edge.name.clone(), edge.count));
            }
            if let Some(reported) = if is_due { Some(edge.count) } else { before } {
                self.report.edges.insert(edge.number, reported);
            }
        }
        // Senders that came and went leave edges behind; they stay as long as nobody else needs the room.
        if edges::ROOM.is_scarce() {
            let reported = &self.report.edges;
            edges.retain(|edge| reported.get(&edge.number) != Some(&edge.count) || !edge.from.has_ended());
        }
        drop(edges);
        self.measured
            .edges
            .extend(due.drain(..).map(|(from, count)| Edge {
                from: from.map(|name| ActorId(name.to_string())),
                from_boot: None,
                to: ActorId(to.to_owned()),
                message: row.message.name().to_owned(),
                count,
            }));
        self.due = due;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Sender, message_cell, type_cell};
    use crate::registry::ActorRegistry;
    use crate::spec::ActorSpec;

    #[test]
    fn a_look_is_bounded_and_everyone_has_a_turn_with_the_newest_totals() {
        struct Busy;
        let _alone = row::room_for_a_test();
        let registry = ActorRegistry::new();
        let message = message_cell::<Busy, u8>();
        let cells: Vec<_> = (0..10)
            .map(|n| {
                let spec = ActorSpec::new("Busy").id(format!("busy-{n}")).registry(&registry);
                spec.admit(Some(type_cell::<Busy>()))
            })
            .collect();
        let all_handle_one = || {
            for cell in &cells {
                cell.row(message)
                    .unwrap()
                    .handled(false, Some(1_000), Sender::OUTSIDE);
            }
        };
        let mut report = Report::with_bound(4);
        report.watch(&["busy-9".into()]);
        let mut reported: HashMap<String, (u64, u64)> = HashMap::new();
        for round in 1..=20 {
            all_handle_one();
            let measured = report.look(|table| registry.is(table));
            assert!(measured.messages.len() + measured.edges.len() <= 4);
            for edge in &measured.edges {
                assert_eq!((&edge.from, &*edge.message, edge.count), (&None, "u8", round));
                reported.entry(edge.to.0.clone()).or_default().0 = round;
            }
            for actor in &measured.messages {
                assert_eq!(actor.messages[0].handled, round);
                assert_eq!(actor.messages[0].wait.as_ref().unwrap().count(), round);
                reported.entry(actor.id.0.clone()).or_default().1 = round;
            }
            assert_eq!(reported["busy-9"], (round, round), "somebody looks at it");
        }
        assert_eq!(reported.len(), 10);
        assert!(
            reported.values().all(|reported| reported.0.min(reported.1) >= 10),
            "{reported:?}"
        );
        // Once nothing comes any more, all is told, and then nothing.
        for _ in 0..10 {
            let _rest = report.look(|table| registry.is(table));
        }
        let quiet = report.look(|table| registry.is(table));
        assert!(quiet.messages.is_empty() && quiet.edges.is_empty(), "{quiet:?}");
        report.start_over();
        let again = report.look(|table| registry.is(table));
        assert_eq!(again.messages.len() + again.edges.len(), 4);
        assert!(report.look(|_| false).messages.is_empty(), "of no other registry");
    }
}
