//! What an application allows can be ordered of its actors, once, and everything that becomes of an order is told.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use actix::prelude::*;
use loom_bridge::protocol::{OrderAnswer, OrderId, OrderKind, OrderOutcome};
use loom_bridge::{
    ActorRegistry, Cause, Context, CurrentChild, Keeper, Ordered, RestartPolicy, Supervisor, spawn, spawn_in,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::common::{Tally, record, spec, status, until};
use crate::studio::{Board, Fault};

/// Adds to the count and answers the new one.
#[derive(Message, Deserialize)]
#[rtype(result = "u64")]
struct Add {
    by: u64,
}

/// Divides the count.
#[derive(Message, Deserialize)]
#[rtype(result = "Result<u64, String>")]
struct Divide {
    by: u64,
}

#[derive(Message, Deserialize)]
#[rtype(result = "()")]
struct Boom;

/// Takes no message until the gate is opened.
#[derive(Message)]
#[rtype(result = "()")]
struct Block(Barrier);

/// Blocks a thread until somebody opens it; says when somebody is blocked.
#[derive(Clone, Default)]
struct Barrier(Arc<(Mutex<(bool, bool)>, Condvar)>);

impl Barrier {
    fn hold(&self) {
        let (state, changed) = &*self.0;
        let mut held = state.lock().unwrap();
        held.0 = true;
        while !held.1 {
            held = changed.wait(held).unwrap();
        }
    }

    fn is_held(&self) -> bool {
        self.0.0.lock().unwrap().0
    }

    fn open(&self) {
        self.0.0.lock().unwrap().1 = true;
        self.0.1.notify_all();
    }
}

#[derive(Serialize, Default)]
struct Counter {
    count: u64,
    step: u64,
    #[serde(skip)]
    handled: Tally,
    #[serde(skip)]
    ticks: Tally,
    #[serde(skip)]
    stays: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    step: u64,
}

impl Counter {
    fn configure(&mut self, settings: Settings, ctx: &mut Context<Self>) -> Result<(), &'static str> {
        if settings.step == 0 {
            return Err("a step of zero counts nothing");
        }
        self.step = settings.step;
        ctx.note("has other settings");
        Ok(())
    }
}

#[loom_bridge::actor(controls(
    snapshot,
    pause,
    stop,
    kill,
    restart,
    message(Add, Divide, Boom),
    config(Self::configure)
))]
impl Actor for Counter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(Duration::from_millis(1), |counter, _| counter.ticks.add());
    }

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        match self.stays {
            true => Running::Continue,
            false => Running::Stop,
        }
    }
}

impl Supervised for Counter {}

impl Handler<Add> for Counter {
    type Result = u64;

    fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
        self.handled.add();
        self.count += add.by;
        self.count
    }
}

impl Handler<Divide> for Counter {
    type Result = Result<u64, String>;

    fn handle(&mut self, divide: Divide, _: &mut Self::Context) -> Self::Result {
        self.count
            .checked_div(divide.by)
            .ok_or_else(|| "by nothing".to_owned())
    }
}

impl Handler<Boom> for Counter {
    type Result = ();

    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom on purpose");
    }
}

impl Handler<Block> for Counter {
    type Result = ();

    fn handle(&mut self, Block(barrier): Block, _: &mut Self::Context) {
        barrier.hold();
    }
}

/// Waits for ever without blocking its thread; takes no other message meanwhile.
#[derive(Message)]
#[rtype(result = "()")]
struct WaitForEver;

impl Handler<WaitForEver> for Counter {
    type Result = ();

    fn handle(&mut self, _: WaitForEver, ctx: &mut Self::Context) {
        ctx.wait(std::future::pending::<()>().into_actor(self));
    }
}

fn outcome(answer: &OrderAnswer) -> (&OrderOutcome, &str) {
    (&answer.outcome, answer.problem.as_deref().unwrap_or_default())
}

fn counter(board: &Board) -> (Addr<Counter>, Tally, Tally) {
    let (handled, ticks) = (Tally::default(), Tally::default());
    let counter = Counter {
        handled: handled.clone(),
        ticks: ticks.clone(),
        ..Counter::default()
    };
    (spawn(spec(&board.registry, "c"), |_| counter), handled, ticks)
}

