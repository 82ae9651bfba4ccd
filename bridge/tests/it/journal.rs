//! What happens to an actor is in its journal, once, in order, whatever becomes of the actor and of the batches.

use std::time::Duration;

use actix::prelude::*;
use loom_bridge::{
    ActorRegistry, ActorSpec, Context, Keeper, Note, RestartPolicy, Retention, Supervisor, spawn, spawn_in,
};
use serde_json::json;

use crate::common::{spec, until};
use crate::studio::{Board, Fault};

#[derive(Message, Clone)]
#[rtype(result = "Result<u32, String>")]
enum Do {
    Nothing,
    Panic,
    Fail,
    Stop,
    /// Holds its thread for so many milliseconds.
    Block(u64),
    Note(String),
}

#[derive(Message)]
#[rtype(result = "Result<(), String>")]
struct FailLater;

#[derive(Message)]
#[rtype(result = "()")]
struct PassOn(Addr<Worker>);

#[derive(Default)]
struct Worker;

#[loom_bridge::actor]
impl Actor for Worker {
    type Context = Context<Self>;
}

impl Supervised for Worker {}

impl Handler<Do> for Worker {
    type Result = Result<u32, String>;

    fn handle(&mut self, what: Do, ctx: &mut Self::Context) -> Self::Result {
        match what {
            Do::Nothing => {}
            Do::Panic => panic!("boom on purpose"),
            Do::Fail => return Err("no".into()),
            Do::Stop => ctx.stop(),
            Do::Block(millis) => std::thread::sleep(Duration::from_millis(millis)),
            Do::Note(text) => ctx.note(text),
        }
        Ok(1)
    }
}

impl Handler<FailLater> for Worker {
    type Result = ResponseFuture<Result<(), String>>;

    fn handle(&mut self, _: FailLater, _: &mut Self::Context) -> Self::Result {
        Box::pin(async {
            tokio::task::yield_now().await;
            Err("later".into())
        })
    }
}

impl Handler<PassOn> for Worker {
    type Result = ();

    fn handle(&mut self, PassOn(to): PassOn, ctx: &mut Self::Context) {
        ctx.note("passes on");
        to.do_send(Do::Panic);
    }
}

#[actix::test]
async fn a_life_has_its_beginning_and_its_end() {
    let board = Board::new();
    let worker = spawn(spec(&board.registry, "a"), |_| Worker);
    worker.send(Do::Nothing).await.unwrap().unwrap();
    drop(worker);
    board.wait_for("a", "stopped", 1).await;
    assert_eq!(board.kinds("a"), ["started", "stopped"]);
    let started = &board.lines("a", "started")[0];
    assert!(started.time.is_some() && started.correlation_id.is_none());
}

#[actix::test]
async fn a_panic_says_what_was_handled_and_belongs_to_the_chain_that_led_to_it() {
    let board = Board::new();
    let first = spawn(spec(&board.registry, "first"), |_| Worker);
    let second = spawn(spec(&board.registry, "second"), |_| Worker);
    first.send(PassOn(second)).await.unwrap();
    let panicked = board.wait_for("second", "panicked", 1).await.remove(0);
    assert_eq!(panicked.message, "boom on purpose");
    assert_eq!(panicked.data.unwrap()["handling"], "Do");
    let noted = board.wait_for("first", "note", 1).await.remove(0);
    assert!(noted.correlation_id.is_some());
    assert_eq!(noted.correlation_id, panicked.correlation_id);
    assert_eq!(board.kinds("second"), ["started", "panicked"]);
}

/// Panics outside of a handler, after a message was handled well.
struct Timed;

#[loom_bridge::actor]
impl Actor for Timed {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_later(Duration::from_millis(1), |_, _| panic!("of a timer"));
    }
}

#[actix::test]
async fn a_panic_outside_of_handlers_is_laid_to_no_message() {
    let board = Board::new();
    let worker = spawn(spec(&board.registry, "worker"), |_| Worker);
    assert!(worker.send(Do::Panic).await.is_err());
    let _timed = spawn(spec(&board.registry, "timed"), |_| Timed);
    let panicked = board.wait_for("timed", "panicked", 1).await.remove(0);
    assert_eq!((panicked.message.as_str(), panicked.data), ("of a timer", None));
}

#[actix::test]
async fn a_keeper_says_how_long_it_paused_and_when_it_gives_up() {
    let board = Board::new();
    let policy = RestartPolicy {
        initial: Duration::from_millis(2),
        factor: 1.0,
        max: Duration::from_millis(2),
        budget: 2,
        window: Duration::from_secs(3_600),
    };
    let keeper = Keeper::new(
        spec(&board.registry, "child"),
        policy,
        |ctx: &mut Context<Worker>| {
            ctx.notify(Do::Panic);
            Worker
        },
    )
    .start();
    let gave_up = board.wait_for("child", "gaveUp", 1).await.remove(0);
    assert_eq!(
        board.kinds("child"),
        [
            "started",
            "panicked",
            "restarted",
            "started",
            "panicked",
            "restarted",
            "started",
            "panicked",
            "gaveUp"
        ]
    );
    let restarted = board.lines("child", "restarted").remove(0).data.unwrap();
    let expected = json!({"panic": "boom on purpose", "restarts": 1, "budget": 2, "windowMs": 3_600_000.0, "pauseMs": 2.0});
    assert_eq!(json!(restarted), expected);
    let expected = json!({"panic": "boom on purpose", "restarts": 2, "budget": 2, "windowMs": 3_600_000.0});
    assert_eq!(json!(gave_up.data), expected);
    // Crashed, and still there to be looked at.
    let child = board.known().actors[&"child".into()].clone();
    assert_eq!(child.status.unwrap().as_str(), "failed");
    drop(keeper);
}

