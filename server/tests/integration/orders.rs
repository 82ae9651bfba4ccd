//! Orders to actors: who gets them, what becomes of them, and what is remembered.

use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::join;
use loom_protocol::{
    ActorBatch, ActorRecord, BatchOutcome, BootId, Order, OrderAnswer, OrderOutcome, Source,
};
use loom_studio::{Directory, Services, StudioOptions};
use serde_json::{Value, json};

use crate::support::{Answer, TestClock, call, get, post, services};

pub(crate) const ALL: [&str; 9] = [
    "message", "snapshot", "pause", "resume", "step", "stop", "kill", "restart", "config",
];

/// A process that reports in batches.
pub(crate) struct Process {
    pub(crate) directory: Arc<Directory>,
    boot: &'static str,
    seq: u64,
}

impl Process {
    /// With these actors, which take all orders.
    pub(crate) fn new(services: &Services, boot: &'static str, ids: &[&str]) -> Self {
        let mut process = Self {
            directory: services.directory.clone(),
            boot,
            seq: 0,
        };
        let records = ids
            .iter()
            .map(|id| record(json!({"id": id, "type": "T", "controls": {"orders": ALL}})));
        let mut batch = process.next();
        batch.register = records.collect();
        assert!(process.directory.apply(batch).unwrap().rejected.is_empty());
        process
    }

    pub(crate) fn next(&mut self) -> ActorBatch {
        self.seq += 1;
        let mut batch = ActorBatch::new(BootId(self.boot.into()), self.seq);
        batch.source = Some(Source {
            app: None,
            node: Some(self.boot.into()),
            pid: None,
            boot: batch.boot.clone(),
            started: None,
        });
        batch
    }

    pub(crate) fn deliver(&mut self, answers: Vec<OrderAnswer>) -> BatchOutcome {
        let mut batch = self.next();
        batch.answers = answers;
        self.directory.apply(batch).unwrap()
    }

    /// Beats until it is told so many orders.
    pub(crate) async fn ordered(&mut self, count: usize) -> Vec<Order> {
        loop {
            let orders = self.deliver(Vec::new()).orders;
            if orders.len() >= count {
                return orders;
            }
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) fn record(value: Value) -> ActorRecord {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn answer(
    order: &Order,
    outcome: OrderOutcome,
    value: Option<Value>,
    problem: Option<&str>,
) -> OrderAnswer {
    OrderAnswer {
        id: order.id.clone(),
        outcome,
        value,
        problem: problem.map(Into::into),
    }
}

pub(crate) fn done(order: &Order, value: Value) -> OrderAnswer {
    answer(order, OrderOutcome::Done, Some(value), None)
}

pub(crate) fn open() -> (Services, TestClock) {
    services(StudioOptions::default())
}

pub(crate) async fn order(services: &Services, id: &str, order: &str, body: Value) -> Answer {
    post(services, &format!("/api/actors/{id}/{order}"), body).await
}

pub(crate) async fn audit(services: &Services) -> Vec<Value> {
    let answer = get(services, "/api/orders").await;
    answer.json().as_array().unwrap().clone()
}

#[actix_web::test]
async fn each_order_reaches_its_process_and_comes_back_with_what_came_of_it() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    for kind in ALL {
        let body = match kind {
            "message" => json!({"message": "Add", "body": {"by": 2}}),
            "config" => json!({"body": {"level": "debug"}}),
            _ => json!({}),
        };
        let (answer, order) = join(order(&services, "a", kind, body.clone()), async {
            let order = process.ordered(1).await.remove(0);
            process.deliver(vec![done(&order, json!({"n": 9007199254740993_u64}))]);
            order
        })
        .await;
        assert_eq!(answer.status, 200, "{kind}: {answer:?}");
        assert_eq!(
            answer.json(),
            json!({"id": order.id, "outcome": "done", "value": {"n": 9007199254740993_u64}})
        );
        let mut expected = json!({"id": order.id, "actor": "a", "order": kind, "by": "local"});
        for key in ["message", "body"] {
            if let Some(value) = body.get(key) {
                expected[key] = value.clone();
            }
        }
        assert_eq!(serde_json::to_value(&order).unwrap(), expected);
    }
    assert!(
        process.deliver(Vec::new()).orders.is_empty(),
        "answered ones do not come again"
    );
    let lines = audit(&services).await;
    let kinds: Vec<&str> = lines
        .iter()
        .rev()
        .map(|line| line["order"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ALL);
    for line in &lines {
        assert_eq!(
            (&line["by"], &line["role"], &line["outcome"]),
            (&json!("local"), &json!("admin"), &json!("done"))
        );
        assert!(line["at"].is_string() && line["endedAt"].is_string() && line.get("body").is_none());
    }
}

#[actix_web::test]
async fn a_refusal_and_a_failure_say_why() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    let long = "é".repeat(5_000);
    for (outcome, problem, shown) in [
        (
            OrderOutcome::Refused,
            Some("it is paused already"),
            ("refused", "it is paused already"),
        ),
        (
            OrderOutcome::Failed,
            Some("its handler panicked"),
            ("failed", "its handler panicked"),
        ),
        (
            OrderOutcome::from("postponed"),
            None,
            ("failed", "its process says `postponed`"),
        ),
        (OrderOutcome::Failed, Some(long.as_str()), ("failed", "éé")),
    ] {
        let (ordered, ()) = join(order(&services, "a", "pause", json!({})), async {
            let order = process.ordered(1).await.remove(0);
            process.deliver(vec![answer(&order, outcome, None, problem)]);
        })
        .await;
        let ordered = ordered.json();
        assert_eq!(ordered["outcome"], shown.0);
        let why = ordered["problem"].as_str().unwrap();
        assert!(why.starts_with(shown.1) && why.len() < 3_000, "{why}");
        assert_eq!(audit(&services).await[0]["problem"], ordered["problem"]);
    }
}

#[actix_web::test]
async fn every_state_of_an_actor_has_its_answer() {
    let (services, clock) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    let mut status = |status: &str| {
        let mut batch = process.next();
        batch.update = vec![serde_json::from_value(json!({"id": "a", "status": status})).unwrap()];
        process.directory.apply(batch).unwrap();
    };
    let at_once = || order(&services, "a", "pause", json!({"wait": 0}));
    for word in [
        "starting", "idle", "active", "waiting", "paused", "stopping", "dozing",
    ] {
        status(word);
        let answer = at_once().await;
        assert_eq!(answer.status, 202, "{word}: {answer:?}");
        assert_eq!(answer.json()["outcome"], "pending");
    }
    for word in ["stopped", "failed"] {
        status(word);
        assert_eq!(at_once().await.problem(), (410, "actor_ended".into()), "{word}");
    }
    status("idle");
    clock.advance(10_000);
    assert_eq!(at_once().await.problem(), (503, "process_silent".into()));
    status("idle");
    assert_eq!(at_once().await.status, 202, "it is back");
    assert_eq!(
        order(&services, "nobody", "pause", json!({})).await.problem(),
        (404, "unknown_actor".into())
    );
}

#[actix_web::test]
async fn what_an_actor_does_not_take_is_refused_with_what_its_application_must_add() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &[]);
    let mut batch = process.next();
    batch.register = [
        json!({"id": "plain", "type": "T"}),
        json!({"id": "few", "type": "T", "controls": {"orders": ["snapshot", "message"], "messages": [{"type": "Add"}]}}),
        json!({"id": "any", "type": "T", "controls": {"orders": ["message"]}}),
    ]
    .map(record)
    .into();
    process.directory.apply(batch).unwrap();
    post(
        &services,
        "/api/actor/register",
        json!({"id": "alone", "type": "T", "controls": {"orders": ALL}}),
    )
    .await;
    for (id, kind, body, help) in [
        ("plain", "pause", json!({}), "no orders"),
        ("few", "pause", json!({}), "only snapshot, message"),
        ("few", "message", json!({"message": "Drop"}), "but Add"),
        ("alone", "pause", json!({}), "/api/actor/batch"),
    ] {
        let answer = order(&services, id, kind, body).await;
        assert_eq!(answer.problem(), (409, "not_controllable".into()));
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(help), "{id}: {detail}");
    }
    for (id, message) in [("few", "Add"), ("any", "Whatever")] {
        assert_eq!(
            order(&services, id, "message", json!({"message": message, "wait": 0}))
                .await
                .status,
            202
        );
    }
    assert_eq!(
        audit(&services).await.len(),
        2,
        "what was refused at the door was not ordered"
    );
}

