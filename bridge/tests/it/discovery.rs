//! The bridge: what a studio is told, also when it is away for a while.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::discovery::{ConnectError, Delivery, Placement, SinkError};
use loom_bridge::protocol::{ActorBatch, ActorId, ActorRecord, BatchOutcome, Rejection};
use loom_bridge::{
    ActorRegistry, ActorSpec, Context, DiscoveryBridge, DiscoveryService, Options, StudioSink, spawn,
};

use crate::common::{spec, until};

#[derive(Message)]
#[rtype(result = "()")]
struct Ping;

struct Worker;

impl Actor for Worker {
    type Context = Context<Self>;
}

impl Handler<Ping> for Worker {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}

/// A studio as the sink's contract describes it, with a script of what goes wrong.
#[derive(Default)]
struct Studio {
    boot: Option<String>,
    last_seq: u64,
    actors: BTreeMap<ActorId, ActorRecord>,
    batches: usize,
    applied: Vec<ActorBatch>,
    /// What to do with the next batches; afterwards all is well.
    script: VecDeque<Fault>,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Away,
    /// Takes the batch, but the answer is lost.
    AnswerLost,
    Refuses,
    Panics,
    /// Forgets all it knew before it reads the batch.
    Restarted,
    /// Has lost one actor, and says so when it is updated.
    Forgot(&'static str),
}

impl Studio {
    fn take(&mut self, batch: ActorBatch) -> BatchOutcome {
        let known = self.boot.as_ref() == Some(&batch.boot.0);
        if known && batch.seq == self.last_seq {
            return BatchOutcome {
                accepted: 0,
                ..BatchOutcome::default()
            };
        }
        let resync = if known {
            batch.seq != self.last_seq + 1
        } else {
            batch.seq != 1
        };
        self.boot = Some(batch.boot.0.clone());
        self.last_seq = batch.seq;
        self.applied.push(batch.clone());
        let mut rejected = Vec::new();
        let first_update = batch.register.len();
        for record in batch.register {
            self.actors.insert(record.id.clone(), record);
        }
        for (place, patch) in batch.update.into_iter().enumerate() {
            match self.actors.get_mut(&patch.id) {
                Some(record) => {
                    assert!(patch.message_count >= record.message_count, "counters only grow");
                    record.apply(patch);
                }
                None => rejected.push(Rejection {
                    index: first_update + place,
                    code: None,
                    problem: "unknown".into(),
                }),
            }
        }
        for id in batch.unregister {
            self.actors.remove(&id);
        }
        BatchOutcome {
            rejected,
            resync,
            ..BatchOutcome::default()
        }
    }
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Studio>>);

impl Sink {
    fn studio(&self) -> std::sync::MutexGuard<'_, Studio> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.studio().script.extend(faults);
    }

    fn ids(&self) -> Vec<String> {
        self.studio().actors.keys().map(|id| id.0.clone()).collect()
    }

    fn messages(&self, id: &str) -> Option<u64> {
        self.studio().actors.get(&ActorId::from(id))?.message_count
    }
}

impl StudioSink for Sink {
    fn deliver(&self, batch: ActorBatch) -> Delivery<'_> {
        let mut studio = self.studio();
        studio.batches += 1;
        let away = || SinkError::Unreachable {
            studio: "test".into(),
            source: "nobody there".into(),
        };
        let answer = match studio.script.pop_front() {
            Some(Fault::Away) => Err(away()),
            Some(Fault::AnswerLost) => {
                studio.take(batch);
                Err(away())
            }
            Some(Fault::Refuses) => Err(SinkError::Refused {
                studio: "test".into(),
                status: 400,
                detail: "no".into(),
            }),
            Some(Fault::Panics) => panic!("the sink is broken on purpose"),
            Some(Fault::Restarted) => {
                let script = std::mem::take(&mut studio.script);
                *studio = Studio {
                    script,
                    ..Studio::default()
                };
                Ok(studio.take(batch))
            }
            Some(Fault::Forgot(id)) => {
                studio.actors.remove(&ActorId::from(id));
                Ok(studio.take(batch))
            }
            None => Ok(studio.take(batch)),
        };
        Box::pin(async { answer })
    }

    fn name(&self) -> String {
        "test".into()
    }
}

fn quick() -> Options {
    Options {
        placement: Placement::CurrentArbiter,
        ..Options::default()
    }
}

struct Scene {
    registry: ActorRegistry,
    sink: Sink,
    bridge: DiscoveryBridge,
}

impl Scene {
    /// A bridge on the test's own arbiter and paused clock, connected to an empty registry.
    fn new(options: Options) -> Self {
        tokio::time::pause();
        let (registry, sink) = (ActorRegistry::new(), Sink::default());
        let bridge = DiscoveryBridge::new(options);
        bridge.deliver_to(sink.clone());
        bridge.connect(&registry).unwrap();
        Self {
            registry,
            sink,
            bridge,
        }
    }

