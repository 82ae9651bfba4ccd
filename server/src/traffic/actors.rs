//! Windows of single actors, each second for those that are looked at or busy, each ten seconds for the others; and their
//! messages by type.

use std::collections::{HashMap, HashSet};

use loom_protocol::MessageTotals;
use serde::{Deserialize, Serialize};

use super::WINDOW;
use super::coverage::Coverage;
use super::growth::Growth;
use super::kinds::MessageOfKind;
use super::series::Series;
use crate::directory::{Look, Text};

/// Bytes of all windows of actors together.
const BYTES: usize = 64 * 1024 * 1024;
/// Actors that are followed each second because they are the busiest.
const BUSIEST: usize = 100;
/// Seconds of a step of the others.
pub(super) const COARSE: i64 = 10;
/// Types of messages of actors that are kept, over all actors.
const MAX_ROWS: usize = 20_000;

/// One actor that did something.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Actor {
    pub(super) boot: Option<Text>,
    /// Followed each second since this one.
    pub(super) fine_since: Option<i64>,
    pub(super) series: Series,
    pub(super) rows: HashMap<Text, Row>,
    /// Messages since somebody last looked for the busiest.
    recent: u64,
    pub(super) loner: Coverage,
}

/// One type of message of one actor.
#[derive(Serialize, Deserialize)]
pub(super) struct Row {
    #[serde(with = "crate::recording::wire::totals")]
    pub(super) latest: MessageTotals,
    pub(super) kept: MessageOfKind,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Actors {
    pub(super) all: HashMap<Text, Actor>,
    rows: usize,
    watched: HashSet<Text>,
    busiest: HashSet<Text>,
    /// What they weighed when that was last reckoned.
    bytes: usize,
}

impl Actor {
    /// Follows it each second from this one on, unless it is followed so already.
    fn follow_closely(&mut self, second: i64) {
        if self.fine_since.is_none() {
            self.series.change_step(second);
            self.fine_since = Some(second);
        }
    }

    /// Follows it each ten seconds from this one on, unless it is followed so already.
    fn follow_from_afar(&mut self, second: i64) {
        if self.fine_since.take().is_some() {
            self.series.change_step(second);
        }
    }

    pub(super) fn step(&self) -> i64 {
        if self.fine_since.is_some() { 1 } else { COARSE }
    }
}

impl Actors {
    /// An actor, which may be new; nothing when there is no room.
    pub(super) fn get(&mut self, id: &Text, second: i64) -> Option<&mut Actor> {
        let is_watched = self.watched.contains(id);
        if self.bytes > BYTES && !is_watched && !self.all.contains_key(id) {
            return None;
        }
        let actor = self.all.entry(id.clone()).or_default();
        if is_watched {
            actor.follow_closely(second);
        }
        Some(actor)
    }

    pub(super) fn grew(&mut self, id: &Text, span: (i64, i64), handled: u64, errors: u64) {
        if let Some(actor) = self.get(id, span.1) {
            let step = actor.step();
            actor.recent = actor.recent.saturating_add(handled);
            actor.series.spread(span, step, handled, errors);
        }
    }

    /// Takes over what is measured of an actor at moments, and times of which only sums are told.
    pub(super) fn looked(&mut self, id: &Text, before: Option<&Look>, after: &Look, second: i64) {
        let queued = before.map_or(0, |before| before.queued);
        let work = before.map(|before| (before.work, after.work));
        let timed = work
            .is_some_and(|(before, after)| after.handled > before.handled || after.queued > before.queued);
        if queued == after.queued && !timed {
            if let Some(actor) = self.all.get_mut(id) {
                actor.boot.clone_from(&after.boot);
            }
            return;
        }
        let Some(actor) = self.get(id, second) else { return };
        actor.boot.clone_from(&after.boot);
        let step = actor.step();
        if queued != after.queued {
            actor.series.set_queue(second, step, after.queued);
        }
        if let Some((before, after)) = work
            && timed
        {
            actor.series.at(second, step, |sample| {
                let handled = after.handled.saturating_sub(before.handled);
                sample
                    .handle
                    .add_sum(after.handle_us.saturating_sub(before.handle_us), handled);
                let queued = after.queued.saturating_sub(before.queued);
                sample
                    .wait
                    .add_sum(after.wait_us.saturating_sub(before.wait_us), queued);
            });
        }
    }

