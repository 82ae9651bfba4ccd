//! Handing over what is over.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use loom_history::{History, Key, Step};
use loom_protocol::{ActorBatch, Timestamp};

use super::processes::Processes;
use crate::directory::Text;
use crate::traffic::{GAP_MILLIS, SECONDS_AT_ONCE, Traffic, WINDOW, second_of};

/// Seconds after which nothing is added to a second any more.
#[expect(clippy::cast_possible_wrap, reason = "some seconds")]
const OVER: i64 = (GAP_MILLIS / 1_000) as i64 + 2;

/// Takes each second that is over, once and in the order of time.
pub(crate) trait SecondTaker: Send + Sync {
    /// What was measured in it.
    fn take(&self, second: i64, measured: &[(Key, Step)]);
}

/// What the studio remembers, and what it is about to.
pub(crate) struct Memory {
    history: Arc<History>,
    processes: Mutex<Processes>,
    /// Nothing is handed over for now: what another server remembers of the time before comes first.
    waits: AtomicU64,
    /// The last one that is over.
    waited: AtomicU64,
    /// Who wants the seconds, too.
    taker: OnceLock<Arc<dyn SecondTaker>>,
}

impl Memory {
    pub(crate) fn new(history: Arc<History>) -> Self {
        Self {
            history,
            processes: Mutex::default(),
            waits: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            taker: OnceLock::new(),
        }
    }

    /// Hands each second to somebody else, too, from now on. There can be one.
    pub(crate) fn hand_to(&self, taker: Arc<dyn SecondTaker>) {
        // A second one would be a fault of ours, and hears nothing.
        let _first = self.taker.set(taker);
    }

    /// Hands nothing over until [`Self::go_on`], as seconds are handed over in the order of time. No longer than the windows of traffic
    /// reach back, or there is a gap.
    pub(crate) fn wait(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    /// Which wait it is, for [`Self::go_on`].
    pub(crate) fn waiting(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    /// Hands over what is over, now and from now on, unless there is another wait since this one.
    pub(crate) fn go_on(&self, waited: u64) {
        self.waited.fetch_max(waited, Ordering::Relaxed);
    }

    /// Whether all that is over was handed over.
    pub(crate) fn is_whole(&self) -> bool {
        self.waited.load(Ordering::Relaxed) >= self.waits.load(Ordering::Relaxed)
    }

    pub(crate) fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// Takes over what a process says that it uses.
    pub(crate) fn batch(&self, boot: &Text, batch: &ActorBatch, now: Timestamp) {
        self.processes().batch(boot, batch, now);
    }

    /// Hands over each second that is over by now.
    pub(crate) fn sweep(&self, traffic: &Traffic, at: Timestamp) {
        if !self.is_whole() {
            return;
        }
        let now = second_of(at);
        let over = now - OVER;
        let reached = self.history.newest().unwrap_or(i64::MIN).saturating_add(1);
        let mut from = reached.max(over - WINDOW + OVER);
        while from <= over {
            let to = over.min(from + SECONDS_AT_ONCE - 1);
            let mut seconds: HashMap<i64, Vec<(Key, Step)>> = HashMap::new();
            for (second, key, step) in self.measured(traffic, from, to) {
                seconds.entry(second).or_default().push((key, step));
            }
            for second in from..=to {
                let measured = seconds.remove(&second).unwrap_or_default();
                self.history.push(second, &measured);
                if let Some(taker) = self.taker.get() {
                    taker.take(second, &measured);
                }
            }
            from = to + 1;
        }
        self.processes().forget(at);
        self.history.tick(now);
    }

    /// What was measured in seconds that are not over: it may still become more.
    pub(super) fn newest(&self, traffic: &Traffic, now: Timestamp) -> Vec<(i64, Key, Step)> {
        // The second that runs has only just begun.
        let to = second_of(now) - 1;
        let from = self.history.newest().unwrap_or(i64::MIN).saturating_add(1);
        self.measured(traffic, from.max(to - SECONDS_AT_ONCE + 1), to)
    }

    fn measured(&self, traffic: &Traffic, from: i64, to: i64) -> Vec<(i64, Key, Step)> {
        if from > to {
            return Vec::new();
        }
        let mut measured = traffic.seconds(from, to);
        measured.extend(self.processes().seconds(from, to));
        measured.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        measured
    }

    pub(super) fn processes_left_out(&self) -> u64 {
        self.processes().left_out
    }

    fn processes(&self) -> MutexGuard<'_, Processes> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
