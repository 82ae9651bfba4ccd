//! How actors begin and end, and who learns of it.

use actix::prelude::*;
use loom_bridge::{ActorRegistry, ActorSpec, ChildGone, Context, End, StartObserved, spawn, spawn_in};

use crate::common::{record, spec, status, until};

#[derive(Message)]
#[rtype(result = "()")]
struct Boom;

#[derive(Message)]
#[rtype(result = "()")]
struct Quit;

#[derive(Message)]
#[rtype(result = "usize")]
struct Ping;

#[derive(Default)]
struct Worker {
    pings: usize,
    panic_when_stopped: bool,
}

#[loom_bridge::actor]
impl Actor for Worker {
    fn stopped(&mut self, _: &mut Self::Context) {
        assert!(!self.panic_when_stopped, "stopped badly");
    }
}

impl Handler<Boom> for Worker {
    type Result = ();

    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom number {}", self.pings);
    }
}

impl Handler<Quit> for Worker {
    type Result = ();

    fn handle(&mut self, _: Quit, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

impl Handler<Ping> for Worker {
    type Result = usize;

    fn handle(&mut self, _: Ping, _: &mut Self::Context) -> usize {
        self.pings += 1;
        self.pings
    }
}

#[derive(Default)]
struct Owner {
    heard: Vec<ChildGone>,
}

impl Actor for Owner {
    type Context = Context<Self>;
}

impl Handler<ChildGone> for Owner {
    type Result = ();

    fn handle(&mut self, gone: ChildGone, _: &mut Self::Context) {
        self.heard.push(gone);
    }
}

#[derive(Message)]
#[rtype(result = "Vec<ChildGone>")]
struct Heard;

impl Handler<Heard> for Owner {
    type Result = Vec<ChildGone>;

    fn handle(&mut self, _: Heard, _: &mut Self::Context) -> Vec<ChildGone> {
        self.heard.clone()
    }
}

fn owner(registry: &ActorRegistry) -> Addr<Owner> {
    spawn(spec(registry, "owner"), |_| Owner::default())
}

#[actix::test]
async fn a_panic_ends_one_actor_names_it_and_leaves_the_others_alive() {
    let registry = ActorRegistry::new();
    let owner = owner(&registry);
    let start = |id: &str| {
        let spec = spec(&registry, id).watched_by(owner.clone().recipient());
        spawn(spec, |_| Worker::default())
    };
    let (broken, sound) = (start("broken"), start("sound"));
    broken.send(Ping).await.unwrap();
    assert!(broken.send(Boom).await.is_err());

    assert_eq!(sound.send(Ping).await.unwrap(), 1);
    assert_eq!(status(&registry, "broken"), "failed");
    assert_eq!(
        record(&registry, "broken").metadata.unwrap()["panic"],
        "boom number 1"
    );
    let end = End::Panicked("boom number 1".into());
    assert_eq!(
        owner.send(Heard).await.unwrap(),
        [ChildGone {
            id: "broken".into(),
            end
        }]
    );
}

#[actix::test]
async fn a_stop_a_lost_address_and_a_panic_in_a_stop_hook_reach_the_owner() {
    let registry = ActorRegistry::new();
    let owner = owner(&registry);
    let start = |id: &str, panic_when_stopped| {
        let spec = spec(&registry, id).watched_by(owner.clone().recipient());
        spawn(spec, move |_| Worker {
            panic_when_stopped,
            pings: 0,
        })
    };
    let stopped = start("stopped", false);
    stopped.send(Quit).await.unwrap();
    until("the stop", || status(&registry, "stopped") == "stopped").await;
    drop(start("dropped", false));
    until("the drop", || status(&registry, "dropped") == "stopped").await;
    start("bad", true).do_send(Quit);
    until("the bad stop", || status(&registry, "bad") == "failed").await;
    let heard = owner.send(Heard).await.unwrap();
    let expected = [
        ("stopped", End::Stopped),
        ("dropped", End::Stopped),
        ("bad", End::Panicked("stopped badly".into())),
    ];
    assert_eq!(heard, expected.map(|(id, end)| ChildGone { id: id.into(), end }));
}

#[actix::test]
async fn an_arbiter_that_stops_ends_its_actors_and_the_owner_learns_it() {
    let registry = ActorRegistry::new();
    let owner = owner(&registry);
    let arbiter = Arbiter::new();
    let watched = |id: &str| spec(&registry, id).watched_by(owner.clone().recipient());
    let far = spawn_in(&arbiter.handle(), watched("far"), |_| Worker::default());
    let stubborn = spawn_in(&arbiter.handle(), watched("stubborn"), |_| Worker {
        panic_when_stopped: true,
        pings: 0,
    });
    assert_eq!(far.send(Ping).await.unwrap(), 1);
    stubborn.send(Ping).await.unwrap();
    let before = record(&registry, "far");
    assert_ne!(
        before.worker_id,
        record(&registry, "owner").worker_id,
        "runs on a thread of its own"
    );

    arbiter.stop();
    arbiter.join().unwrap();
    assert_eq!(status(&registry, "far"), "stopped");
    assert_eq!(status(&registry, "stubborn"), "failed");
    let too_late = spawn_in(&arbiter_that_stopped(), watched("late"), |_| Worker::default());
    assert!(too_late.send(Ping).await.is_err());
    let mut heard: Vec<_> = owner
        .send(Heard)
        .await
        .unwrap()
        .into_iter()
        .map(|gone| gone.id.0)
        .collect();
    heard.sort();
    assert_eq!(heard, ["far", "late", "stubborn"]);
}

fn arbiter_that_stopped() -> ArbiterHandle {
    let arbiter = Arbiter::new();
    let handle = arbiter.handle();
    arbiter.stop();
    arbiter.join().unwrap();
    handle
}

#[actix::test]
async fn a_factory_that_panics_is_told_of_wherever_it_runs() {
    let registry = ActorRegistry::new();
    let owner = owner(&registry);
    let watched = |id: &str| spec(&registry, id).watched_by(owner.clone().recipient());
    let here = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        spawn(watched("here"), |_| -> Worker { panic!("no such file") })
    }));
    assert!(
        here.is_err(),
        "as with actix, the panic reaches who starts the actor"
    );
    let arbiter = Arbiter::new();
    let there = spawn_in(&arbiter.handle(), watched("there"), |_| -> Worker {
        panic!("no such file")
    });
    assert!(there.send(Ping).await.is_err());
    until("the end there", || status(&registry, "there") == "failed").await;
    let end = End::Panicked("no such file".into());
    let expected = ["here", "there"].map(|id| ChildGone {
        id: id.into(),
        end: end.clone(),
    });
    assert_eq!(owner.send(Heard).await.unwrap(), expected);
}