    /// Adds what one type of message of an actor grew by.
    pub(super) fn row_grew(
        &mut self,
        id: &Text,
        totals: &MessageTotals,
        growth_of: impl FnOnce(Option<&MessageTotals>) -> Option<Growth>,
        span: (i64, i64),
    ) {
        let is_full = self.rows >= MAX_ROWS;
        let Some(actor) = self.get(id, span.1) else { return };
        let known = actor.rows.get(totals.kind.as_str());
        if known.is_none() && is_full {
            return;
        }
        let is_new = known.is_none();
        let grown = growth_of(known.map(|row| &row.latest));
        let row = actor
            .rows
            .entry(Text::from(totals.kind.as_str()))
            .or_insert_with(|| Row {
                latest: MessageTotals::default(),
                kept: MessageOfKind::default(),
            });
        row.latest = totals.clone();
        if let Some(grown) = grown {
            row.kept.add(&grown, true, span);
            if grown.has_times() {
                let step = actor.fine_since.map_or(COARSE, |_| 1);
                actor.series.at(span.1, step, |sample| grown.add_times(sample));
            }
        }
        if is_new {
            self.rows += 1;
        }
    }

    pub(super) fn watch(&mut self, watched: &HashSet<Text>) {
        self.watched.clone_from(watched);
    }

    pub(super) fn rename(&mut self, from: &str, to: &Text) {
        if let Some(actor) = self.all.remove(from)
            && let Some(replaced) = self.all.insert(to.clone(), actor)
        {
            self.rows = self.rows.saturating_sub(replaced.rows.len());
        }
    }

    pub(super) fn clear(&mut self) {
        for actor in self.all.values_mut() {
            actor.series = Series::default();
            actor.loner = Coverage::default();
            for row in actor.rows.values_mut() {
                row.kept.series = Series::default();
            }
        }
    }

    /// Every ten seconds: who is busiest, what is too old, and whether all of it fits.
    pub(super) fn tidy(&mut self, second: i64, is_known: impl Fn(&str) -> bool) {
        let oldest = second - WINDOW;
        self.all.retain(|id, actor| {
            actor.series.trim(oldest);
            for row in actor.rows.values_mut() {
                row.kept.series.trim(oldest);
            }
            !actor.series.is_empty() || (!actor.rows.is_empty() && is_known(id))
        });
        self.rows = self.all.values().map(|actor| actor.rows.len()).sum();
        let mut by_activity: Vec<(u64, Text)> = self
            .all
            .iter()
            .map(|(id, actor)| (actor.recent, id.clone()))
            .collect();
        by_activity.sort_unstable_by(|a, b| b.cmp(a));
        let busy = by_activity.iter().filter(|(recent, _)| *recent > 0);
        self.busiest = busy.take(BUSIEST).map(|(_, id)| id.clone()).collect();
        for (id, actor) in &mut self.all {
            actor.recent = 0;
            let is_fine = self.busiest.contains(id) || self.watched.contains(id);
            if is_fine {
                actor.follow_closely(second);
            } else {
                actor.follow_from_afar(second);
            }
        }
        self.fit(&by_activity);
    }

    /// Lets go of the windows of the least busy until the others fit.
    fn fit(&mut self, by_activity: &[(u64, Text)]) {
        let weigh = |actor: &Actor| {
            let rows = actor.rows.values().map(|row| row.kept.series.bytes() + 1_200);
            actor.series.bytes() + size_of::<Actor>() + rows.sum::<usize>()
        };
        self.bytes = self.all.values().map(weigh).sum();
        for (_, id) in by_activity.iter().rev() {
            if self.bytes <= BYTES {
                break;
            }
            if self.watched.contains(id) {
                continue;
            }
            if let Some(actor) = self.all.remove(id) {
                self.bytes = self.bytes.saturating_sub(weigh(&actor));
                self.rows = self.rows.saturating_sub(actor.rows.len());
            }
        }
    }
}
