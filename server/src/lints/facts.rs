//! What the rules look at: of actors only those that work, wait, fail or are silent.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use loom_protocol::{ActorStatus, Timestamp};
use serde::{Deserialize, Serialize};

use crate::directory::{Happening, Look, Text, What};

/// Restarts of one actor that are remembered.
const RESTARTS: usize = 64;
/// Milliseconds between two looks at how many messages wait.
pub(super) const EACH_DEPTH: i64 = 5_000;
/// Looks that are remembered.
pub(super) const DEPTHS: usize = 7;
/// Milliseconds in which dead letters are counted.
pub(super) const DEAD_WITHIN: i64 = 60_000;

/// All that the rules know.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) actors: HashMap<Text, Subject>,
    /// Silent actors of each process; of those that no process speaks for under no name.
    pub(super) silent: BTreeMap<Option<Text>, HashSet<Text>>,
    /// When one of a worker's actors last handled something, in milliseconds.
    pub(super) workers: HashMap<Worker, i64>,
    /// Actors of each type that have not ended.
    pub(super) live: BTreeMap<Text, u64>,
    /// Messages of each type that never reached a handler, at times in milliseconds.
    pub(super) dead: BTreeMap<Text, VecDeque<(i64, u64)>>,
    /// Asks of each process that wait for their answers.
    pub(super) asks: BTreeMap<Text, Vec<Ask>>,
}

/// An actor waits for another one's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ask {
    pub(crate) from: Text,
    /// One of them was asked.
    pub(crate) to: Vec<Text>,
    /// The type of the message.
    pub(crate) message: Text,
    /// When it was asked, in milliseconds.
    pub(crate) since: i64,
}

/// A thread: its name within its process.
pub(super) type Worker = (Option<Text>, Option<Text>, Text);

/// An actor that works, waits, failed, or is started again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subject {
    pub(super) kind: Text,
    pub(super) worker: Option<Worker>,
    pub(super) handled: u64,
    /// Since when it is active and came to nothing else, in milliseconds.
    pub(super) busy_since: Option<i64>,
    pub(super) queued: u64,
    /// Since when messages wait for it and it handles none, in milliseconds.
    pub(super) waiting_since: Option<i64>,
    /// How many waited each five seconds.
    pub(super) depths: VecDeque<u64>,
    pub(super) restarts: VecDeque<i64>,
    pub(super) failed_since: Option<i64>,
}

impl Facts {
    pub(super) fn happened(&mut self, happening: &Happening) {
        let (id, at) = (&happening.id, happening.at.as_millis());
        match &happening.what {
            What::Reported { before, after, .. } => self.reported(id, before.as_deref(), after, at),
            What::Gone(look) => {
                self.actors.remove(id);
                self.heard(id, look);
            }
            What::Silent(look) => {
                let silent = self.silent.entry(look.boot.clone()).or_default();
                silent.insert(id.clone());
                // What it does now nobody knows.
                if let Some(subject) = self.actors.get_mut(id) {
                    (subject.busy_since, subject.waiting_since) = (None, None);
                    subject.depths.clear();
                }
            }
            What::Back(look) => self.heard(id, look),
            What::Renamed(to) => {
                if let Some(subject) = self.actors.remove(id) {
                    self.actors.insert(to.clone(), subject);
                }
                for ask in self.asks.values_mut().flatten() {
                    for end in ask.to.iter_mut().chain([&mut ask.from]) {
                        if end == id {
                            end.clone_from(to);
                        }
                    }
                }
            }
            What::BootSilent => {
                self.asks.remove(id);
            }
            What::BootBack => {}
        }
    }

    /// Which asks wait in a process: in place of those that did before.
    pub(super) fn asks(&mut self, boot: &Text, asks: Vec<Ask>) {
        if asks.is_empty() {
            self.asks.remove(boot);
        } else {
            self.asks.insert(boot.clone(), asks);
        }
    }

    fn heard(&mut self, id: &Text, look: &Look) {
        if let Some(silent) = self.silent.get_mut(&look.boot) {
            silent.remove(id);
            if silent.is_empty() {
                self.silent.remove(&look.boot);
            }
        }
    }

