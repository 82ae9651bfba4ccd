//! The types of actors: their totals over all boots, and their windows.

use std::collections::HashMap;

use loom_protocol::MessageTotals;
use serde::{Deserialize, Serialize};

use super::coverage::Coverage;
use super::growth::{Growth, Tally};
use super::series::Series;
use crate::directory::Text;

/// Types that are kept.
const MAX_KINDS: usize = 2_000;
/// Types of messages that are kept of one type.
const MAX_MESSAGES: usize = 200;

/// Whether a library's plumbing is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plumbing {
    Shown,
    LeftOut,
}

/// One type, over all processes.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kind {
    pub(super) live: u64,
    pub(super) queued: u64,
    pub(super) handled: u64,
    pub(super) errors: u64,
    /// Of it there were actors of a library's plumbing, and of the application.
    pub(super) plumbing: bool,
    pub(super) own: bool,
    /// Messages that never reached a handler, since this studio knows the type.
    pub(super) dead: u64,
    pub(super) series: Series,
    /// When actors were heard that no process speaks for.
    pub(super) loners: Coverage,
    pub(super) messages: HashMap<Text, MessageOfKind>,
}

/// One type of message of one type of actor.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct MessageOfKind {
    #[serde(with = "crate::recording::wire::totals")]
    pub(super) totals: MessageTotals,
    pub(super) series: Series,
}

/// One boot, as far as traffic goes.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct BootTraffic {
    /// Whether totals that are new came from nothing.
    pub(super) from_nothing: bool,
    /// Whether it was heard before.
    pub(super) known: bool,
    /// The last batch, in milliseconds.
    pub(super) last: Option<i64>,
    pub(super) coverage: Coverage,
    pub(super) kinds: HashMap<Text, KindOfBoot>,
}

/// One type in one boot.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct KindOfBoot {
    pub(super) live: u64,
    /// Grown by its actors since the last batch.
    pub(super) handled: u64,
    pub(super) errors: u64,
    /// Grown by its totals in this batch.
    pub(super) by_type: Option<(u64, u64)>,
    pub(super) tally: Tally,
    pub(super) errors_tally: Tally,
    #[serde(with = "crate::recording::wire::totals_by_name")]
    pub(super) latest: HashMap<Text, MessageTotals>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Kinds {
    pub(super) all: HashMap<Text, Kind>,
}

impl Kinds {
    /// A type, which may be new; nothing when there are too many.
    pub(super) fn get(&mut self, kind: &Text) -> Option<&mut Kind> {
        if self.all.len() >= MAX_KINDS && !self.all.contains_key(kind) {
            return None;
        }
        Some(self.all.entry(kind.clone()).or_default())
    }

    /// Forgets what is too old; where there are too many types, those without actors of which nothing was heard for a window.
    pub(super) fn trim(&mut self, oldest: i64, oldest_of_messages: i64) {
        for kind in self.all.values_mut() {
            kind.series.trim(oldest);
            for message in kind.messages.values_mut() {
                message.series.trim(oldest_of_messages);
            }
        }
        if self.all.len() >= MAX_KINDS {
            self.all
                .retain(|_, kind| kind.live > 0 || !kind.series.is_empty());
        }
    }

    /// Reckons what the windows of messages weigh, in bytes.
    pub(super) fn bytes_of_messages(&self) -> usize {
        let messages = self.all.values().flat_map(|kind| kind.messages.values());
        messages.map(|message| message.series.bytes()).sum()
    }
}

impl Kind {
    /// Adds what one type of message grew by.
    pub(super) fn add(&mut self, message: &str, grown: &Growth, whole: bool, span: (i64, i64)) {
        if whole {
            self.dead = self.dead.saturating_add(grown.dead);
        }
        if self.messages.len() >= MAX_MESSAGES && !self.messages.contains_key(message) {
            return;
        }
        let kept = self.messages.entry(Text::from(message)).or_default();
        kept.totals.kind = message.to_owned();
        kept.add(grown, whole, span);
        if whole && grown.has_times() {
            self.series.at(span.1, 1, |sample| grown.add_times(sample));
        }
    }
}

impl MessageOfKind {
    pub(super) fn add(&mut self, grown: &Growth, counts: bool, span: (i64, i64)) {
        let totals = &mut self.totals;
        for (total, grown) in [
            (&mut totals.handled, grown.handled),
            (&mut totals.asked, grown.asked),
            (&mut totals.errors, grown.errors),
            (&mut totals.dead, grown.dead),
            (&mut totals.cancelled, grown.cancelled),
        ] {
            *total = total.saturating_add(grown);
        }
        if counts {
            self.series.spread(span, 1, grown.handled, grown.errors);
            if grown.has_times() {
                self.series.at(span.1, 1, |sample| grown.add_times(sample));
            }
        }
    }
}
