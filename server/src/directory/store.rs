//! The directory itself: registering, updating, unregistering and reading actors.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::{DashMap, DashSet, Entry as Slot};
use loom_protocol::{ActorId, ActorPatch, ActorRecord, BootId, Timestamp};

use super::boot::Boot;
use super::changes::Changes;
use super::entry::{Entry, Text};
use super::happened::{Happened, Look};
use super::index::Index;
use super::limits::{DirectoryOptions, Refusal};
use super::measured::Measured;
use super::patience::{Deaf, Hearing, Patience};
use super::rows::Rows;
use crate::Clock;
use crate::orders::Orders;

/// Shared texts (types, nodes, workers) are few; beyond this many they are no longer shared.
const SHARED_TEXTS: usize = 10_000;

/// All actors that the studio knows. Cheap to share (`Arc`), safe from any thread, never blocks for long.
pub struct Directory {
    pub(super) options: DirectoryOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) actors: DashMap<Text, Box<Entry>>,
    pub(super) index: Index,
    pub(super) rows: Rows,
    pub(super) boots: DashMap<BootId, Arc<Boot>>,
    /// Actors that no process beats for, and whether viewers were told that they are stale.
    pub(super) loners: DashMap<Text, bool>,
    /// Counted here: summing up a sharded map for each registration would be slow.
    count: AtomicUsize,
    pub(super) texts: DashSet<Text>,
    pub(super) changes: Changes,
    orders: Orders,
    pub(super) happened: Happened,
    pub(super) hearing: Hearing,
}

/// What becomes of the id of an actor that has ended while its process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Whoever reports an actor of this id has it.
    Free,
    /// It stays, so that it can be seen how the actor ended.
    Kept,
    /// Whoever had it a moment ago has it again.
    Back,
}

/// Whether a registration brought a new actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// It was not known before.
    New,
    /// It was; its record was replaced.
    Known,
}

impl Directory {
    /// An empty directory that goes by `clock`.
    pub fn new(options: DirectoryOptions, clock: Arc<dyn Clock>) -> Self {
        Self {
            options,
            orders: Orders::new(&clock),
            clock,
            actors: DashMap::new(),
            index: Index::default(),
            rows: Rows::default(),
            boots: DashMap::new(),
            loners: DashMap::new(),
            count: AtomicUsize::new(0),
            texts: DashSet::new(),
            changes: Changes::default(),
            happened: Happened::default(),
            hearing: Hearing::default(),
        }
    }

    /// Takes a whole record; what was known under its id is replaced.
    ///
    /// # Errors
    /// When the record breaks a limit of [`DirectoryOptions`], or a living process reports an actor with its id.
    pub fn register(&self, record: ActorRecord) -> Result<Registered, Refusal> {
        self.register_at(record, self.clock.now())
    }

    /// The same, at a moment that is given.
    pub(crate) fn register_at(&self, record: ActorRecord, now: Timestamp) -> Result<Registered, Refusal> {
        self.options.check_record(&record)?;
        let id = Text::from(record.id.0.as_str());
        let entry = Entry::new(record, None, 0, now, |text| self.share(text));
        self.place(&id, &mut Some(Box::new(entry)), Ended::Free, now)
    }

    /// Merges the fields that `patch` names into the actor's record and counts as a sign of life.
    ///
    /// # Errors
    /// When the actor is unknown, a living process reports it, or the patch breaks a limit of [`DirectoryOptions`].
    pub fn update(&self, patch: ActorPatch) -> Result<(), Refusal> {
        self.update_at(patch, self.clock.now())
    }

    /// The same, at a moment that is given.
    pub(crate) fn update_at(&self, patch: ActorPatch, now: Timestamp) -> Result<(), Refusal> {
        let id = Text::from(patch.id.0.as_str());
        self.update_by(&id, patch, None, now)
    }

    /// Forgets an actor. `false` when it was not known.
    ///
    /// # Errors
    /// When a living process reports it.
    pub fn unregister(&self, id: &ActorId) -> Result<bool, Refusal> {
        self.unregister_at(id, self.clock.now())
    }

