//! What is still to be delivered: pure, no clock, no network.
//!
//! Holds the newest state of each actor once, whatever time a studio is away. Beyond a bound it forgets all but the ids of
//! what is gone and asks for everything anew instead: the registry always has the newest state.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_protocol::{
    ActorBatch, ActorId, ActorPatch, ActorRecord, BatchOutcome, BootId, Dropped, ProcessFigures, Rejection,
    RejectionCode, Source,
};

use super::news::News;
use super::portion::{take, take_some};
use crate::measure::Measured;
use crate::power::Desk;
use crate::registry::Delta;

/// Entries of one batch: some hundred kilobytes of JSON.
const BATCH: usize = 1_000;

/// Entries that are kept for a studio that does not answer.
const BACKLOG: usize = 100_000;

/// Names a sender and counts its batches; outlives the courier, so that a restarted one goes on.
#[derive(Clone)]
pub(super) struct Sender {
    pub(super) boot: BootId,
    pub(super) seq: Arc<AtomicU64>,
    /// How often it began to name all its actors.
    pub(super) generation: Arc<AtomicU64>,
    pub(super) source: Source,
    /// Where orders come in and answers go out.
    pub(super) desk: Arc<Desk>,
    /// What a courier that panicked had in hand.
    left: Arc<Mutex<Left>>,
}

/// What cannot be looked at anew, and is sent once.
#[derive(Default)]
struct Left {
    news: News,
    /// The studio may have taken it: so it goes again as it was, under its number.
    in_flight: Option<ActorBatch>,
}

impl Sender {
    /// A sender that sent nothing yet.
    pub(super) fn new(source: Source) -> Self {
        Self {
            boot: source.boot.clone(),
            seq: Arc::default(),
            generation: Arc::default(),
            source,
            desk: Arc::default(),
            left: Arc::default(),
        }
    }
}

pub(super) struct Outbox {
    sender: Sender,
    register: HashMap<ActorId, ActorRecord>,
    update: HashMap<ActorId, ActorPatch>,
    gone: HashSet<ActorId>,
    /// What was measured. It is looked at again only once all of it is on its way.
    measured: Measured,
    /// What the process uses; newer ones take the place of older ones.
    figures: Option<ProcessFigures>,
    dropped: Dropped,
    reported_dropped: Dropped,
    in_flight: Option<ActorBatch>,
    pub(super) news: News,
    wants_everything: bool,
    /// Not all of the generation is delivered yet.
    naming: bool,
    /// Actors that another process has under their ids: claimed no more until the studio wants everything anew.
    lost: HashSet<ActorId>,
    /// Those of which it was said already.
    mourned: HashSet<ActorId>,
    backlog: usize,
    /// Entries of the next batch, fewer than `most` after one was refused.
    batch: usize,
    /// Fewer than `full` after one was too large for something on the way.
    most: usize,
    full: usize,
}

/// What is wrong with a batch that is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Some entry of it.
    Entry,
    /// It is too large for the studio, or for what stands before it.
    Size,
    /// Its number, which the studio took for another batch.
    Number,
}

/// What a delivered batch asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Settled {
    /// Actors that the studio does not know and that are to be registered.
    pub(super) unknown: Vec<ActorId>,
    /// Records that it does not take, with its reason.
    pub(super) refused: Vec<(ActorId, String)>,
    /// Actors whose ids another living process has, each told once.
    pub(super) lost: Vec<ActorId>,
}

impl Outbox {
    /// Goes on with what the sender's outbox before it had in hand.
    pub(super) fn new(sender: Sender) -> Self {
        let Left { news, in_flight } = std::mem::take(&mut *lock(&sender.left));
        Self {
            sender,
            register: HashMap::new(),
            update: HashMap::new(),
            gone: HashSet::new(),
            measured: Measured::default(),
            figures: None,
            dropped: Dropped::default(),
            reported_dropped: Dropped::default(),
            in_flight,
            news,
            wants_everything: false,
            naming: false,
            lost: HashSet::new(),
            mourned: HashSet::new(),
            backlog: BACKLOG,
            batch: BATCH,
            most: BATCH,
            full: BATCH,
        }
    }

