//! A panicked child comes back by its policy. Time is paused: the pauses are exact and cost nothing.

use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{
    ActorRegistry, Context, CurrentChild, Keeper, KeeperNews, RestartPolicy, StopKeeping, spawn,
};

use crate::common::{Tally, record, spec, status, until};

#[derive(Message)]
#[rtype(result = "()")]
struct Boom;

#[derive(Message)]
#[rtype(result = "()")]
struct Quit;

struct Child {
    seen: Tally,
}

impl Actor for Child {
    type Context = Context<Self>;
}

impl Handler<Boom> for Child {
    type Result = ();

    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        self.seen.add();
        panic!("boom on purpose");
    }
}

impl Handler<Quit> for Child {
    type Result = ();

    fn handle(&mut self, _: Quit, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

#[derive(Default)]
struct Listener {
    news: Vec<(KeeperNews, tokio::time::Duration)>,
    since: Option<tokio::time::Instant>,
}

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<KeeperNews> for Listener {
    type Result = ();

    fn handle(&mut self, news: KeeperNews, _: &mut Self::Context) {
        let now = tokio::time::Instant::now();
        let since = self.since.replace(now).unwrap_or(now);
        self.news.push((news, now - since));
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct StartTheClock;

impl Handler<StartTheClock> for Listener {
    type Result = ();

    fn handle(&mut self, _: StartTheClock, _: &mut Self::Context) {
        self.since = Some(tokio::time::Instant::now());
    }
}

#[derive(Message)]
#[rtype(result = "Vec<(KeeperNews, Duration)>")]
struct Heard;

impl Handler<Heard> for Listener {
    type Result = Vec<(KeeperNews, Duration)>;

    fn handle(&mut self, _: Heard, _: &mut Self::Context) -> Self::Result {
        self.news.clone()
    }
}

fn policy() -> RestartPolicy {
    RestartPolicy {
        initial: Duration::from_secs(10),
        factor: 3.0,
        max: Duration::from_secs(60),
        budget: 3,
        window: Duration::from_secs(3_600),
    }
}

async fn child_of(keeper: &Addr<Keeper<Child>>) -> Addr<Child> {
    loop {
        if let Some(child) = keeper.send(CurrentChild::new()).await.unwrap() {
            return child;
        }
        // Lets the paused clock move to the next timer.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[actix::test]
async fn a_child_that_keeps_panicking_comes_back_slower_each_time_and_then_stays_dead() {
    tokio::time::pause();
    let registry = ActorRegistry::new();
    let listener = spawn(spec(&registry, "listener"), |_| Listener::default());
    listener.send(StartTheClock).await.unwrap();
    let seen = Tally::default();
    let tally = seen.clone();
    let keeper = Keeper::new(spec(&registry, "child"), policy(), move |_| Child {
        seen: tally.clone(),
    })
    .tell(listener.clone().recipient())
    .start();
    for _ in 0..4 {
        assert!(child_of(&keeper).await.send(Boom).await.is_err());
    }
    until("the keeper to give up", || !keeper.connected()).await;

    let heard = listener.send(Heard).await.unwrap();
    let pauses: Vec<_> = heard.iter().map(|(_, pause)| pause.as_secs()).collect();
    assert_eq!(pauses, [10, 30, 60, 0]);
    let panic = "boom on purpose".to_owned();
    let restarted = KeeperNews::Restarted {
        id: "child".into(),
        panic: panic.clone(),
    };
    let gave_up = KeeperNews::GaveUp {
        id: "child".into(),
        panic,
    };
    let expected = [restarted.clone(), restarted.clone(), restarted, gave_up];
    assert_eq!(
        heard.into_iter().map(|(news, _)| news).collect::<Vec<_>>(),
        expected
    );

    let last = record(&registry, "child");
    assert_eq!(last.restart_count, Some(3));
    assert_eq!(
        (last.message_count, last.error_count),
        (Some(seen.get()), Some(4))
    );
    assert_eq!(last.status.unwrap().as_str(), "failed");
    assert_eq!(last.parent_id, Some("child-keeper".into()));
}

#[actix::test]
async fn a_child_that_stops_is_left_in_peace_and_its_keeper_stops_too() {
    let registry = ActorRegistry::new();
    let listener = spawn(spec(&registry, "listener"), |_| Listener::default());
    let keeper = Keeper::new(spec(&registry, "child"), policy(), |_| Child {
        seen: Tally::default(),
    })
    .tell(listener.clone().recipient())
    .start();
    child_of(&keeper).await.send(Quit).await.unwrap();
    until("the keeper to stop", || !keeper.connected()).await;
    let heard = listener.send(Heard).await.unwrap();
    assert_eq!(heard[0].0, KeeperNews::Stopped { id: "child".into() });
    assert_eq!(status(&registry, "child"), "stopped");
}

#[actix::test]
async fn a_factory_that_panics_counts_as_a_panic_of_the_child() {
    tokio::time::pause();
    let registry = ActorRegistry::new();
    let listener = spawn(spec(&registry, "listener"), |_| Listener::default());
    let tries = Tally::default();
    let tally = tries.clone();
    let keeper = Keeper::<Child>::new(spec(&registry, "child"), policy(), move |_| {
        tally.add();
        panic!("no such file")
    })
    .tell(listener.clone().recipient())
    .start();
    while keeper.connected() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(tries.get(), 4);
    let heard = listener.send(Heard).await.unwrap();
    let gave_up = KeeperNews::GaveUp {
        id: "child".into(),
        panic: "no such file".into(),
    };
    assert_eq!(
        heard.into_iter().map(|(news, _)| news).collect::<Vec<_>>(),
        [gave_up]
    );
}

#[actix::test]
async fn a_child_on_another_arbiter_comes_back_there() {
    let registry = ActorRegistry::new();
    let arbiter = Arbiter::new();
    let quick = RestartPolicy {
        initial: Duration::ZERO,
        ..policy()
    };
    let keeper = Keeper::new(spec(&registry, "far"), quick, |_| Child {
        seen: Tally::default(),
    })
    .in_arbiter(arbiter.handle())
    .start();
    let first = child_of(&keeper).await;
    assert!(first.send(Boom).await.is_err());
    until("the second life", || {
        record(&registry, "far").restart_count == Some(1)
    })
    .await;
    let second = child_of(&keeper).await;
    assert!(second.send(Boom).await.is_err());
    until("the third life", || {
        record(&registry, "far").restart_count == Some(2)
    })
    .await;
    let far = record(&registry, "far").worker_id;
    assert_ne!(far, record(&registry, "far-keeper").worker_id);
    arbiter.stop();
}

#[actix::test]
async fn a_keeper_that_is_forgotten_or_told_to_stop_lets_its_child_end() {
    let registry = ActorRegistry::new();
    let keep = |id: &str| {
        Keeper::new(spec(&registry, id), policy(), |_| Child {
            seen: Tally::default(),
        })
        .start()
    };
    let (forgotten, asked) = (keep("forgotten"), keep("told"));
    child_of(&forgotten).await;
    child_of(&asked).await;
    drop(forgotten);
    asked.send(StopKeeping).await.unwrap();
    for id in ["forgotten", "told"] {
        until("the child to end", || status(&registry, id) == "stopped").await;
    }
}
