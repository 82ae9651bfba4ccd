//! A studio that believes nothing, and what several tests need.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loom_bridge::discovery::{Delivery, DiscoveryBridge, Options, Placement, StudioSink};
use loom_bridge::protocol::{
    ActorBatch, ActorEvent, ActorId, ActorRecord, Attention, BatchOutcome, Dropped, Edge, EventKind,
    MessageTotals, Order, OrderAnswer, TypeTotals, WaitingAsk,
};
use loom_bridge::{ActorRegistry, Level, set_level};

/// Counts what a handler really saw, from any thread.
#[derive(Clone, Default)]
pub struct Tally(Arc<AtomicU64>);

impl Tally {
    pub fn add(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    pub fn get(&self) -> u64 {
        self.0.load(SeqCst)
    }
}

/// Waits until the condition holds; fails after ten seconds. Yields instead of sleeping, so that it also works on a paused
/// clock without moving it.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "waited ten seconds for: {what}");
        tokio::task::yield_now().await;
    }
}

pub fn record(registry: &ActorRegistry, id: &str) -> ActorRecord {
    registry
        .get(&ActorId::from(id))
        .unwrap_or_else(|| panic!("`{id}` is not registered"))
}

pub fn status(registry: &ActorRegistry, id: &str) -> String {
    record(registry, id)
        .status
        .map(|status| status.to_string())
        .unwrap_or_default()
}

/// Has times measured, in all tests at once: those of the level are in processes of their own.
pub fn measured_closely() {
    set_level(Level::Traffic);
}

/// Runs one test of this program in a process of its own; true there, where it is to be done.
pub fn in_its_own_process(test: &str) -> bool {
    if std::env::var_os("LOOM_TEST_ALONE").is_some() {
        return true;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("LOOM_TEST_ALONE", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    false
}

/// A studio that keeps what it was told of messages, and sees to it that no count ever goes back.
#[derive(Clone, Default)]
pub struct Studio(Arc<Mutex<Reported>>);

#[derive(Default)]
pub struct Reported {
    pub batches: u64,
    pub largest: usize,
    pub types: HashMap<String, TypeTotals>,
    /// By actor type and message.
    pub of_types: HashMap<(String, String), MessageTotals>,
    /// By actor and message.
    pub of_actors: HashMap<(String, String), MessageTotals>,
    /// By sender, receiver and message.
    pub edges: HashMap<(Option<String>, String, String), u64>,
    pub dropped: Dropped,
    /// What happened to actors, in the order in which it came.
    pub events: Vec<ActorEvent>,
    /// Asks that wait, as they were said last.
    pub asks: Vec<WaitingAsk>,
    /// What it says to the next batches.
    pub attention: Option<Attention>,
    pub resync: bool,
    /// What it orders with the next answer.
    pub orders: Vec<Order>,
    /// What became of orders.
    pub answers: Vec<OrderAnswer>,
    /// Takes every other batch only: the others are lost on their way.
    pub loses: bool,
}

impl Studio {
    /// A bridge that tells this studio of a registry, often.
    pub fn looks_at(&self, registry: &ActorRegistry) -> DiscoveryBridge {
        let bridge = DiscoveryBridge::new(Options {
            poll_interval: Duration::from_millis(10),
            placement: Placement::OwnArbiter,
            ..Options::default()
        });
        bridge.deliver_to(self.clone()).connect(registry).unwrap();
        bridge
    }

    pub fn reported<T>(&self, look: impl FnOnce(&mut Reported) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub fn of_type(&self, kind: &str, message: &str) -> MessageTotals {
        let key = (kind.to_owned(), message.to_owned());
        self.reported(|reported| reported.of_types.get(&key).cloned().unwrap_or_default())
    }

    pub fn of_actor(&self, id: &str, message: &str) -> MessageTotals {
        let key = (id.to_owned(), message.to_owned());
        self.reported(|reported| reported.of_actors.get(&key).cloned().unwrap_or_default())
    }

    /// Lines of one kind in one actor's journal.
    pub fn lines(&self, id: &str, kind: &EventKind) -> Vec<ActorEvent> {
        let is_of = |event: &&ActorEvent| event.actor.0 == id && event.kind == *kind;
        self.reported(|reported| reported.events.iter().filter(is_of).cloned().collect())
    }

    pub fn edge(&self, from: Option<&str>, to: &str, message: &str) -> u64 {
        let key = (from.map(str::to_owned), to.to_owned(), message.to_owned());
        self.reported(|reported| reported.edges.get(&key).copied().unwrap_or_default())
    }
}

impl Reported {
    fn take(&mut self, batch: ActorBatch) {
        let weigh = |messages: &[MessageTotals]| messages.len().max(1);
        let types: usize = batch.types.iter().map(|kind| weigh(&kind.messages)).sum();
        let actors: usize = batch.messages.iter().map(|actor| weigh(&actor.messages)).sum();
        self.largest = self.largest.max(types + actors + batch.edges.len());
        for kind in batch.types {
            for message in &kind.messages {
                note(&mut self.of_types, &kind.kind, message);
            }
            self.types.insert(kind.kind.clone(), kind);
        }
        for actor in batch.messages {
            for message in &actor.messages {
                note(&mut self.of_actors, &actor.id.0, message);
            }
        }
        for Edge {
            from,
            to,
            message,
            count,
            ..
        } in batch.edges
        {
            let key = (from.map(|id| id.0), to.0, message);
            let before = self.edges.insert(key.clone(), count).unwrap_or_default();
            assert!(count >= before, "{key:?}: {before} then {count}");
        }
        self.events.extend(batch.events);
        self.answers.extend(batch.answers);
        if let Some(asks) = batch.asks {
            self.asks = asks;
        }
        if let Some(dropped) = batch.dropped {
            self.dropped = dropped;
        }
    }
}

fn note(totals: &mut HashMap<(String, String), MessageTotals>, of: &str, now: &MessageTotals) {
    let key = (of.to_owned(), now.kind.clone());
    let before = totals.insert(key.clone(), now.clone()).unwrap_or_default();
    let counts = |of: &MessageTotals| {
        let times = |times: &Option<_>| times.as_ref().map_or(0, loom_bridge::protocol::Histogram::count);
        let (wait, handle) = (times(&of.wait), times(&of.handle));
        [
            of.handled,
            of.asked,
            of.errors,
            of.dead,
            of.cancelled,
            wait,
            handle,
        ]
    };
    for (before, now) in counts(&before).iter().zip(counts(now)) {
        assert!(*before <= now, "{key:?}: {before} then {now}");
    }
}

impl StudioSink for Studio {
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_> {
        let mut reported = self.0.lock().unwrap();
        reported.batches += 1;
        if reported.loses && reported.batches.is_multiple_of(2) {
            // As a studio that started again: it knows nothing, and wants everything.
            let resync = true;
            return Box::pin(async move {
                Ok(BatchOutcome {
                    resync,
                    ..BatchOutcome::default()
                })
            });
        }
        reported.take(batch);
        let outcome = BatchOutcome {
            resync: std::mem::take(&mut reported.resync),
            attention: reported.attention.clone(),
            orders: std::mem::take(&mut reported.orders),
            ..BatchOutcome::default()
        };
        Box::pin(async move { Ok(outcome) })
    }

    fn name(&self) -> String {
        "a test".into()
    }
}
