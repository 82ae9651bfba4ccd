//! An actor as the directory keeps it: small, with shared texts, and with what is needed to compute the rest.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use loom_protocol::{
    ActorId, ActorPatch, ActorRecord, ActorStatus, Controls, Latency, Rates, Timestamp, Work,
};
use serde_json::{Map, Value};

use super::boot::Boot;
use super::measured::{Measured, Standing};
use super::patience::Patience;

/// A text that many actors share.
pub(crate) type Text = Arc<str>;

/// One actor. 100,000 of them must be cheap: rarely known fields are boxed, texts are shared.
pub(super) struct Entry {
    pub(super) kind: Text,
    pub(super) status: Option<ActorStatus>,
    pub(super) worker: Option<Text>,
    pub(super) node: Option<Text>,
    pub(super) parent: Option<Text>,
    pub(super) message_count: Option<u64>,
    pub(super) queue_depth: Option<u64>,
    pub(super) error_count: Option<u64>,
    pub(super) restart_count: Option<u64>,
    pub(super) metadata: Option<Arc<Map<String, Value>>>,
    pub(super) rates: Option<Box<Rates>>,
    pub(super) latency: Option<Box<Latency>>,
    pub(super) work: Option<Box<Work>>,
    pub(super) system: Option<bool>,
    pub(super) controls: Option<Box<Controls>>,
    /// What it did in the last minute.
    pub(super) measured: Measured,
    /// When it started, by our clock: the moment of the report less the uptime it gave.
    pub(super) started: Option<Timestamp>,
    /// The last report about this very actor.
    pub(super) beat: Timestamp,
    /// Who reports it; nobody in particular when it came by a single call.
    pub(super) owner: Option<Arc<Boot>>,
    /// In which naming of all its actors its owner named it last.
    pub(super) generation: u64,
    /// Where its row is, once it has its place in the directory.
    pub(super) row: usize,
}