    /// The same, at a moment that is given.
    pub(crate) fn unregister_at(&self, id: &ActorId, now: Timestamp) -> Result<bool, Refusal> {
        let mut refusal = None;
        let removed = self.remove_if(&id.0, now, |entry| {
            refusal = self.held(&id.0, entry, None, now);
            refusal.is_none()
        });
        refusal.map_or(Ok(removed), Err)
    }

    /// Why `by`, or whoever reports by single calls, may not speak for an actor that is there: a living process does, which
    /// tells only what changes, so what others say in its place would stand for good. An actor that has ended is nobody's.
    fn held(&self, id: &str, entry: &Entry, by: Option<&Arc<Boot>>, now: Timestamp) -> Option<Refusal> {
        let owner = entry.owner.as_ref()?;
        let is_own = by.is_some_and(|by| Arc::ptr_eq(by, owner));
        if is_own || entry.is_final() || self.patience().is_over(owner.last_beat(), now) {
            return None;
        }
        Some(Refusal::OtherOwner {
            id: ActorId(id.to_owned()),
            owner: owner.id.0.clone(),
        })
    }

    /// Whether an id may go to `boot` without a word of anybody: nobody has it, or who has it is silent or `boot` itself.
    pub(super) fn is_free_for(&self, id: &str, boot: &Arc<Boot>, now: Timestamp) -> bool {
        let entry = self.actors.get(id);
        entry.is_none_or(|entry| !self.is_kept(&entry, Some(boot), now))
    }

    /// Whether somebody else than `by` stands behind an actor, ended or not.
    fn is_kept(&self, entry: &Entry, by: Option<&Arc<Boot>>, now: Timestamp) -> bool {
        let last = match &entry.owner {
            Some(owner) if by.is_some_and(|by| Arc::ptr_eq(by, owner)) => return false,
            Some(owner) => owner.last_beat(),
            None => entry.last_heartbeat(),
        };
        !self.patience().is_over(last, now)
    }

    /// One actor's record as of now.
    pub fn get(&self, id: &str) -> Option<ActorRecord> {
        let now = self.clock.now();
        let entry = self.actors.get(id)?;
        Some(entry.record(id, now, self.patience()))
    }

    /// Whether batches of this boot came.
    pub(crate) fn knows_boot(&self, boot: &BootId) -> bool {
        self.boots.contains_key(boot)
    }

    /// What `boot` calls the actor shown as `id`, where that is its own.
    pub(crate) fn own_name(&self, id: &str, boot: &str) -> Option<ActorId> {
        let entry = self.actors.get(id)?;
        let owner = entry.owner.as_ref().filter(|owner| owner.id.0 == boot)?;
        Some(ActorId(owner.own_name(id).to_string()))
    }

    /// The type of the actor shown as `id`.
    pub(crate) fn kind_of(&self, id: &str) -> Option<Text> {
        Some(self.actors.get(id)?.kind.clone())
    }

    /// How many actors there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The changes that nobody has looked at yet.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What is ordered of the actors.
    pub(crate) fn orders(&self) -> &Orders {
        &self.orders
    }

    /// What happened to actors and nobody has looked at yet; kept once somebody asked for it.
    pub(crate) fn happened(&self) -> &Happened {
        &self.happened
    }

    /// The limits it keeps.
    pub(crate) fn options(&self) -> &DirectoryOptions {
        &self.options
    }

