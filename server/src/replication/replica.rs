//! One server's hold on the log: what it appends, what it waits for, how it stands.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use loom_protocol::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use uuid::Uuid;

use super::applier::{Answer, Applier, Peer};
use super::clock::StudioClock;
use super::door::Away;
use super::entry::{Entry, Event, Here, pack};
use super::follow::follow;
use super::handover::{self, Giver};
use super::log::{LogError, Position, ReplicatedLog};
use crate::recording::Recordings;
use crate::sessions::Sessions;
use crate::{Clock, Intake};

/// Entries of this server that are on their way.
const WAITING: usize = 4_096;
/// What they may weigh together, in KiB.
const WEIGHT: usize = 64 * 1024;
/// Entries that are appended in one go.
const AT_ONCE: usize = 128;
/// How long somebody waits until an entry came by.
const COMES_BY: Duration = Duration::from_secs(5);
/// How long a reader waits that saw more at another server.
const CATCHES_UP: Duration = Duration::from_secs(2);
/// Bytes that are not packed on the thread that serves.
const LARGE: usize = 64 * 1024;
/// How often a server looks whether there is something to say of itself.
const TICK: Duration = Duration::from_secs(1);
/// Milliseconds after a look for what time changes until the next.
const SWEEP_MILLIS: u64 = 950;
/// Milliseconds after which a server says again that it lives.
const HERE_MILLIS: u64 = 5_000;
/// Milliseconds without a word after which a server is gone, with what its viewers looked at.
pub(super) const GONE_MILLIS: u64 = 16_000;

/// One server of several. Shared by all who serve.
pub(crate) struct Replica {
    pub(super) log: Arc<dyn ReplicatedLog>,
    pub(super) intake: Arc<Intake>,
    pub(super) clock: Arc<StudioClock>,
    pub(super) applier: Arc<Mutex<Applier>>,
    /// This start of this server.
    pub(super) server: String,
    pub(super) called: Mutex<String>,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    weight: Arc<Semaphore>,
    queue: mpsc::Sender<Outgoing>,
    outgoing: Mutex<Option<mpsc::Receiver<Outgoing>>>,
    state: Mutex<State>,
    /// The last entry that was applied here.
    applied: watch::Sender<Option<Position>>,
    /// How often it began with another base than what it knew.
    restored: watch::Sender<u64>,
}

struct Outgoing {
    number: u64,
    body: Bytes,
    _weight: OwnedSemaphorePermit,
}

/// How a server stands to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has not found its place yet.
    Starting,
    /// It reads what came in while it was not there.
    CatchingUp,
    /// It knows all there is.
    Following,
    /// The log can't be read.
    Away { since: Timestamp, why: String },
}

pub(super) struct State {
    pub(super) standing: Standing,
    /// It knew all there was at some moment, and has that to show.
    has_picture: bool,
    /// Why nothing could be appended, last.
    pub(super) refused: Option<String>,
    /// The newest entry that may have been applied here.
    reached: Option<Position>,
    pub(super) peers: Vec<Peer>,
    /// When it last said that it lives, and what.
    said: Option<(Timestamp, Here)>,
}

/// The running tasks; dropping it ends them.
pub(crate) struct Running {
    replica: Arc<Replica>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        // Nothing comes by any more.
        self.replica.waiting().clear();
    }
}

impl Replica {
    pub(crate) fn new(
        log: Arc<dyn ReplicatedLog>,
        intake: Arc<Intake>,
        sessions: Option<Arc<Sessions>>,
        clock: Arc<StudioClock>,
    ) -> Self {
        let (queue, outgoing) = mpsc::channel(WAITING);
        let server = Uuid::new_v4().simple().to_string();
        Self {
            applier: Arc::new(Mutex::new(Applier::new(intake.clone(), sessions))),
            log,
            intake,
            clock,
            called: Mutex::new(server.chars().take(8).collect()),
            server,
            next: AtomicU64::new(1),
            waiting: Mutex::default(),
            weight: Arc::new(Semaphore::new(WEIGHT)),
            queue,
            outgoing: Mutex::new(Some(outgoing)),
            state: Mutex::new(State {
                standing: Standing::Starting,
                has_picture: false,
                refused: None,
                reached: None,
                peers: Vec::new(),
                said: None,
            }),
            restored: watch::Sender::new(0),
            applied: watch::Sender::new(None),
        }
    }

    /// Begins to follow the log, as the server of this name. Must be called once, within a tokio runtime.
    pub(crate) fn start(self: &Arc<Self>, name: String, recordings: &Arc<Recordings>) -> Running {
        *self.called.lock().unwrap_or_else(PoisonError::into_inner) = name;
        let giver = Arc::new(Giver::new(recordings.clone()));
        let began = self.restorations();
        let mut tasks = vec![
            tokio::spawn(follow(self.clone(), giver)),
            tokio::spawn(self.clone().tick()),
            tokio::spawn(handover::get(self.clone(), recordings.clone(), began)),
        ];
        let outgoing = self
            .outgoing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(outgoing) = outgoing {
            tasks.push(tokio::spawn(self.clone().write(outgoing)));
        }
        Running {
            replica: self.clone(),
            tasks,
        }
    }

