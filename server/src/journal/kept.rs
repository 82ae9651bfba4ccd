//! All lines, by actor, by their order among all, and by the chain of messages that they belong to; with the bounds.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use loom_protocol::{ActorEvent, EventKind, JournalLine, Timestamp};
use serde_json::{Map, Value};

use super::ring::{Kept, Ring};
use crate::directory::Text;

/// Bytes of a message that are kept; a longer one is cut.
pub(super) const MESSAGE: usize = 4 * 1024;
/// Lines of one actor.
pub(super) const PER_ACTOR: usize = 500;
/// Lines of all actors together.
pub(super) const LINES: usize = 200_000;
/// What they may weigh together, in bytes, reckoned from their texts.
const BYTES: usize = 64 * 1024 * 1024;
/// What a line weighs beside its texts: itself and its places in the indexes.
const LINE_BYTES: usize = 250;

type Place = (Text, u64);

#[derive(Default)]
pub(super) struct Lines {
    rings: HashMap<Text, Ring>,
    /// In the order in which they came; what is no longer kept is skipped.
    arrived: VecDeque<Place>,
    chains: HashMap<String, Chain>,
    next: u64,
    count: usize,
    bytes: usize,
}

/// The lines of one chain of messages; what is no longer kept is skipped.
#[derive(Default)]
struct Chain {
    places: VecDeque<Place>,
    kept: usize,
}

/// A line before it has its number.
pub(crate) struct Draft {
    pub(super) time: Timestamp,
    pub(super) kind: EventKind,
    pub(super) message: String,
    pub(super) correlation_id: Option<String>,
    pub(super) data: Option<Map<String, Value>>,
    /// What it weighs, in bytes.
    weight: usize,
}

impl Draft {
    /// What a process tells. Costs as much as its data is large.
    pub(crate) fn of(mut event: ActorEvent, now: Timestamp) -> Self {
        cut(&mut event.message);
        let chain = event.correlation_id.as_ref().map_or(0, |id| 2 * id.len());
        let data = event.data.as_ref().map_or(0, |data| {
            serde_json::to_vec(data).map_or(BYTES, |json| 2 * json.len())
        });
        Self {
            weight: LINE_BYTES + event.message.len() + chain + data,
            time: event.time.unwrap_or(now),
            kind: event.kind,
            message: event.message,
            correlation_id: event.correlation_id,
            data: event.data,
        }
    }

    /// What the studio sees by itself.
    pub(super) fn seen(time: Timestamp, kind: EventKind, message: String) -> Self {
        Self {
            weight: LINE_BYTES + message.len(),
            time,
            kind,
            message,
            correlation_id: None,
            data: None,
        }
    }
}

impl Lines {
    /// Of the lines of each actor; `next` is the number of the next line of all.
    pub(super) fn of_rings(rings: HashMap<Text, Ring>, next: u64) -> Self {
        let mut lines = Self {
            next,
            ..Self::default()
        };
        let mut arrived: Vec<(u64, Text, Option<String>)> = Vec::new();
        for (id, ring) in &rings {
            for kept in ring.lines() {
                lines.count += 1;
                lines.bytes = lines.bytes.saturating_add(kept.weight);
                arrived.push((kept.number, id.clone(), kept.line.correlation_id.clone()));
            }
        }
        arrived.sort_unstable_by_key(|(number, ..)| *number);
        for (number, id, chain) in arrived {
            if let Some(chain) = chain {
                let chain = lines.chains.entry(chain).or_default();
                chain.places.push_back((id.clone(), number));
                chain.kept += 1;
            }
            lines.arrived.push_back((id, number));
        }
        lines.rings = rings;
        lines
    }

    /// The lines of each actor.
    pub(super) fn rings(&self) -> impl Iterator<Item = (&Text, &Ring)> {
        self.rings.iter()
    }

