//! What is told of messages by type, by actor and by sender is what handlers saw.

use std::time::Duration;

use actix::prelude::*;
use loom_bridge::protocol::{Attention, Detail};
use loom_bridge::{ActorRegistry, ActorSpec, Context, Level, level, spawn, spawn_in};

use crate::common::{Studio, Tally, in_its_own_process, measured_closely, until};

/// What really happened, counted by the handlers.
#[derive(Clone, Default)]
struct Truth {
    reported: Tally,
    asked: Tally,
    errors: Tally,
    panics: Tally,
    items: Tally,
    notes: Tally,
}

struct Clerk(Truth);

#[loom_bridge::actor]
impl Actor for Clerk {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "()")]
struct Tell;

impl Handler<Tell> for Clerk {
    type Result = ();

    fn handle(&mut self, _: Tell, _: &mut Self::Context) {
        self.0.reported.add();
    }
}

type Answer = Result<u64, ()>;

#[derive(Message)]
#[rtype(result = "Answer")]
struct Ask(u64);

impl Handler<Ask> for Clerk {
    type Result = Answer;

    fn handle(&mut self, ask: Ask, _: &mut Self::Context) -> Answer {
        self.0.asked.add();
        if ask.0.is_multiple_of(3) {
            self.0.errors.add();
            return Err(());
        }
        Ok(ask.0)
    }
}

#[derive(Message)]
#[rtype(result = "Answer")]
struct AskLater(u64);

impl Handler<AskLater> for Clerk {
    type Result = ResponseFuture<Answer>;

    fn handle(&mut self, ask: AskLater, _: &mut Self::Context) -> Self::Result {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if ask.0.is_multiple_of(4) {
                Err(())
            } else {
                Ok(ask.0)
            }
        })
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

impl Handler<Panic> for Clerk {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        self.0.panics.add();
        panic!("a clerk on purpose");
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Note;

impl Handler<Note> for Clerk {
    type Result = ();

    fn handle(&mut self, _: Note, _: &mut Self::Context) {
        self.0.notes.add();
    }
}

#[derive(Debug)]
struct Line;

impl StreamHandler<Line> for Clerk {
    fn handle(&mut self, _: Line, _: &mut Self::Context) {
        self.0.items.add();
    }

    fn finished(&mut self, _: &mut Self::Context) {}
}

/// Has it do something, or be busy for a while.
#[derive(Message)]
#[rtype(result = "()")]
struct Do(fn(&mut Context<Clerk>));

impl Handler<Do> for Clerk {
    type Result = ();