    #[cfg(test)]
    pub(super) fn with_bounds(sender: Sender, batch: usize, backlog: usize) -> Self {
        let mut outbox = Self::new(sender);
        outbox.backlog = backlog;
        (outbox.batch, outbox.most, outbox.full) = (batch, batch, batch);
        outbox
    }

    #[cfg(test)]
    pub(super) fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Whether every actor of every registry is to be put in by [`Self::put_everything`].
    pub(super) fn wants_everything(&self) -> bool {
        self.wants_everything && self.in_flight.is_none()
    }

    /// Another studio is going to read: nothing of what was sent counts.
    pub(super) fn start_over(&mut self) {
        self.in_flight = None;
        self.news.start_over();
        self.sender.desk.start_over();
        self.forget_state();
        self.measured = Measured::default();
        self.reported_dropped = Dropped::default();
        self.gone.clear();
        self.lost.clear();
        self.mourned.clear();
        (self.batch, self.most) = (self.full, self.full);
        self.wants_everything = true;
    }

    /// The same studio goes on to read, after the outbox before this one was lost. What that had in hand goes again as it was.
    pub(super) fn go_on(&mut self) {
        self.wants_everything = true;
    }

    /// Names all actors there are, as a generation of its own: with its end the studio forgets what was not named.
    pub(super) fn put_everything(&mut self, records: Vec<ActorRecord>) {
        self.wants_everything = false;
        self.naming = true;
        self.sender.generation.fetch_add(1, Relaxed);
        self.update.clear();
        // Whoever had them may have gone.
        self.lost.clear();
        for record in records {
            self.gone.remove(&record.id);
            self.register.insert(record.id.clone(), record);
        }
    }

    pub(super) fn put(&mut self, delta: Delta) {
        for record in delta.new {
            self.gone.remove(&record.id);
            self.update.remove(&record.id);
            if self.lost.contains(&record.id) {
                continue;
            }
            self.register.insert(record.id.clone(), record);
        }
        for patch in delta.changed {
            self.put_patch(patch);
        }
        for id in delta.gone {
            self.update.remove(&id);
            self.mourned.remove(&id);
            if self.lost.remove(&id) {
                continue;
            }
            self.gone.insert(id);
        }
        self.bound();
    }

    /// Whether there is room for what was measured since it was put in last.
    pub(super) fn wants_measured(&self) -> bool {
        let Measured {
            types,
            messages,
            edges,
            ..
        } = &self.measured;
        self.in_flight.is_none() && types.is_empty() && messages.is_empty() && edges.is_empty()
    }

    /// What was measured, of actors that are named already or with the next batches.
    pub(super) fn put_measured(&mut self, measured: Measured) {
        self.dropped.edges = self.dropped.edges.max(measured.dropped.edges);
        self.dropped.messages = self.dropped.messages.max(measured.dropped.messages);
        self.measured = measured;
        // Under their ids a studio shows actors of another process.
        let Self { measured, lost, .. } = self;
        measured.messages.retain(|actor| !lost.contains(&actor.id));
        measured.edges.retain(|edge| !lost.contains(&edge.to));
        if let Some(asks) = &mut measured.asks {
            asks.retain(|ask| !lost.contains(&ask.from) && !ask.to.iter().any(|to| lost.contains(to)));
        }
    }

    /// What the process uses now, for the next batch.
    pub(super) fn put_figures(&mut self, figures: Option<ProcessFigures>) {
        self.figures = figures.or(self.figures.take());
    }

    fn put_patch(&mut self, patch: ActorPatch) {
        if self.lost.contains(&patch.id) {
            return;
        }
        if let Some(record) = self.register.get_mut(&patch.id) {
            record.apply(patch);
            return;
        }
        match self.update.get_mut(&patch.id) {
            Some(earlier) => earlier.merge(patch),
            None => {
                self.update.insert(patch.id.clone(), patch);
            }
        }
    }