#[actix::test]
async fn the_attribute_gives_the_starts_of_actix() {
    let counters = [
        Worker::default().start(),
        Worker::start_default(),
        Worker::create(|_| Worker::default()),
        Worker::start_in_arbiter(&Arbiter::current(), |_| Worker::default()),
    ];
    let registry = ActorRegistry::process_wide();
    for counter in counters {
        assert_eq!(counter.send(Ping).await.unwrap(), 1);
    }
    let workers = registry
        .get_all()
        .into_iter()
        .filter(|record| record.kind == "Worker")
        .count();
    assert_eq!(workers, 4);
}

struct Bare;

impl Actor for Bare {
    type Context = Context<Self>;
}

impl Handler<Ping> for Bare {
    type Result = usize;

    fn handle(&mut self, _: Ping, ctx: &mut Self::Context) -> usize {
        ctx.report_error("no water");
        1
    }
}

#[actix::test]
async fn without_the_attribute_the_extension_trait_and_the_context_start_actors() {
    let context = Context::<Bare>::new();
    let early = context.address();
    let future = context.into_future(Bare);
    assert_eq!(future.address(), Some(early.clone()));
    actix::spawn(future);
    let all = [
        early,
        Bare.start_observed(),
        Bare::create_observed(|_| Bare),
        Bare::start_observed_in(&Arbiter::current(), |_| Bare),
    ];
    for bare in all {
        assert_eq!(bare.send(Ping).await.unwrap(), 1);
    }
    let bares = ActorRegistry::process_wide()
        .get_all()
        .into_iter()
        .filter(|record| record.kind == "Bare");
    assert_eq!(bares.count(), 4);
}