    fn handle(&mut self, what: Do, ctx: &mut Self::Context) {
        (what.0)(ctx);
    }
}

fn clerk(registry: &ActorRegistry, kind: &'static str, id: &str, truth: &Truth) -> Addr<Clerk> {
    let truth = truth.clone();
    spawn(ActorSpec::new(kind).id(id).registry(registry), move |_| {
        Clerk(truth)
    })
}

#[actix::test]
async fn every_message_is_told_by_type_with_what_became_of_it() {
    measured_closely();
    let (registry, studio, truth) = (ActorRegistry::new(), Studio::default(), Truth::default());
    let bridge = studio.looks_at(&registry);
    let arbiters = [Arbiter::new(), Arbiter::new()];
    let clerks: Vec<_> = arbiters
        .iter()
        .enumerate()
        .map(|(n, arbiter)| {
            let truth = truth.clone();
            let spec = ActorSpec::new("Clerk")
                .id(format!("clerk-{n}"))
                .registry(&registry);
            spawn_in(&arbiter.handle(), spec, move |_| Clerk(truth))
        })
        .collect();
    for clerk in &clerks {
        for n in 0..300 {
            clerk.do_send(Tell);
            clerk.do_send(Ask(n));
            if n % 10 == 0 {
                let _answers = (
                    clerk.send(Ask(n)).await.unwrap(),
                    clerk.send(AskLater(n)).await.unwrap(),
                );
            }
        }
        let begin = Do(|ctx| {
            ctx.add_stream(futures_util::stream::iter((0..50).map(|_| Line)));
            ctx.add_message_stream(futures_util::stream::iter((0..40).map(|_| Note)));
            ctx.notify(Note);
            ctx.notify_later(Note, Duration::from_millis(1));
            ctx.run_interval(Duration::from_millis(1), |_, ctx| ctx.notify(Note));
        });
        clerk.send(begin).await.unwrap();
        // It is busy until all are in its queue.
        clerk.do_send(Do(|_| std::thread::sleep(Duration::from_millis(50))));
        for _ in 0..5 {
            drop(clerk.send(Tell));
        }
    }
    until("the streams and some ticks", || {
        truth.items.get() == 100 && truth.notes.get() > 100
    })
    .await;
    for clerk in &clerks {
        clerk.do_send(Do(|_| std::thread::sleep(Duration::from_millis(50))));
        clerk.do_send(Panic);
        for _ in 0..7 {
            clerk.do_send(Tell);
        }
    }
    until("the ends", || clerks.iter().all(|clerk| !clerk.connected())).await;
    let reported = || studio.of_type("Clerk", "Tell");
    until("the dead letters", || {
        reported().dead == 14 && studio.of_type("Clerk", "Panic").errors == 2
    })
    .await;
    until("the notes", || {
        studio.of_type("Clerk", "Note").handled == truth.notes.get()
    })
    .await;

    let tell = reported();
    assert_eq!(
        (tell.handled, tell.asked, tell.errors),
        (truth.reported.get(), 0, 0)
    );
    assert_eq!((tell.handled, tell.cancelled), (600, 10));
    let ask = studio.of_type("Clerk", "Ask");
    assert_eq!((ask.handled, ask.errors), (truth.asked.get(), truth.errors.get()));
    assert_eq!((ask.handled, ask.asked, ask.dead), (660, 60, 0));
    let later = studio.of_type("Clerk", "AskLater");
    assert_eq!((later.handled, later.asked, later.errors), (60, 60, 2 * 15));
    let panic = studio.of_type("Clerk", "Panic");
    assert_eq!((panic.handled, panic.errors), (truth.panics.get(), 2));
    assert_eq!(studio.of_type("Clerk", "Line").handled, 100);
    // The same of each actor. Nobody knows to which of them the dead letters went.
    for n in 0..2 {
        let id = format!("clerk-{n}");
        let of = |message: &str| studio.of_actor(&id, message);
        let (tell, ask, later) = (of("Tell"), of("Ask"), of("AskLater"));
        assert_eq!((tell.handled, tell.cancelled, tell.dead), (300, 5, 0));
        assert_eq!((ask.handled, ask.asked, ask.errors), (330, 30, 100 + 10));
        assert_eq!((later.handled, later.asked, later.errors), (30, 30, 15));
        assert_eq!((of("Panic").errors, of("Line").handled), (1, 50));
        for message in [&tell, &ask, &later] {
            let count = |times: &Option<_>| times.as_ref().map_or(0, loom_bridge::protocol::Histogram::count);
            assert_eq!(count(&message.wait), message.handled);
            assert_eq!(count(&message.handle), message.handled);
        }
        assert_eq!(of("Line").wait, None, "items of streams are in no queue");
        // Who sent them.
        assert_eq!(studio.edge(None, &id, "Tell"), 300);
        assert_eq!(studio.edge(None, &id, "Line"), 50);
        assert_eq!(studio.edge(None, &id, "Note"), 40);
        assert_eq!(studio.edge(Some(&id), &id, "Note") + 40, of("Note").handled);
    }
    bridge.close().await;
    arbiters.iter().for_each(|arbiter| {
        arbiter.stop();
    });
}

#[test]
fn times_are_within_what_really_passed() {
    if !in_its_own_process("measured::times_are_within_what_really_passed") {
        return;
    }
    measured_closely();
    System::new().block_on(async {
        let (registry, studio) = (ActorRegistry::new(), Studio::default());
        let bridge = studio.looks_at(&registry);
        let clerk = clerk(&registry, "Slow", "slow", &Truth::default());
        let start = std::time::Instant::now();
        for _ in 0..5 {
            clerk.do_send(Do(|_| std::thread::sleep(Duration::from_millis(4))));
        }
        clerk.send(Tell).await.unwrap();
        let passed = u64::try_from(start.elapsed().as_micros()).unwrap();
        until("all of it", || studio.of_actor("slow", "Tell").handled == 1).await;
        for totals in [studio.of_actor("slow", "Do"), studio.of_type("Slow", "Do")] {
            let (wait, handle) = (totals.wait.unwrap(), totals.handle.unwrap());
            assert_eq!((wait.count(), handle.count()), (5, 5));
            assert!(
                handle.sum_us >= 20_000 && handle.sum_us <= passed,
                "{handle:?} in {passed}"
            );
            assert!(
                wait.sum_us >= 4_000 * (1 + 2 + 3 + 4) && wait.sum_us <= 5 * passed,
                "{wait:?}"
            );
            assert!(wait.max_us >= 16_000 && wait.max_us <= passed, "{wait:?}");
            assert!(handle.percentile_ms(0.5).unwrap() >= 3.0, "{handle:?}");
        }
        bridge.close().await;
    });
}

#[derive(Message)]
#[rtype(result = "()")]
struct Token(u32);

#[derive(Message)]
#[rtype(result = "()")]
struct Join(Addr<Member>);

struct Member {
    next: Option<Addr<Member>>,
    done: Tally,
}

#[loom_bridge::actor]
impl Actor for Member {
    type Context = Context<Self>;
}

impl Handler<Join> for Member {
    type Result = ();

    fn handle(&mut self, join: Join, _: &mut Self::Context) {
        self.next = Some(join.0);
    }
}

impl Handler<Token> for Member {
    type Result = ();

