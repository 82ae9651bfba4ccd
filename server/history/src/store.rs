//! The rings of all series, and what of them is to go into the file.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crate::chunk::{Open, STEPS};
use crate::disk::{Disk, Known, Order, Row};
use crate::key::{By, Key};
use crate::options::HistoryOptions;
use crate::ring::{RINGS, Ring};
use crate::step::Step;

/// Seconds between two looks at what is too old, and between two tries to write.
const TIDY: i64 = 60;
const SAVE: i64 = 5;
/// Chunks that are written at once.
const BATCH: usize = 4_096;
/// Chunks that wait for a file that does not take them.
const UNSAVED: usize = 40_000;
/// Names that were refused are told apart up to so many.
const REFUSED: usize = 100_000;

/// One thing at all resolutions.
#[derive(Debug, Default)]
pub(crate) struct Series {
    pub(crate) id: i64,
    /// The last second that was measured.
    pub(crate) last: i64,
    pub(crate) rings: [Ring; 3],
}

pub(crate) struct Store {
    options: HistoryOptions,
    pub(crate) series: HashMap<Key, Series>,
    counts: [usize; 4],
    /// The last second that was taken.
    pub(crate) newest: Option<i64>,
    /// From which second on all of a ring is in memory.
    pub(crate) whole_since: [i64; 3],
    next_series: i64,
    next_chunk: i64,
    refused: [HashSet<u64>; 4],
    pub(crate) forgotten: u64,
    pub(crate) memory: usize,
    is_stored: bool,
    unsaved: VecDeque<Row>,
    /// How many of them are with the writer, and how many orders it had carried out before.
    sent: (usize, u64),
    /// What the file is to forget.
    gone: Vec<i64>,
    cut: Option<i64>,
    tidied: i64,
    tried: i64,
}

impl Store {
    pub(crate) fn new(options: HistoryOptions, known: Option<Known>) -> Self {
        let is_stored = known.is_some();
        let known = known.unwrap_or_default();
        let mut store = Self {
            options,
            series: HashMap::new(),
            counts: [0; 4],
            newest: known.until.map(|until| until - 1),
            whole_since: [i64::MAX; 3],
            next_series: known.next_series.max(1),
            next_chunk: known.next_chunk.max(1),
            refused: Default::default(),
            forgotten: 0,
            memory: 0,
            is_stored,
            unsaved: VecDeque::new(),
            sent: (0, 0),
            gone: Vec::new(),
            cut: None,
            tidied: i64::MIN / 2,
            tried: i64::MIN / 2,
        };
        let mut names = HashMap::new();
        for (id, key) in known.series {
            names.insert(id, key.clone());
            store.count(key.by, 1);
            let series = Series {
                id,
                last: store.newest.unwrap_or(0),
                ..Series::default()
            };
            store.series.insert(key, series);
        }
        for missing in known.missing {
            if let Some(key) = names.get(&missing.series) {
                store.add_to(key, missing.ring..=missing.ring, missing.span, &missing.step);
            }
        }
        store
    }

    /// Takes in what was measured in a second. False where it was taken in before.
    pub(crate) fn push(&mut self, second: i64, measured: &[(Key, Step)]) -> bool {
        if self.newest.is_some_and(|newest| second <= newest) {
            return false;
        }
        self.newest = Some(second);
        for since in &mut self.whole_since {
            *since = (*since).min(second);
        }
        for (key, step) in measured {
            if !step.is_gap() && self.has_room(key, second) {
                self.add_to(key, 0..=RINGS.len() - 1, (second, second + 1), step);
            }
        }
        true
    }

    /// To be called about once a second.
    pub(crate) fn tick(&mut self, now: i64, disk: Option<&Disk>) {
        if now >= self.tidied.saturating_add(TIDY) || now < self.tidied {
            self.tidied = now;
            self.tidy(now);
            if let Some(disk) = disk {
                // Where it has too much to do, a minute later is as good.
                let _later = disk.order(Order::Prune(now));
            }
        }
        if let Some(disk) = disk {
            self.save(now, disk);
        }
    }

    /// Forgets what is not before a second: it lies in the future.
    pub(crate) fn cut(&mut self, before: i64) {
        for (key, series) in &mut self.series {
            for (place, (ring, resolution)) in series.rings.iter_mut().zip(RINGS).enumerate() {
                for (id, open) in ring.cut(resolution, before) {
                    // Under its number, as it may be in the file, or on its way.
                    let chunk = Arc::new(open.seal(id));
                    ring.sealed.push_back(Arc::clone(&chunk));
                    if self.is_stored {
                        let row = Row {
                            series: series.id,
                            key: key.clone(),
                            ring: place,
                            chunk,
                        };
                        self.unsaved.push_back(row);
                    }
                }
            }
            series.last = series.last.min(before - 1);
        }
        self.unsaved.retain(|row| row.chunk.span.until <= before);
        self.sent = (0, 0);
        self.cut = Some(before);
        self.newest = Some(before - 1);
    }

