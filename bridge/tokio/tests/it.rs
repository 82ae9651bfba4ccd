//! What is true of tokio tasks beside the suite of all systems (`loom-truths`): ends of every kind, turns, orders.

use std::future::pending;

use loom_bridge::protocol::{EventKind, Order, OrderKind, OrderOutcome};
use loom_bridge::{ActorRegistry, Cause};
use loom_tokio::{AskError, Reply, Task, TrySendError, channel};
use loom_truths::{Studio, in_its_own_process, measured_closely, record, status, until};

fn task(registry: &ActorRegistry, id: &str) -> Task {
    Task::new("Tested").id(id).registry(registry)
}

async fn line(studio: &Studio, id: &str, kind: EventKind) -> String {
    let first = || studio.lines(id, &kind).into_iter().next();
    until("a line", || first().is_some()).await;
    first().map(|line| line.message).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_aborted_in_the_middle_of_a_message_says_so_and_what_waited() {
    let (registry, studio) = (ActorRegistry::new(), Studio::default());
    let bridge = studio.looks_at(&registry);
    let (sender, mut inbox) = channel::<u8>(8);
    // Of a type of its own: what is counted by type is of the whole process.
    let task = Task::new("Aborted").id("aborted").registry(&registry);
    let aborted = task.spawn(async move {
        let _first = inbox.recv().await;
        pending::<()>().await;
    });
    for n in 0..3 {
        sender.send(n).await.unwrap();
    }
    until("it is in the first", || {
        let now = record(&registry, "aborted");
        now.message_count == Some(1)
            && now.queue_depth == Some(2)
            && status(&registry, "aborted") == "waiting"
    })
    .await;
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    let text = line(&studio, "aborted", EventKind::Stopped).await;
    assert!(text.contains("aborted"), "{text}");
    assert!(
        line(&studio, "aborted", EventKind::DeadLetter)
            .await
            .starts_with("2 messages")
    );
    assert_eq!(status(&registry, "aborted"), "stopped");
    until("the message in hand is an error of its type", || {
        let message = studio.of_type("Aborted", "u8");
        (message.handled, message.errors, message.dead) == (1, 1, 2)
    })
    .await;
    assert!(sender.is_closed());
    assert_eq!(sender.try_send(1), Err(TrySendError::Closed(1)));
    assert_eq!(sender.send(1).await.unwrap_err().0, 1);
    bridge.close().await;
}

#[tokio::test]
async fn a_task_that_returns_an_error_has_failed_and_a_panic_goes_on_to_whoever_joins() {
    let registry = ActorRegistry::new();
    let failed = task(&registry, "failed").spawn(async { Err::<(), _>("no") });
    assert_eq!(failed.await.unwrap(), Err("no"));
    assert_eq!(status(&registry, "failed"), "failed");
    let why = record(&registry, "failed").metadata.unwrap();
    assert_eq!(why["failure"], "its task returned an error");

    let fine = task(&registry, "fine").spawn(async { Ok::<_, ()>(7) });
    assert_eq!(
        (fine.await.unwrap(), status(&registry, "fine").as_str()),
        (Ok(7), "stopped")
    );

    let mut set = tokio::task::JoinSet::new();
    set.spawn(task(&registry, "in a set").observe(async { panic!("on purpose") }));
    let error = set.join_next().await.unwrap().unwrap_err();
    assert!(error.is_panic());
    assert_eq!(
        record(&registry, "in a set").metadata.unwrap()["panic"],
        "on purpose"
    );
    assert_eq!(record(&registry, "in a set").error_count, Some(1));

    // Never polled.
    drop(task(&registry, "never").observe(async {}));
    assert_eq!(status(&registry, "never"), "stopped");
}

#[test]
fn polls_without_a_message_are_turns_and_all_are_busy_time() {
    if !in_its_own_process("polls_without_a_message_are_turns_and_all_are_busy_time") {
        return;
    }
    measured_closely();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let registry = ActorRegistry::new();
        let ticks = task(&registry, "ticks").spawn(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        });
        ticks.await.unwrap();
        let now = record(&registry, "ticks");
        let work = now.work.unwrap();
        assert_eq!((work.turns, work.handled, now.message_count), (11, 0, Some(0)));
        assert_eq!(now.queue_depth, None, "it has no inbox");

        let (sender, mut inbox) = channel::<u8>(8);
        for n in 0..5 {
            sender.try_send(n).unwrap();
        }
        drop(sender);
        let takes = task(&registry, "takes").spawn(async move { while inbox.recv().await.is_some() {} });
        takes.await.unwrap();
        let work = record(&registry, "takes").work.unwrap();
        assert_eq!((work.turns, work.handled, work.queued), (0, 5, 5));
    });
}

