//! A sender: one start of one process, with the time it was last heard.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use loom_protocol::{BatchOutcome, BootId, Dropped, Timestamp};

use super::entry::Text;

/// One boot of one process. Its actors point at it, so its beat is theirs.
pub(super) struct Boot {
    pub(super) id: BootId,
    /// The same, to be shared.
    pub(super) name: Text,
    beat: AtomicI64,
    /// What viewers were last told; the sweep compares it with the truth.
    pub(super) shown_stale: AtomicBool,
    /// An actor of it that lived was given to somebody else, or forgotten, while it was silent: it is asked for all of them.
    pub(super) robbed: AtomicBool,
    /// It was heard in the last minute, over a time that is known: what its actors did then was counted.
    pub(super) counted: AtomicBool,
    /// Held while a batch is applied: batches of one boot are applied one after the other.
    pub(super) progress: Mutex<Progress>,
    /// Its actors that are shown under another id than it calls them by, for another living process has theirs.
    aliases: RwLock<Aliases>,
    /// Whether there are any: mostly there are none, and then nobody has to wait for them.
    is_aliased: AtomicBool,
    /// How many of those were looked at in this round.
    looked_at: AtomicUsize,
    /// What it could not keep since its start.
    dropped: Mutex<Dropped>,
}

#[derive(Default)]
struct Aliases {
    shown: HashMap<Text, Text>,
    /// What it calls actors that are shown under another id than when somebody last asked.
    moved: HashSet<Text>,
}

/// How far a boot's batches were applied.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) last_seq: u64,
    /// What the last batch said, in short: another one with its number is of somebody else.
    pub(super) last_said: Option<u64>,
    pub(super) last_outcome: BatchOutcome,
    /// How often it began to name all its actors.
    pub(super) generation: u64,
    /// The generation of which batches are missing: what it did not name may have been named in those.
    pub(super) broken: u64,
    /// What follows `@` in the ids of its actors that others have too.
    pub(super) scope: Option<String>,
}

impl Boot {
    pub(super) fn new(id: BootId, now: Timestamp) -> Self {
        Self {
            name: Text::from(id.0.as_str()),
            id,
            beat: AtomicI64::new(now.as_millis()),
            shown_stale: AtomicBool::new(false),
            robbed: AtomicBool::new(false),
            counted: AtomicBool::new(false),
            progress: Mutex::default(),
            aliases: RwLock::default(),
            is_aliased: AtomicBool::new(false),
            looked_at: AtomicUsize::new(0),
            dropped: Mutex::default(),
        }
    }

    /// Takes over what it says that it could not keep.
    pub(super) fn tell_dropped(&self, told: Dropped) {
        let mut dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        *dropped = dropped.or_more(told);
    }

    /// What it could not keep since its start.
    pub(super) fn dropped(&self) -> Dropped {
        *self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn beat(&self, now: Timestamp) {
        self.beat.store(now.as_millis(), Ordering::Relaxed);
    }

    pub(super) fn last_beat(&self) -> Timestamp {
        Timestamp::from_millis(self.beat.load(Ordering::Relaxed))
    }

    /// The id under which the actor that this boot calls `id` is shown, where that is another one.
    pub(super) fn alias(&self, id: &str) -> Option<Text> {
        if !self.has_aliases() {
            return None;
        }
        let aliases = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        aliases.shown.get(id).cloned()
    }

    /// What it calls the actor that is shown as `shown`.
    pub(super) fn own_name(&self, shown: &str) -> Text {
        let aliases = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        let own = aliases.shown.iter().find(|(_, as_shown)| &***as_shown == shown);
        own.map_or_else(|| Text::from(shown), |(id, _)| id.clone())
    }

    /// Shows the actor that it calls `id` as `shown` from now on.
    pub(super) fn set_alias(&self, id: Text, shown: Text) {
        let mut aliases = self.aliases.write().unwrap_or_else(PoisonError::into_inner);
        aliases.moved.insert(id.clone());
        aliases.shown.insert(id, shown);
        self.is_aliased.store(true, Ordering::Release);
    }

    /// Shows the actor that it calls `id` by that id again.
    pub(super) fn drop_alias(&self, id: &str) {
        let mut aliases = self.aliases.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((id, _)) = aliases.shown.remove_entry(id) {
            aliases.moved.insert(id);
        }
        self.is_aliased
            .store(!aliases.shown.is_empty(), Ordering::Release);
    }

    /// How many of its aliases were looked at in this round.
    pub(super) fn looked_at(&self) -> usize {
        self.looked_at.load(Ordering::Relaxed)
    }

    /// Goes on with its aliases from there.
    pub(super) fn look_from(&self, place: usize) {
        self.looked_at.store(place, Ordering::Relaxed);
    }

    /// Whether any of its actors is shown under another id.
    pub(super) fn has_aliases(&self) -> bool {
        self.is_aliased.load(Ordering::Acquire)
    }

    /// What it calls those of its actors that got another id since this was last asked.
    pub(super) fn take_moved(&self) -> HashSet<Text> {
        let aliases = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        if aliases.moved.is_empty() {
            return HashSet::new();
        }
        drop(aliases);
        let mut aliases = self.aliases.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut aliases.moved)
    }

    /// Its actors that are shown under other ids: what it calls them, and as what they are shown.
    pub(super) fn all_aliases(&self) -> Vec<(Text, Text)> {
        let aliases = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = aliases.shown.iter();
        pairs.map(|(id, shown)| (id.clone(), shown.clone())).collect()
    }

    /// Up to `most` of the same, others each time until all had their turn.
    pub(super) fn next_aliases(&self, most: usize) -> Vec<(Text, Text)> {
        let aliases = self.aliases.read().unwrap_or_else(PoisonError::into_inner);
        let first = self.looked_at.load(Ordering::Relaxed);
        let pairs = aliases.shown.iter().skip(first).take(most);
        let pairs: Vec<_> = pairs.map(|(id, shown)| (id.clone(), shown.clone())).collect();
        let next = if pairs.len() < most {
            0
        } else {
            first.saturating_add(most)
        };
        self.looked_at.store(next, Ordering::Relaxed);
        pairs
    }
}