    fn handle(&mut self, token: Token, _: &mut Self::Context) {
        match (&self.next, token.0.checked_sub(1)) {
            (Some(next), Some(left)) => next.do_send(Token(left)),
            _ => self.done.add(),
        }
    }
}

#[actix::test]
async fn edges_are_those_of_a_ring_whose_members_send_to_the_next_one() {
    measured_closely();
    let (registry, studio, done) = (ActorRegistry::new(), Studio::default(), Tally::default());
    let bridge = studio.looks_at(&registry);
    let arbiters = [Arbiter::new(), Arbiter::new()];
    const MEMBERS: usize = 12;
    let name = |n: usize| format!("member-{}", n % MEMBERS);
    let members: Vec<_> = (0..MEMBERS)
        .map(|n| {
            let spec = ActorSpec::new("Member").id(name(n)).registry(&registry);
            let done = done.clone();
            spawn_in(&arbiters[n % 2].handle(), spec, |_| Member { next: None, done })
        })
        .collect();
    for n in 0..MEMBERS {
        let next = members[(n + 1) % MEMBERS].clone();
        members[n].send(Join(next)).await.unwrap();
    }
    // A hundred rounds and a step: the last one goes to the one after the first.
    members[0].do_send(Token(1_201));
    until("the rounds", || done.get() == 1).await;
    let edge = |n: usize| studio.edge(Some(&name(n)), &name(n + 1), "Token");
    until("all edges", || (0..MEMBERS).map(edge).sum::<u64>() == 1_201).await;
    for n in 0..MEMBERS {
        let expected = 100 + u64::from(n == 0);
        assert_eq!(
            (edge(n), studio.edge(None, &name(n), "Token")),
            (expected, u64::from(n == 0))
        );
        assert_eq!(studio.edge(None, &name(n), "Join"), 1);
    }
    let edges = studio.reported(|reported| reported.edges.len());
    assert_eq!(edges, 2 * MEMBERS + 1, "and no other");
    bridge.close().await;
    arbiters.iter().for_each(|arbiter| {
        arbiter.stop();
    });
}

#[test]
fn what_is_lost_on_the_way_is_told_again() {
    if !in_its_own_process("measured::what_is_lost_on_the_way_is_told_again") {
        return;
    }
    measured_closely();
    System::new().block_on(async {
        let (registry, studio, truth) = (ActorRegistry::new(), Studio::default(), Truth::default());
        studio.reported(|reported| reported.loses = true);
        let bridge = studio.looks_at(&registry);
        let clerk = clerk(&registry, "Lossy", "lossy", &truth);
        for _ in 0..20 {
            for _ in 0..25 {
                clerk.do_send(Tell);
            }
            let before = studio.reported(|reported| reported.batches);
            until("two batches", || {
                studio.reported(|reported| reported.batches) >= before + 2
            })
            .await;
        }
        let all = || {
            [
                studio.of_type("Lossy", "Tell").handled,
                studio.of_actor("lossy", "Tell").handled,
                studio.edge(None, "lossy", "Tell"),
            ]
        };
        until("all of it", || all() == [500; 3]).await;
        // A studio that forgot everything asks for it.
        studio.reported(|reported| {
            reported.loses = false;
            reported.of_types.clear();
            reported.of_actors.clear();
            reported.edges.clear();
            reported.resync = true;
        });
        until("all of it again", || all() == [500; 3]).await;
        bridge.close().await;
    });
}

#[test]
fn nothing_but_counts_is_measured_until_somebody_looks() {
    if !in_its_own_process("measured::nothing_but_counts_is_measured_until_somebody_looks") {
        return;
    }
    System::new().block_on(async {
        let (registry, studio) = (ActorRegistry::new(), Studio::default());
        let bridge = studio.looks_at(&registry);
        let clerk = clerk(&registry, "Quiet", "quiet", &Truth::default());
        for n in 0..10 {
            let _answer = clerk.send(Ask(n)).await.unwrap();
        }
        until("the counts", || studio.of_type("Quiet", "Ask").handled == 10).await;
        let ask = studio.of_type("Quiet", "Ask");
        assert_eq!((ask.asked, ask.errors), (10, 4));
        assert_eq!((ask.wait, ask.handle, level()), (None, None, Level::Counters));
        assert!(studio.reported(|reported| reported.of_actors.is_empty() && reported.edges.is_empty()));

        studio.reported(|reported| {
            reported.attention = Some(Attention {
                detail: Detail::Traffic,
                actors: vec!["quiet".into()],
            });
        });
        until("it is looked at", || level() == Level::Traffic).await;
        let _answer = clerk.send(Ask(1)).await.unwrap();
        until("the actor's own", || studio.of_actor("quiet", "Ask").handled == 1).await;
        until("the type's", || studio.of_type("Quiet", "Ask").handled == 11).await;
        assert_eq!(studio.of_type("Quiet", "Ask").wait.unwrap().count(), 1);
        assert_eq!(studio.edge(None, "quiet", "Ask"), 1);

        // The bridge through which somebody looked is closed.
        bridge.close().await;
        assert_eq!(level(), Level::Counters);
    });
}