    /// The number of the next line of all.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn push(&mut self, id: &Text, draft: Draft) -> Arc<JournalLine> {
        let ring = self.rings.entry(id.clone()).or_default();
        let line = Arc::new(JournalLine {
            seq: ring.next_seq(),
            time: draft.time,
            kind: draft.kind,
            message: draft.message,
            correlation_id: draft.correlation_id,
            data: draft.data,
        });
        let weight = draft.weight;
        let number = self.next;
        self.next += 1;
        self.count += 1;
        self.bytes = self.bytes.saturating_add(weight);
        self.arrived.push_back((id.clone(), number));
        if let Some(chain) = &line.correlation_id {
            let chain = self.chains.entry(chain.clone()).or_default();
            chain.places.push_back((id.clone(), number));
            chain.kept += 1;
        }
        ring.push(Kept {
            number,
            weight,
            line: line.clone(),
        });
        if ring.len() > PER_ACTOR {
            self.drop_oldest(id);
        }
        while self.count > LINES || self.bytes > BYTES {
            if !self.drop_oldest_of_all() {
                break;
            }
        }
        if self.arrived.len() > 2 * self.count + 1024 {
            let rings = &self.rings;
            let is_kept =
                |(id, number): &Place| rings.get(id).is_some_and(|ring| ring.find(*number).is_some());
            self.arrived.retain(is_kept);
        }
        line
    }

    /// Counts a line that is not kept, where the actor has any: a hole.
    pub(super) fn skip(&mut self, id: &str) {
        if let Some(ring) = self.rings.get_mut(id) {
            ring.next_seq();
        }
    }

    fn drop_oldest_of_all(&mut self) -> bool {
        while let Some((id, number)) = self.arrived.pop_front() {
            if self.rings.get(&id).is_some_and(|ring| ring.begins_with(number)) {
                self.drop_oldest(&id);
                return true;
            }
        }
        false
    }

    fn drop_oldest(&mut self, id: &str) {
        let dropped = self.rings.get_mut(id).and_then(Ring::pop);
        if let Some(kept) = dropped {
            self.account_for(&kept);
        }
    }

    /// A line is no longer kept.
    fn account_for(&mut self, kept: &Kept) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(kept.weight);
        let Some(id) = &kept.line.correlation_id else {
            return;
        };
        let Some(chain) = self.chains.get_mut(id) else {
            return;
        };
        chain.kept = chain.kept.saturating_sub(1);
        if chain.kept == 0 {
            self.chains.remove(id);
        } else if chain.places.len() > 2 * chain.kept + 16 {
            let rings = &self.rings;
            chain
                .places
                .retain(|(id, number)| rings.get(id).is_some_and(|ring| ring.find(*number).is_some()));
        }
    }

    /// The actor is no longer known, or is again.
    pub(super) fn set_gone(&mut self, id: &str, gone: Option<Timestamp>) {
        if let Some(ring) = self.rings.get_mut(id) {
            ring.gone = gone;
        }
    }

    /// The actor is not known. When it went may be known already.
    pub(super) fn set_gone_unless_it_is(&mut self, id: &str, now: Timestamp) {
        if let Some(ring) = self.rings.get_mut(id) {
            ring.gone.get_or_insert(now);
        }
    }

    /// Has the lines of one actor go on under another id, among those that stand there as they came.
    pub(super) fn rename(&mut self, from: &str, to: &Text) {
        let Some(moved) = self.rings.remove(from) else {
            return;
        };
        for kept in moved.lines() {
            let (number, chain) = (kept.number, &kept.line.correlation_id);
            move_place(&mut self.arrived, number, to);
            if let Some(chain) = chain.as_ref().and_then(|chain| self.chains.get_mut(chain)) {
                move_place(&mut chain.places, number, to);
            }
        }
        let ring = self.rings.entry(to.clone()).or_default();
        ring.merge(moved);
        let more = ring.len().saturating_sub(PER_ACTOR);
        for _ in 0..more {
            self.drop_oldest(to);
        }
        // Who is called so now is there.
        self.set_gone(to, None);
    }

    /// Forgets what actors left behind that are gone since before `before`.
    pub(super) fn forget(&mut self, before: Timestamp) {
        let is_old = |ring: &Ring| ring.gone.is_some_and(|gone| gone <= before);
        let old: Vec<Text> = self
            .rings
            .iter()
            .filter(|(_, ring)| is_old(ring))
            .map(|(id, _)| id.clone())
            .collect();
        for id in old {
            if let Some(mut ring) = self.rings.remove(&id) {
                while let Some(kept) = ring.pop() {
                    self.account_for(&kept);
                }
            }
        }
    }

    pub(super) fn page(&self, id: &str, before: Option<u64>, limit: usize) -> Option<Vec<JournalLine>> {
        self.rings.get(id).map(|ring| ring.page(before, limit))
    }

    /// The newest `limit` lines that `which` takes, oldest first.
    pub(super) fn newest(
        &self,
        limit: usize,
        which: impl Fn(&JournalLine) -> bool,
    ) -> Vec<(Text, Arc<JournalLine>)> {
        self.found(self.arrived.iter().rev(), limit, which)
    }

    /// The newest `limit` lines of a chain of messages, oldest first.
    pub(super) fn of_chain(&self, chain: &str, limit: usize) -> Vec<(Text, Arc<JournalLine>)> {
        let places = self.chains.get(chain).map(|chain| chain.places.iter().rev());
        self.found(places.into_iter().flatten(), limit, |_| true)
    }

    fn found<'a>(
        &self,
        places: impl Iterator<Item = &'a Place>,
        limit: usize,
        which: impl Fn(&JournalLine) -> bool,
    ) -> Vec<(Text, Arc<JournalLine>)> {
        let lines = places.filter_map(|(id, number)| {
            let line = self.rings.get(id)?.find(*number)?;
            which(line).then(|| (id.clone(), line.clone()))
        });
        let mut lines: Vec<_> = lines.take(limit).collect();
        lines.reverse();
        lines
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.count
    }
}

/// A line belongs to another id from now on.
fn move_place(places: &mut VecDeque<Place>, number: u64, to: &Text) {
    // By number, as they came.
    if let Ok(place) = places.binary_search_by_key(&number, |(_, number)| *number)
        && let Some((id, _)) = places.get_mut(place)
    {
        *id = to.clone();
    }
}

/// Cuts a text that is too long, at a letter.
fn cut(text: &mut String) {
    if text.len() > MESSAGE {
        text.truncate(text.floor_char_boundary(MESSAGE));
        text.push('…');
    }
}