#[actix_web::test]
async fn nonsense_is_refused_and_orders_nothing() {
    let (services, _) = open();
    let mut process = Process::new(&services, "b", &["a"]);
    for (kind, body, code) in [
        ("message", json!({}), "invalid_order"),
        ("message", json!({"message": ""}), "invalid_order"),
        ("message", json!({"message": "x".repeat(513)}), "invalid_order"),
        ("pause", json!({"message": "Add"}), "invalid_order"),
        ("pause", json!({"body": 1}), "invalid_order"),
        ("config", json!({}), "invalid_order"),
        ("pause", json!({"wait": 30_001}), "invalid_order"),
        ("pause", json!({"wait": -1}), "invalid_json"),
        ("pause", json!({"force": true}), "invalid_json"),
        ("pause", json!([]), "invalid_json"),
    ] {
        let answer = order(&services, "a", kind, body.clone()).await;
        assert_eq!(answer.problem(), (400, code.into()), "{kind} {body}");
    }
    let large = order(
        &services,
        "a",
        "message",
        json!({"message": "Add", "body": "x".repeat(64 * 1024)}),
    )
    .await;
    assert_eq!(large.problem(), (413, "body_too_large".into()));
    let text = [("content-type", "text/plain")];
    let unread = call(&services, Method::POST, "/api/actors/a/kill", None, &text).await;
    assert_eq!(
        unread.problem().0,
        415,
        "a body that is not read must not be taken for none"
    );
    let get = get(&services, "/api/actors/a/kill").await;
    assert_eq!(get.problem(), (405, "method_not_allowed".into()));
    for query in ["limit=0", "limit=1001", "limit=x", "who=ana"] {
        let answer = crate::support::get(&services, &format!("/api/orders?{query}")).await;
        assert_eq!(answer.problem(), (400, "invalid_query".into()), "{query}");
    }
    assert!(process.deliver(Vec::new()).orders.is_empty() && audit(&services).await.is_empty());
    // No body at all is an order with nothing to say.
    let (ordered, ()) = join(
        call(&services, Method::POST, "/api/v1/actors/a/pause", None, &[]),
        async {
            let order = process.ordered(1).await.remove(0);
            process.deliver(vec![answer(&order, OrderOutcome::Done, None, None)]);
        },
    )
    .await;
    assert_eq!(ordered.status, 200, "{ordered:?}");
}
