//! What a cell says at one moment. The status is derived here and nowhere else.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use loom_protocol::{ActorPatch, ActorRecord, ActorStatus, Latency, Rates};
use serde_json::{Map, Value};

use super::work::{Counted, Sample, Totals};
use super::{ActorCell, GAVE_UP, PAUSED, STARTED, STOPPING};
use crate::clock::Nanos;
use crate::names;

/// A reading of a cell. Two that are equal need not both be reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct View {
    pub(crate) status: Option<ActorStatus>,
    messages: u64,
    queued: Option<u64>,
    errors: u32,
    restarts: u32,
    totals: Totals,
    rates: Option<Rates>,
    /// The rates fall as time goes by.
    moving: bool,
    latency: Option<Latency>,
}

impl View {
    /// Whether it may change by itself, without the cell being touched: by time going by, or by messages piling up.
    pub(crate) fn is_restless(&self) -> bool {
        self.status == Some(ActorStatus::Active)
            || self.queued.is_some_and(|queued| queued > 0)
            || self.moving
    }

    /// Whether it says how many messages wait.
    pub(crate) fn has_queue(&self) -> bool {
        self.queued.is_some()
    }

    /// Takes over what the last stretch of time was like.
    fn show(&mut self, sample: &Sample, now: Nanos) {
        self.rates = sample.rates_at(now);
        self.moving = self.rates.is_some() && sample.is_moving();
        let latency = sample.latency.clone();
        self.latency = (latency != Latency::default()).then_some(latency);
    }
}

impl ActorCell {
    /// Reads the cell; an actor that entered a handler after `since` counts as active.
    pub(crate) fn view(&self, since: Nanos) -> View {
        let queued = match self.kind.counters {
            None => self.details().as_ref().and_then(|details| details.queue_depth),
            Some(_) if self.ended().is_some() => None,
            Some(counters) => self.in_queues().or_else(|| counters.queued_for_only_instance()),
        };
        let mut view = View {
            status: self.status(since),
            messages: self.messages.load(Relaxed),
            queued,
            errors: self.errors.load(Relaxed).saturating_add(self.sums.late_errors()),
            restarts: self.restarts.load(Relaxed),
            totals: self.sums.read(),
            rates: None,
            moving: false,
            latency: None,
        };
        if let Some(sample) = self.sample().as_deref() {
            view.show(sample, Nanos::now());
        }
        view
    }

    /// The same for a subscriber who looked at `since` before and looks again `now`, which makes rates. Who looks at it for
    /// the first time has not watched what was counted so far; unless it began since then.
    pub(crate) fn look(&self, since: Nanos, now: Nanos, is_first: bool) -> View {
        let mut view = self.view(since);
        let counted = Counted {
            messages: view.messages,
            errors: view.errors,
            totals: view.totals,
        };
        let mut sample = self.sample();
        let watched = !is_first || self.started >= since;
        match sample.as_deref_mut() {
            _ if self.ended().is_some() => {
                if let Some(sample) = sample.as_deref_mut() {
                    sample.stand_still(now);
                }
            }
            Some(sample) if watched => sample.look(now, since, counted),
            None if watched => {
                // At rest since it began, or since its last look, when nothing was counted either.
                let quiet = counted.messages == 0 && counted.errors == 0 && view.totals == Totals::default();
                if quiet {
                    return view;
                }
                let mut first = Sample::begin(self.started, Counted::default());
                first.look(now, since, counted);
                *sample = Some(Box::new(first));
            }
            Some(sample) => sample.begin_again(now, counted),
            None => *sample = Some(Box::new(Sample::begin(now, counted))),
        }
        if let Some(sample) = sample.as_deref() {
            view.show(sample, now);
        }
        view
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
        } else if flags & PAUSED != 0 {
            ActorStatus::Paused
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
        let beat = if self.is_handle() && !self.is_held() {
            self.last_beat().min(until)
        } else {
            // It is alive as long as its process is.
            until
        };
        let mut record = ActorRecord::new(self.id(), self.kind.name.as_ref());
        record.work = view.totals.work();
        record.latency = view.latency;
        record.rates = view.rates;
        record.status = view.status;
        record.message_count = Some(view.messages);
        record.queue_depth = view.queued;
        record.error_count = Some(view.errors.into());
        record.restart_count = Some(view.restarts.into());
        record.uptime = Some(millis(until.since(self.started)));
        record.last_heartbeat = Some(beat.on_the_wall(now));
        record.node = names::node().map(str::to_owned);
        record.metadata = self.metadata();
        record.worker_id = self.worker();
        record.controls = self.controls();
        if let Some(details) = self.details().as_deref() {
            record.parent_id.clone_from(&details.parent);
            record.system = details.system.then_some(true);
        }
        record
    }

    /// What may have changed since a subscriber was told last.
    pub(crate) fn patch(&self, view: View, amended: bool) -> ActorPatch {
        let mut patch = ActorPatch::new(self.id());
        patch.work = view.totals.work();
        patch.latency = view.latency;
        patch.rates = view.rates;
        patch.status = view.status;
        patch.message_count = Some(view.messages);
        patch.queue_depth = view.queued;
        // They only grow, and the registration told of zero.
        patch.error_count = (view.errors > 0).then(|| view.errors.into());
        patch.restart_count = (view.restarts > 0).then(|| view.restarts.into());
        if amended {
            patch.metadata = self.metadata();
            patch.worker_id = self.worker();
            patch.controls = self.controls();
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
            let by_its_word = self.is_handle() || self.has_flag(GAVE_UP);
            let word = if by_its_word { "failure" } else { "panic" };
            metadata.insert(word.to_owned(), text.into());
        }
        (!metadata.is_empty()).then_some(metadata)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
