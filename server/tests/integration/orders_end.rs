//! How orders end: with an answer, late, twice, with the process, or never; and whose they were.

use std::time::Duration;

use actix_web::http::Method;
use futures_util::future::{join, join3};
use loom_bridge::discovery::{Delivery, Notify};
use loom_bridge::{ActorRegistry, ActorSpec, DiscoveryBridge, Options, StudioSink};
use loom_protocol::{ActorBatch, BootId, Order, OrderAnswer, OrderId, OrderOutcome};
use loom_studio::Door;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::orders::{ALL, Process, answer, audit, done, open, order};
use crate::roles::Tokens;
use crate::support::{LIMIT, call, get, services};

#[actix_web::test]
async fn two_who_order_at_once_each_hear_of_their_own() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    let say = |text| order(&services, "a", "message", json!({"message": "Say", "body": text}));
    let (first, second, ()) = join3(say("one"), say("two"), async {
        let mut orders = process.ordered(2).await;
        // The outcome was lost on its way: they come again, in their order.
        assert_eq!(process.deliver(Vec::new()).orders, orders);
        orders.reverse();
        for order in &orders {
            let echo = done(order, order.body.clone().unwrap());
            process.deliver(vec![echo]);
        }
    })
    .await;
    assert_eq!(
        (&first.json()["value"], &second.json()["value"]),
        (&json!("one"), &json!("two"))
    );
    assert_ne!(first.json()["id"], second.json()["id"]);
}

#[actix_web::test]
async fn late_double_and_foreign_answers_change_nothing() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    let mut other = Process::new(&services, "c", &["x"]);
    assert_eq!(
        order(&services, "a", "pause", json!({"wait": 0})).await.status,
        202
    );
    let ordered = process.ordered(1).await.remove(0);
    assert!(other.deliver(vec![done(&ordered, json!(1))]).orders.is_empty());
    assert_eq!(audit(&services).await[0]["outcome"], "pending");
    let unknown = OrderAnswer {
        id: OrderId("of an earlier studio".into()),
        outcome: OrderOutcome::Done,
        value: None,
        problem: None,
    };
    let outcome = process.deliver(vec![
        unknown,
        done(&ordered, json!(1)),
        answer(&ordered, OrderOutcome::Failed, None, None),
    ]);
    assert!(outcome.rejected.is_empty() && outcome.orders.is_empty());
    process.deliver(vec![answer(&ordered, OrderOutcome::Failed, None, None)]);
    let lines = audit(&services).await;
    assert_eq!(
        (lines.len(), &lines[0]["outcome"]),
        (1, &json!("done")),
        "the first answer counts"
    );
}

#[actix_web::test]
async fn a_process_that_dies_between_order_and_answer_loses_it() {
    let (services, clock) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    let (answer, ordered) = join(order(&services, "a", "kill", json!({"wait": 30_000})), async {
        let ordered = process.ordered(1).await.remove(0);
        clock.advance(10_000);
        services.directory.sweep();
        ordered
    })
    .await;
    assert_eq!(answer.problem(), (503, "process_silent".into()));
    let line = audit(&services).await.remove(0);
    assert_eq!(line["outcome"], "lost");
    assert!(line["problem"].as_str().unwrap().contains("silent") && line["endedAt"].is_string());
    // It lived after all.
    let outcome = process.deliver(vec![done(&ordered, json!(1))]);
    assert!(outcome.orders.is_empty());
    assert_eq!(audit(&services).await[0]["outcome"], "lost");
}

#[actix_web::test]
async fn what_a_process_never_answers_is_given_up() {
    let (services, clock) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    assert_eq!(
        order(&services, "a", "pause", json!({"wait": 0})).await.status,
        202
    );
    for _ in 0..119 {
        clock.advance(5_000);
        assert_eq!(process.deliver(Vec::new()).orders.len(), 1);
        services.directory.sweep();
    }
    assert_eq!(audit(&services).await[0]["outcome"], "pending");
    clock.advance(5_000);
    process.deliver(Vec::new());
    services.directory.sweep();
    assert!(process.deliver(Vec::new()).orders.is_empty());
    assert_eq!(audit(&services).await[0]["outcome"], "lost");
}

#[actix_web::test]
async fn orders_that_nobody_takes_are_bounded_and_so_is_what_is_remembered() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    for _ in 0..256 {
        assert_eq!(
            order(&services, "a", "pause", json!({"wait": 0})).await.status,
            202
        );
    }
    let full = order(&services, "a", "pause", json!({"wait": 0})).await;
    assert_eq!(full.problem(), (503, "orders_full".into()));
    assert_eq!(full.header("retry-after"), Some("1"));
    for _ in 0..4 {
        let orders = process.deliver(Vec::new()).orders;
        let answers = orders
            .iter()
            .map(|order| answer(order, OrderOutcome::Done, None, None));
        process.deliver(answers.collect());
        for _ in 0..256 {
            assert_eq!(
                order(&services, "a", "pause", json!({"wait": 0})).await.status,
                202
            );
        }
    }
    let count = |path: &'static str| async { get(&services, path).await.json().as_array().unwrap().len() };
    assert_eq!(count("/api/orders?limit=1000").await, 1_000);
    assert_eq!(count("/api/v1/orders").await, 100);
    assert_eq!(count("/api/orders?actor=a&limit=7").await, 7);
    assert_eq!(count("/api/orders?actor=x").await, 0);
}

