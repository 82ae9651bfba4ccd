//! The whole of what the directory knows, written into a keyframe and made of one again: for recordings, and for servers that
//! take over what another one knows (`takeover.rs`).
//!
//! What follows from the rest (index, rows, counts) is made anew; changes that wait and orders are left out.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use loom_protocol::{ActorStatus, BootId, Controls, Dropped, Latency, Rates, Timestamp, Work};
use serde::{Deserialize, Serialize};

use super::boot::{Boot, Progress};
use super::entry::{Entry, Text};
use super::limits::DirectoryOptions;
use super::measured::Measured;
use super::patience::Deaf;
use super::store::Directory;
use crate::Clock;

/// All of a directory.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptDirectory {
    pub(super) boots: Vec<KeptBoot>,
    pub(super) actors: Vec<KeptActor>,
    pub(super) loners: Vec<(Text, bool)>,
    pub(super) deaf: Deaf,
}

#[derive(Serialize, Deserialize)]
pub(super) struct KeptBoot {
    pub(super) id: String,
    /// It is among those that are known; of others there are only actors left.
    pub(super) is_known: bool,
    beat: i64,
    shown_stale: bool,
    robbed: bool,
    counted: bool,
    last_seq: u64,
    last_said: Option<u64>,
    /// As JSON: what is answered when its last batch comes again.
    last_outcome: String,
    generation: u64,
    broken: u64,
    scope: Option<String>,
    aliases: Vec<(Text, Text)>,
    looked_at: usize,
    dropped: [u64; 3],
}

#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct KeptActor {
    pub(super) id: Text,
    kind: Text,
    status: Option<ActorStatus>,
    worker: Option<Text>,
    node: Option<Text>,
    parent: Option<Text>,
    message_count: Option<u64>,
    queue_depth: Option<u64>,
    error_count: Option<u64>,
    restart_count: Option<u64>,
    /// As JSON, like all that has a form of its own on the wire.
    metadata: Option<String>,
    rates: Option<[Option<f64>; 2]>,
    latency: Option<[Option<f64>; 2]>,
    work: Option<[u64; 6]>,
    system: Option<bool>,
    controls: Option<String>,
    /// As bits: what is not known is no number, which is not equal to itself.
    measured: [u64; 4],
    started: Option<i64>,
    beat: i64,
    /// Its place among the boots.
    pub(super) owner: Option<usize>,
    generation: u64,
}

impl Directory {
    /// Writes all that is known. Whoever calls sees to it that nothing changes meanwhile.
    pub(crate) fn keep(&self, to: Vec<u8>) -> postcard::Result<Vec<u8>> {
        let mut boots: Vec<KeptBoot> = Vec::new();
        let mut places: HashMap<*const Boot, usize> = HashMap::new();
        for boot in self.boots.iter() {
            places.insert(Arc::as_ptr(&boot), boots.len());
            boots.push(KeptBoot::of(&boot, true));
        }
        let mut actors = Vec::with_capacity(self.actors.len());
        for actor in self.actors.iter() {
            let owner = actor.owner.as_ref().map(|owner| {
                *places.entry(Arc::as_ptr(owner)).or_insert_with(|| {
                    boots.push(KeptBoot::of(owner, false));
                    boots.len() - 1
                })
            });
            actors.push(KeptActor::of(actor.key(), actor.value(), owner));
        }
        let loners = self.loners.iter();
        let kept = KeptDirectory {
            boots,
            actors,
            loners: loners.map(|loner| (loner.key().clone(), *loner)).collect(),
            deaf: self.hearing.deaf(),
        };
        postcard::to_extend(&kept, to)
    }

    /// What was written, and what follows in `bytes`.
    pub(crate) fn read_kept(bytes: &[u8]) -> postcard::Result<(KeptDirectory, &[u8])> {
        postcard::take_from_bytes(bytes)
    }

    /// A directory that knows what was written, and what follows in `bytes`.
    pub(crate) fn of_kept(
        options: DirectoryOptions,
        clock: Arc<dyn Clock>,
        bytes: &[u8],
    ) -> postcard::Result<(Self, &[u8])> {
        let (kept, rest) = Self::read_kept(bytes)?;
        let directory = Self::new(options, clock);
        directory.hearing.is(kept.deaf);
        let boots: Vec<Arc<Boot>> = kept
            .boots
            .into_iter()
            .map(|kept| {
                let is_known = kept.is_known;
                let boot = Arc::new(kept.boot());
                if is_known {
                    directory.boots.insert(boot.id.clone(), boot.clone());
                }
                boot
            })
            .collect();
        for kept in kept.actors {
            let (id, entry) = kept.entry(&boots, |text| directory.share(text));
            directory.put_kept(id, Box::new(entry));
        }
        for (id, stale) in kept.loners {
            directory.loners.insert(id, stale);
        }
        Ok((directory, rest))
    }
}

