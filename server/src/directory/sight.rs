//! An actor's row as filters see it, as of now. Most of an actor's texts are shared with others, so each of those is compared
//! with a pattern once a chunk and not once an actor.

use std::borrow::Cow;
use std::cell::Cell;

use loom_protocol::filter::{Field, Measure, Nature, Pattern, Subject};
use loom_protocol::{ActorStatus, Timestamp};
use serde_json::{Map, Value};

use super::entry;
use super::measured::Standing;
use super::patience::Patience;
use super::rows::Row;
use super::texts::{Texts, WithParent};

/// Verdicts that are remembered.
const SLOTS: usize = 256;
/// Patterns of which it is remembered whether a chunk may have them.
const OF_CHUNK: usize = 16;

/// What patterns said of shared texts.
pub(super) struct Memory {
    slots: Vec<Cell<Verdict>>,
    /// Whether a pattern may be in any of the texts that a chunk keeps.
    of_chunk: [Cell<Verdict>; OF_CHUNK],
}

/// Nothing is held by it: while a chunk is looked at its rows hold their texts, so that an address is of one text.
#[derive(Clone, Copy, Default)]
struct Verdict {
    /// The addresses of the chunk, of a pattern, which lives as long as this does, and of the text, and how long that is.
    of: (usize, usize, usize, usize),
    fits: bool,
}

impl Verdict {
    const NONE: Self = Self {
        of: (0, 0, 0, 0),
        fits: false,
    };
}

/// What is not among the texts that a chunk keeps of its rows.
const SHARED: [Field; 4] = [Field::Type, Field::State, Field::Worker, Field::Node];

/// A row at a moment.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) row: &'a Row,
    pub(super) texts: &'a Texts,
    pub(super) now: Timestamp,
    pub(super) patience: Patience,
    pub(super) memory: &'a Memory,
}

impl Memory {
    /// For one filter: whoever uses it for another is told what the first one's patterns said.
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Cell::default(); SLOTS],
            of_chunk: [const { Cell::new(Verdict::NONE) }; OF_CHUNK],
        }
    }

    /// Whether it is worth looking for a pattern in the texts that a chunk keeps of each of its rows. Of two patterns that would push
    /// each other out only the first is asked about: to look through all of a chunk for each row would be slower than anything.
    fn may_have(&self, chunk: &Texts, pattern: &Pattern) -> bool {
        let (of, at) = (
            std::ptr::from_ref(chunk).addr(),
            std::ptr::from_ref(pattern).addr(),
        );
        let Some(slot) = self.of_chunk.get((at >> 4) % OF_CHUNK) else {
            return true;
        };
        let known = slot.get();
        if known.of.0 == of {
            return known.of.1 != at || known.fits;
        }
        let fits = chunk.may_have(pattern);
        slot.set(Verdict {
            of: (of, at, 0, 0),
            fits,
        });
        fits
    }

    fn judge(&self, chunk: &Texts, pattern: &Pattern, text: &str, judge: impl FnOnce() -> bool) -> bool {
        let (at, len) = (std::ptr::from_ref(pattern).addr(), text.len());
        let text = text.as_ptr().addr();
        let of = (std::ptr::from_ref(chunk).addr(), at, text, len);
        let Some(slot) = self.slots.get(((text >> 4) ^ (text >> 1) ^ (at >> 3)) % SLOTS) else {
            return judge();
        };
        Self::known(slot, of, judge)
    }

    fn known(slot: &Cell<Verdict>, of: (usize, usize, usize, usize), judge: impl FnOnce() -> bool) -> bool {
        let known = slot.get();
        if known.of == of {
            return known.fits;
        }
        let fits = judge();
        slot.set(Verdict { of, fits });
        fits
    }
}

