//! Taking reports in.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use loom_history::{History, HistoryOptions};
use loom_protocol::{ActorBatch, ActorId, ActorPatch, ActorRecord, BatchOutcome, BootId, Timestamp};
use serde::{Deserialize, Serialize};

use super::Recorder;
use super::lookers::Lookers;
use crate::directory::{Applying, Deaf, Directory, Happening, Refusal, Registered, Text};
use crate::journal::{Draft, Journal};
use crate::lints::{Ask, Lints};
use crate::memory::Memory;
use crate::traffic::Traffic;

/// Asks of one process that are looked at: the oldest, where it tells them so.
const MAX_ASKS: usize = 1_000;
/// Locks that senders share.
const LANES: usize = 64;

/// One report, as it came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ingest {
    /// What one process tells in one poll.
    Batch(Box<ActorBatch>),
    /// A whole actor.
    Register(Box<ActorRecord>),
    /// A part of an actor.
    Update(Box<ActorPatch>),
    /// An actor is gone.
    Unregister(ActorId),
}

/// What became of a report that was not refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// A batch was applied, or had been before.
    Batch(BatchOutcome),
    /// An actor was registered.
    Registered(Registered),
    /// An actor was changed.
    Updated,
    /// An actor is gone; whether it was known.
    Unregistered(bool),
}

/// The one way in. Shared by all who serve.
pub struct Intake {
    directory: Arc<Directory>,
    pub(super) recorders: Vec<Arc<dyn Recorder>>,
    /// Held by each who changes something, and alone by who wants to see all of it at one moment.
    pub(super) door: RwLock<()>,
    /// Held while others are looked at, so that recorders hear of it in that order.
    watching: Mutex<()>,
    /// Held while a sender's report is taken in.
    lanes: Vec<Mutex<()>>,
    pub(super) journal: Journal,
    pub(super) traffic: Traffic,
    pub(super) lints: Lints,
    lookers: Lookers,
    memory: Memory,
    /// Held while those who make something of what happened look at it, so that each sees it in the same order.
    looking: Mutex<()>,
}

impl Intake {
    /// A way into `directory`.
    pub fn new(directory: Arc<Directory>) -> Self {
        Self::recorded(directory, Vec::new())
    }

    /// The same, with those who keep what comes in.
    pub fn recorded(directory: Arc<Directory>, recorders: Vec<Arc<dyn Recorder>>) -> Self {
        directory.happened().keep();
        Self {
            directory,
            recorders,
            door: RwLock::default(),
            watching: Mutex::default(),
            lanes: (0..LANES).map(|_| Mutex::default()).collect(),
            journal: Journal::default(),
            traffic: Traffic::default(),
            lints: Lints::default(),
            lookers: Lookers::default(),
            memory: Memory::new(Arc::new(History::open(HistoryOptions::default()))),
            looking: Mutex::default(),
        }
    }

    /// The same with a history that outlives it.
    #[must_use]
    pub fn remembering(mut self, history: Arc<History>) -> Self {
        self.memory = Memory::new(history);
        self
    }

    /// The actors.
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// What happened to each actor.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// How much passes between actors.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// What is not as it should be.
    pub(crate) fn lints(&self) -> &Lints {
        &self.lints
    }

    /// How it was.
    pub fn history(&self) -> &Arc<History> {
        self.memory.history()
    }

    /// What is remembered, and what is about to be.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Who looks at what.
    pub(crate) fn lookers(&self) -> &Lookers {
        &self.lookers
    }

    /// Others look, or somebody looks at others: has those followed closely from now on.
    pub(crate) fn watched_changed(&self) {
        let watched = self.lookers.actors(self.now());
        let _door = self.door.read().unwrap_or_else(PoisonError::into_inner);
        self.follow(self.now(), &self.lookers.followed(&watched));
        if self.lookers.differ(&watched) {
            self.directory.orders().polls().wake_all();
        }
        self.journal.watch(watched);
    }

    /// Follows these actors each second from now on.
    pub(crate) fn follow(&self, at: Timestamp, followed: &HashSet<Text>) {
        let _watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        for recorder in &self.recorders {
            recorder.followed(at, followed);
        }
        self.traffic.watch(followed);
    }

    /// What is there for a process, in a short text that is another one once there is more: of orders those that count, and not
    /// that some were answered.
    pub(crate) fn news_for(&self, boot: &BootId, seen: &str) -> String {
        let before = seen.split_once('-').and_then(|(order, _)| order.parse().ok());
        let order = self.directory.orders().newest_for(boot).max(before).unwrap_or(0);
        let attention = self.lookers.attention(&self.directory, &boot.0, self.now());
        let mut hasher = DefaultHasher::new();
        attention.detail.as_str().hash(&mut hasher);
        attention
            .actors
            .iter()
            .for_each(|actor| actor.0.hash(&mut hasher));
        format!("{order}-{:x}", hasher.finish())
    }