#[actix::test]
async fn what_may_be_ordered_is_in_the_record() {
    let board = Board::new();
    let (_counter, ..) = counter(&board);
    let controls = || {
        board
            .known()
            .actors
            .get(&"c".into())
            .and_then(|actor| actor.controls.clone())
    };
    until("the controls", || controls().is_some()).await;
    let expected = json!({
        "orders": ["snapshot", "pause", "resume", "step", "stop", "kill", "restart", "message", "config"],
        "messages": [{"type": "Add"}, {"type": "Divide"}, {"type": "Boom"}],
    });
    assert_eq!(json!(controls()), expected);
}

#[actix::test]
async fn a_snapshot_is_the_state_and_messages_are_answered_in_order() {
    let board = Board::new();
    let (_counter, ..) = counter(&board);
    let (first, second) = (
        board.message("c", "Add", json!({"by": 2})),
        board.message("c", "Add", json!({"by": 3})),
    );
    assert_eq!(board.answer(&first).await.value, Some(json!(2)));
    assert_eq!(board.answer(&second).await.value, Some(json!(5)));
    let snapshot = board.ordered("c", OrderKind::Snapshot).await;
    assert_eq!(snapshot.outcome, OrderOutcome::Done);
    assert_eq!(snapshot.value, Some(json!({"count": 5, "step": 0})));

    let orders = board.wait_for("c", "order", 3).await;
    assert_eq!(orders[0].message, "ana ordered: message `Add`");
    let expected = json!({"id": "o1", "order": "message", "message": "Add", "by": "ana"});
    assert_eq!(json!(orders[0].data), expected);
    assert_eq!(orders[2].message, "ana ordered: snapshot");
}

/// Answers who ordered it.
#[derive(Message, Deserialize)]
#[rtype(result = "String")]
struct Whose {
    #[serde(skip)]
    by: String,
}

impl Ordered for Whose {
    fn ordered_by(&mut self, who: &str) {
        who.clone_into(&mut self.by);
    }
}

struct Listener;

impl Actor for Listener {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.allow().message_by::<Whose>();
    }
}

impl Handler<Whose> for Listener {
    type Result = String;

    fn handle(&mut self, message: Whose, _: &mut Context<Self>) -> String {
        message.by
    }
}

#[actix::test]
async fn a_message_that_wants_to_know_is_told_who_ordered_it() {
    let board = Board::new();
    let _listener = spawn(spec(&board.registry, "l"), |_| Listener);
    let answer = board.answer(&board.message("l", "Whose", json!({}))).await;
    assert_eq!(answer.value, Some(json!("ana")));
    // Nobody says so himself.
    let answer = board
        .answer(&board.message("l", "Whose", json!({"by": "bob"})))
        .await;
    assert_eq!(answer.value, Some(json!("ana")));
}

#[actix::test]
async fn a_message_that_comes_to_an_error_or_to_no_end_has_failed_with_what_is_known() {
    let board = Board::new();
    let (_counter, ..) = counter(&board);
    let answer = board
        .answer(&board.message("c", "Divide", json!({"by": 0})))
        .await;
    assert_eq!(
        outcome(&answer),
        (&OrderOutcome::Failed, "`Divide` was answered with an error")
    );
    assert_eq!(answer.value, Some(json!("by nothing")));
    let answer = board
        .answer(&board.message("c", "Divide", json!({"by": 1})))
        .await;
    assert_eq!(
        (answer.outcome, answer.value),
        (OrderOutcome::Done, Some(json!(0)))
    );

    let boom = board.message("c", "Boom", json!({}));
    let answer = board.answer(&boom).await;
    assert_eq!(answer.outcome, OrderOutcome::Failed);
    assert!(answer.problem.unwrap().contains("the handler panicked"));
    // The panic belongs to the order that led to it.
    let panicked = board.wait_for("c", "panicked", 1).await.remove(0);
    let ordered = board.lines("c", "order").pop().unwrap();
    assert_eq!(ordered.data.unwrap()["id"], boom.0.as_str());
    assert!(ordered.correlation_id.is_some());
    assert_eq!(ordered.correlation_id, panicked.correlation_id);
}

