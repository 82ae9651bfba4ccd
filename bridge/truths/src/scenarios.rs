//! What workers do, and what a studio has to have heard of it.

use std::time::Instant;

use loom_bridge::protocol::{ActorStatus, Attention, Detail, EventKind, Histogram, MessageTotals};
use loom_bridge::{ActorRegistry, Cause, DiscoveryBridge, Level, level};

use crate::studio::{Studio, measured_closely, record, until};
use crate::system::{ActorSystem, Gate, Start, Truth, Wish};

pub use crate::random::random_work_is_counted_as_it_was_done;

/// A registry that a studio hears of.
pub(crate) struct Scene {
    pub(crate) studio: Studio,
    pub(crate) bridge: DiscoveryBridge,
    pub(crate) registry: ActorRegistry,
}

pub(crate) const KIND: &str = "Worker";

impl Scene {
    pub(crate) fn new() -> Self {
        let (studio, registry) = (Studio::default(), ActorRegistry::new());
        let bridge = studio.looks_at(&registry);
        Self {
            studio,
            bridge,
            registry,
        }
    }

    pub(crate) fn worker(&self, id: &str) -> Start {
        Start {
            registry: self.registry.clone(),
            kind: KIND,
            id: id.to_owned(),
            truth: Truth::default(),
        }
    }

    async fn line(&self, id: &str, kind: EventKind) -> loom_bridge::protocol::ActorEvent {
        until(&format!("`{}` in the journal of {id}", kind.as_str()), || {
            !self.studio.lines(id, &kind).is_empty()
        })
        .await;
        self.studio.lines(id, &kind).remove(0)
    }
}

fn times(times: Option<&Histogram>) -> u64 {
    times.map_or(0, Histogram::count)
}

pub fn every_message_is_counted_by_type_actor_and_sender<S: ActorSystem>() {
    measured_closely();
    S::run(async {
        let scene = Scene::new();
        let (first, second) = (scene.worker("first"), scene.worker("second"));
        let (one, other) = (S::start(first.clone()), S::start(second.clone()));
        for n in 0..300 {
            S::tell(&one).await;
            if n % 10 == 0 {
                let expected = if n % 3 == 0 { Err(()) } else { Ok(n) };
                assert_eq!(S::ask(&other, n).await, Some(expected));
            }
        }
        S::wish(&one, Wish::Send(other.clone(), 40)).await;
        S::wish(&other, Wish::Send(other.clone(), 5)).await;
        until("the tells", || {
            first.truth.tells() == 300 && second.truth.tells() == 45
        })
        .await;
        let of_type = |message: &str| scene.studio.of_type(KIND, message);
        until("all of it", || {
            of_type("Tell").handled == 345 && of_type("Ask").handled == 30 && of_type("Wish").handled == 2
        })
        .await;
        let (tell, ask) = (of_type("Tell"), of_type("Ask"));
        assert_eq!((tell.asked, tell.errors, tell.dead, tell.cancelled), (0, 0, 0, 0));
        assert_eq!((ask.asked, ask.errors), (30, second.truth.errors()));
        assert_eq!(ask.errors, 10);
        let of = |id: &str, message: &str| scene.studio.of_actor(id, message);
        until("what is of each", || {
            of("first", "Tell").handled == 300
                && of("second", "Tell").handled == 45
                && times(of("second", "Ask").handle.as_ref()) == 30
                && scene.studio.edge(Some("first"), "second", "Tell") == 40
                && scene.studio.edge(Some("second"), "second", "Tell") == 5
                && scene.studio.edge(None, "first", "Tell") == 300
                && scene.studio.edge(None, "second", "Ask") == 30
                && scene.studio.reported(|reported| reported.edges.len()) == 6
        })
        .await;
        let ask = of("second", "Ask");
        assert_eq!((ask.handled, ask.asked, ask.errors), (30, 30, 10));
        assert_eq!(times(ask.wait.as_ref()), 30);
        let edges = scene.studio.reported(|reported| reported.edges.len());
        assert_eq!(
            edges, 6,
            "the wishes come from outside too, and there is no other"
        );
        for start in [&first, &second] {
            let record = record(&scene.registry, &start.id);
            assert_eq!(record.message_count, Some(start.truth.messages()), "{}", start.id);
            assert_eq!(record.error_count, Some(start.truth.errors()), "{}", start.id);
            assert_eq!(record.kind, KIND);
        }
        scene.bridge.close().await;
    });
}