#[actix::test]
async fn a_supervisor_starts_again_in_place_and_says_so() {
    let board = Board::new();
    let worker = Supervisor::spawn(spec(&board.registry, "a"), |_| Worker);
    worker.send(Do::Stop).await.unwrap().unwrap();
    worker.send(Do::Nothing).await.unwrap().unwrap();
    board.wait_for("a", "restarted", 1).await;
    drop(worker);
    board.wait_for("a", "stopped", 1).await;
    assert_eq!(board.kinds("a"), ["started", "restarted", "stopped"]);
}

#[actix::test]
async fn a_message_that_holds_its_thread_is_named() {
    let board = Board::new();
    let worker = spawn(spec(&board.registry, "a"), |_| Worker);
    worker.send(Do::Nothing).await.unwrap().unwrap();
    worker.send(Do::Block(110)).await.unwrap().unwrap();
    let slow = board.wait_for("a", "slowMessage", 1).await;
    assert_eq!(slow.len(), 1);
    let data = slow[0].data.clone().unwrap();
    assert_eq!(data["message"], "Do");
    assert!(data["handleMs"].as_f64().unwrap() >= 110.0);
    assert!(slow[0].correlation_id.is_some());
}

#[actix::test]
async fn what_waits_when_an_actor_ends_is_told_once_by_type() {
    let board = Board::new();
    let worker = spawn(spec(&board.registry, "a"), |_| Worker);
    let other = worker.clone();
    worker.do_send(Do::Panic);
    for _ in 0..3 {
        worker.do_send(Do::Nothing);
    }
    worker.do_send(PassOn(other));
    let letters = board.wait_for("a", "deadLetter", 1).await.remove(0);
    let expected = json!({"count": 4, "messages": {"Do": 3, "PassOn": 1}});
    assert_eq!(json!(letters.data), expected);
    board.wait_for("a", "panicked", 1).await;
    assert_eq!(board.kinds("a"), ["started", "deadLetter", "panicked"]);
}

#[actix::test]
async fn an_ask_that_was_given_up_is_no_dead_letter() {
    let board = Board::new();
    let worker = spawn(spec(&board.registry, "a"), |_| Worker);
    drop(worker.send(Do::Nothing));
    worker.send(Do::Stop).await.unwrap().unwrap();
    board.wait_for("a", "stopped", 1).await;
    assert_eq!(board.kinds("a"), ["started", "stopped"]);
}

#[actix::test]
async fn error_answers_are_told_however_they_come_and_no_flood_of_them() {
    let board = Board::new();
    let worker = spawn(spec(&board.registry, "a"), |_| Worker);
    worker.send(FailLater).await.unwrap().unwrap_err();
    let later = board.wait_for("a", "error", 1).await.remove(0);
    assert_eq!(later.data.unwrap()["message"], "FailLater");
    assert!(later.correlation_id.is_some());

    let flooded = spawn(spec(&board.registry, "b"), |_| Worker);
    for _ in 0..1_000 {
        flooded.send(Do::Fail).await.unwrap().unwrap_err();
    }
    // Nothing is lost without a count: lines, and what was left out of them.
    until("a count of all errors", || {
        board.lines("b", "error").len() as u64 + board.known().dropped == 1_000
    })
    .await;
    assert!(board.known().dropped > 900, "{}", board.known().dropped);
}

#[actix::test]
async fn notes_are_of_the_actor_that_runs_and_carry_data() {
    let board = Board::new();
    loom_bridge::note("of nobody");
    let noting = spawn(spec(&board.registry, "a"), |ctx| {
        ctx.note(Note::new("is made").with("parts", 3));
        Worker
    });
    noting
        .send(Do::Note("by its context".into()))
        .await
        .unwrap()
        .unwrap();
    struct Deep;
    impl Actor for Deep {
        type Context = Context<Self>;

        fn started(&mut self, _: &mut Self::Context) {
            loom_bridge::note(format!("from {}", "afar"));
            loom_bridge::note_error("it went wrong");
        }
    }
    let _deep = spawn(spec(&board.registry, "deep"), |_| Deep);
    let handle = board.registry.register(ActorSpec::new("Thread").id("thread"));
    handle.note("by hand");
    for error in 0..10 {
        handle.error(format!("not yet full: {error}"));
    }
    handle.fail("disk full");

    let notes = board.wait_for("a", "note", 2).await;
    assert_eq!(notes[0].message, "is made");
    assert_eq!(notes[0].data.clone().unwrap()["parts"], 3);
    assert_eq!(notes[1].message, "by its context");
    assert_eq!(board.wait_for("deep", "note", 1).await[0].message, "from afar");
    assert_eq!(
        board.wait_for("deep", "error", 1).await[0].message,
        "it went wrong"
    );
    assert_eq!(
        board.wait_for("thread", "failed", 1).await[0].message,
        "disk full",
        "no flood of errors keeps out why it failed"
    );
    let kinds = board.kinds("thread");
    assert_eq!(kinds.last().map(String::as_str), Some("failed"), "{kinds:?}");
    assert!(kinds.iter().filter(|kind| *kind == "error").count() < 10);
    assert!(
        !board
            .known()
            .events
            .iter()
            .any(|event| event.message == "of nobody")
    );
}