/// Allows nothing.
struct Shut;

impl Actor for Shut {
    type Context = Context<Self>;
}

#[actix::test]
async fn what_cannot_be_done_is_refused_with_what_to_add() {
    let board = Board::new();
    let (_counter, ..) = counter(&board);
    let _shut = spawn(spec(&board.registry, "shut"), |_| Shut);
    let _thread = board.registry.register(spec(&board.registry, "thread"));
    until("all to be told of", || board.known().actors.len() == 3).await;
    let orders: Vec<(OrderId, &str)> = vec![
        (
            board.order("nobody", OrderKind::Pause),
            "no actor of this process is called `nobody`",
        ),
        (
            board.order("shut", OrderKind::Pause),
            "`ctx.allow().pause()` in the actor's `started`",
        ),
        (board.order("shut", OrderKind::Kill), "controls(kill)"),
        (board.order("thread", OrderKind::Snapshot), "controls(snapshot)"),
        (board.message("c", "Reset", json!({})), "controls(message(Reset))"),
        (
            board.message("c", "Add", json!({"by": -1})),
            "the body is not a message `Add`: invalid value",
        ),
        (board.message("c", "Add", json!(null)), "missing field `by`"),
        (
            board.put("c", OrderKind::Config, None, Some(json!({"pace": 1}))),
            "the body is not settings (`Settings`): unknown field `pace`",
        ),
        (
            board.put("c", OrderKind::Config, None, Some(json!({"step": 0}))),
            "it does not take these settings: a step of zero counts nothing",
        ),
        (
            board.order("c", OrderKind::Step),
            "it is not paused: pause it first",
        ),
        (
            board.order("c", OrderKind::Restart),
            "`loom_bridge::Supervisor` or a `loom_bridge::Keeper`",
        ),
        (
            board.order("c", OrderKind::Other("teleport".into())),
            "does not know the order `teleport`",
        ),
    ];
    for (id, says) in orders {
        let answer = board.answer(&id).await;
        let (outcome, problem) = outcome(&answer);
        assert!(problem.contains(says), "{problem}");
        assert_eq!(*outcome, OrderOutcome::Refused, "{problem}");
    }
    let refused = board.wait_for("shut", "order", 2).await.remove(0);
    assert!(
        refused
            .message
            .starts_with("ana ordered: pause; refused: it does not"),
        "{}",
        refused.message
    );
    assert!(
        refused.data.unwrap()["refused"]
            .as_str()
            .unwrap()
            .contains("ctx.allow()")
    );
}

#[actix::test]
async fn settings_over_which_an_actor_panics_have_failed_and_say_so() {
    let board = Board::new();
    let fragile = spawn(spec(&board.registry, "f"), |_| Fragile);
    until("it to run", || record(&board.registry, "f").controls.is_some()).await;
    let config = board.put("f", OrderKind::Config, None, Some(json!(7)));
    let answer = board.answer(&config).await;
    assert_eq!(
        outcome(&answer),
        (&OrderOutcome::Failed, "it panicked over these settings: not 7")
    );
    until("it to end", || !fragile.connected()).await;
    assert_eq!(status(&board.registry, "f"), "failed");
    assert_eq!(Cause::current(), None, "what was current before is so again");
}

struct Fragile;

#[loom_bridge::actor(controls(config(Self::configure)))]
impl Actor for Fragile {
    type Context = Context<Self>;
}

impl Fragile {
    fn configure(&mut self, number: u8, _: &mut Context<Self>) -> Result<(), String> {
        panic!("not {number}");
    }
}