    /// Has all servers take something in, and gives what became of it here.
    ///
    /// # Errors
    /// When the log is away, or it did not come by in time: then it may yet be taken, and whoever sends it again does no harm.
    pub(super) async fn submit(&self, event: Event, bytes: usize) -> Result<Answer, Away> {
        let (number, body) = self.entry(event, bytes).await?;
        let (sender, receiver) = oneshot::channel();
        {
            let mut waiting = self.waiting();
            if waiting.len() >= WAITING {
                return Err(Away::Busy);
            }
            waiting.insert(number, sender);
        }
        // Whoever goes away before it came by leaves nothing behind.
        let _leaves = Leaves {
            replica: self,
            number,
        };
        self.enqueue(number, body)?;
        match timeout(COMES_BY, receiver).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(self.why()),
            Err(_) => Err(Away::Late),
        }
    }

    /// Has all servers take something in. Nobody waits for it, and it may be lost.
    pub(super) async fn mention(&self, event: Event) -> Result<(), Away> {
        let (number, body) = self.entry(event, 0).await?;
        self.enqueue(number, body)
    }

    /// Has those who know everything write that down, for this server.
    pub(super) async fn ask_for_base(&self) -> Result<(), LogError> {
        let entry = Entry {
            server: self.server.clone(),
            number: self.next.fetch_add(1, Ordering::Relaxed),
            event: Event::BaseWanted,
        };
        match pack(&entry) {
            Ok(body) => self.log.append(vec![body]).await,
            Err(error) => {
                tracing::error!(%error, "an entry could not be written");
                Ok(())
            }
        }
    }

    async fn entry(&self, event: Event, bytes: usize) -> Result<(u64, Bytes), Away> {
        if !self.follows() {
            return Err(self.why());
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let entry = Entry {
            server: self.server.clone(),
            number,
            event,
        };
        let packed = if bytes > LARGE {
            let packing = tokio::task::spawn_blocking(move || pack(&entry));
            packing.await.map_err(|_| Away::Busy)?
        } else {
            pack(&entry)
        };
        packed.map(|body| (number, body)).map_err(|error| {
            tracing::error!(%error, "an entry could not be written");
            Away::Busy
        })
    }

    fn enqueue(&self, number: u64, body: Bytes) -> Result<(), Away> {
        let kib = u32::try_from(body.len() / 1024 + 1).unwrap_or(u32::MAX);
        let weight = self.weight.clone().try_acquire_many_owned(kib);
        let outgoing = Outgoing {
            number,
            body,
            _weight: weight.map_err(|_| Away::Busy)?,
        };
        self.queue.try_send(outgoing).map_err(|_| Away::Busy)
    }

    /// Appends what waits, in its order.
    async fn write(self: Arc<Self>, mut outgoing: mpsc::Receiver<Outgoing>) {
        let mut some = Vec::with_capacity(AT_ONCE);
        while outgoing.recv_many(&mut some, AT_ONCE).await > 0 {
            let numbers: Vec<u64> = some.iter().map(|one| one.number).collect();
            let bodies = some.iter().map(|one| one.body.clone()).collect();
            let appended = self.log.append(bodies).await;
            some.clear();
            let refused = appended.as_ref().err().map(ToString::to_string);
            let before = std::mem::replace(&mut self.state().refused, refused);
            if let Err(error) = appended {
                if before.is_none() {
                    tracing::warn!("failed to {error}; reports are refused until that is mended");
                }
                let mut waiting = self.waiting();
                for number in numbers {
                    waiting.remove(&number);
                }
            }
        }
    }

    /// Says that this server lives and what is looked at here, and has all look for what time changes.
    async fn tick(self: Arc<Self>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if !self.follows() {
                continue;
            }
            let swept = self.applier().swept();
            // By the log's time, which may stand still when nobody wrote for a while: then it is due.
            let now = self.clock.now();
            let is_due =
                !self.clock.goes() || swept.is_none_or(|swept| now.millis_since(swept) >= SWEEP_MILLIS);
            if is_due {
                let _later = self.mention(Event::Swept).await;
            }
            self.say_here(now).await;
        }
    }

    /// Says what is looked at here, if that is something else or was said a while ago.
    pub(crate) async fn say_here(&self, now: Timestamp) {
        let watch = self.intake.lookers().own(self.intake.now());
        let mut actors: Vec<String> = watch.actors.iter().map(ToString::to_string).collect();
        actors.sort();
        let here = Here {
            name: self.name(),
            actors,
            map: watch.map,
        };
        {
            let mut state = self.state();
            let is_known = state
                .said
                .as_ref()
                .is_some_and(|(at, said)| *said == here && now.millis_since(*at) < HERE_MILLIS);
            if is_known {
                return;
            }
            state.said = Some((now, here.clone()));
        }
        if self.mention(Event::Here(here)).await.is_err() {
            self.state().said = None;
        }
    }

    /// Hands an answer to who waits for it.
    pub(super) fn came_by(&self, server: &str, number: u64, answer: Answer) {
        if server != self.server {
            return;
        }
        if let Some(waiting) = self.waiting().remove(&number) {
            let _nobody_waits = waiting.send(answer);
        }
    }

    pub(super) fn stands(&self, standing: Standing) {
        let mut state = self.state();
        if standing == Standing::Following {
            state.has_picture = true;
        }
        if state.standing != standing {
            match &standing {
                Standing::Following => {
                    tracing::info!(log = self.log.name(), "follows what the other servers take in")
                }
                Standing::Away { why, .. } if !matches!(state.standing, Standing::Away { .. }) => {
                    tracing::warn!(
                        "failed to {why}; reports are refused, and what is shown stands still, until it is back"
                    );
                }
                _ => {}
            }
        }
        state.standing = standing;
    }

    /// The log can't be read. Nobody needs to wait any more.
    pub(super) fn away(&self, error: &LogError) {
        let (now, why) = (self.clock.now(), error.to_string());
        let since = match &self.state().standing {
            Standing::Away { since, .. } => *since,
            _ => now,
        };
        self.stands(Standing::Away { since, why });
        self.waiting().clear();
    }

    /// What is up to there is applied next.
    pub(super) fn reaches(&self, position: Option<Position>) {
        self.state().reached = position;
    }

    /// It was.
    pub(super) fn reached(&self, position: Option<Position>, peers: Vec<Peer>) {
        self.state().peers = peers;
        self.applied.send_replace(position);
    }

    pub(super) fn was_restored(&self) {
        self.restored.send_modify(|count| *count += 1);
    }

    /// Waits until it knows all there is.
    pub(super) async fn until_it_follows(&self) {
        let mut applied = self.applied.subscribe();
        while !self.follows() && applied.changed().await.is_ok() {}
    }

    /// Whether it is this one that is meant.
    pub(super) fn is_asked(&self, server: &str) -> bool {
        self.server == server
    }

    /// Whether it knows all there is, and takes what comes.
    pub(crate) fn follows(&self) -> bool {
        self.state().standing == Standing::Following
    }

    /// Whether there is anything to show: one that just started knows nothing, which is not the same as that nobody is there.
    pub(crate) fn has_picture(&self) -> bool {
        self.state().has_picture
    }

    /// The newest entry that may be part of what is shown.
    pub(crate) fn position(&self) -> Option<Position> {
        self.state().reached
    }

    /// Waits until what is shown has everything up to `position`, which somebody saw at another server. Not while the log is
    /// away: then nobody knows more for now.
    ///
    /// # Errors
    /// When it does not come in time.
    pub(crate) async fn wait_for(&self, position: Position) -> Result<(), Away> {
        let mut applied = self.applied.subscribe();
        let came = applied.wait_for(|applied| *applied >= Some(position) || self.is_away());
        match timeout(CATCHES_UP, came).await {
            Ok(_) => Ok(()),
            Err(_) if self.is_away() => Ok(()),
            Err(_) => Err(Away::Behind),
        }
    }

    /// Waits until what was in the log a moment ago is known here; no longer than a reader waits.
    pub(crate) async fn catch_up(&self) {
        if let Ok(Some(head)) = self.log.head().await {
            let _in_vain = self.wait_for(head).await;
        }
    }

    fn is_away(&self) -> bool {
        matches!(self.state().standing, Standing::Away { .. })
    }

    /// How often it began anew.
    pub(crate) fn restored(&self) -> u64 {
        *self.restored.borrow()
    }

    /// Waits until it begins anew. To be kept from before: what happened then is told at once.
    pub(crate) fn restorations(&self) -> watch::Receiver<u64> {
        self.restored.subscribe()
    }

    /// Why nothing is taken.
    pub(super) fn why(&self) -> Away {
        let state = self.state();
        match (&state.standing, &state.refused) {
            (Standing::Away { why, .. }, _) | (_, Some(why)) => Away::Log(why.clone()),
            (Standing::Starting | Standing::CatchingUp, None) => Away::Starting,
            (Standing::Following, None) => Away::Late,
        }
    }

    pub(super) fn applier(&self) -> MutexGuard<'_, Applier> {
        self.applier.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Leaves<'a> {
    replica: &'a Replica,
    number: u64,
}

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.replica.waiting().remove(&self.number);
    }
}