    /// Takes a batch in now; see [`Directory::apply`].
    ///
    /// # Errors
    /// As there.
    pub fn batch(&self, batch: ActorBatch) -> Result<BatchOutcome, Refusal> {
        self.batch_as(batch, None)
    }

    /// The same of a batch that was read from a JSON text, which is what recorders keep then.
    pub(crate) fn batch_as(&self, batch: ActorBatch, text: Option<&Bytes>) -> Result<BatchOutcome, Refusal> {
        match self.take_as(None, Ingest::Batch(Box::new(batch)), text)? {
            Taken::Batch(outcome) => Ok(outcome),
            _ => Ok(BatchOutcome::default()),
        }
    }

    /// Takes a whole actor in now; see [`Directory::register`].
    ///
    /// # Errors
    /// As there.
    pub fn register(&self, record: ActorRecord) -> Result<Registered, Refusal> {
        match self.take_as(None, Ingest::Register(Box::new(record)), None)? {
            Taken::Registered(registered) => Ok(registered),
            _ => Ok(Registered::Known),
        }
    }

    /// Takes a part of an actor in now; see [`Directory::update`].
    ///
    /// # Errors
    /// As there.
    pub fn update(&self, patch: ActorPatch) -> Result<(), Refusal> {
        self.take_as(None, Ingest::Update(Box::new(patch)), None)
            .map(|_| ())
    }

    /// Takes in now that an actor is gone; see [`Directory::unregister`].
    ///
    /// # Errors
    /// As there.
    pub fn unregister(&self, id: ActorId) -> Result<bool, Refusal> {
        let taken = self.take_as(None, Ingest::Unregister(id), None)?;
        Ok(taken == Taken::Unregistered(true))
    }

    /// Takes a report in that came at `at`, by the studio's clock. All ways in end here.
    ///
    /// # Errors
    /// Whatever the directory refuses.
    pub fn take(&self, at: Timestamp, ingest: Ingest) -> Result<Taken, Refusal> {
        self.take_as(Some(at), ingest, None)
    }

    /// Without a moment it comes now, which is when it is its turn.
    fn take_as(&self, at: Option<Timestamp>, ingest: Ingest, text: Option<&Bytes>) -> Result<Taken, Refusal> {
        let _door = self.door.read().unwrap_or_else(PoisonError::into_inner);
        let _lane = self
            .lane(&ingest)
            .map(|lane| lane.lock().unwrap_or_else(PoisonError::into_inner));
        let at = at.unwrap_or_else(|| self.now());
        for recorder in &self.recorders {
            match text {
                Some(text) => recorder.record_text(at, &ingest, text),
                None => recorder.record(at, &ingest),
            }
        }
        let taken = match ingest {
            Ingest::Batch(batch) => {
                let boot = batch.boot.clone();
                let rest = |applying: &mut Applying<'_>| self.rest_of(applying);
                self.directory.apply_at(*batch, at, rest).map(|mut outcome| {
                    outcome.attention = Some(self.lookers.attention(&self.directory, &boot.0, at));
                    Taken::Batch(outcome)
                })
            }
            Ingest::Register(record) => self.directory.register_at(*record, at).map(Taken::Registered),
            Ingest::Update(patch) => self.directory.update_at(*patch, at).map(|()| Taken::Updated),
            Ingest::Unregister(id) => self.directory.unregister_at(&id, at).map(Taken::Unregistered),
        };
        self.look();
        taken
    }

    /// Looks for what time alone changes. To be called about once a second.
    pub fn sweep(&self) {
        self.sweep_at(self.now());
        self.watched_changed();
    }

    /// The same, at a moment that is given, and without a look at who looks.
    pub fn sweep_at(&self, at: Timestamp) {
        let _door = self.door.read().unwrap_or_else(PoisonError::into_inner);
        for recorder in &self.recorders {
            recorder.swept(at);
        }
        self.directory.sweep_at(at);
        self.look_in_order();
        let forget_after = i64::try_from(self.directory.options().forget_after.as_millis());
        let before = at.as_millis().saturating_sub(forget_after.unwrap_or(i64::MAX));
        self.journal.forget(Timestamp::from_millis(before));
        self.traffic.tidy(at, |id| self.directory.kind_of(id).is_some());
        let (measured, heard) = self.traffic.last_minute(at);
        self.directory.measured(&measured, &heard);
        self.lints.check(at, &self.traffic.live_and_dead());
        self.memory.sweep(&self.traffic, at);
    }