#[actix::test]
async fn a_paused_actor_does_nothing_is_shown_so_and_takes_a_message_a_step() {
    let board = Board::new();
    let (counter, handled, ticks) = counter(&board);
    counter.send(Add { by: 1 }).await.unwrap();
    assert_eq!(
        board.ordered("c", OrderKind::Pause).await.outcome,
        OrderOutcome::Done
    );
    let before = ticks.get();
    assert_eq!(status(&board.registry, "c"), "paused");
    for _ in 0..5 {
        counter.do_send(Add { by: 1 });
    }
    let late = board.message("c", "Add", json!({"by": 100}));
    // Its state can be looked at meanwhile, and settings change.
    let snapshot = board.ordered("c", OrderKind::Snapshot).await;
    assert_eq!(snapshot.value.unwrap()["count"], 1);
    let config = board.put("c", OrderKind::Config, None, Some(json!({"step": 7})));
    assert_eq!(board.answer(&config).await.outcome, OrderOutcome::Done);
    // Timers of a millisecond, and messages, over several looks.
    board.caught_up().await;
    assert_eq!((handled.get(), ticks.get()), (1, before));
    let queued = board.registry.get(&"c".into()).unwrap().queue_depth;
    assert!(queued.is_none_or(|queued| queued >= 5), "{queued:?}");

    for step in 1..=3 {
        let answer = board.ordered("c", OrderKind::Step).await;
        assert_eq!(answer.value, Some(json!({"took": "Add"})));
        assert_eq!((handled.get(), ticks.get()), (1 + step, before));
        assert_eq!(status(&board.registry, "c"), "paused");
    }
    let answer = board.ordered("c", OrderKind::Stop).await;
    assert!(outcome(&answer).1.contains("resume it first"), "{answer:?}");
    assert_eq!(
        board.ordered("c", OrderKind::Resume).await.outcome,
        OrderOutcome::Done
    );
    assert_eq!(board.answer(&late).await.value, Some(json!(106)));
    until("its timers", || ticks.get() > before).await;
    assert_ne!(status(&board.registry, "c"), "paused");
}

#[actix::test]
async fn a_step_without_messages_takes_the_next_turn_and_a_resume_takes_it_back() {
    let board = Board::new();
    let (_counter, _, ticks) = counter(&board);
    board.ordered("c", OrderKind::Pause).await;
    let before = ticks.get();
    let answer = board.ordered("c", OrderKind::Step).await;
    assert_eq!(answer.value, Some(json!({"took": "a turn of its own"})));
    board.caught_up().await;
    assert_eq!(ticks.get(), before + 1);

    /// Has no timers.
    struct Quiet;
    impl Actor for Quiet {
        type Context = Context<Self>;

        fn started(&mut self, ctx: &mut Self::Context) {
            ctx.allow().pause();
        }
    }
    let _quiet = spawn(spec(&board.registry, "quiet"), |_| Quiet);
    until("it to run", || status(&board.registry, "quiet") == "idle").await;
    board.ordered("quiet", OrderKind::Pause).await;
    let step = board.order("quiet", OrderKind::Step);
    board.wait_for("quiet", "order", 2).await;
    assert_eq!(
        board.ordered("quiet", OrderKind::Resume).await.outcome,
        OrderOutcome::Done
    );
    assert_eq!(
        outcome(&board.answer(&step).await),
        (&OrderOutcome::Failed, "it was resumed before a message came")
    );
}

#[actix::test]
async fn a_stop_lets_what_waits_be_handled_and_a_kill_says_what_it_lost() {
    let board = Board::new();
    let (counter, handled, _) = counter(&board);
    for _ in 0..200 {
        counter.do_send(Add { by: 1 });
    }
    assert_eq!(
        board.ordered("c", OrderKind::Stop).await.outcome,
        OrderOutcome::Done
    );
    assert_eq!(
        (handled.get(), status(&board.registry, "c").as_str()),
        (200, "stopped")
    );

    let arbiter = Arbiter::new();
    let barrier = Barrier::default();
    let killed = spawn_in(&arbiter.handle(), spec(&board.registry, "k"), |_| {
        Counter::default()
    });
    killed.do_send(Block(barrier.clone()));
    for _ in 0..7 {
        killed.do_send(Add { by: 1 });
    }
    until("it to be blocked", || barrier.is_held()).await;
    let kill = board.order("k", OrderKind::Kill);
    // A handler that blocks its thread cannot be interrupted: the order waits.
    board.caught_up().await;
    assert!(board.known().answers.iter().all(|answer| answer.id != kill));
    assert_eq!(status(&board.registry, "k"), "active");
    // The handler takes its message only now, and none of the others.
    barrier.open();
    let answer = board.answer(&kill).await;
    let lost = answer.value.as_ref().map(|value| value["lostMessages"].clone());
    let handled = record(&board.registry, "k").message_count.unwrap() - 1;
    assert_eq!(lost, Some(json!(7 - handled)), "{answer:?}");
    assert_eq!(status(&board.registry, "k"), "stopped");
    arbiter.stop();
}

