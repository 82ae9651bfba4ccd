//! What a cell says at one moment. The status is derived here and nowhere else.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use loom_protocol::{ActorPatch, ActorRecord, ActorStatus, Latency};
use serde_json::{Map, Value};

use super::{ActorCell, Origin, STARTED, STOPPING};
use crate::clock::Nanos;
use crate::names;

/// A reading of a cell. Two that are equal need not both be reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) status: Option<ActorStatus>,
    messages: u64,
    queued: Option<u64>,
    errors: u32,
    timed: u64,
    busy_ns: u64,
    wait_ns: u64,
}

impl View {
    /// Whether it may change by itself, without the cell being touched: by time going by, or by messages piling up.
    pub(crate) fn is_restless(&self) -> bool {
        self.status == Some(ActorStatus::Active) || self.queued.is_some_and(|queued| queued > 0)
    }

    /// Whether it says how many messages wait.
    pub(crate) fn has_queue(&self) -> bool {
        self.queued.is_some()
    }

    fn latency(&self) -> Option<Latency> {
        // Whole nanoseconds, in milliseconds.
        let mean = |total: u64| Some((total as f64 / self.timed as f64).round() / 1e6);
        (self.timed > 0).then(|| Latency {
            handle_ms: mean(self.busy_ns),
            wait_ms: mean(self.wait_ns),
        })
    }
}

impl ActorCell {
    /// Reads the cell; an actor that entered a handler after `since` counts as active.
    pub(crate) fn view(&self, since: Nanos) -> View {
        let queued = match self.origin {
            Origin::Handle => self.details().as_ref().and_then(|details| details.queue_depth),
            Origin::Context(_) if self.ended().is_some() => None,
            Origin::Context(kind) => kind.queued_for_only_instance(),
        };
        View {
            status: self.status(since),
            messages: self.messages.load(Relaxed),
            queued,
            errors: self.errors.load(Relaxed),
            timed: self.timed.load(Relaxed),
            busy_ns: self.busy_ns.load(Relaxed),
            wait_ns: self.wait_ns.load(Relaxed),
        }
    }

    fn status(&self, since: Nanos) -> Option<ActorStatus> {
        if let Some(ended) = self.ended() {
            let failed = ended.failure.is_some();
            return Some(if failed {
                ActorStatus::Failed
            } else {
                ActorStatus::Stopped
            });
        }
        if self.is_handle() {
            return self.details().as_ref().and_then(|details| details.status.clone());
        }
        let entered = self.entered.load(Relaxed);
        let flags = self.flags.load(Relaxed);
        let handled_lately = || entered != 0 && Nanos::of(entered >> 1) >= since;
        Some(if flags & STOPPING != 0 {
            ActorStatus::Stopping
        } else if entered & 1 != 0 {
            ActorStatus::Active
        } else if flags & STARTED == 0 && entered == 0 {
            ActorStatus::Starting
        } else if self.declared_busy.load(Relaxed) > 0 {
            ActorStatus::Active
        } else if self.declared_waiting.load(Relaxed) > 0 {
            ActorStatus::Waiting
        } else if handled_lately() {
            ActorStatus::Active
        } else {
            ActorStatus::Idle
        })
    }

    /// The whole record, as of `now`.
    pub(crate) fn record(&self, view: View, now: Nanos) -> ActorRecord {
        let until = self.ended().map_or(now, |ended| ended.at);
        let beat = match self.origin {
            Origin::Handle => self.last_beat().min(until),
            // It is alive as long as its process is.
            Origin::Context(_) => until,
        };
        let mut record = ActorRecord::new(self.id(), self.kind.as_ref());
        record.latency = view.latency();
        record.status = view.status;
        record.message_count = Some(view.messages);
        record.queue_depth = view.queued;
        record.error_count = Some(view.errors.into());
        record.restart_count = Some(self.restarts.into());
        record.uptime = Some(millis(until.since(self.started)));
        record.last_heartbeat = Some(beat.on_the_wall(now));
        record.node = names::node().map(str::to_owned);
        record.metadata = self.metadata();
        record.worker_id = self.worker();
        if let Some(details) = self.details().as_deref() {
            record.parent_id.clone_from(&details.parent);
        }
        record
    }

    /// What may have changed since a subscriber was told last.
    pub(crate) fn patch(&self, view: View, amended: bool) -> ActorPatch {
        let mut patch = ActorPatch::new(self.id());
        patch.latency = view.latency();
        patch.status = view.status;
        patch.message_count = Some(view.messages);
        patch.queue_depth = view.queued;
        // They only grow, and the registration told of zero.
        patch.error_count = (view.errors > 0).then(|| view.errors.into());
        if amended {
            patch.metadata = self.metadata();
            patch.worker_id = self.worker();
        }
        patch
    }

    fn worker(&self) -> Option<String> {
        let chosen = self.details().as_ref().and_then(|details| details.worker.clone());
        chosen.or_else(|| self.thread.get().map(|name| name.to_string()))
    }

    fn metadata(&self) -> Option<Map<String, Value>> {
        let mut metadata = self
            .details()
            .as_ref()
            .map(|details| details.metadata.clone())
            .unwrap_or_default();
        if let Some(text) = self.ended().and_then(|ended| ended.failure.as_deref()) {
            let word = if self.is_handle() { "failure" } else { "panic" };
            metadata.insert(word.to_owned(), text.into());
        }
        (!metadata.is_empty()).then_some(metadata)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
