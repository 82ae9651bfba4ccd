//! Work of every kind is counted once, timed to its end, and told in totals.

use std::time::{Duration, Instant};

use actix::prelude::*;
use loom_bridge::protocol::{ActorRecord, Work};
use loom_bridge::{ActorRegistry, Changes, Context, spawn};

use crate::common::{Studio, Tally, measured_closely, record, spec, status, until};

fn work(registry: &ActorRegistry, id: &str) -> Work {
    record(registry, id).work.unwrap_or_default()
}

/// What a look says of the one actor there is: a whole record, where others of its type came in tests beside this one.
fn reported(changes: &mut Changes) -> Option<ActorRecord> {
    let mut delta = changes.poll();
    let patched = delta.changed.pop().map(|patch| {
        let mut record = ActorRecord::new("clock", "Clock");
        record.apply(patch);
        record
    });
    patched.or_else(|| delta.new.pop())
}

struct Clock {
    ticks: Tally,
    items: Tally,
}

#[loom_bridge::actor]
impl Actor for Clock {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Begin(fn(&mut Clock, &mut Context<Clock>));

impl Handler<Begin> for Clock {
    type Result = ();

    fn handle(&mut self, begin: Begin, ctx: &mut Self::Context) {
        self.items.add();
        (begin.0)(self, ctx);
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Item;

impl Handler<Item> for Clock {
    type Result = ();

    fn handle(&mut self, _: Item, _: &mut Self::Context) {
        self.items.add();
    }
}

impl StreamHandler<u32> for Clock {
    fn handle(&mut self, _: u32, _: &mut Self::Context) {
        self.items.add();
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

struct Scene {
    registry: ActorRegistry,
    ticks: Tally,
    items: Tally,
    clock: Addr<Clock>,
}

fn scene() -> Scene {
    measured_closely();
    let (registry, ticks, items) = (ActorRegistry::new(), Tally::default(), Tally::default());
    let actor = Clock {
        ticks: ticks.clone(),
        items: items.clone(),
    };
    let clock = spawn(spec(&registry, "clock"), |_| actor);
    Scene {
        registry,
        ticks,
        items,
        clock,
    }
}

#[actix::test]
async fn ticks_of_intervals_and_timers_are_turns_and_keep_an_actor_active() {
    let scene = scene();
    let begin = Begin(|_, ctx| {
        ctx.run_interval(Duration::from_millis(2), |clock, _| clock.ticks.add());
        ctx.run_interval_at(
            tokio::time::Instant::now(),
            Duration::from_millis(3),
            |clock, _| clock.ticks.add(),
        );
        ctx.run_later(Duration::from_millis(1), |clock, _| clock.ticks.add());
    });
    scene.clock.send(begin).await.unwrap();
    let mut changes = scene.registry.subscribe().unwrap();
    changes.poll();
    changes.poll();
    let before = scene.ticks.get();
    until("ticks", || scene.ticks.get() >= before + 20).await;
    let reported = reported(&mut changes).unwrap();
    assert_eq!(
        reported.status.unwrap().as_str(),
        "active",
        "no message came since the last look"
    );
    assert_eq!(reported.work.unwrap().turns, scene.ticks.get());
    let record = record(&scene.registry, "clock");
    assert_eq!(record.message_count, Some(1));
    assert_eq!(record.work.unwrap().turns, scene.ticks.get());
}

#[actix::test]
async fn futures_of_its_own_are_turns_at_their_end_and_their_work_is_busy_time() {
    let scene = scene();
    let begin = Begin(|clock, ctx| {
        for _ in 0..7 {
            let spinning = async {
                tokio::task::yield_now().await;
                let start = Instant::now();
                while start.elapsed() < Duration::from_millis(3) {
                    std::hint::spin_loop();
                }
            };
            ctx.spawn(
                spinning
                    .into_actor(clock)
                    .map(|(), clock: &mut Clock, _| clock.ticks.add()),
            );
        }
        let pause = async { tokio::task::yield_now().await };
        ctx.wait(
            pause
                .into_actor(clock)
                .map(|(), clock: &mut Clock, _| clock.ticks.add()),
        );
    });
    scene.clock.send(begin).await.unwrap();
    until("the futures", || scene.ticks.get() == 8).await;
    // The last one is counted when it is polled to its end, which is over before anybody else has this thread.
    let work = work(&scene.registry, "clock");
    assert_eq!(work.turns, 8);
    assert!(work.busy_us >= 20_000, "{work:?}");
    assert!(
        work.handle_us < work.busy_us,
        "no handler was that long: {work:?}"
    );
}

#[actix::test]
async fn items_of_streams_count_as_messages_that_were_in_no_queue() {
    let scene = scene();
    let begin = Begin(|_, ctx| {
        Clock::add_stream(futures_util::stream::iter(0..500_u32), ctx);
        ctx.add_stream(futures_util::stream::iter(0..200_u32));
        ctx.add_message_stream(futures_util::stream::iter((0..300).map(|_| Item)));
    });
    scene.clock.send(begin).await.unwrap();
    until("all items", || scene.items.get() == 1_001).await;
    assert_eq!(record(&scene.registry, "clock").message_count, Some(1_001));
    let work = work(&scene.registry, "clock");
    assert_eq!(
        (work.handled, work.queued),
        (1_001, 1),
        "only the first one was in a queue"
    );
    assert_eq!(work.turns, 0);
}

#[actix::test]
async fn waiting_is_queueing_and_timers_do_not_dilute_it() {
    let scene = scene();
    // Handled one after the other, so that the later ones wait for the earlier.
    let slow = || Begin(|_, _| std::thread::sleep(Duration::from_millis(4)));
    for _ in 0..4 {
        scene.clock.do_send(slow());
    }
    let begin = Begin(|_, ctx| {
        for _ in 0..100 {
            ctx.notify_later(Item, Duration::ZERO);
        }
    });
    scene.clock.send(begin).await.unwrap();
    until("the timers", || scene.items.get() == 105).await;
    let work = work(&scene.registry, "clock");
    assert_eq!((work.handled, work.queued), (105, 5));
    assert!(work.wait_us >= 4_000 * (1 + 2 + 3 + 4), "{work:?}");
}

struct Desk;

#[loom_bridge::actor]
impl Actor for Desk {
    type Context = Context<Self>;
}

#[derive(Clone, Copy, Debug)]
enum How {
    AtOnce,
    Later,
    WithActor,
    Alone,
}

type Answer = Result<u32, String>;

fn answer(n: u32) -> Answer {
    if n.is_multiple_of(2) {
        Ok(n)
    } else {
        Err("odd".to_owned())
    }
}

/// Answered later, by a future of its own.
#[derive(Message)]
#[rtype(result = "Answer")]
struct Later(u32);

impl Handler<Later> for Desk {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, ask: Later, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move {
            actix::clock::sleep(PAUSE).await;
            assert!(ask.0 != PANIC, "no desk has this number");
            answer(ask.0)
        })
    }
}

#[derive(Message)]
#[rtype(result = "Answer")]
struct AtOnce(u32);

impl Handler<AtOnce> for Desk {
    type Result = Answer;

    fn handle(&mut self, ask: AtOnce, _: &mut Self::Context) -> Answer {
        answer(ask.0)
    }
}

#[derive(Message)]
#[rtype(result = "Answer")]
struct WithActor(u32);

impl Handler<WithActor> for Desk {
    type Result = ResponseActFuture<Self, Answer>;

    fn handle(&mut self, ask: WithActor, _: &mut Self::Context) -> Self::Result {
        Box::pin(
            actix::clock::sleep(PAUSE)
                .into_actor(self)
                .map(move |(), _, _| answer(ask.0)),
        )
    }
}

#[derive(Message)]
#[rtype(result = "Answer")]
struct Alone(u32);

impl Handler<Alone> for Desk {
    type Result = AtomicResponse<Self, Answer>;

    fn handle(&mut self, ask: Alone, _: &mut Self::Context) -> Self::Result {
        let later = actix::clock::sleep(PAUSE)
            .into_actor(self)
            .map(move |(), _, _| answer(ask.0));
        AtomicResponse::new(Box::pin(later))
    }
}

/// What a handler that wraps its result answers with.
#[derive(Message)]
#[rtype(result = "Answer")]
struct Wrapped(u32);

impl Handler<Wrapped> for Desk {
    type Result = MessageResult<Wrapped>;

    fn handle(&mut self, ask: Wrapped, _: &mut Self::Context) -> Self::Result {
        MessageResult(answer(ask.0))
    }
}

const PAUSE: Duration = Duration::from_millis(20);
const PANIC: u32 = 4;

async fn ask(desk: &Addr<Desk>, how: How, n: u32) -> Result<Answer, MailboxError> {
    match how {
        How::AtOnce => desk.send(AtOnce(n)).await,
        How::Later => desk.send(Later(n)).await,
        How::WithActor => desk.send(WithActor(n)).await,
        How::Alone => desk.send(Alone(n)).await,
    }
}

#[actix::test]
async fn async_handlers_are_timed_to_their_end_apart_from_busy_time() {
    measured_closely();
    for how in [How::Later, How::WithActor, How::Alone] {
        let registry = ActorRegistry::new();
        let desk = spawn(spec(&registry, "desk"), |_| Desk);
        let asked = actix::spawn({
            let desk = desk.clone();
            async move { ask(&desk, how, 2).await }
        });
        until("it waits for its answer", || {
            status(&registry, "desk") == "waiting"
        })
        .await;
        assert_eq!(work(&registry, "desk").handled, 0, "{how:?}: not at its end");
        assert_eq!(asked.await.unwrap().unwrap(), Ok(2));
        let ActorRecord {
            message_count, work, ..
        } = record(&registry, "desk");
        let work = work.unwrap();
        assert_eq!(
            (message_count, work.handled, work.turns),
            (Some(1), 1, 0),
            "{how:?}"
        );
        assert!(work.handle_us >= 20_000, "{how:?}: {work:?}");
        assert!(work.busy_us < 15_000, "{how:?}: {work:?}");
        assert_ne!(status(&registry, "desk"), "waiting");
    }
}

#[actix::test]
async fn answers_that_are_errors_count_however_they_come() {
    measured_closely();
    for how in [How::AtOnce, How::Later, How::WithActor, How::Alone] {
        let registry = ActorRegistry::new();
        let desk = spawn(spec(&registry, "desk"), |_| Desk);
        let asked = futures_util::future::join_all((10..30).map(|n| ask(&desk, how, n))).await;
        let errors = asked.iter().filter(|answer| matches!(answer, Ok(Err(_)))).count();
        assert_eq!(errors, 10);
        let seen = record(&registry, "desk");
        assert_eq!(seen.error_count, Some(10), "{how:?}");
        assert_eq!(
            (seen.message_count, work(&registry, "desk").handled),
            (Some(20), 20),
            "{how:?}"
        );
    }
}

#[actix::test]
async fn errors_that_nobody_waits_for_and_wrapped_ones_count_too() {
    let registry = ActorRegistry::new();
    let desk = spawn(spec(&registry, "desk"), |_| Desk);
    desk.do_send(AtOnce(1));
    desk.do_send(Later(1));
    desk.do_send(Wrapped(1));
    assert_eq!(desk.send(Wrapped(3)).await.unwrap(), Err("odd".to_owned()));
    until("all four", || record(&registry, "desk").error_count == Some(4)).await;
}

#[actix::test]
async fn an_answer_that_panics_on_its_way_is_an_error_and_one_whose_actor_ended_is_not() {
    let registry = ActorRegistry::new();
    let desk = spawn(spec(&registry, "desk"), |_| Desk);
    assert!(desk.send(Later(PANIC)).await.is_err());
    until("the error", || record(&registry, "desk").error_count == Some(1)).await;
    assert_ne!(status(&registry, "desk"), "waiting");

    let answer = desk.send(WithActor(2));
    drop(desk);
    // It lives until its answer is there.
    assert_eq!(answer.await.unwrap(), Ok(2));
    until("the end", || status(&registry, "desk") == "stopped").await;
    assert_eq!(record(&registry, "desk").error_count, Some(1));
}

/// Answered with an error, some time after it was let.
#[derive(Message)]
#[rtype(result = "Answer")]
struct WhenLet(tokio::sync::oneshot::Receiver<()>);

impl Handler<WhenLet> for Desk {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, ask: WhenLet, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move {
            ask.0.await.unwrap();
            answer(1)
        })
    }
}

#[actix::test]
async fn answers_that_come_after_the_end_of_a_life_count_in_those_after_it() {
    measured_closely();
    let registry = ActorRegistry::new();
    let studio = Studio::default();
    let bridge = studio.looks_at(&registry);
    let mut changes = registry.subscribe().unwrap();
    let mut waiting = Vec::new();
    let count = |n| {
        (
            record(&registry, "desk").error_count,
            work(&registry, "desk").handled,
        ) == (Some(n), n + 1)
    };
    // Answers of the first life come in each of the later ones, and after the last.
    for life in 0..3 {
        let desk = spawn(spec(&registry, "desk"), |_| Desk);
        if life == 0 {
            for _ in 0..3 {
                let (allow, allowed) = tokio::sync::oneshot::channel();
                waiting.push((allow, desk.send(WhenLet(allowed))));
            }
            // The messages of one sender are handled in their order.
            assert_eq!(desk.send(AtOnce(2)).await.unwrap(), Ok(2));
        } else {
            let (allow, asked) = waiting.pop().unwrap();
            changes.poll();
            allow.send(()).unwrap();
            assert_eq!(asked.await.unwrap(), Err("odd".to_owned()));
            assert!(count(life), "{:?}", record(&registry, "desk"));
            let reported = reported(&mut changes).unwrap();
            assert_eq!(reported.work.unwrap().handled, life + 1, "subscribers hear of it");
        }
        drop(desk);
        until("the end", || status(&registry, "desk") == "stopped").await;
    }
    let (allow, asked) = waiting.pop().unwrap();
    allow.send(()).unwrap();
    assert_eq!(asked.await.unwrap(), Err("odd".to_owned()));
    assert!(count(3), "{:?}", record(&registry, "desk"));
    let timed = || {
        studio
            .of_actor("desk", "WhenLet")
            .handle
            .map(|times| times.count())
    };
    until("the times of its messages", || timed() == Some(3)).await;
    bridge.close().await;
}

#[actix::test]
async fn rates_and_means_are_of_the_last_look_and_end_with_the_work() {
    let scene = scene();
    let mut changes = scene.registry.subscribe().unwrap();
    changes.poll();
    let begin = Instant::now();
    let mut sent = 0;
    // Longer than what is too short to tell anything.
    while begin.elapsed() < Duration::from_millis(300) {
        scene.clock.send(Item).await.unwrap();
        sent += 1;
    }
    let said = reported(&mut changes).unwrap();
    let rate = said.rates.unwrap().messages.unwrap();
    let took = begin.elapsed().as_secs_f64();
    assert!(
        rate > 0.0 && rate <= f64::from(sent) / 0.3 && rate >= f64::from(sent) / took / 2.0,
        "{rate} of {sent} in {took}"
    );
    assert!(said.latency.unwrap().wait_ms.is_some());
    let mut last = rate;
    until("the rate to fall to nothing", || {
        let rates = reported(&mut changes).and_then(|said| said.rates);
        last = rates.and_then(|rates| rates.messages).unwrap_or(last);
        last == 0.0
    })
    .await;
}