#[actix_web::test]
async fn what_comes_of_an_order_is_bounded_and_nothing_of_it_is_remembered() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    let body = json!({"message": "SignIn", "body": {"password": "hunter2"}});
    let (ended, ()) = join(order(&services, "a", "message", body), async {
        let order = process.ordered(1).await.remove(0);
        process.deliver(vec![done(&order, json!({"hunter2": "x".repeat(64 * 1024)}))]);
    })
    .await;
    let ended = ended.json();
    assert_eq!((&ended["outcome"], ended.get("value")), (&json!("done"), None));
    assert!(ended["problem"].as_str().unwrap().contains("65536"));
    let remembered = get(&services, "/api/orders").await.text();
    assert!(
        remembered.contains("SignIn") && !remembered.contains("hunter2"),
        "{remembered}"
    );
}

#[actix_web::test]
async fn an_actor_that_is_shown_under_another_id_is_ordered_by_its_own() {
    let (services, _) = open();
    let mut one = Process::new(&services, "one", &["a"]);
    let mut two = Process::new(&services, "two", &["a", "a@one"]);
    for (shown, process, own) in [
        ("a", "one", "a"),
        ("a@two", "two", "a"),
        ("a%40one", "two", "a@one"),
    ] {
        let process = if process == "one" { &mut one } else { &mut two };
        let (ended, ()) = join(order(&services, shown, "snapshot", json!({})), async {
            let order = process.ordered(1).await.remove(0);
            assert_eq!(order.actor.0, own);
            process.deliver(vec![done(&order, json!(own))]);
        })
        .await;
        assert_eq!(ended.json()["value"], own);
    }
    let actors: Vec<Value> = audit(&services)
        .await
        .iter()
        .rev()
        .map(|line| line["actor"].clone())
        .collect();
    assert_eq!(actors, ["a", "a@two", "a@one"], "by the ids that were shown");
}

#[actix_web::test]
async fn a_studio_that_starts_anew_knows_no_order_and_minds_no_answer() {
    let (before, _) = open();
    let mut process = Process::new(&before, "b", &["a"]);
    assert_eq!(order(&before, "a", "pause", json!({"wait": 0})).await.status, 202);
    let ordered = process.ordered(1).await.remove(0);
    let (after, _) = open();
    process.directory = after.directory.clone();
    let outcome = process.deliver(vec![done(&ordered, json!(1))]);
    assert!(outcome.resync && outcome.orders.is_empty());
    assert!(audit(&after).await.is_empty());
    assert_eq!(
        order(&after, "a", "pause", json!({})).await.problem(),
        (404, "unknown_actor".into())
    );
}

#[actix_web::test]
async fn it_is_remembered_who_asked_in_which_role() {
    let tokens = Tokens::new();
    let (services, _) = services(tokens.options());
    let mut process = Process::new(&services, "b", &["a"]);
    let body = json!({"wait": 0});
    for (role, bearer) in &tokens.bearers {
        call(
            &services,
            Method::POST,
            "/api/actors/a/pause",
            Some(&body),
            &[("authorization", bearer)],
        )
        .await;
        let _ = role;
    }
    let by: Vec<String> = process
        .ordered(2)
        .await
        .into_iter()
        .map(|order| order.by)
        .collect();
    assert_eq!(by, ["a-operate", "a-admin"]);
    let viewer = [("authorization", tokens.bearer(loom_studio::Role::View))];
    let lines = call(&services, Method::GET, "/api/orders", None, &viewer)
        .await
        .json();
    let who: Vec<_> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["by"].clone(), line["role"].clone()))
        .collect();
    assert_eq!(
        who,
        [
            (json!("a-admin"), json!("admin")),
            (json!("a-operate"), json!("operate"))
        ]
    );
}

/// A studio that tells what it ordered.
struct Listening {
    door: Door,
    ordered: mpsc::UnboundedSender<Order>,
}

impl StudioSink for Listening {
    fn deliver(&self, mut batch: ActorBatch) -> Delivery<'_> {
        for record in &mut batch.register {
            record.controls = serde_json::from_value(json!({"orders": ALL})).unwrap();
        }
        Box::pin(async move {
            let outcome = self.door.deliver(batch).await?;
            for order in &outcome.orders {
                let _ = self.ordered.send(order.clone());
            }
            Ok(outcome)
        })
    }

    fn notify_of_orders(&self, boot: &BootId, notify: Notify) {
        self.door.notify_of_orders(boot, notify);
    }

    fn name(&self) -> String {
        "listening".into()
    }
}

#[actix_web::test]
async fn a_process_that_is_this_one_hears_of_an_order_without_waiting_for_its_next_look() {
    let (services, _) = open();
    let registry = ActorRegistry::new();
    let bridge = DiscoveryBridge::new(Options {
        poll_interval: Duration::from_secs(3_600),
        ..Options::default()
    });
    let (ordered, mut ended) = mpsc::unbounded_channel();
    bridge.deliver_to(Listening {
        door: services.door.clone(),
        ordered,
    });
    let _seen = registry.register(ActorSpec::new("T").id("here"));
    bridge.connect(&registry).unwrap();
    let known = async {
        while services.directory.get("here").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, known).await.unwrap();
    let status = order(&services, "here", "pause", json!({"wait": 0})).await.status;
    assert!(
        status == 202 || status == 200,
        "answered already, or not yet: {status}"
    );
    let order = tokio::time::timeout(LIMIT, ended.recv())
        .await
        .expect("long before the next look")
        .unwrap();
    assert_eq!(order.actor.0, "here");
    bridge.close().await;
}
