//! What an actor is shown to do is what it does.

use std::sync::mpsc;
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{
    Activity, ActorRegistry, Cause, Context, Level, TraceId, set_level, spawn, spawn_in, type_stats,
};

use crate::common::{in_its_own_process, record, spec, status, until};

struct Worker;

impl Actor for Worker {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Block {
    entered: mpsc::Sender<()>,
    leave: mpsc::Receiver<()>,
}

impl Handler<Block> for Worker {
    type Result = ();

    fn handle(&mut self, block: Block, _: &mut Self::Context) {
        block.entered.send(()).unwrap();
        block.leave.recv().unwrap();
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Ping;

impl Handler<Ping> for Worker {
    type Result = ();

    fn handle(&mut self, _: Ping, _: &mut Self::Context) {}
}

#[actix::test]
async fn an_actor_that_is_stuck_in_a_handler_is_active_with_a_queue_that_grows() {
    let registry = ActorRegistry::new();
    let arbiter = Arbiter::new();
    let worker = spawn_in(&arbiter.handle(), spec(&registry, "stuck"), |_| Worker);
    worker.send(Ping).await.unwrap();
    let ((entered, is_in), (let_out, leave)) = (mpsc::channel(), mpsc::channel());
    worker.do_send(Block { entered, leave });
    is_in.recv().unwrap();
    let mut changes = registry.subscribe().unwrap();
    changes.poll();
    for _ in 0..5 {
        worker.do_send(Ping);
    }
    for _ in 0..3 {
        let patch = changes.poll().changed.pop();
        // The second and third look find nothing that is different.
        assert!(patch.is_none_or(|patch| patch.queue_depth == Some(5)));
    }
    let stuck = record(&registry, "stuck");
    assert_eq!(
        (stuck.status.unwrap().as_str(), stuck.queue_depth),
        ("active", Some(5))
    );
    assert_eq!(stuck.message_count, Some(2));
    let_out.send(()).unwrap();
    until("the queue to empty", || {
        record(&registry, "stuck").queue_depth == Some(0)
    })
    .await;
    arbiter.stop();
}

struct Sleeper {
    registry: ActorRegistry,
    wake: Option<tokio::sync::oneshot::Receiver<()>>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Rest(Option<Activity>);

impl Actor for Sleeper {
    type Context = Context<Self>;

    fn stopping(&mut self, ctx: &mut Self::Context) -> Running {
        assert_eq!(status(&self.registry, &ctx.id().0), "stopping");
        Running::Stop
    }
}

impl Handler<Rest> for Sleeper {
    type Result = ();

    fn handle(&mut self, rest: Rest, ctx: &mut Self::Context) {
        let Some(wake) = self.wake.take() else {
            ctx.stop();
            return;
        };
        let woken = async { wake.await.unwrap() }.into_actor(self);
        match rest.0 {
            Some(activity) => {
                let declared = ctx.declare(activity);
                ctx.spawn(woken.map(|(), _, _| drop(declared)));
            }
            None => ctx.wait(woken),
        }
    }
}

#[actix::test]
async fn work_after_a_handler_shows_as_declared_and_held_messages_as_waiting() {
    for (rest, shown) in [
        (Some(Activity::Busy), "active"),
        (Some(Activity::Waiting), "waiting"),
        (None, "waiting"),
    ] {
        let registry = ActorRegistry::new();
        let (wake, woken) = tokio::sync::oneshot::channel();
        let inner = registry.clone();
        let sleeper = spawn(spec(&registry, "s"), |_| Sleeper {
            registry: inner,
            wake: Some(woken),
        });
        let mut changes = registry.subscribe().unwrap();
        sleeper.send(Rest(rest)).await.unwrap();
        until("the declared status", || status(&registry, "s") == shown).await;
        changes.poll();
        changes.poll();
        wake.send(()).unwrap();
        // The last poll was after the last message, so nothing but the declaration could make it active.
        let mut now = String::new();
        until("idle again", || {
            if let Some(patch) = changes.poll().changed.pop() {
                now = patch.status.unwrap().to_string();
            }
            now == "idle"
        })
        .await;
        sleeper.do_send(Rest(None));
        until("the end", || status(&registry, "s") == "stopped").await;
    }
}

struct Link {
    next: Option<Recipient<Trace>>,
    seen: std::sync::Arc<std::sync::Mutex<Vec<TraceId>>>,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Trace;

impl Actor for Link {
    type Context = Context<Self>;
}

impl Handler<Trace> for Link {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, _: Trace, _: &mut Self::Context) -> Self::Result {
        let later = async { tokio::task::yield_now().await }.into_actor(self);
        Box::pin(later.map(|(), link, ctx| {
            link.seen
                .lock()
                .unwrap()
                .push(Cause::current().unwrap().trace_id().unwrap());
            if let Some(next) = link.next.take() {
                next.do_send(Trace);
                ctx.notify(Trace);
            }
        }))
    }
}

#[actix::test]
async fn what_follows_from_a_message_has_its_cause() {
    let registry = ActorRegistry::new();
    let seen = std::sync::Arc::<std::sync::Mutex<Vec<TraceId>>>::default();
    let link = |id: &str, next| {
        let seen = seen.clone();
        spawn(spec(&registry, id), |_| Link { next, seen })
    };
    let second = link("second", None);
    let first = link("first", Some(second.recipient()));
    assert_eq!(Cause::current(), None);
    first.send(Trace).await.unwrap();
    until("three messages of one chain", || seen.lock().unwrap().len() == 3).await;
    first.send(Trace).await.unwrap();
    let traces = seen.lock().unwrap().clone();
    assert!(traces[1] == traces[0] && traces[2] == traces[0], "{traces:?}");
    assert_ne!(
        traces[3], traces[0],
        "another message from outside begins another chain"
    );
    assert_eq!(Cause::current(), None);
}

struct Spinning;

#[derive(Message)]
#[rtype(result = "()")]
struct Work(Duration);

impl Actor for Spinning {
    type Context = Context<Self>;
}

impl Handler<Work> for Spinning {
    type Result = ();

    fn handle(&mut self, work: Work, _: &mut Self::Context) {
        let start = std::time::Instant::now();
        while start.elapsed() < work.0 {
            std::hint::spin_loop();
        }
    }
}

#[actix::test]
async fn time_in_handlers_and_queues_is_measured() {
    set_level(Level::Traffic);
    let registry = ActorRegistry::new();
    let timed = spawn(spec(&registry, "timed"), |_| Spinning);
    // Sent at once, so each waits for those before it: 0, 4 and 8 ms, 4 ms in the mean.
    for _ in 0..3 {
        timed.do_send(Work(Duration::from_millis(4)));
    }
    timed.send(Work(Duration::ZERO)).await.unwrap();
    let work = record(&registry, "timed").work.unwrap();
    assert_eq!((work.handled, work.queued), (4, 4));
    assert!(work.handle_us >= 12_000, "{work:?}");
    assert!(work.wait_us >= 12_000, "{work:?}");
    let kind = type_stats()
        .into_iter()
        .find(|kind| kind.kind == "Spinning")
        .unwrap();
    assert_eq!((kind.live, kind.queued, kind.handled, kind.dropped), (1, 0, 4, 0));
    assert!(kind.mean_wait.unwrap() >= Duration::from_millis(3));
}

struct Dead;

impl Actor for Dead {
    type Context = Context<Self>;
}

impl Handler<Ping> for Dead {
    type Result = ();

    fn handle(&mut self, _: Ping, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

#[actix::test]
async fn messages_that_never_reach_their_handler_are_counted_as_dropped() {
    let registry = ActorRegistry::new();
    let dead = spawn(spec(&registry, "dead"), |_| Dead);
    for _ in 0..4 {
        dead.do_send(Ping);
    }
    let find = || type_stats().into_iter().find(|kind| kind.kind == "Dead").unwrap();
    assert_eq!(find().queued, 4);
    until("the end", || !dead.connected()).await;
    until("the queue to be dropped", || find().queued == 0).await;
    let stats = find();
    assert_eq!((stats.handled, stats.dropped, stats.live), (1, 3, 0));
}

/// The level is the whole process's, so it is tried in a process of its own.
#[test]
fn levels_switch_what_is_measured_while_it_runs() {
    if !in_its_own_process("status::levels_switch_what_is_measured_while_it_runs") {
        return;
    }
    System::new().block_on(async {
        let registry = ActorRegistry::new();
        let worker = spawn(spec(&registry, "w"), |_| Worker);
        let look = || {
            let record = record(&registry, "w");
            (
                record.message_count.unwrap(),
                record.work.is_some_and(|work| work.handled > 0),
            )
        };
        for (level, expected) in [
            (Level::Off, (0, false)),
            (Level::Counters, (1, false)),
            (Level::Traffic, (2, true)),
            (Level::Off, (2, true)),
        ] {
            set_level(level);
            worker.send(Ping).await.unwrap();
            assert_eq!(look(), expected, "{level:?}");
        }
    });
}