#[actix::test]
async fn a_kill_takes_none_of_what_waits_and_asks_no_hook() {
    let board = Board::new();
    let counter = Counter {
        stays: true,
        ..Counter::default()
    };
    let counter = spawn(spec(&board.registry, "c"), |_| counter);
    let answer = board.ordered("c", OrderKind::Stop).await;
    assert_eq!(
        outcome(&answer),
        (
            &OrderOutcome::Failed,
            "its `stopping` hook has it go on; `kill` asks no hook"
        )
    );
    board.ordered("c", OrderKind::Pause).await;
    for _ in 0..7 {
        counter.do_send(Add { by: 1 });
    }
    let answer = board.ordered("c", OrderKind::Kill).await;
    assert_eq!(answer.value, Some(json!({"lostMessages": 7})));
    assert_eq!(status(&board.registry, "c"), "stopped");
    assert_eq!(record(&board.registry, "c").message_count, Some(0));
    let letters = board.wait_for("c", "deadLetter", 1).await.remove(0);
    assert_eq!(letters.data.unwrap()["messages"], json!({"Add": 7}));
    let answer = board.ordered("c", OrderKind::Pause).await;
    assert_eq!(outcome(&answer).0, &OrderOutcome::Refused);
    assert!(outcome(&answer).1.contains("it has ended"), "{answer:?}");
}

#[actix::test]
async fn an_actor_that_waits_for_somebody_takes_orders() {
    let board = Board::new();
    let (counter, ..) = counter(&board);
    counter.send(WaitForEver).await.unwrap();
    counter.do_send(Add { by: 1 });
    let snapshot = board.ordered("c", OrderKind::Snapshot).await;
    assert_eq!(snapshot.value.unwrap()["count"], 0);
    assert_eq!(
        board.ordered("c", OrderKind::Kill).await.value,
        Some(json!({"lostMessages": 1}))
    );
}

#[actix::test]
async fn a_supervised_actor_restarts_in_place_with_what_waits_and_stops_for_good() {
    let board = Board::new();
    let handled = Tally::default();
    let counter = Counter {
        handled: handled.clone(),
        ..Counter::default()
    };
    let counter = Supervisor::spawn(spec(&board.registry, "c"), |_| counter);
    board.ordered("c", OrderKind::Pause).await;
    counter.do_send(Add { by: 1 });
    assert_eq!(
        board.ordered("c", OrderKind::Restart).await.outcome,
        OrderOutcome::Done
    );
    until("what waited", || handled.get() == 1).await;
    assert_eq!(record(&board.registry, "c").restart_count, Some(1));
    board.wait_for("c", "restarted", 1).await;
    // It still takes orders, and an ordered stop is no reason to start again.
    assert_eq!(
        board.ordered("c", OrderKind::Stop).await.outcome,
        OrderOutcome::Done
    );
    assert_eq!(status(&board.registry, "c"), "stopped");
    assert_eq!(record(&board.registry, "c").restart_count, Some(1));
}

fn quick() -> RestartPolicy {
    RestartPolicy {
        initial: Duration::ZERO,
        budget: 3,
        ..RestartPolicy::default()
    }
}

