//! A studio as the journal and the levers need it: keeps what it is told and orders what a test wants, until it is answered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loom_bridge::discovery::{Delivery, Placement, SinkError};
use loom_bridge::protocol::{
    ActorBatch, ActorEvent, ActorId, ActorRecord, BatchOutcome, Order, OrderAnswer, OrderId, OrderKind,
};
use loom_bridge::{ActorRegistry, DiscoveryBridge, Options, StudioSink};
use serde_json::Value;

use crate::common::until;

#[derive(Default)]
pub(crate) struct Known {
    pub(crate) actors: BTreeMap<ActorId, ActorRecord>,
    pub(crate) events: Vec<ActorEvent>,
    pub(crate) answers: Vec<OrderAnswer>,
    pub(crate) dropped: u64,
    pub(crate) batches: Vec<ActorBatch>,
    orders: Vec<Order>,
    script: VecDeque<Fault>,
    last_seq: u64,
}

/// What happens to a batch instead of being taken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is taken, and the answer does not arrive.
    AnswerLost,
    /// It is refused.
    Refused,
    /// It is taken, and everything is wanted anew.
    Resync,
    /// It is taken but for its answers to orders, which the studio forgets.
    ForgetsAnswers,
}

impl Known {
    fn take(&mut self, batch: ActorBatch, keeps_answers: bool) -> BatchOutcome {
        if batch.seq != self.last_seq {
            self.last_seq = batch.seq;
            self.batches.push(batch.clone());
            for record in batch.register {
                self.actors.insert(record.id.clone(), record);
            }
            for patch in batch.update {
                if let Some(record) = self.actors.get_mut(&patch.id) {
                    record.apply(patch);
                }
            }
            for id in batch.unregister {
                self.actors.remove(&id);
            }
            self.events.extend(batch.events);
            self.dropped = batch.dropped.map_or(self.dropped, |dropped| dropped.events);
            if keeps_answers {
                self.orders
                    .retain(|order| batch.answers.iter().all(|answer| answer.id != order.id));
                self.answers.extend(batch.answers);
            }
        }
        BatchOutcome {
            orders: self.orders.clone(),
            ..BatchOutcome::default()
        }
    }
}

/// The studio and the bridge to it.
#[derive(Clone)]
pub(crate) struct Board {
    known: Arc<Mutex<Known>>,
    pub(crate) registry: ActorRegistry,
    pub(crate) bridge: DiscoveryBridge,
}

struct Sink(Arc<Mutex<Known>>);

impl StudioSink for Sink {
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_> {
        tracing::info!(seq = batch.seq, "a batch arrives");
        let mut known = lock(&self.0);
        let answer = match known.script.pop_front() {
            None => Ok(known.take(batch, true)),
            Some(Fault::AnswerLost) => {
                known.take(batch, true);
                Err(SinkError::Closed {
                    studio: "test".into(),
                })
            }
            Some(Fault::Refused) => Err(SinkError::Refused {
                studio: "test".into(),
                status: 400,
                detail: "no".into(),
            }),
            Some(Fault::Resync) => Ok(BatchOutcome {
                resync: true,
                ..known.take(batch, true)
            }),
            Some(Fault::ForgetsAnswers) => Ok(known.take(batch, false)),
        };
        Box::pin(async { answer })
    }

    fn name(&self) -> String {
        "test".into()
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Board {
    /// On a registry of its own, looked at all the time.
    pub(crate) fn new() -> Self {
        Self::polling(ActorRegistry::new(), Duration::from_millis(10))
    }

    pub(crate) fn polling(registry: ActorRegistry, poll_interval: Duration) -> Self {
        let board = Self::unconnected(registry, poll_interval);
        board.connect();
        board
    }

    pub(crate) fn unconnected(registry: ActorRegistry, poll_interval: Duration) -> Self {
        let bridge = DiscoveryBridge::new(Options {
            placement: Placement::CurrentArbiter,
            poll_interval,
            ..Options::default()
        });
        Self {
            known: Arc::default(),
            registry,
            bridge,
        }
    }

    pub(crate) fn connect(&self) {
        self.bridge.deliver_to(Sink(Arc::clone(&self.known)));
        self.bridge.connect(&self.registry).unwrap();
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    /// What happens to the next batches.
    pub(crate) fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.known().script.extend(faults);
    }

    /// Waits until the script is played.
    pub(crate) async fn played(&self) {
        until("the script to be played", || self.known().script.is_empty()).await;
    }

    /// Orders something; it comes with the answer to the next batch.
    pub(crate) fn order(&self, actor: &str, order: OrderKind) -> OrderId {
        self.put(actor, order, None, None)
    }

    pub(crate) fn message(&self, actor: &str, message: &str, body: Value) -> OrderId {
        self.put(actor, OrderKind::Message, Some(message), Some(body))
    }

    pub(crate) fn put(
        &self,
        actor: &str,
        order: OrderKind,
        message: Option<&str>,
        body: Option<Value>,
    ) -> OrderId {
        let mut known = self.known();
        let id = OrderId(format!("o{}", known.orders.len() + known.answers.len() + 1));
        known.orders.push(Order {
            id: id.clone(),
            actor: actor.into(),
            order,
            message: message.map(str::to_owned),
            body,
            by: "ana".into(),
        });
        id
    }

    /// What became of it, once it is known.
    pub(crate) async fn answer(&self, id: &OrderId) -> OrderAnswer {
        let find = || {
            self.known()
                .answers
                .iter()
                .find(|answer| answer.id == *id)
                .cloned()
        };
        until(&format!("the answer to {}", id.0), || find().is_some()).await;
        find().unwrap()
    }

    pub(crate) async fn ordered(&self, actor: &str, order: OrderKind) -> OrderAnswer {
        self.answer(&self.order(actor, order)).await
    }

    /// An actor's lines of one kind.
    pub(crate) fn lines(&self, actor: &str, kind: &str) -> Vec<ActorEvent> {
        let is_meant = |event: &&ActorEvent| event.actor.0 == actor && event.kind.as_str() == kind;
        self.known().events.iter().filter(is_meant).cloned().collect()
    }

    /// The same once there are so many.
    pub(crate) async fn wait_for(&self, actor: &str, kind: &str, lines: usize) -> Vec<ActorEvent> {
        until(&format!("{lines} lines `{kind}` of {actor}"), || {
            self.lines(actor, kind).len() >= lines
        })
        .await;
        self.lines(actor, kind)
    }

    /// The kinds of all lines of an actor, in order.
    pub(crate) fn kinds(&self, actor: &str) -> Vec<String> {
        let known = self.known();
        let lines = known.events.iter().filter(|event| event.actor.0 == actor);
        lines.map(|event| event.kind.to_string()).collect()
    }

    /// Waits until the bridge has delivered something that it read after this call.
    pub(crate) async fn caught_up(&self) {
        let before = self.known().batches.len();
        until("two more looks", || self.known().batches.len() >= before + 2).await;
    }
}