    /// How long an actor or a process may be silent before it is stale.
    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.options.stale_after, self.hearing.deaf())
    }

    /// The same before it is forgotten.
    pub(super) fn memory(&self) -> Patience {
        Patience::new(self.options.forget_after, self.hearing.deaf())
    }

    /// Nobody could be heard in this stretch of time, which is nobody's silence.
    pub(crate) fn was_deaf(&self, deaf: Deaf) {
        self.hearing.was(deaf);
    }

    /// Asks all processes for all of their actors.
    pub(crate) fn ask_for_everything(&self) {
        for boot in &self.boots {
            boot.robbed.store(true, Ordering::Relaxed);
        }
    }

    /// The clock the directory goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Puts an actor under an id. `entry` is left where it is when the id is not its owner's to take. Whoever was silent
    /// and loses a living actor by it is asked for its actors when it comes back.
    pub(super) fn place(
        &self,
        id: &Text,
        entry: &mut Option<Box<Entry>>,
        ended: Ended,
        now: Timestamp,
    ) -> Result<Registered, Refusal> {
        let registered = match self.actors.entry(id.clone()) {
            Slot::Occupied(mut slot) => {
                let owner = entry.as_ref().and_then(|entry| entry.owner.as_ref());
                if let Some(refusal) = self.held(id, slot.get(), owner, now) {
                    return Err(refusal);
                }
                if ended == Ended::Kept && self.is_kept(slot.get(), owner, now) {
                    let owner = slot.get().owner.as_ref();
                    return Err(Refusal::OtherOwner {
                        id: ActorId(id.to_string()),
                        owner: owner.map(|owner| owner.id.0.clone()).unwrap_or_default(),
                    });
                }
                let Some(mut entry) = entry.take() else {
                    return Ok(Registered::Known);
                };
                let alone = entry.owner.is_none();
                entry.row = slot.get().row;
                if ended == Ended::Free {
                    entry.measured = slot.get().measured;
                }
                self.rows.update(entry.row, &entry);
                let before = slot.insert(entry);
                before.rob(slot.get().owner.as_ref());
                match ended {
                    Ended::Free => self.happened.changed(id, Some(&before), Some(slot.get()), now),
                    // Who comes here was told of as renamed.
                    Ended::Kept | Ended::Back => self.happened.changed(id, Some(&before), None, now),
                }
                let kind = &slot.get().kind;
                if before.kind != *kind {
                    self.index.remove(&before.kind, id);
                    self.index.insert(kind, id.clone());
                }
                self.follow(id, alone);
                Registered::Known
            }
            Slot::Vacant(slot) => {
                self.make_room()?;
                let Some(mut entry) = entry.take() else {
                    return Ok(Registered::New);
                };
                let alone = entry.owner.is_none();
                self.index.insert(&entry.kind, id.clone());
                entry.row = self.rows.insert(id, &entry);
                let held = slot.insert(entry);
                if ended == Ended::Free {
                    self.happened.changed(id, None, Some(&held), now);
                }
                self.follow(id, alone);
                Registered::New
            }
        };
        self.changes.mark(id);
        Ok(registered)
    }

    /// Merges a patch into the actor shown as `id`.
    pub(super) fn update_by(
        &self,
        id: &str,
        patch: ActorPatch,
        by: Option<&Arc<Boot>>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.options.check_patch(&patch)?;
        let Some(mut entry) = self.actors.get_mut(id) else {
            return Err(Refusal::Unknown(patch.id));
        };
        let id = entry.key().clone();
        let looked = self.happened.are_kept().then(|| Look::at(&entry));
        match by {
            Some(boot) => self.claim(&id, &mut entry, boot)?,
            None => {
                self.held(&id, &entry, None, now).map_or(Ok(()), Err)?;
                if entry.owner.is_some() {
                    // Its process is silent, or has done with it; from now on it lives by what is posted about it.
                    entry.rob(None);
                    entry.owner = None;
                    self.loners.insert(id.clone(), false);
                }
            }
        }
        let before = entry.kind.clone();
        entry.apply(patch, now, |text| self.share(text));
        if before != entry.kind {
            self.index.remove(&before, &id);
            self.index.insert(&entry.kind, id.clone());
        }
        if let Some(before) = looked {
            self.happened.updated(&id, before, &entry, now);
        }
        self.rows.update(entry.row, &entry);
        drop(entry);
        self.changes.mark(&id);
        Ok(())
    }

    /// Writes down what actors did in the last minute, and which processes were heard in it.
    pub(crate) fn measured(&self, told: &[(Text, Measured)], heard: &HashSet<Text>) {
        for boot in self.boots.iter() {
            boot.counted.store(heard.contains(&boot.name), Ordering::Relaxed);
        }
        for (id, measured) in told {
            let is_known = self
                .actors
                .get(id)
                .is_none_or(|entry| entry.measured.is(measured));
            if is_known {
                continue;
            }
            let Some(mut entry) = self.actors.get_mut(id) else {
                continue;
            };
            let is_news = !entry.measured.is_near(measured);
            entry.measured = *measured;
            self.rows.update(entry.row, &entry);
            drop(entry);
            if is_news {
                self.changes.mark(id);
            }
        }
    }

    /// Removes the actor if `which` says so, under its lock.
    pub(super) fn remove_if(&self, id: &str, now: Timestamp, which: impl FnOnce(&Entry) -> bool) -> bool {
        let removed = self.take_if(id, |id, entry| {
            let goes = which(entry);
            if goes {
                self.happened.changed(id, Some(entry), None, now);
            }
            goes
        });
        removed.is_some()
    }

    /// Takes the actor out if `which` says so, under its lock.
    pub(super) fn take_if(&self, id: &str, which: impl FnOnce(&Text, &Entry) -> bool) -> Option<Box<Entry>> {
        let removed = self.actors.remove_if(id, |id, entry| {
            let goes = which(id, entry);
            if goes {
                // Still under the lock: a registration of the same id waits until the index has followed.
                self.index.remove(&entry.kind, id);
                self.loners.remove(id);
                self.rows.remove(entry.row);
                self.count.fetch_sub(1, Ordering::Relaxed);
            }
            goes
        });
        let (id, entry) = removed?;
        self.changes.mark(&id);
        Some(entry)
    }

    /// Whether `boot` may speak for the actor. One that nobody beats for becomes its own.
    fn claim(&self, id: &Text, entry: &mut Entry, boot: &Arc<Boot>) -> Result<(), Refusal> {
        match &entry.owner {
            Some(owner) if !Arc::ptr_eq(owner, boot) => Err(Refusal::OtherOwner {
                id: ActorId(id.to_string()),
                owner: owner.id.0.clone(),
            }),
            Some(_) => Ok(()),
            None => {
                entry.owner = Some(boot.clone());
                self.loners.remove(id);
                Ok(())
            }
        }
    }

    /// Counts one more actor unless there are too many.
    fn make_room(&self) -> Result<(), Refusal> {
        let limit = self.options.max_actors;
        self.count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                (count < limit).then_some(count + 1)
            })
            .map(|_| ())
            .map_err(|_| Refusal::Full { limit })
    }

    /// Puts an actor of a keyframe in the place of what is there, whoever has that. Nobody is told what happened.
    pub(super) fn put_kept(&self, id: Text, mut entry: Box<Entry>) {
        match self.actors.entry(id.clone()) {
            Slot::Occupied(mut slot) => {
                entry.row = slot.get().row;
                self.rows.update(entry.row, &entry);
                let before = slot.insert(entry);
                let held = slot.get();
                if before.kind != held.kind {
                    self.index.remove(&before.kind, &id);
                    self.index.insert(&held.kind, id);
                }
            }
            Slot::Vacant(slot) => {
                self.count.fetch_add(1, Ordering::Relaxed);
                self.index.insert(&entry.kind, id.clone());
                entry.row = self.rows.insert(&id, &entry);
                slot.insert(entry);
            }
        }
    }

    /// Remembers whether the actor has to be watched on its own.
    fn follow(&self, id: &Text, alone: bool) {
        if alone {
            self.loners.insert(id.clone(), false);
        } else {
            self.loners.remove(id);
        }
    }

    /// Forgets shared texts that nobody has any more, once there is no room for others.
    pub(super) fn sweep_texts(&self) {
        if self.texts.len() >= SHARED_TEXTS {
            self.texts.retain(|text| Text::strong_count(text) > 1);
        }
    }

    pub(super) fn share(&self, text: &str) -> Text {
        if let Some(shared) = self.texts.get(text) {
            return shared.clone();
        }
        let text = Text::from(text);
        if self.texts.len() < SHARED_TEXTS {
            self.texts.insert(text.clone());
        }
        text
    }
}