    fn worker(&self, id: &str) -> Addr<Worker> {
        spawn(spec(&self.registry, id), |_| Worker)
    }

    /// Lets so much of the paused clock's time pass, with all that is due in it.
    async fn pass(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

const POLL: Duration = Duration::from_millis(1_001);
const MINUTE: Duration = Duration::from_secs(60);

#[actix::test]
async fn a_studio_is_told_of_actors_their_changes_and_their_ends() {
    let scene = Scene::new(quick());
    let worker = scene.worker("a");
    scene.pass(POLL).await;
    assert_eq!(scene.sink.ids(), ["a"]);
    worker.send(Ping).await.unwrap();
    scene.pass(POLL).await;
    assert_eq!(scene.sink.messages("a"), Some(1));

    let before = scene.sink.studio().batches;
    scene.pass(POLL * 5).await;
    let studio = scene.sink.studio();
    assert_eq!(studio.batches, before + 5, "a beat at each look");
    let last = studio.applied.last().unwrap();
    assert!(last.register.is_empty() && last.update.is_empty() && last.unregister.is_empty());
    let seqs: Vec<_> = studio.applied.iter().map(|batch| batch.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert!(
        studio
            .applied
            .iter()
            .all(|batch| batch.boot == scene.bridge.boot())
    );
}

#[actix::test]
async fn nothing_is_lost_while_the_studio_is_away_and_pauses_grow() {
    let scene = Scene::new(quick());
    let worker = scene.worker("a");
    scene.pass(POLL).await;
    scene.sink.script([Fault::Away; 6]);
    let before = scene.sink.studio().batches;
    for _ in 0..60 {
        worker.send(Ping).await.unwrap();
        scene.pass(Duration::from_secs(1)).await;
    }
    let late = scene.worker("late");
    scene.pass(MINUTE).await;
    assert_eq!(scene.sink.messages("a"), Some(60));
    assert_eq!(scene.sink.ids(), ["a", "late"]);
    assert!(scene.sink.studio().script.is_empty());
    // Six failures within their pauses of 0.5 to 16 s, then a beat a second.
    let tries = scene.sink.studio().batches - before;
    assert!((80..110).contains(&tries), "{tries}");
    drop(late);
}

#[actix::test]
async fn a_batch_whose_answer_was_lost_comes_again_under_its_number() {
    let scene = Scene::new(quick());
    scene.pass(POLL).await;
    scene.sink.script([Fault::AnswerLost]);
    let _worker = scene.worker("a");
    scene.pass(MINUTE).await;
    assert_eq!(scene.sink.ids(), ["a"]);
    let studio = scene.sink.studio();
    assert_eq!(studio.batches, studio.applied.len() + 1);
    assert_eq!(
        studio
            .applied
            .iter()
            .filter(|batch| !batch.register.is_empty())
            .count(),
        1
    );
}

#[actix::test]
async fn a_studio_that_was_restarted_gets_everything_again() {
    let scene = Scene::new(quick());
    let _workers: Vec<_> = (0..2_500).map(|n| scene.worker(&format!("w{n}"))).collect();
    scene.pass(POLL * 3).await;
    assert_eq!(scene.sink.ids().len(), 2_500);
    scene.sink.script([Fault::Restarted]);
    scene.pass(POLL * 3).await;
    assert_eq!(scene.sink.ids().len(), 2_500, "idle actors too");
    let studio = scene.sink.studio();
    assert!(
        studio.applied.iter().all(|batch| batch.register.len() <= 1_000),
        "in pieces"
    );
}

#[actix::test]
async fn an_actor_that_the_studio_does_not_know_is_registered_again() {
    let scene = Scene::new(quick());
    let (known, _other) = (scene.worker("known"), scene.worker("other"));
    scene.pass(POLL * 3).await;
    scene.sink.script([Fault::Forgot("known")]);
    known.send(Ping).await.unwrap();
    scene.pass(POLL).await;
    assert_eq!(scene.sink.ids(), ["known", "other"]);
    assert_eq!(scene.sink.messages("known"), Some(1));
}

#[actix::test]
async fn a_refused_batch_and_a_sink_that_panics_stop_nothing() {
    let scene = Scene::new(quick());
    scene.pass(POLL).await;
    scene.sink.script([Fault::Refuses, Fault::Panics, Fault::Refuses]);
    let workers = [scene.worker("a"), scene.worker("b")];
    scene.pass(MINUTE).await;
    assert!(scene.sink.studio().script.is_empty());
    // One registration was refused as it stood alone; a later change of its actor brings it back.
    for worker in &workers {
        worker.send(Ping).await.unwrap();
    }
    scene.pass(POLL * 2).await;
    assert_eq!(
        (scene.sink.messages("a"), scene.sink.messages("b")),
        (Some(1), Some(1))
    );
}

/// Silence is real time, which does not stand still: a `max_age` of nothing is exceeded at the next look.
async fn handles_left_after_three_looks(auto_cleanup: bool) -> (usize, usize) {
    let scene = Scene::new(Options {
        auto_cleanup,
        max_age: Duration::ZERO,
        ..quick()
    });
    let _handle = scene.registry.register(ActorSpec::new("Pump").id("p"));
    scene.pass(POLL * 3).await;
    (scene.registry.len(), scene.sink.ids().len())
}

#[actix::test]
async fn silent_handles_are_removed_after_max_age() {
    assert_eq!(handles_left_after_three_looks(true).await, (0, 0));
}

#[actix::test]
async fn silent_handles_stay_when_cleanup_is_off() {
    assert_eq!(handles_left_after_three_looks(false).await, (1, 1));
}

#[actix::test]
async fn two_registries_go_through_one_bridge_and_connecting_twice_is_once() {
    let scene = Scene::new(quick());
    let other = DiscoveryService::with_registry(ActorRegistry::new());
    scene.bridge.connect(&other.registry).unwrap();
    scene.bridge.connect(&other.registry).unwrap();
    let _a = scene.worker("a");
    let _b = spawn(spec(&other.registry, "b"), |_| Worker);
    scene.pass(POLL).await;
    assert_eq!(scene.sink.ids(), ["a", "b"]);
    let registered: usize = scene
        .sink
        .studio()
        .applied
        .iter()
        .map(|batch| batch.register.len())
        .sum();
    assert_eq!(registered, 2);
    assert_eq!(other.registry.get_all().len(), 1);
}

#[actix::test]
async fn a_studio_that_comes_later_gets_everything() {
    tokio::time::pause();
    let registry = ActorRegistry::new();
    let bridge = DiscoveryBridge::new(quick());
    bridge.connect(&registry).unwrap();
    let worker = spawn(spec(&registry, "a"), |_| Worker);
    worker.send(Ping).await.unwrap();
    tokio::time::sleep(POLL * 5).await;
    let (first, second) = (Sink::default(), Sink::default());
    bridge.deliver_to(first.clone());
    tokio::time::sleep(POLL).await;
    assert_eq!(first.messages("a"), Some(1));
    bridge.deliver_to(second.clone());
    tokio::time::sleep(POLL).await;
    assert_eq!(second.messages("a"), Some(1));
}

#[actix::test]
async fn closing_takes_the_actors_off_the_studio() {
    let scene = Scene::new(quick());
    let _worker = scene.worker("a");
    scene.pass(POLL).await;
    assert_eq!(scene.sink.ids(), ["a"]);
    scene.bridge.close().await;
    assert!(scene.sink.ids().is_empty());
    let batches = scene.sink.studio().batches;
    scene.pass(MINUTE).await;
    assert_eq!(scene.sink.studio().batches, batches);
    scene.bridge.connect(&scene.registry).unwrap();
    scene.pass(POLL).await;
    assert_eq!(scene.sink.ids(), ["a"], "and connecting again starts it again");
}

#[actix::test]
async fn a_bridge_on_its_own_arbiter_sees_an_arbiter_that_is_stuck() {
    let (registry, sink) = (ActorRegistry::new(), Sink::default());
    let bridge = DiscoveryBridge::new(Options {
        poll_interval: Duration::from_millis(10),
        ..Options::default()
    });
    bridge.deliver_to(sink.clone()).connect(&registry).unwrap();
    let _worker = spawn(spec(&registry, "a"), |_| Worker);
    // This blocks the test's arbiter on purpose: nothing here yields until the studio knows.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while sink.ids().is_empty() {
        assert!(
            std::time::Instant::now() < deadline,
            "the bridge does not run by itself"
        );
        std::thread::yield_now();
    }
    bridge.close().await;
    until("the farewell", || sink.ids().is_empty()).await;
}

#[test]
fn without_a_system_the_bridge_has_one_of_its_own_and_an_arbiter_of_the_caller_is_asked_for() {
    let make = |placement| {
        DiscoveryBridge::new(Options {
            placement,
            poll_interval: Duration::from_millis(10),
            ..Options::default()
        })
    };
    let error = make(Placement::CurrentArbiter)
        .connect(&ActorRegistry::new())
        .unwrap_err();
    assert!(matches!(error, ConnectError::NoSystem));
    assert!(error.to_string().contains("actix::main"), "{error}");

    // Plain tokio, with whatever kind of runtime.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (registry, sink) = (ActorRegistry::new(), Sink::default());
        let _lane = registry.register(ActorSpec::new("Lane").id("lane-1"));
        let bridge = make(Placement::OwnArbiter);
        bridge.deliver_to(sink.clone()).connect(&registry).unwrap();
        until("the lane", || sink.ids() == ["lane-1"]).await;
        bridge.close().await;
        until("the farewell", || sink.ids().is_empty()).await;
    });
}