pub fn a_queue_is_as_long_as_what_waits_while_the_actor_is_held<S: ActorSystem>() {
    S::run(async {
        let scene = Scene::new();
        let start = scene.worker("held");
        let worker = S::start(start.clone());
        let gate = Gate::default();
        S::hold(&worker, gate.clone()).await;
        gate.entered().await;
        until("it waits in its message", || {
            crate::status(&scene.registry, "held") == ActorStatus::Waiting.as_str()
        })
        .await;
        for waiting in 1..=7 {
            S::tell(&worker).await;
            if S::SEES_QUEUES {
                let depth = record(&scene.registry, "held").queue_depth;
                assert_eq!(depth, Some(waiting));
            }
        }
        let now = record(&scene.registry, "held");
        assert_eq!(now.message_count, Some(1), "the others were not taken");
        gate.open();
        until("the queue is empty", || start.truth.tells() == 7).await;
        until("it rests", || {
            let now = record(&scene.registry, "held");
            let depth = if S::SEES_QUEUES { Some(0) } else { now.queue_depth };
            now.message_count == Some(8) && now.queue_depth == depth
        })
        .await;
        scene.bridge.close().await;
    });
}

pub fn a_wait_lasts_from_the_sending_to_the_taking<S: ActorSystem>() {
    measured_closely();
    S::run(async {
        let scene = Scene::new();
        let start = scene.worker("slow");
        let worker = S::start(start.clone());
        let gate = Gate::default();
        S::hold(&worker, gate.clone()).await;
        gate.entered().await;
        let before = Instant::now();
        S::tell(&worker).await;
        let sent = Instant::now();
        // Time passes while it waits, however long that is.
        while sent.elapsed().as_micros() < 20_000 {
            tokio::task::yield_now().await;
        }
        let least = sent.elapsed();
        gate.open();
        until("it is taken", || start.truth.tells() == 1).await;
        let most = before.elapsed();
        until("that is told", || {
            let (tell, hold) = (
                scene.studio.of_actor("slow", "Tell"),
                scene.studio.of_actor("slow", "Hold"),
            );
            times(tell.wait.as_ref()) == 1
                && times(hold.handle.as_ref()) == 1
                && tell.wait == scene.studio.of_type(KIND, "Tell").wait
        })
        .await;
        let (least, most) = (
            u64::try_from(least.as_micros()).unwrap(),
            u64::try_from(most.as_micros()).unwrap(),
        );
        let tell = scene.studio.of_actor("slow", "Tell");
        let wait = tell.wait.unwrap();
        // Clocks differ in the last digits.
        assert!(
            wait.sum_us + 1_000 >= least && wait.sum_us <= most + 1_000,
            "{least} <= {wait:?} <= {most}"
        );
        let work = record(&scene.registry, "slow").work.unwrap();
        assert_eq!((work.queued, work.handled), (2, 2));
        scene.bridge.close().await;
    });
}

pub fn answers_that_come_later_count_when_they_come<S: ActorSystem>() {
    measured_closely();
    S::run(async {
        let scene = Scene::new();
        let start = scene.worker("later");
        let worker = S::start(start.clone());
        let gates: Vec<_> = (0..4).map(|_| Gate::default()).collect();
        let asks = gates.iter().enumerate().map(|(n, gate)| {
            let worker = worker.clone();
            let gate = gate.clone();
            async move { S::later(&worker, n as u64, Some(gate)).await }
        });
        let asks = join_all(asks);
        let rest = async {
            for gate in &gates {
                gate.entered().await;
            }
            // They hold up nothing.
            assert_eq!(S::ask(&worker, 1).await, Some(Ok(1)));
            let now = record(&scene.registry, "later");
            assert_eq!(now.message_count, Some(5));
            assert_eq!(now.error_count, Some(0));
            until("it waits for them", || {
                crate::status(&scene.registry, "later") == ActorStatus::Waiting.as_str()
            })
            .await;
            assert_eq!(times(scene.studio.of_actor("later", "Later").handle.as_ref()), 0);
            for gate in gates.iter().rev() {
                gate.open();
            }
        };
        let (answers, ()) = both(asks, rest).await;
        assert_eq!(answers, [Some(Err(())), Some(Ok(1)), Some(Ok(2)), Some(Err(()))]);
        assert_eq!(
            record(&scene.registry, "later").error_count,
            Some(2),
            "who has the answer sees the counts"
        );
        until("their times", || {
            times(scene.studio.of_actor("later", "Later").handle.as_ref()) == 4
        })
        .await;
        let later = scene.studio.of_actor("later", "Later");
        assert_eq!((later.handled, later.asked, later.errors), (4, 4, 2));
        assert_eq!(start.truth.errors(), 2);
        let line = scene.line("later", EventKind::Error).await;
        assert!(line.message.contains("`Later`"), "{}", line.message);
        scene.bridge.close().await;
    });
}