#[actix::test]
async fn an_error_that_an_actor_survives_is_counted_and_shown() {
    let registry = ActorRegistry::new();
    let bare = spawn(spec(&registry, "bare"), |_| Bare);
    bare.send(Ping).await.unwrap();
    bare.send(Ping).await.unwrap();
    let bare = record(&registry, "bare");
    assert_eq!(bare.error_count, Some(2));
    assert_eq!(bare.metadata.unwrap()["lastError"], "no water");
    assert_ne!(bare.status.unwrap().as_str(), "failed");
}

#[actix::test]
async fn a_mailbox_holds_as_many_messages_as_its_spec_says() {
    for (capacity, taken) in [(2, 2), (30, 30)] {
        let registry = ActorRegistry::new();
        let near = spawn(spec(&registry, "near").mailbox_capacity(capacity), |_| Bare);
        let arbiter = Arbiter::current();
        let far = spawn_in(
            &arbiter,
            spec(&registry, "far").mailbox_capacity(capacity),
            |_| Bare,
        );
        for bare in [near, far] {
            let accepted = (0..100).filter(|_| bare.try_send(Ping).is_ok()).count();
            assert_eq!(accepted, taken);
        }
    }
}

/// The attribute copies generics and bounds, and needs no default.
struct Generic<T: Clone + Unpin + 'static>(T);

#[loom_bridge::actor]
impl<T> Actor for Generic<T>
where
    T: Clone + Unpin + 'static,
{
    type Context = Context<Self>;
}

struct Parent {
    registry: ActorRegistry,
    child: Option<Addr<Generic<String>>>,
}

impl Actor for Parent {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.child = Some(spawn(
            ActorSpec::of::<Generic<String>>()
                .id("child")
                .registry(&self.registry),
            |_| Generic(String::new()),
        ));
    }
}

#[actix::test]
async fn an_actor_started_by_another_has_it_for_a_parent() {
    let registry = ActorRegistry::new();
    let inner = registry.clone();
    let parent = spawn(spec(&registry, "parent"), move |_| Parent {
        registry: inner,
        child: None,
    });
    until("the child", || registry.len() == 2).await;
    let child = record(&registry, "child");
    assert_eq!(child.parent_id, Some("parent".into()));
    assert_eq!(child.kind, "Generic<String>");
    assert_eq!(record(&registry, "parent").parent_id, None);
    drop(parent);
    until("the end of both", || status(&registry, "child") == "stopped").await;
}

#[actix::test]
async fn a_context_that_never_runs_leaves_as_stopped() {
    let registry = ActorRegistry::new();
    let context = Context::<Worker>::with_spec(spec(&registry, "never"));
    assert_eq!(status(&registry, "never"), "starting");
    drop(context);
    assert_eq!(status(&registry, "never"), "stopped");
}

#[actix::test]
async fn two_living_actors_of_one_id_are_kept_apart() {
    let registry = ActorRegistry::new();
    let first = spawn(spec(&registry, "same"), |_| Worker::default());
    let second = spawn(spec(&registry, "same"), |ctx| {
        assert_eq!(ctx.id().0, "same#2");
        Worker::default()
    });
    first.send(Ping).await.unwrap();
    assert_eq!(record(&registry, "same").message_count, Some(1));
    assert_eq!(record(&registry, "same#2").message_count, Some(0));
    drop(second);
}