#[actix::test]
async fn a_keeper_restarts_its_child_beside_its_budget_and_lets_it_rest_after_a_stop() {
    let board = Board::new();
    let arbiter = Arbiter::new();
    let keeper = Keeper::new(spec(&board.registry, "c"), quick(), |_| Counter::default())
        .in_arbiter(arbiter.handle())
        .start();
    for restart in 1..=5 {
        let first = keeper
            .send(CurrentChild::<Counter>::new())
            .await
            .unwrap()
            .unwrap();
        until("it to take orders", || {
            record(&board.registry, "c").controls.is_some()
        })
        .await;
        let answer = board.ordered("c", OrderKind::Restart).await;
        assert_eq!(outcome(&answer), (&OrderOutcome::Done, ""));
        assert_eq!(record(&board.registry, "c").restart_count, Some(restart));
        until("the old one to be gone", || !first.connected()).await;
    }
    let restarted = board.wait_for("c", "restarted", 5).await.remove(0);
    assert_eq!(restarted.message, "started again because ana ordered it");
    until("it to take orders", || {
        record(&board.registry, "c").controls.is_some()
    })
    .await;
    assert_eq!(
        board.ordered("c", OrderKind::Stop).await.outcome,
        OrderOutcome::Done
    );
    until("the keeper to rest", || !keeper.connected()).await;
    assert_eq!(record(&board.registry, "c").restart_count, Some(5));
    arbiter.stop();
}

#[actix::test]
async fn a_kill_wins_over_a_restart_that_comes_with_it_whichever_is_first() {
    let withdrawn = (OrderOutcome::Failed, "it was stopped at once meanwhile");
    let late = (
        OrderOutcome::Refused,
        "it is about to end because of an earlier order",
    );
    for (kill_first, (outcome_of_it, says)) in [(false, withdrawn), (true, late)] {
        for is_kept in [false, true] {
            let board = Board::new();
            let keeper = is_kept
                .then(|| Keeper::new(spec(&board.registry, "c"), quick(), |_| Counter::default()).start());
            let _supervised =
                (!is_kept).then(|| Supervisor::spawn(spec(&board.registry, "c"), |_| Counter::default()));
            until("it to take orders", || {
                let record = board.registry.get(&"c".into());
                record.is_some_and(|record| record.controls.is_some())
            })
            .await;
            // Given at once, so that the actor takes both in one go.
            let order = |kind| board.order("c", kind);
            let (kill, restart) = if kill_first {
                let kill = order(OrderKind::Kill);
                (kill, order(OrderKind::Restart))
            } else {
                let restart = order(OrderKind::Restart);
                (order(OrderKind::Kill), restart)
            };
            let answer = board.answer(&restart).await;
            assert_eq!(outcome(&answer), (&outcome_of_it, says), "{kill_first} {is_kept}");
            assert_eq!(board.answer(&kill).await.value, Some(json!({"lostMessages": 0})));
            until("it to stay ended", || status(&board.registry, "c") == "stopped").await;
            if let Some(keeper) = keeper {
                until("the keeper to rest", || !keeper.connected()).await;
            }
            assert!(record(&board.registry, "c").restart_count.unwrap_or(0) == 0);
        }
    }
}

#[actix::test]
async fn a_restart_after_which_nothing_starts_has_failed() {
    let board = Board::new();
    let lives = Tally::default();
    let made = lives.clone();
    let keeper = Keeper::new(spec(&board.registry, "c"), quick(), move |_| {
        made.add();
        assert!(made.get() == 1, "the second one does not come to be");
        Counter::default()
    })
    .start();
    until("it to take orders", || {
        let record = board.registry.get(&"c".into());
        record.is_some_and(|record| record.controls.is_some())
    })
    .await;
    let answer = board.ordered("c", OrderKind::Restart).await;
    let says = "it ended, and what makes it panicked; its journal says why";
    assert_eq!(outcome(&answer), (&OrderOutcome::Failed, says));
    until("the keeper to give up", || !keeper.connected()).await;
    assert!(lives.get() > 1);
}