pub fn an_ask_that_was_given_up_is_not_handled<S: ActorSystem>() {
    measured_closely();
    S::run(async {
        let scene = Scene::new();
        let start = scene.worker("busy");
        let worker = S::start(start.clone());
        let gate = Gate::default();
        S::hold(&worker, gate.clone()).await;
        gate.entered().await;
        {
            let mut ask = std::pin::pin!(S::ask(&worker, 1));
            for _ in 0..20 {
                let polled =
                    std::future::poll_fn(|task| std::task::Poll::Ready(ask.as_mut().poll(task))).await;
                assert!(polled.is_pending());
                tokio::task::yield_now().await;
            }
        }
        gate.open();
        assert_eq!(S::ask(&worker, 2).await, Some(Ok(2)));
        let handled = if S::HANDLES_WHAT_WAS_GIVEN_UP { 2 } else { 1 };
        assert_eq!(start.truth.asks(), handled);
        let of = |ask: MessageTotals| (ask.handled, ask.cancelled, ask.dead);
        until("that is told", || {
            // The sums of a type and those of its actors are told one after the other.
            of(scene.studio.of_actor("busy", "Ask")) == (handled, 2 - handled, 0)
                && of(scene.studio.of_type(KIND, "Ask")) == (handled, 2 - handled, 0)
        })
        .await;
        scene.bridge.close().await;
    });
}

pub fn a_panic_is_told_with_its_message_and_what_waited<S: ActorSystem>() {
    measured_closely();
    S::run(async {
        let scene = Scene::new();
        let start = scene.worker("brittle");
        let worker = S::start(start.clone());
        S::tell(&worker).await;
        let gate = Gate::default();
        S::hold(&worker, gate.clone()).await;
        gate.entered().await;
        S::wish(&worker, Wish::Panic("boom on purpose")).await;
        for _ in 0..3 {
            S::tell(&worker).await;
        }
        gate.open();
        let line = scene.line("brittle", EventKind::Panicked).await;
        assert_eq!(line.message, "boom on purpose");
        let data = line.data.unwrap();
        assert_eq!(data["handling"], "Wish", "{data:?}");
        until("its end", || {
            crate::status(&scene.registry, "brittle") == "failed"
        })
        .await;
        let now = record(&scene.registry, "brittle");
        assert_eq!((now.message_count, now.error_count), (Some(3), Some(1)));
        assert_eq!(now.metadata.unwrap()["panic"], "boom on purpose");
        assert_eq!((start.truth.panics(), start.truth.tells()), (1, 1));
        until("its messages", || scene.studio.of_type(KIND, "Wish").errors == 1).await;
        if S::TELLS_DEAD_LETTERS {
            let line = scene.line("brittle", EventKind::DeadLetter).await;
            assert_eq!(line.data.unwrap()["messages"]["Tell"], 3);
        }
        until("the dead", || scene.studio.of_type(KIND, "Tell").dead == 3).await;
        assert_eq!(scene.studio.of_type(KIND, "Tell").handled, 1);
        assert_eq!(S::ask(&worker, 1).await, None);
        scene.bridge.close().await;
    });
}

