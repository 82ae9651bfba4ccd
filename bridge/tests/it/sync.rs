//! Actors on threads of their own are seen as any other.

use std::sync::mpsc;

use actix::Actor;
use actix::prelude::{Handler, MailboxError, Message};
use loom_bridge::protocol::{OrderKind, OrderOutcome};
use loom_bridge::{ActorRegistry, ActorSpec, SyncArbiter, SyncContext};

use crate::common::{Studio, Tally, measured_closely, record, status, until};
use crate::studio::Board;

struct Store {
    seen: Tally,
}

#[loom_bridge::actor]
impl Actor for Store {
    type Context = SyncContext<Self>;
}

#[derive(Message)]
#[rtype(result = "Result<u64, String>")]
struct Read(u64);

impl Handler<Read> for Store {
    type Result = Result<u64, String>;

    fn handle(&mut self, read: Read, ctx: &mut Self::Context) -> Self::Result {
        self.seen.add();
        match read.0 {
            7 => panic!("the page is torn"),
            8 => {
                actix::ActorContext::stop(ctx);
                Ok(8)
            }
            n if n % 2 == 1 => Err("odd".to_owned()),
            n => Ok(n),
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Hold(mpsc::Sender<()>, mpsc::Receiver<()>);

impl Handler<Hold> for Store {
    type Result = ();

    fn handle(&mut self, hold: Hold, ctx: &mut Self::Context) {
        self.seen.add();
        ctx.set_metadata("holds", true);
        hold.0.send(()).unwrap();
        hold.1.recv().unwrap();
    }
}

fn start(registry: &ActorRegistry, threads: usize) -> (actix::Addr<Store>, Tally) {
    measured_closely();
    let seen = Tally::default();
    let tally = seen.clone();
    let spec = ActorSpec::of::<Store>().id("store").registry(registry);
    let builders = || std::thread::Builder::new().name("store".into());
    let store = SyncArbiter::spawn(spec, threads, builders, move || Store { seen: tally.clone() });
    (store, seen)
}

fn counted(registry: &ActorRegistry) -> (u64, u64, u64) {
    let mut sums = (0, 0, 0);
    for record in registry.get_all() {
        let work = record.work.unwrap_or_default();
        sums.0 += record.message_count.unwrap();
        sums.1 += record.error_count.unwrap();
        sums.2 += work.handled;
    }
    sums
}

#[actix::test]
async fn their_messages_errors_and_times_are_counted() {
    let registry = ActorRegistry::new();
    let studio = Studio::default();
    let bridge = studio.looks_at(&registry);
    let (store, seen) = start(&registry, 3);
    let answers = futures_util::future::join_all((100..1_100).map(|n| store.send(Read(n)))).await;
    assert_eq!(
        answers
            .iter()
            .filter(|answer| matches!(answer, Ok(Err(_))))
            .count(),
        500
    );
    assert_eq!(seen.get(), 1_000);
    assert_eq!(counted(&registry), (1_000, 500, 1_000));
    let first = record(&registry, "store-1");
    assert_eq!(
        (first.kind.as_str(), first.worker_id.as_deref()),
        ("Store", Some("store"))
    );
    assert_eq!(registry.len(), 3);
    // By type of message, too, each thread's actor for itself.
    let sums = || {
        let rows = (1..=3).map(|n| studio.of_actor(&format!("store-{n}"), "Read"));
        rows.fold((0, 0, 0, 0), |sums, row| {
            let times = row.wait.map_or(0, |times| times.count());
            (
                sums.0 + row.handled,
                sums.1 + row.asked,
                sums.2 + row.errors,
                sums.3 + times,
            )
        })
    };
    until("the rows", || sums() == (1_000, 1_000, 500, 1_000)).await;
    let edges = || {
        (1..=3)
            .map(|n| studio.edge(None, &format!("store-{n}"), "Read"))
            .sum::<u64>()
    };
    until("the edges", || edges() == 1_000).await;
    bridge.close().await;
}

#[actix::test]
async fn one_that_works_is_active_and_one_that_waits_for_hours_stays() {
    let registry = ActorRegistry::new();
    let (store, _seen) = start(&registry, 2);
    until("both threads", || {
        status(&registry, "store-2") == "idle" && status(&registry, "store-1") == "idle"
    })
    .await;
    let ((entered, is_in), (let_out, leave)) = (mpsc::channel(), mpsc::channel());
    store.do_send(Hold(entered, leave));
    // Not by blocking: what carries messages to the threads runs on this one.
    until("the order", || is_in.try_recv().is_ok()).await;
    let holds = |id: &str| record(&registry, id).metadata.is_some();
    let (busy, idle) = if holds("store-1") {
        ("store-1", "store-2")
    } else {
        ("store-2", "store-1")
    };
    assert_eq!(
        (status(&registry, busy).as_str(), status(&registry, idle).as_str()),
        ("active", "idle")
    );
    assert_eq!(
        registry.remove_silent(std::time::Duration::ZERO),
        0,
        "they are alive as long as they run"
    );
    let_out.send(()).unwrap();
}

#[actix::test]
async fn a_panic_ends_one_of_them_with_its_text_and_the_others_go_on() {
    let registry = ActorRegistry::new();
    let (store, seen) = start(&registry, 2);
    assert_eq!(store.send(Read(7)).await, Err(MailboxError::Closed));
    let failed = || {
        registry
            .get_all()
            .into_iter()
            .find(|record| record.status.as_ref().unwrap().as_str() == "failed")
    };
    until("the failure", || failed().is_some()).await;
    assert_eq!(failed().unwrap().metadata.unwrap()["panic"], "the page is torn");
    assert_eq!(store.send(Read(2)).await, Ok(Ok(2)));
    assert_eq!(counted(&registry), (seen.get(), 1, 1));
    // The last one too: who asks is not left waiting.
    assert_eq!(store.send(Read(7)).await, Err(MailboxError::Closed));
    until("nobody is left", || {
        registry
            .get_all()
            .iter()
            .all(|record| record.status.as_ref().unwrap().as_str() == "failed")
    })
    .await;
    assert_eq!(store.send(Read(2)).await, Err(MailboxError::Closed));
}

#[actix::test]
async fn what_is_ordered_of_one_is_refused_with_the_reason() {
    let board = Board::new();
    let (_store, _seen) = start(&board.registry, 1);
    until("it to be told of", || !board.known().actors.is_empty()).await;
    let answer = board.ordered("store-1", OrderKind::Pause).await;
    assert_eq!(answer.outcome, OrderOutcome::Refused);
    let problem = answer.problem.unwrap();
    assert!(
        problem.contains("an actor of a `SyncArbiter` takes no orders"),
        "{problem}"
    );
}

#[actix::test]
async fn one_that_stops_is_started_again_and_all_end_with_the_last_address() {
    let registry = ActorRegistry::new();
    let (store, _seen) = start(&registry, 1);
    assert_eq!(store.send(Read(8)).await, Ok(Ok(8)));
    assert_eq!(store.send(Read(2)).await, Ok(Ok(2)));
    let again = record(&registry, "store-1");
    assert_eq!((again.restart_count, again.message_count), (Some(1), Some(2)));
    drop(store);
    until("the end", || status(&registry, "store-1") == "stopped").await;
}