impl KeptBoot {
    fn of(boot: &Boot, is_known: bool) -> Self {
        let progress = boot.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = boot.dropped();
        Self {
            id: boot.id.0.clone(),
            is_known,
            beat: boot.last_beat().as_millis(),
            shown_stale: boot.shown_stale.load(Ordering::Relaxed),
            robbed: boot.robbed.load(Ordering::Relaxed),
            counted: boot.counted.load(Ordering::Relaxed),
            last_seq: progress.last_seq,
            last_said: progress.last_said,
            last_outcome: as_json(&progress.last_outcome),
            generation: progress.generation,
            broken: progress.broken,
            scope: progress.scope.clone(),
            aliases: boot.all_aliases(),
            looked_at: boot.looked_at(),
            dropped: [dropped.events, dropped.edges, dropped.messages],
        }
    }

    fn boot(self) -> Boot {
        let boot = Boot::new(BootId(self.id.clone()), Timestamp::from_millis(self.beat));
        self.give(&boot);
        boot
    }

    /// Has a boot know what was written of it, and nothing else.
    pub(super) fn give(self, boot: &Boot) {
        boot.beat(Timestamp::from_millis(self.beat));
        boot.shown_stale.store(self.shown_stale, Ordering::Relaxed);
        boot.robbed.store(self.robbed, Ordering::Relaxed);
        boot.counted.store(self.counted, Ordering::Relaxed);
        *boot.progress.lock().unwrap_or_else(PoisonError::into_inner) = Progress {
            last_seq: self.last_seq,
            last_said: self.last_said,
            last_outcome: of_json(&self.last_outcome).unwrap_or_default(),
            generation: self.generation,
            broken: self.broken,
            scope: self.scope,
        };
        let known: HashMap<&str, &str> = self.aliases.iter().map(|(id, shown)| (&**id, &**shown)).collect();
        for (id, shown) in boot.all_aliases() {
            if known.get(&*id) != Some(&&*shown) {
                boot.drop_alias(&id);
            }
        }
        for (id, shown) in self.aliases {
            boot.set_alias(id, shown);
        }
        boot.take_moved();
        boot.look_from(self.looked_at);
        let [events, edges, messages] = self.dropped;
        boot.tell_dropped(Dropped {
            events,
            edges,
            messages,
        });
    }
}

impl KeptActor {
    pub(super) fn of(id: &Text, entry: &Entry, owner: Option<usize>) -> Self {
        let work = entry.work.as_deref();
        Self {
            id: id.clone(),
            kind: entry.kind.clone(),
            status: entry.status.clone(),
            worker: entry.worker.clone(),
            node: entry.node.clone(),
            parent: entry.parent.clone(),
            message_count: entry.message_count,
            queue_depth: entry.queue_depth,
            error_count: entry.error_count,
            restart_count: entry.restart_count,
            metadata: entry.metadata.as_deref().map(as_json),
            rates: entry.rates.as_ref().map(|rates| [rates.messages, rates.errors]),
            latency: entry
                .latency
                .as_ref()
                .map(|latency| [latency.handle_ms, latency.wait_ms]),
            work: work.map(|work| {
                [
                    work.handled,
                    work.handle_us,
                    work.queued,
                    work.wait_us,
                    work.busy_us,
                    work.turns,
                ]
            }),
            system: entry.system,
            controls: entry.controls().map(as_json),
            measured: entry.measured.to_bare().map(f64::to_bits),
            started: entry.started.map(Timestamp::as_millis),
            beat: entry.beat.as_millis(),
            owner,
            generation: entry.generation,
        }
    }

    pub(super) fn entry(self, boots: &[Arc<Boot>], share: impl Fn(&str) -> Text) -> (Text, Entry) {
        let share = |text: Text| share(&text);
        let entry = Entry {
            kind: share(self.kind),
            status: self.status,
            worker: self.worker.map(share),
            node: self.node.map(share),
            parent: self.parent.map(share),
            message_count: self.message_count,
            queue_depth: self.queue_depth,
            error_count: self.error_count,
            restart_count: self.restart_count,
            metadata: self.metadata.as_deref().and_then(of_json).map(Arc::new),
            rates: self
                .rates
                .map(|[messages, errors]| Box::new(Rates { messages, errors })),
            latency: self
                .latency
                .map(|[handle_ms, wait_ms]| Box::new(Latency { handle_ms, wait_ms })),
            work: self.work.map(|work| {
                let [handled, handle_us, queued, wait_us, busy_us, turns] = work;
                Box::new(Work {
                    handled,
                    handle_us,
                    queued,
                    wait_us,
                    busy_us,
                    turns,
                })
            }),
            system: self.system,
            controls: self
                .controls
                .as_deref()
                .and_then(of_json::<Controls>)
                .map(Box::new),
            measured: Measured::of_bare(self.measured.map(f64::from_bits)),
            started: self.started.map(Timestamp::from_millis),
            beat: Timestamp::from_millis(self.beat),
            owner: self.owner.and_then(|place| boots.get(place)).cloned(),
            generation: self.generation,
            row: 0,
        };
        (self.id, entry)
    }
}

/// What has no JSON form was not taken in.
fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn of_json<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}