pub fn a_stop_is_told_and_a_name_goes_on_with_its_counts<S: ActorSystem>() {
    S::run(async {
        let scene = Scene::new();
        let start = scene.worker("again");
        let first = S::start(start.clone());
        S::tell(&first).await;
        S::wish(&first, Wish::Stop).await;
        until("its end", || crate::status(&scene.registry, "again") == "stopped").await;
        let _started = scene.line("again", EventKind::Started).await;
        let _stopped = scene.line("again", EventKind::Stopped).await;
        let second = S::start(start.clone());
        assert_eq!(S::ask(&second, 1).await, Some(Ok(1)));
        let now = record(&scene.registry, "again");
        assert_eq!((now.message_count, now.restart_count), (Some(3), Some(1)));
        assert_eq!(now.error_count, Some(0));
        assert_eq!(scene.registry.len(), 1);
        until("both lives", || {
            scene.studio.lines("again", &EventKind::Started).len() == 2
        })
        .await;
        scene.bridge.close().await;
    });
}

pub fn who_starts_another_is_its_parent<S: ActorSystem>() {
    S::run(async {
        let scene = Scene::new();
        let above = scene.worker("above");
        let worker = S::start(above.clone());
        S::wish(&worker, Wish::Start(above.beside("below"))).await;
        until("the one below", || scene.registry.get(&"below".into()).is_some()).await;
        let parent = record(&scene.registry, "below").parent_id;
        assert_eq!(parent, Some("above".into()));
        assert_eq!(record(&scene.registry, "above").parent_id, None);
        scene.bridge.close().await;
    });
}

pub fn what_follows_from_a_message_is_of_its_chain<S: ActorSystem>() {
    S::run(async {
        let scene = Scene::new();
        let worker = S::start(scene.worker("noted"));
        let causes = [Cause::begin(), Cause::begin()];
        for (cause, note) in causes.iter().zip(["one", "two"]) {
            cause.carry(S::wish(&worker, Wish::Note(note))).await;
        }
        until("both notes", || {
            scene.studio.lines("noted", &EventKind::Note).len() == 2
        })
        .await;
        let lines = scene.studio.lines("noted", &EventKind::Note);
        for ((cause, note), line) in causes.iter().zip(["one", "two"]).zip(lines) {
            assert_eq!(line.message, note);
            assert_eq!(
                line.correlation_id,
                cause.trace_id().map(|id| id.to_string()),
                "{note}"
            );
        }
        scene.bridge.close().await;
    });
}

pub fn nothing_but_counts_is_measured_until_somebody_looks<S: ActorSystem>() {
    S::run(async {
        let scene = Scene::new();
        let worker = S::start(scene.worker("quiet"));
        for n in 0..10 {
            let _answer = S::ask(&worker, n).await;
        }
        until("the counts", || scene.studio.of_type(KIND, "Ask").handled == 10).await;
        let ask = scene.studio.of_type(KIND, "Ask");
        assert_eq!((ask.asked, ask.errors), (10, 4));
        assert_eq!((ask.wait, ask.handle, level()), (None, None, Level::Counters));
        assert!(
            scene
                .studio
                .reported(|reported| reported.of_actors.is_empty() && reported.edges.is_empty())
        );
        scene.studio.reported(|reported| {
            reported.attention = Some(Attention {
                detail: Detail::Traffic,
                actors: vec!["quiet".into()],
            });
        });
        until("it is looked at", || level() == Level::Traffic).await;
        let _answer = S::ask(&worker, 1).await;
        until("the actor's own", || {
            scene.studio.of_actor("quiet", "Ask").handled == 1 && scene.studio.edge(None, "quiet", "Ask") == 1
        })
        .await;
        until("the type's", || scene.studio.of_type(KIND, "Ask").handled == 11).await;
        assert_eq!(times(scene.studio.of_type(KIND, "Ask").wait.as_ref()), 1);
        scene.bridge.close().await;
        assert_eq!(level(), Level::Counters);
    });
}

async fn both<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> (A, B) {
    tokio::join!(one, other)
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|task| {
        for (future, output) in &mut waiting {
            if output.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(task)
            {
                *output = Some(value);
            }
        }
        match waiting.iter().all(|(_, output)| output.is_some()) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}