    /// Nobody could be heard in this stretch of time, as is known since its end.
    pub(crate) fn was_deaf(&self, deaf: Deaf) {
        let _door = self.door.read().unwrap_or_else(PoisonError::into_inner);
        for recorder in &self.recorders {
            recorder.was_deaf(deaf);
        }
        self.directory.was_deaf(deaf);
    }

    /// What a batch says beside its actors.
    fn rest_of(&self, applying: &mut Applying<'_>) -> Vec<(usize, Refusal)> {
        let events = std::mem::take(&mut applying.batch.events);
        if !events.is_empty() {
            self.journal.tells(applying.boot());
        }
        let mut refused = Vec::new();
        let first = events.len();
        // Checked and weighed before anybody else has to wait.
        let events: Vec<_> = events
            .into_iter()
            .map(|event| {
                let checked = self.directory.options().check_event(&event);
                checked.map(|()| (event.actor.0.clone(), Draft::of(event, applying.now)))
            })
            .collect();
        self.memory.batch(applying.boot(), &applying.batch, applying.now);
        let _looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        // First what it says of its actors: an event of one that is new comes after.
        self.look_at_happened();
        for (place, event) in events.into_iter().enumerate() {
            let shown = event.and_then(|(actor, draft)| Ok((applying.shown(&actor)?, draft)));
            match shown {
                Ok((id, draft)) => {
                    let is_known = applying.kind(&id).is_some();
                    self.journal.event(&id, draft, applying.now, is_known);
                }
                Err(refusal) => refused.push((place, refusal)),
            }
        }
        let refused_traffic = self.traffic.batch(applying).into_iter();
        refused.extend(refused_traffic.map(|(place, refusal)| (first + place, refusal)));
        let batch = &applying.batch;
        let before = batch.types.len() + batch.messages.len() + batch.edges.len() + batch.answers.len();
        let refused_asks = self.asks(applying).into_iter();
        refused.extend(refused_asks.map(|(place, refusal)| (first + before + place, refusal)));
        refused
    }

    /// Which asks wait, where a batch says that. Says which of them are refused.
    fn asks(&self, applying: &mut Applying<'_>) -> Vec<(usize, Refusal)> {
        let Some(asks) = applying.batch.asks.take() else {
            return Vec::new();
        };
        let (mut waiting, mut refused) = (Vec::new(), Vec::new());
        for (place, ask) in asks.into_iter().enumerate().take(MAX_ASKS) {
            let ends = applying.options().check_ask(&ask).and_then(|()| {
                let to = ask.to.iter().map(|to| applying.shown(&to.0));
                Ok((applying.shown(&ask.from.0)?, to.collect::<Result<Vec<_>, _>>()?))
            });
            match ends {
                Ok((from, to)) => waiting.push(Ask {
                    from,
                    to,
                    message: applying.share(&ask.message),
                    since: applying
                        .now
                        .as_millis()
                        .saturating_sub(i64::try_from(ask.age_ms).unwrap_or(i64::MAX)),
                }),
                Err(refusal) => refused.push((place, refusal)),
            }
        }
        self.lints.asks(applying.boot(), waiting);
        refused
    }

    /// Shows what happened to those who make something of it.
    fn look(&self) {
        let _looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        self.look_at_happened();
    }

    /// The same after a sweep, which finds actors in the order of a map: put into one that a replay has as well.
    fn look_in_order(&self) {
        let _looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let mut happened = self.directory.happened().take();
        happened.sort_by(|a, b| a.id.cmp(&b.id));
        self.show(&happened);
    }

    /// The same, for who holds `looking`.
    fn look_at_happened(&self) {
        self.show(&self.directory.happened().take());
    }

    fn show(&self, happened: &[Happening]) {
        if happened.is_empty() {
            return;
        }
        self.journal.happened(happened);
        self.traffic.happened(happened);
        self.lints.happened(happened);
    }

    fn lane(&self, ingest: &Ingest) -> Option<&Mutex<()>> {
        let mut hasher = DefaultHasher::new();
        match ingest {
            Ingest::Batch(batch) => batch.boot.0.hash(&mut hasher),
            Ingest::Register(record) => record.id.0.hash(&mut hasher),
            Ingest::Update(patch) => patch.id.0.hash(&mut hasher),
            Ingest::Unregister(id) => id.0.hash(&mut hasher),
        }
        self.lanes
            .get(usize::try_from(hasher.finish() % LANES as u64).unwrap_or(0))
    }

    /// The moment, by the studio's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.directory.clock().now()
    }
}
