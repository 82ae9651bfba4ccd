//! Who sent the messages of one type to one actor, and how many of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::names::Sender;
use super::room::{Claim, Room};

/// Edges of the whole process.
pub(super) static ROOM: Room = Room::for_most(50_000);

/// Messages that belong to no edge: there are too many of them, or nobody knows any more who the sender was.
pub(super) static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// So many are looked through one after the other.
const FEW: usize = 8;

/// Those who sent.
#[derive(Default)]
pub(super) struct Edges {
    list: Vec<Edge>,
    /// Where in the list the latest one is: messages come in rows.
    latest: usize,
    /// Where the others are, where they are more than a few.
    places: HashMap<Sender, usize>,
}

pub(super) struct Edge {
    /// Names it among all edges of the process.
    pub(super) number: u64,
    pub(super) from: Sender,
    /// Absent when no observed actor sent.
    pub(super) name: Option<Arc<str>>,
    pub(super) count: u64,
    _claim: Claim,
}

impl Edges {
    #[inline]
    pub(super) fn count(&mut self, from: Sender) {
        match self.list.get_mut(self.latest) {
            Some(edge) if edge.from == from => edge.count += 1,
            _ => self.count_another(from),
        }
    }

    fn count_another(&mut self, from: Sender) {
        let place = if self.list.len() <= FEW {
            self.list.iter().position(|edge| edge.from == from)
        } else {
            self.places.get(&from).copied()
        };
        if let Some(edge) = place.and_then(|place| self.list.get_mut(place)) {
            edge.count += 1;
            self.latest = place.unwrap_or_default();
            return;
        }
        if self.begin(from).is_none() {
            LEFT_OUT.fetch_add(1, Relaxed);
        }
    }

    #[cold]
    fn begin(&mut self, from: Sender) -> Option<()> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let claim = ROOM.claim()?;
        let name = match from {
            Sender::OUTSIDE => None,
            actor => Some(actor.name()?),
        };
        self.latest = self.list.len();
        self.list.push(Edge {
            number: NEXT.fetch_add(1, Relaxed),
            from,
            name,
            count: 1,
            _claim: claim,
        });
        match self.list.len() {
            len if len == FEW + 1 => self.find_places(),
            len if len > FEW => {
                self.places.insert(from, self.latest);
            }
            _ => {}
        }
        Some(())
    }

    fn find_places(&mut self) {
        let places = self.list.iter().enumerate();
        self.places = places.map(|(place, edge)| (edge.from, place)).collect();
    }

    pub(super) fn all(&self) -> &[Edge] {
        &self.list
    }

    /// Makes room: forgets those that are not to be kept.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Edge) -> bool) {
        self.list.retain(keep);
        self.latest = 0;
        self.places.clear();
        if self.list.len() > FEW {
            self.find_places();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::SenderNumber;
    use super::*;

    #[test]
    fn every_sender_has_one_edge_few_or_many() {
        let numbers: Vec<_> = (0..40).map(|_| SenderNumber::default()).collect();
        let senders: Vec<_> = numbers
            .iter()
            .enumerate()
            .map(|(n, number)| number.of(&format!("edges-test-{n}").into()))
            .chain([Sender::OUTSIDE])
            .collect();
        let mut edges = Edges::default();
        for round in 1..=3 {
            for (n, sender) in senders.iter().enumerate() {
                (0..=n).for_each(|_| edges.count(*sender));
            }
            assert_eq!(edges.all().len(), senders.len());
            for (n, edge) in edges.all().iter().enumerate() {
                let name = (n < 40).then(|| format!("edges-test-{n}"));
                assert_eq!(
                    (edge.name.as_deref(), edge.count),
                    (name.as_deref(), round * (n as u64 + 1))
                );
            }
        }
        edges.retain(|edge| edge.count % 2 == 0);
        edges.count(senders[1]);
        assert_eq!((edges.all().len(), edges.all()[0].count), (20, 7));
    }
}