    /// Only a studio that does not answer lets it grow so far; otherwise every look empties it.
    fn bound(&mut self) {
        if self.in_flight.is_some() && self.waiting() > self.backlog {
            self.forget_state();
            self.wants_everything = true;
        }
        if self.gone.len() > self.backlog {
            // Once everything was named anew, the studio forgets them by itself.
            tracing::debug!(
                actors = self.gone.len(),
                "more actors ended while the studio was away than are kept; it will be told who is left instead"
            );
            self.gone.clear();
            self.wants_everything = true;
        }
    }

    fn forget_state(&mut self) {
        self.register.clear();
        self.update.clear();
        self.naming = false;
    }

    fn waiting(&self) -> usize {
        self.register.len() + self.update.len() + self.gone.len()
    }

    /// Whether there is something to deliver but a beat.
    pub(super) fn has_news(&self) -> bool {
        self.waiting() > 0 || !self.wants_measured() || self.has_news_beside()
    }

    fn has_news_beside(&self) -> bool {
        self.news.has_events() || self.sender.desk.has_answers()
    }

    /// The batch that is to be delivered now: the one whose outcome is not known, or the next. Empty when there is no news.
    pub(super) fn next_batch(&mut self) -> ActorBatch {
        if let Some(batch) = &self.in_flight {
            return batch.clone();
        }
        let mut room = if self.news.goes_alone() { 0 } else { self.batch };
        let register = take(&mut self.register, &mut room);
        let update = take(&mut self.update, &mut room);
        // Last: what is gone was registered before, in this batch or an earlier one.
        let unregister: Vec<_> = self.gone.iter().take(room).cloned().collect();
        for id in &unregister {
            self.gone.remove(id);
        }
        room -= unregister.len();
        // Where an actor has no room yet, nothing of it has.
        let types = take_some(&mut self.measured.types, &mut room, |kind| kind.messages.len());
        let messages = take_some(&mut self.measured.messages, &mut room, |actor| {
            actor.messages.len()
        });
        let edges = take_some(&mut self.measured.edges, &mut room, |_| 1);
        self.dropped.events = self.news.dropped();
        let asks = self.measured.asks.take();
        let dropped = (self.dropped != self.reported_dropped).then_some(self.dropped);
        self.reported_dropped = self.dropped;
        let seq = self.sender.seq.fetch_add(1, Relaxed) + 1;
        let mut batch = ActorBatch {
            // Who it is matters only where something is named.
            source: (!register.is_empty()).then(|| self.sender.source.clone()),
            generation: Some(self.sender.generation.load(Relaxed)),
            complete: self.naming && self.register.is_empty(),
            register,
            update,
            unregister,
            types,
            messages,
            edges,
            asks,
            dropped,
            process: self.figures.take(),
            ..ActorBatch::new(self.sender.boot.clone(), seq)
        };
        // Once all there is has been named: a line of an actor that nobody has heard of helps nobody.
        let named = self.register.is_empty() || self.news.goes_alone();
        self.news.fill(&mut batch, named, &self.sender.desk);
        self.in_flight = Some(batch.clone());
        batch
    }

    /// The studio answered.
    pub(super) fn settle(&mut self, outcome: &BatchOutcome) -> Settled {
        let mut settled = Settled::default();
        let Some(batch) = self.in_flight.take() else {
            return settled;
        };
        self.news.delivered();
        self.wants_everything |= outcome.resync;
        self.naming &= !batch.complete;
        self.batch = self.batch.saturating_mul(2).min(self.most);
        for rejection in &outcome.rejected {
            if let Some(record) = batch.register.get(rejection.index) {
                self.refuse(&record.id, rejection, &mut settled);
                continue;
            }
            let unknown = rejection
                .index
                .checked_sub(batch.register.len())
                .and_then(|index| batch.update.get(index));
            settled.unknown.extend(unknown.map(|patch| patch.id.clone()));
            let before_events = batch.register.len() + batch.update.len() + batch.unregister.len();
            let event = rejection.index.checked_sub(before_events);
            if event.is_some_and(|event| event < batch.events.len()) {
                self.news.rejected();
            }
        }
        settled
    }