    /// Ends all steps and chunks, as nothing more will come.
    pub(crate) fn close(&mut self) -> Vec<Row> {
        self.end_chunks(None);
        self.unsaved
            .drain(..)
            .filter(|row| !row.chunk.is_stored())
            .collect()
    }

    pub(crate) fn left_out(&self, by: By) -> u64 {
        self.refused.get(place(by)).map_or(0, |names| names.len() as u64)
    }

    /// The first second that is in memory.
    pub(crate) fn first(&self) -> Option<i64> {
        let rings = self.series.values().flat_map(|series| &series.rings);
        rings.filter_map(Ring::first).min()
    }

    pub(crate) fn add_to(
        &mut self,
        key: &Key,
        rings: std::ops::RangeInclusive<usize>,
        span: (i64, i64),
        step: &Step,
    ) {
        let Some(series) = self.series.get_mut(key) else {
            return;
        };
        series.last = series.last.max(span.1 - 1);
        let mut full: [Option<Open>; 3] = Default::default();
        for (place, (ring, resolution)) in series.rings.iter_mut().zip(RINGS).enumerate() {
            if let Some(full) = full.get_mut(place).filter(|_| rings.contains(&place)) {
                *full = ring.push(resolution, span, step);
            }
        }
        for (place, open) in full.into_iter().enumerate() {
            if let Some(open) = open {
                self.seal(key, place, open);
            }
        }
    }

    fn seal(&mut self, key: &Key, ring: usize, open: Open) {
        let Some(series) = self.series.get_mut(key) else {
            return;
        };
        let chunk = Arc::new(open.seal(self.next_chunk));
        self.next_chunk += 1;
        if let Some(ring) = series.rings.get_mut(ring) {
            ring.sealed.push_back(Arc::clone(&chunk));
        }
        if self.is_stored {
            self.unsaved.push_back(Row {
                series: series.id,
                key: key.clone(),
                ring,
                chunk,
            });
        }
    }

    /// Whether a name is kept, or can be: where there are too many, that of which nothing was heard for longest makes room.
    pub(crate) fn has_room(&mut self, key: &Key, second: i64) -> bool {
        if self.series.contains_key(key) {
            return true;
        }
        let most = self.options.most(key.by);
        if self.counts.get(place(key.by)).is_some_and(|count| *count >= most) {
            let before = second.saturating_sub(silent_for(key.by));
            let others = self.series.iter().filter(|(other, _)| other.by == key.by);
            let oldest = others.min_by(|a, b| (a.1.last, a.0).cmp(&(b.1.last, b.0)));
            let silent = oldest.filter(|(_, series)| series.last < before);
            let Some(silent) = silent.map(|(key, _)| key.clone()) else {
                self.refuse(key);
                return false;
            };
            self.remove(&silent);
        }
        self.count(key.by, 1);
        let series = Series {
            id: self.next_series,
            last: second,
            ..Series::default()
        };
        self.next_series += 1;
        self.series.insert(key.clone(), series);
        true
    }