impl Sight<'_> {
    pub(super) fn status(&self) -> Option<&ActorStatus> {
        if self.is_stale() {
            return Some(&ActorStatus::Stale);
        }
        self.row.status.as_ref()
    }

    pub(super) fn last_heartbeat(&self) -> Timestamp {
        entry::last_heartbeat(self.row.beat, self.row.owner.as_ref(), self.is_final())
    }

    pub(super) fn uptime(&self) -> Option<u64> {
        let started = self.row.started?;
        let until = if self.is_final() || self.is_stale() {
            self.last_heartbeat()
        } else {
            self.now
        };
        Some(until.millis_since(started))
    }

    /// Messages a second in the last minute.
    pub(super) fn rate(&self) -> Option<f64> {
        let rate = self.row.rate;
        self.standing().rate(rate.measured, rate.reported)
    }

    /// How long a message waited in the last minute, in milliseconds.
    pub(super) fn wait(&self) -> Option<f64> {
        let wait = self.row.wait;
        self.standing().time(wait.measured, wait.reported)
    }

    /// How long a message was handled in the last minute, in milliseconds.
    pub(super) fn handle(&self) -> Option<f64> {
        let handle = self.row.handle;
        self.standing().time(handle.measured, handle.reported)
    }

    fn standing(&self) -> Standing {
        Standing {
            counts: self.row.message_count.is_some(),
            times: self.row.times,
            heard: entry::is_counted(self.row.owner.as_ref()),
            silent: self.is_final() || self.is_stale(),
        }
    }

    fn is_final(&self) -> bool {
        self.row.status.as_ref().is_some_and(ActorStatus::is_final)
    }

    fn is_stale(&self) -> bool {
        !self.is_final() && self.patience.is_over(self.last_heartbeat(), self.now)
    }

    /// A text that is shared, where the field has one that is. It is nowhere else as long as the row's chunk is looked at.
    fn shared(&self, field: Field) -> Option<&str> {
        match field {
            Field::Type => Some(&self.row.kind),
            Field::State => self.status().map(ActorStatus::as_str),
            Field::Worker => self.row.worker.as_deref(),
            Field::Node => self.row.node.as_deref(),
            Field::Parent => self.row.parent.as_deref().filter(|_| self.parent_is_kept()),
            Field::Id => None,
        }
    }

    /// Whether its parent is shown under the name that its owner has for it.
    fn parent_is_kept(&self) -> bool {
        let owner = self.row.owner.as_ref();
        owner.is_none_or(|owner| !owner.has_aliases())
    }
}

impl Subject for Sight<'_> {
    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Id => Some(Cow::Borrowed(&self.row.id)),
            Field::Parent => {
                let shown = entry::shown_parent(self.row.parent.as_ref()?, self.row.owner.as_ref());
                Some(Cow::Owned(shown.to_string()))
            }
            Field::Type | Field::State | Field::Worker | Field::Node => self.shared(field).map(Cow::Borrowed),
        }
    }

    fn measure(&self, measure: Measure) -> Option<f64> {
        let row = self.row;
        match measure {
            Measure::Messages => row.message_count.map(number),
            Measure::Rate => self.rate(),
            Measure::Queue => row.queue_depth.map(number),
            Measure::Errors => row.error_count.map(number),
            Measure::Restarts => row.restart_count.map(number),
            Measure::Wait => self.wait(),
            Measure::Handle => self.handle(),
            Measure::Uptime => self.uptime().map(number),
        }
    }

    fn is(&self, nature: Nature) -> bool {
        match nature {
            Nature::System => self.row.system,
            Nature::Stale => self.is_stale(),
            Nature::Ended => self.is_final(),
        }
    }

    fn metadata(&self) -> Option<&Map<String, Value>> {
        self.row.metadata.as_deref()
    }

    fn has(&self, pattern: &Pattern) -> bool {
        let with_parent = if self.parent_is_kept() {
            WithParent::Yes
        } else {
            WithParent::No
        };
        let is_whole = self.row.place.is_taken();
        let kept = if is_whole && !self.memory.may_have(self.texts, pattern) {
            Some(false)
        } else {
            self.texts.has(self.row.place, pattern, with_parent)
        };
        let Some(has) = kept else {
            let id = Field::ALL.iter().any(|field| self.field_has(*field, pattern));
            return id || self.metadata_has(pattern);
        };
        // Those of its texts that it shares with others.
        has || SHARED.iter().any(|field| self.field_has(*field, pattern))
            || (with_parent == WithParent::No && self.field_has(Field::Parent, pattern))
    }

    fn field_is(&self, field: Field, pattern: &Pattern) -> bool {
        match self.shared(field) {
            Some(text) => self.memory.judge(self.texts, pattern, text, || pattern.is(text)),
            None => match self.text(field) {
                Some(text) => pattern.is(&text),
                None => pattern.is_empty(),
            },
        }
    }

    fn field_has(&self, field: Field, pattern: &Pattern) -> bool {
        match self.shared(field) {
            Some(text) => self
                .memory
                .judge(self.texts, pattern, text, || pattern.is_in(text)),
            None => self.text(field).is_some_and(|text| pattern.is_in(&text)),
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "such counts are compared, not counted on"
)]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use loom_protocol::filter::{Condition, Filter};

    use super::*;

    #[test]
    fn patterns_that_push_each_other_out_find_what_is_there() {
        let mut texts = Texts::default();
        texts.take("only-this", None, None);
        // More than there are places for.
        let words: Vec<String> = (0..50).map(|number| format!("word{number}")).collect();
        let filter: Filter = format!("only {}", words.join(" ")).parse().unwrap();
        let memory = Memory::new();
        for _ in 0..2 {
            let mut passed_over = 0;
            for (place, term) in filter.terms.iter().enumerate() {
                let Condition::Text(pattern) = &term.condition else {
                    panic!("a text");
                };
                let may_have = memory.may_have(&texts, pattern);
                assert!(place != 0 || may_have, "it is there");
                passed_over += usize::from(!may_have);
            }
            assert!((1..=OF_CHUNK).contains(&passed_over), "{passed_over}");
        }
    }
}