    fn refuse(&mut self, id: &ActorId, rejection: &Rejection, settled: &mut Settled) {
        if rejection.code != Some(RejectionCode::OtherOwner) {
            settled.refused.push((id.clone(), rejection.problem.clone()));
            return;
        }
        self.update.remove(id);
        self.register.remove(id);
        self.lost.insert(id.clone());
        if self.mourned.insert(id.clone()) {
            settled.lost.push(id.clone());
        }
    }

    /// The batch can never be delivered as it is: it is taken apart, and its entries go into smaller ones. When it has one
    /// entry only, that is the one at fault: it is dropped, and its actor returned.
    pub(super) fn batch_refused(&mut self, fault: Fault) -> Option<ActorId> {
        let mut batch = self.in_flight.take()?;
        if fault == Fault::Number {
            self.news.put_back(&mut batch);
            self.put_back(batch);
            return None;
        }
        // It was not counted: a hole in the numbers would be taken for a batch that was lost.
        self.sender.seq.fetch_sub(1, Relaxed);
        if batch.dropped.is_some() {
            self.reported_dropped = Dropped::default();
        }
        let entries = batch.register.len()
            + batch.update.len()
            + batch.unregister.len()
            + batch.types.len()
            + batch.messages.len()
            + batch.edges.len();
        if self.news.refused(&mut batch, entries > 0, fault) {
            self.put_back(batch);
            return None;
        }
        if entries == 1 {
            if let Some(of) = batch.types.first().map(|kind| &kind.kind) {
                tracing::warn!(r#type = %of, "the studio refuses what was measured of a type of actors; it is told what changes next");
            }
            let messages = batch.messages.into_iter().map(|actor| actor.id);
            let edges = batch.edges.into_iter().map(|edge| edge.to);
            let register = batch.register.into_iter().map(|record| record.id);
            let update = batch.update.into_iter().map(|patch| patch.id);
            return register
                .chain(update)
                .chain(batch.unregister)
                .chain(messages)
                .chain(edges)
                .next();
        }
        if entries > 0 {
            self.batch = entries / 2;
        }
        if fault == Fault::Size {
            self.most = self.batch.min(self.most);
        }
        self.put_back(batch);
        None
    }

    /// What is newer stays.
    fn put_back(&mut self, batch: ActorBatch) {
        // An actor that was named and has ended since is in both: first it is registered, then it is gone. One that was
        // named after its end is not gone any more.
        for id in batch.unregister {
            if !self.register.contains_key(&id) {
                self.gone.insert(id);
            }
        }
        for mut record in batch.register {
            if let Some(patch) = self.update.remove(&record.id) {
                record.apply(patch);
            }
            self.register.entry(record.id.clone()).or_insert(record);
        }
        for mut patch in batch.update {
            if self.register.contains_key(&patch.id) || self.gone.contains(&patch.id) {
                continue;
            }
            if let Some(newer) = self.update.remove(&patch.id) {
                patch.merge(newer);
            }
            self.update.insert(patch.id.clone(), patch);
        }
        // Totals: a later one that is in the same batch stands behind the earlier.
        self.measured.types.splice(0..0, batch.types);
        self.measured.messages.splice(0..0, batch.messages);
        self.measured.edges.splice(0..0, batch.edges);
        if batch.dropped.is_some() {
            self.reported_dropped = Dropped::default();
        }
    }
}

impl Drop for Outbox {
    /// Also while a panic of its courier passes: the next one goes on with it.
    fn drop(&mut self) {
        let left = Left {
            news: std::mem::take(&mut self.news),
            in_flight: self.in_flight.take(),
        };
        *lock(&self.sender.left) = left;
    }
}

fn lock(left: &Mutex<Left>) -> MutexGuard<'_, Left> {
    // It is replaced as a whole.
    left.lock().unwrap_or_else(PoisonError::into_inner)
}