#[actix::test]
async fn an_actor_that_is_gone_before_anybody_looked_has_its_lines() {
    let retention = Retention {
        stopped: Duration::ZERO,
        failed: Duration::ZERO,
    };
    let board = Board::unconnected(
        ActorRegistry::with_retention(retention),
        Duration::from_millis(10),
    );
    for number in 0..50 {
        let worker = spawn(spec(&board.registry, &format!("a{number}")), |_| Worker);
        assert!(worker.send(Do::Panic).await.is_err());
    }
    until("nobody to be left", || board.registry.is_empty()).await;
    board.connect();
    for number in 0..50 {
        let panicked = board.wait_for(&format!("a{number}"), "panicked", 1).await;
        assert_eq!(panicked.len(), 1);
    }
}

#[actix::test]
async fn a_batch_that_is_lost_or_refused_and_a_resync_lose_and_repeat_no_line() {
    let board = Board::new();
    let worker = spawn(spec(&board.registry, "a"), |_| Worker);
    let mut noted = 0_usize;
    for fault in [Fault::AnswerLost, Fault::Refused, Fault::Resync] {
        board.script([fault]);
        for _ in 0..5 {
            noted += 1;
            worker.send(Do::Note(noted.to_string())).await.unwrap().unwrap();
        }
        board.played().await;
        board.wait_for("a", "note", noted).await;
        board.caught_up().await;
    }
    let notes: Vec<_> = board
        .lines("a", "note")
        .into_iter()
        .map(|line| line.message)
        .collect();
    let expected: Vec<_> = (1..=noted).map(|number| number.to_string()).collect();
    assert_eq!(notes, expected);
    assert_eq!(board.known().dropped, 0);
}

#[actix::test]
async fn lines_that_are_refused_twice_are_given_up_and_counted() {
    let board = Board::unconnected(ActorRegistry::new(), Duration::from_millis(10));
    let worker = spawn(spec(&board.registry, "a"), |_| Worker);
    worker.send(Do::Note("poison".into())).await.unwrap().unwrap();
    board.script([Fault::Refused, Fault::Refused]);
    board.connect();
    board.played().await;
    worker.send(Do::Note("after".into())).await.unwrap().unwrap();
    let notes = board.wait_for("a", "note", 1).await;
    assert_eq!(notes[0].message, "after");
    // `started` and the note went with it.
    until("the count", || board.known().dropped == 2).await;
    assert_eq!(board.known().actors.len(), 1, "the actor is told of all the same");
}

#[actix::test]
async fn actors_of_several_arbiters_have_their_lines_in_order() {
    let board = Board::new();
    let arbiters: Vec<_> = (0..3).map(|_| Arbiter::new()).collect();
    let workers: Vec<_> = (0..12)
        .map(|number| {
            let spec = spec(&board.registry, &format!("a{number}"));
            spawn_in(&arbiters[number % 3].handle(), spec, |_| Worker)
        })
        .collect();
    for number in 0..40 {
        for worker in &workers {
            worker.do_send(Do::Note(number.to_string()));
        }
    }
    for worker in &workers {
        worker.do_send(Do::Panic);
    }
    for number in 0..12 {
        let id = format!("a{number}");
        board.wait_for(&id, "panicked", 1).await;
        let notes: Vec<_> = board
            .lines(&id, "note")
            .into_iter()
            .map(|line| line.message)
            .collect();
        assert_eq!(notes, (0..40).map(|note| note.to_string()).collect::<Vec<_>>());
    }
    for arbiter in arbiters {
        arbiter.stop();
    }
}

#[actix::test]
async fn plumbing_is_marked_and_work_is_not() {
    let board = Board::new();
    let _own = spawn(spec(&board.registry, "own"), |_| Worker);
    let _plumbing = spawn(spec(&board.registry, "plumbing").system(), |_| Worker);
    let _keeper = Keeper::new(spec(&board.registry, "kept"), RestartPolicy::default(), |_| {
        Worker
    })
    .start();
    let system = |id: &str| {
        let known = board.known();
        known.actors.get(&id.into()).map(|actor| actor.system)
    };
    until("all to be told of", || {
        system("kept").is_some() && system("kept-keeper").is_some()
    })
    .await;
    assert_eq!([system("own"), system("kept")], [Some(None); 2]);
    assert_eq!([system("plumbing"), system("kept-keeper")], [Some(Some(true)); 2]);
}