    fn refuse(&mut self, key: &Key) {
        let mut hasher = DefaultHasher::new();
        key.name.hash(&mut hasher);
        if let Some(refused) = self.refused.get_mut(place(key.by))
            && refused.len() < REFUSED
        {
            refused.insert(hasher.finish());
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(series) = self.series.remove(key) {
            self.count(key.by, -1);
            if self.is_stored {
                self.gone.push(series.id);
                self.unsaved.retain(|row| row.series != series.id);
                self.sent = (0, 0);
            }
        }
    }

    fn count(&mut self, by: By, more: isize) {
        if let Some(count) = self.counts.get_mut(place(by)) {
            *count = count.saturating_add_signed(more);
        }
    }

    /// Ends what is over by now, or all of it.
    fn end_chunks(&mut self, now: Option<i64>) {
        let mut full = Vec::new();
        for (key, series) in &mut self.series {
            for (place, (ring, resolution)) in series.rings.iter_mut().zip(RINGS).enumerate() {
                let ended = ring.close(resolution, now);
                full.extend(ended.into_iter().map(|open| (key.clone(), place, open)));
            }
        }
        // In an order that does not depend on that of a map.
        full.sort_by(|a, b| (&a.0, a.1, a.2.span.from).cmp(&(&b.0, b.1, b.2.span.from)));
        for (key, ring, open) in full {
            self.seal(&key, ring, open);
        }
    }

    /// Ends what is over, and forgets what is too old or has no room.
    fn tidy(&mut self, now: i64) {
        // What came late would find its chunk closed; nothing does, as a second is taken in once.
        let reached = self.newest.map_or(now, |newest| newest.min(now));
        self.end_chunks(Some(reached));
        let longest = RINGS.iter().map(|ring| ring.keep).max().unwrap_or(0);
        let mut empty = Vec::new();
        for (key, series) in &mut self.series {
            for (ring, resolution) in series.rings.iter_mut().zip(RINGS) {
                let oldest = now.saturating_sub(resolution.keep + resolution.step * STEPS);
                while ring.sealed.front().is_some_and(|chunk| chunk.span.from < oldest) {
                    ring.sealed.pop_front();
                }
            }
            let is_empty = series.rings.iter().all(Ring::is_empty);
            if is_empty && (!self.is_stored || series.last < now.saturating_sub(longest)) {
                empty.push(key.clone());
            }
        }
        empty.iter().for_each(|key| self.remove(key));
        if self.is_stored {
            // The longest ring is read so seldom that the file is near enough.
            self.drop_oldest(RINGS.len() - 1, i64::MAX);
        }
        self.fit();
        while self.unsaved.len() > UNSAVED {
            self.unsaved.pop_front();
            self.sent.0 = self.sent.0.saturating_sub(1);
            self.forgotten += 1;
        }
    }

    /// Lets go of the oldest until the rest fits: of the longest ring first.
    fn fit(&mut self) {
        self.memory = self.weigh();
        for ring in (0..RINGS.len()).rev() {
            // A quarter of what is there at a time.
            for _ in 0..8 {
                if self.memory <= self.options.max_memory {
                    return;
                }
                let mut ends: Vec<i64> = self
                    .series
                    .values()
                    .filter_map(|series| series.rings.get(ring))
                    .flat_map(|ring| ring.sealed.iter().map(|chunk| chunk.span.until))
                    .collect();
                ends.sort_unstable();
                let Some(until) = ends.get(ends.len() / 4) else {
                    break;
                };
                self.drop_oldest(ring, *until);
                self.memory = self.weigh();
            }
        }
    }

    /// Lets go of the chunks of a ring that end by then: of those that a file is to have, once it does; without one they are lost.
    fn drop_oldest(&mut self, ring: usize, until: i64) {
        let mut whole_since = self.whole_since.get(ring).copied().unwrap_or(i64::MAX);
        for series in self.series.values_mut() {
            let Some(ring) = series.rings.get_mut(ring) else {
                continue;
            };
            while let Some(chunk) = ring.sealed.front() {
                if chunk.span.until > until || (self.is_stored && !chunk.is_stored()) {
                    break;
                }
                whole_since = whole_since.max(chunk.span.until);
                if !self.is_stored {
                    self.forgotten += 1;
                }
                ring.sealed.pop_front();
            }
        }
        if let Some(since) = self.whole_since.get_mut(ring)
            && *since != i64::MAX
        {
            *since = whole_since;
        }
    }

    fn weigh(&self) -> usize {
        let series = self.series.iter();
        series
            .map(|(key, series)| {
                let rings: usize = series.rings.iter().map(Ring::weight).sum();
                rings + key.name.len() + 2 * size_of::<Key>()
            })
            .sum()
    }

    /// Hands what is complete to the writer, and takes it back where that could not write it.
    fn save(&mut self, now: i64, disk: &Disk) {
        let status = disk.status();
        let (sent, before) = self.sent;
        if sent > 0 && status.saves > before {
            let took: Vec<Row> = self.unsaved.drain(..sent.min(self.unsaved.len())).collect();
            for row in took.into_iter().rev().filter(|row| !row.chunk.is_stored()) {
                self.unsaved.push_front(row);
            }
            self.sent = (0, status.saves);
        } else if sent > 0 {
            return;
        }
        let is_early = now >= self.tried && now < self.tried.saturating_add(SAVE);
        if is_early {
            return;
        }
        self.tried = now;
        // In this order: what is saved afterwards may have the name, or the time, of what is forgotten.
        if !self.gone.is_empty() && disk.order(Order::Forget(self.gone.clone())) {
            self.gone.clear();
        }
        if let Some(before) = self.cut
            && disk.order(Order::Cut(before))
        {
            self.cut = None;
        }
        if !self.gone.is_empty() || self.cut.is_some() || self.unsaved.is_empty() {
            return;
        }
        let rows: Vec<Row> = self.unsaved.iter().take(BATCH).cloned().collect();
        let count = rows.len();
        if disk.order(Order::Save(rows)) {
            self.sent = (count, status.saves);
        }
    }
}

/// Seconds of silence after which a name makes room for another one.
fn silent_for(by: By) -> i64 {
    match by {
        By::Actor => 60,
        By::All | By::Type | By::Process => 3_600,
    }
}

fn place(by: By) -> usize {
    usize::try_from(by.code()).unwrap_or(0)
}