#[tokio::test]
async fn an_answer_that_never_comes_is_an_error_and_told() {
    let (registry, studio) = (ActorRegistry::new(), Studio::default());
    let bridge = studio.looks_at(&registry);
    let (sender, mut inbox) = channel::<Reply<u8>>(8);
    let forgetful = task(&registry, "forgetful").spawn(async move { while inbox.recv().await.is_some() {} });
    assert_eq!(sender.ask(|reply| reply).await, Err(AskError::NoAnswer));
    let text = line(&studio, "forgetful", EventKind::Error).await;
    assert!(text.contains("gets no answer"), "{text}");
    assert_eq!(record(&registry, "forgetful").error_count, Some(1));
    drop(sender);
    forgetful.await.unwrap();
    assert_eq!(status(&registry, "forgetful"), "stopped");
    bridge.close().await;
}

#[tokio::test]
async fn a_task_that_allows_it_is_paused_resumed_and_killed_by_order() {
    let (registry, studio) = (ActorRegistry::new(), Studio::default());
    let bridge = studio.looks_at(&registry);
    let order = |id: &str, actor: &str, order: OrderKind| {
        let order = Order {
            id: loom_bridge::protocol::OrderId(id.to_owned()),
            actor: actor.into(),
            order,
            message: None,
            body: None,
            by: "ana".into(),
        };
        studio.reported(|reported| reported.orders.push(order));
    };
    let answer = async |id: &str| {
        let find = || {
            studio.reported(|reported| {
                let answers = &reported.answers;
                answers.iter().find(|answer| answer.id.0 == id).cloned()
            })
        };
        until("an answer", || find().is_some()).await;
        find().unwrap()
    };
    let (sender, mut inbox) = channel::<u8>(8);
    let paused = task(&registry, "paused")
        .controllable()
        .spawn(async move { while inbox.recv().await.is_some() {} });
    let _free = task(&registry, "free").spawn(pending::<()>());

    order("1", "paused", OrderKind::Pause);
    assert_eq!(answer("1").await.outcome, OrderOutcome::Done);
    until("it is paused", || status(&registry, "paused") == "paused").await;
    sender.send(1).await.unwrap();
    order("2", "free", OrderKind::Pause);
    let refused = answer("2").await;
    assert_eq!(refused.outcome, OrderOutcome::Refused, "{refused:?}");
    order("3", "paused", OrderKind::Snapshot);
    assert_eq!(answer("3").await.outcome, OrderOutcome::Refused);
    let now = record(&registry, "paused");
    assert_eq!((now.message_count, now.queue_depth), (Some(0), Some(1)));

    order("4", "paused", OrderKind::Resume);
    assert_eq!(answer("4").await.outcome, OrderOutcome::Done);
    until("the message", || {
        record(&registry, "paused").message_count == Some(1)
    })
    .await;

    order("5", "paused", OrderKind::Kill);
    assert!(paused.await.unwrap_err().is_cancelled());
    assert_eq!(answer("5").await.outcome, OrderOutcome::Done);
    assert_eq!(status(&registry, "paused"), "stopped");
    let orders = studio.lines("paused", &EventKind::Order);
    assert!(orders.iter().all(|line| line.message.starts_with("ana ordered")));
    bridge.close().await;
}

#[tokio::test]
async fn what_a_task_does_between_messages_is_of_no_chain() {
    let registry = ActorRegistry::new();
    let (sender, mut inbox) = channel::<u8>(8);
    let (tell, mut causes) = tokio::sync::mpsc::unbounded_channel();
    let _task = task(&registry, "chained").spawn(async move {
        while inbox.recv().await.is_some() {
            let _open = tell.send(Cause::current());
            tokio::task::yield_now().await;
            let _open = tell.send(Cause::current());
        }
        let _open = tell.send(Cause::current());
    });
    let cause = Cause::begin();
    cause.carry(async { sender.send(1).await }).await.unwrap();
    drop(sender);
    assert_eq!(causes.recv().await, Some(Some(cause)));
    assert_eq!(causes.recv().await, Some(Some(cause)), "also after it rested");
    assert_eq!(causes.recv().await, Some(None));
}