#[actix::test]
async fn an_order_does_not_outlive_the_actor_it_was_given_to() {
    let board = Board::new();
    let arbiter = Arbiter::new();
    let keeper = Keeper::new(spec(&board.registry, "c"), quick(), |_| Counter::default())
        .in_arbiter(arbiter.handle())
        .start();
    let child = keeper
        .send(CurrentChild::<Counter>::new())
        .await
        .unwrap()
        .unwrap();
    let barrier = Barrier::default();
    child.do_send(Block(barrier.clone()));
    child.do_send(Boom);
    until("it to be blocked", || barrier.is_held()).await;
    // In its slot, and it panics before it comes to them.
    let orders = [
        board.order("c", OrderKind::Stop),
        board.message("c", "Add", json!({"by": 1})),
    ];
    board.caught_up().await;
    barrier.open();
    for order in &orders {
        let answer = board.answer(order).await;
        assert_eq!(
            outcome(&answer),
            (&OrderOutcome::Failed, "the actor ended before it was carried out")
        );
    }
    until("the next life", || {
        record(&board.registry, "c").restart_count == Some(1)
    })
    .await;
    until("it to take orders", || {
        record(&board.registry, "c").controls.is_some()
    })
    .await;
    assert_eq!(
        board.ordered("c", OrderKind::Snapshot).await.value.unwrap()["count"],
        0
    );
    arbiter.stop();
}

#[actix::test]
async fn an_order_that_comes_again_is_carried_out_once_and_its_answer_is_not_lost() {
    let board = Board::new();
    let (_counter, handled, _) = counter(&board);
    board.caught_up().await;
    // The answer is forgotten, lost on the way, and refused with its batch, several times.
    board.script([
        Fault::AnswerLost,
        Fault::ForgetsAnswers,
        Fault::ForgetsAnswers,
        Fault::ForgetsAnswers,
        Fault::Refused,
        Fault::ForgetsAnswers,
        Fault::Refused,
        Fault::ForgetsAnswers,
    ]);
    let add = board.message("c", "Add", json!({"by": 1}));
    assert_eq!(board.answer(&add).await.value, Some(json!(1)));
    board.played().await;
    board.caught_up().await;
    assert_eq!(handled.get(), 1);
    assert_eq!(board.lines("c", "order").len(), 1);
}

#[actix::test]
async fn an_answer_goes_out_at_once() {
    let registry = ActorRegistry::new();
    let board = Board::unconnected(registry, Duration::from_secs(3_600));
    let (_counter, ..) = counter(&board);
    until("it to run", || record(&board.registry, "c").controls.is_some()).await;
    // It comes with the answer to the first batch, and the next look is in an hour.
    let add = board.message("c", "Add", json!({"by": 2}));
    board.connect();
    assert_eq!(board.answer(&add).await.value, Some(json!(2)));
    assert_eq!(
        board.lines("c", "order").len(),
        1,
        "with what became of the actor"
    );
}

/// Shows its state badly.
struct Clumsy;

impl Actor for Clumsy {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.allow()
            .snapshot_with(|_| -> u8 { panic!("no such view") })
            .message_with::<Long>(json!({"type": "object"}));
    }
}

/// Answers with more than fits.
#[derive(Message, Deserialize)]
#[rtype(result = "String")]
struct Long {}

impl Handler<Long> for Clumsy {
    type Result = String;

    fn handle(&mut self, _: Long, _: &mut Self::Context) -> String {
        "x".repeat(64 << 10)
    }
}

#[actix::test]
async fn a_view_that_panics_or_is_too_large_fails_and_its_actor_lives() {
    let board = Board::new();
    let _clumsy = spawn(spec(&board.registry, "c"), |_| Clumsy);
    until("it to run", || record(&board.registry, "c").controls.is_some()).await;
    let answer = board.ordered("c", OrderKind::Snapshot).await;
    assert_eq!(
        outcome(&answer),
        (
            &OrderOutcome::Failed,
            "what shows its state panicked: no such view"
        )
    );
    let answer = board.answer(&board.message("c", "Long", json!(null))).await;
    assert!(outcome(&answer).1.contains("larger than the 64 kB"), "{answer:?}");
    assert_eq!(record(&board.registry, "c").message_count, Some(1));
    let controls = record(&board.registry, "c").controls.unwrap();
    assert_eq!(controls.messages[0].schema, Some(json!({"type": "object"})));
}