impl Entry {
    /// Has the owner of an actor that goes to `to` tell all its actors again, unless that one had ended.
    pub(super) fn rob(&self, to: Option<&Arc<Boot>>) {
        if let Some(owner) = &self.owner
            && !self.is_final()
            && !to.is_some_and(|to| Arc::ptr_eq(to, owner))
        {
            owner.robbed.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn new(
        record: ActorRecord,
        owner: Option<Arc<Boot>>,
        generation: u64,
        now: Timestamp,
        share: impl Fn(&str) -> Text,
    ) -> Self {
        Self {
            kind: share(&record.kind),
            status: reported(record.status),
            worker: record.worker_id.map(|text| share(&text)),
            node: record.node.map(|text| share(&text)),
            parent: record.parent_id.map(|id| share(&id.0)),
            message_count: record.message_count,
            queue_depth: record.queue_depth,
            error_count: record.error_count,
            restart_count: record.restart_count,
            metadata: record.metadata.map(Arc::new),
            rates: record.rates.map(Box::new),
            latency: record.latency.map(Box::new),
            work: record.work.map(Box::new),
            system: record.system,
            controls: record.controls.map(Box::new),
            measured: Measured::default(),
            started: record.uptime.map(|uptime| started_at(now, uptime)),
            beat: now,
            owner,
            generation,
            row: 0,
        }
    }

    /// Takes over the fields that `patch` names, and forgets those that it takes away. The sender's `lastHeartbeat` is courtesy; ours counts.
    pub(super) fn apply(&mut self, patch: ActorPatch, now: Timestamp, share: impl Fn(&str) -> Text) {
        fn set<T>(field: &mut Option<T>, value: Option<T>, cleared: bool) {
            if value.is_some() || cleared {
                *field = value;
            }
        }
        if let Some(kind) = patch.kind {
            self.kind = share(&kind);
        }
        let cleared = patch.cleared;
        set(&mut self.status, reported(patch.status), cleared.status);
        let worker = patch.worker_id.map(|text| share(&text));
        set(&mut self.worker, worker, cleared.worker_id);
        let node = patch.node.map(|text| share(&text));
        set(&mut self.node, node, cleared.node);
        let parent = patch.parent_id.map(|id| share(&id.0));
        set(&mut self.parent, parent, cleared.parent_id);
        set(
            &mut self.message_count,
            patch.message_count,
            cleared.message_count,
        );
        set(&mut self.queue_depth, patch.queue_depth, cleared.queue_depth);
        set(&mut self.error_count, patch.error_count, cleared.error_count);
        set(
            &mut self.restart_count,
            patch.restart_count,
            cleared.restart_count,
        );
        set(&mut self.metadata, patch.metadata.map(Arc::new), cleared.metadata);
        set(&mut self.rates, patch.rates.map(Box::new), cleared.rates);
        set(&mut self.latency, patch.latency.map(Box::new), cleared.latency);
        set(&mut self.work, patch.work.map(Box::new), cleared.work);
        set(&mut self.system, patch.system, cleared.system);
        set(&mut self.controls, patch.controls.map(Box::new), cleared.controls);
        let started = patch.uptime.map(|uptime| started_at(now, uptime));
        set(&mut self.started, started, cleared.uptime);
        self.beat = now;
    }

    /// When it was last known to be alive. Its process's beat speaks for it while it has not ended.
    pub(super) fn last_heartbeat(&self) -> Timestamp {
        last_heartbeat(self.beat, self.owner.as_ref(), self.is_final())
    }

    /// Whether it has been silent for too long. What has ended does not go stale.
    pub(super) fn is_stale(&self, now: Timestamp, patience: Patience) -> bool {
        !self.is_final() && patience.is_over(self.last_heartbeat(), now)
    }

    /// Its status as shown: `stale` when it is, else what was reported.
    pub(super) fn status_at(&self, now: Timestamp, patience: Patience) -> Option<&ActorStatus> {
        if self.is_stale(now, patience) {
            return Some(&ActorStatus::Stale);
        }
        self.status.as_ref()
    }

    /// Milliseconds since it started; stands still at the last sign of life of what ended or fell silent.
    pub(super) fn uptime(&self, now: Timestamp, patience: Patience) -> Option<u64> {
        let until = if self.is_final() || self.is_stale(now, patience) {
            self.last_heartbeat()
        } else {
            now
        };
        self.started.map(|started| until.millis_since(started))
    }

    /// The record as the wire knows it, at `now`.
    pub(super) fn record(&self, id: &str, now: Timestamp, patience: Patience) -> ActorRecord {
        let standing = self.standing(now, patience);
        ActorRecord {
            id: ActorId(id.to_owned()),
            kind: self.kind.to_string(),
            status: self.status_at(now, patience).cloned(),
            worker_id: self.worker.as_deref().map(str::to_owned),
            message_count: self.message_count,
            queue_depth: self.queue_depth,
            last_heartbeat: Some(self.last_heartbeat()),
            uptime: self.uptime(now, patience),
            metadata: self.metadata.as_deref().cloned(),
            parent_id: self.parent().as_deref().map(ActorId::from),
            node: self.node.as_deref().map(str::to_owned),
            error_count: self.error_count,
            restart_count: self.restart_count,
            rates: standing.rates(&self.measured, self.rates.as_deref()),
            latency: standing.latency(&self.measured, self.latency.as_deref()),
            work: self.work.as_deref().copied(),
            system: self.system,
            controls: self.controls.as_deref().cloned(),
        }
    }

    /// How it stands, as far as its numbers depend on it.
    pub(super) fn standing(&self, now: Timestamp, patience: Patience) -> Standing {
        Standing {
            counts: self.message_count.is_some(),
            times: self.work.is_some(),
            heard: is_counted(self.owner.as_ref()),
            silent: self.is_final() || self.is_stale(now, patience),
        }
    }

    /// What it lets others order of it.
    pub(super) fn controls(&self) -> Option<&Controls> {
        self.controls.as_deref()
    }

    /// The actor that started it, by the id that it is shown under: its owner may call it by another.
    pub(super) fn parent(&self) -> Option<Text> {
        let parent = self.parent.as_ref()?;
        Some(shown_parent(parent, self.owner.as_ref()))
    }

    pub(super) fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(ActorStatus::is_final)
    }
}

/// When an actor was last known to be alive, of which the last report is of `beat`.
pub(super) fn last_heartbeat(beat: Timestamp, owner: Option<&Arc<Boot>>, is_final: bool) -> Timestamp {
    match owner {
        Some(boot) if !is_final => beat.max(boot.last_beat()),
        _ => beat,
    }
}

/// Whether who did nothing in the last minute is known to have done nothing.
pub(super) fn is_counted(owner: Option<&Arc<Boot>>) -> bool {
    owner.is_some_and(|owner| owner.counted.load(Ordering::Relaxed))
}

/// The id that a parent is shown under.
pub(super) fn shown_parent(parent: &Text, owner: Option<&Arc<Boot>>) -> Text {
    let alias = owner.and_then(|owner| owner.alias(parent));
    alias.unwrap_or_else(|| parent.clone())
}

/// `stale` is for us to say; a sender that repeats it (after reading a record from us, say) reports no status.
fn reported(status: Option<ActorStatus>) -> Option<ActorStatus> {
    status.filter(|status| *status != ActorStatus::Stale)
}

fn started_at(now: Timestamp, uptime: u64) -> Timestamp {
    let uptime = i64::try_from(uptime).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_sub(uptime))
}