    fn reported(&mut self, id: &Text, before: Option<&Look>, after: &Look, at: i64) {
        let handled = after.handled.unwrap_or(0);
        let worker = after
            .worker
            .as_ref()
            .map(|worker| (after.boot.clone(), after.node.clone(), worker.clone()));
        let was = before.and_then(|before| before.handled);
        // What no message asked for is work too: intervals, timers, futures of its own.
        let turned = before.is_some_and(|before| before.work.turns != after.work.turns);
        let progressed = was != after.handled || turned || before.is_none();
        if progressed && let Some(worker) = &worker {
            self.workers.insert(worker.clone(), at);
        }
        if let Some(before) = before {
            // A report says that it is heard; so does the next sweep, but not of another boot, nor of one that has ended.
            if before.boot != after.boot || after.is_final() {
                self.heard(id, before);
            }
        }
        let is_active = after.status == Some(ActorStatus::Active);
        let has_failed = after.status == Some(ActorStatus::Failed);
        let restarted = before.map_or(0, |before| after.restarts.saturating_sub(before.restarts));
        let is_known = self.actors.contains_key(id);
        if !is_known && !is_active && !has_failed && restarted == 0 && after.queued == 0 {
            return;
        }
        let subject = self
            .actors
            .entry(id.clone())
            .or_insert_with(|| Subject::new(after));
        subject.kind = after.kind.clone();
        subject.worker = worker;
        subject.handled = handled;
        subject.queued = after.queued;
        subject.busy_since = match subject.busy_since {
            Some(since) if is_active && !progressed => Some(since),
            _ => is_active.then_some(at),
        };
        subject.waiting_since = match subject.waiting_since {
            Some(since) if after.queued > 0 && !progressed => Some(since),
            _ => (after.queued > 0).then_some(at),
        };
        subject.failed_since = match subject.failed_since {
            Some(since) if has_failed => Some(since),
            _ => has_failed.then_some(at),
        };
        for _ in 0..restarted.min(RESTARTS as u64) {
            subject.restarts.push_back(at);
        }
        while subject.restarts.len() > RESTARTS {
            subject.restarts.pop_front();
        }
    }

    /// To be called about every five seconds.
    pub(super) fn measure(&mut self, now: Timestamp) {
        let now = now.as_millis();
        for subject in self.actors.values_mut() {
            subject.depths.push_back(subject.queued);
            while subject.depths.len() > DEPTHS {
                subject.depths.pop_front();
            }
            while subject.restarts.front().is_some_and(|at| *at < now - 60_000) {
                subject.restarts.pop_front();
            }
        }
        self.actors.retain(|_, subject| {
            let rests = subject.busy_since.is_none() && subject.failed_since.is_none() && subject.queued == 0;
            !(rests && subject.restarts.is_empty())
        });
        let used: HashSet<Worker> = self
            .actors
            .values()
            .filter_map(|subject| subject.worker.clone())
            .collect();
        self.workers.retain(|worker, _| used.contains(worker));
    }

    /// Takes over what traffic knows of each type: how many live, and how many messages reached nobody.
    pub(super) fn count(&mut self, now: Timestamp, kinds: &[(Text, u64, u64)]) {
        let now = now.as_millis();
        self.live = kinds
            .iter()
            .map(|(kind, live, _)| (kind.clone(), *live))
            .collect();
        for (kind, _, dead) in kinds {
            if *dead == 0 && !self.dead.contains_key(kind) {
                // The first one is growth from here.
                continue;
            }
            let counts = self
                .dead
                .entry(kind.clone())
                .or_insert_with(|| VecDeque::from([(now, 0)]));
            if counts.back().is_none_or(|(_, last)| last != dead) {
                counts.push_back((now, *dead));
            }
            // One from before the time that is looked at stays, to count from.
            while counts.get(1).is_some_and(|(at, _)| *at < now - DEAD_WITHIN) {
                counts.pop_front();
            }
        }
    }
}

impl Subject {
    fn new(look: &Look) -> Self {
        Self {
            kind: look.kind.clone(),
            worker: None,
            handled: 0,
            busy_since: None,
            queued: 0,
            waiting_since: None,
            depths: VecDeque::new(),
            restarts: VecDeque::new(),
            failed_since: None,
        }
    }
}
