//! Each rule, provoked by what a process sends, and gone when that is.

use loom_studio::{Services, StudioOptions};
use serde_json::{Value, json};

use crate::support::{TestClock, get, post, services};

/// A process that beats each second while what it says is swept.
struct Process {
    services: Services,
    clock: TestClock,
    seq: u64,
}

impl Process {
    async fn with(actors: Value) -> Self {
        let (services, clock) = services(StudioOptions::default());
        let mut process = Self {
            services,
            clock,
            seq: 0,
        };
        process.says(json!({ "register": actors })).await;
        process
    }

    async fn says(&mut self, mut batch: Value) {
        self.seq += 1;
        (batch["boot"], batch["seq"]) = (json!("b"), json!(self.seq));
        let answer = post(&self.services, "/api/actor/batch", batch).await.json();
        assert_eq!(answer["rejected"], json!([]));
        self.services.intake.sweep();
    }

    async fn beats(&mut self, seconds: usize) {
        for _ in 0..seconds {
            self.clock.advance(1_000);
            self.says(json!({})).await;
        }
    }

    async fn lints(&self) -> Vec<(String, Value)> {
        let lints = get(&self.services, "/api/lints").await.json();
        let lints = lints.as_array().unwrap().iter();
        lints
            .map(|lint| (lint["code"].as_str().unwrap().to_owned(), lint.clone()))
            .collect()
    }

    async fn codes(&self) -> Vec<String> {
        self.lints().await.into_iter().map(|(code, _)| code).collect()
    }
}

#[actix_web::test]
async fn a_handler_that_is_stuck_is_told_and_no_longer_once_it_goes_on() {
    let mut process = Process::with(json!([
        {"id":"a","type":"T","status":"active","messageCount":1,"queueDepth":3},
        {"id":"alive","type":"T","status":"active","messageCount":1},
        {"id":"ticks","type":"T","status":"active","messageCount":1,"queueDepth":1},
    ]))
    .await;
    for second in 1..=10 {
        let ticks = json!([{"id":"ticks","work":{"turns":second}}]);
        process.clock.advance(1_000);
        process.says(json!({ "update": ticks })).await;
    }
    assert_eq!(process.codes().await, [""; 0]);
    process.beats(1).await;
    let (code, lint) = process.lints().await.remove(0);
    assert_eq!(
        (code.as_str(), &lint["actor"], &lint["type"]),
        ("stuck_handler", &json!("a"), &json!("T"))
    );
    assert_eq!(
        (&lint["severity"], &lint["threshold"]),
        (&json!("warning"), &json!(10))
    );
    let since = lint["since"].clone();
    process
        .says(json!({"update":[{"id":"a","messageCount":2}]}))
        .await;
    process.beats(8).await;
    assert_eq!(process.lints().await[0].1["since"], since, "it does not flicker");
    let idle = json!([{"id":"a","status":"idle"},{"id":"ticks","status":"idle"}]);
    process.says(json!({ "update": idle })).await;
    process.beats(2).await;
    assert_eq!(process.codes().await, [""; 0]);
}

#[actix_web::test]
async fn many_stuck_ones_of_a_type_are_told_once() {
    let actor = |number: u32| json!({"id":format!("a{number}"),"type":"T","status":"active","queueDepth":1});
    let mut process = Process::with((0..20).map(actor).collect()).await;
    process.beats(12).await;
    let lints = process.lints().await;
    assert_eq!(lints.len(), 1);
    assert_eq!(lints[0].1.get("actor"), None);
    assert!(
        lints[0].1["sentence"]
            .as_str()
            .unwrap()
            .starts_with("20 actors of T")
    );
}

#[actix_web::test]
async fn a_mailbox_that_only_grows_is_told() {
    let mut process =
        Process::with(json!([{"id":"a","type":"T"},{"id":"full","type":"T","queueDepth":900}])).await;
    for second in 1..=40 {
        process.clock.advance(1_000);
        let update = json!([{"id":"a","queueDepth":10 * second,"messageCount":second},{"id":"full","messageCount":second}]);
        process.says(json!({ "update": update })).await;
    }
    let lints = process.lints().await;
    assert_eq!(lints.len(), 1, "a full one that does not grow is none: {lints:?}");
    assert_eq!(
        (lints[0].0.as_str(), &lints[0].1["actor"]),
        ("growing_mailbox", &json!("a"))
    );
}

#[actix_web::test]
async fn restarts_one_after_the_other_are_a_storm() {
    let mut process = Process::with(json!([{"id":"a","type":"T","restartCount":0}])).await;
    for restarts in 1..=5 {
        assert_eq!(process.codes().await, [""; 0]);
        process.beats(2).await;
        process
            .says(json!({"update":[{"id":"a","restartCount":restarts}]}))
            .await;
    }
    let lints = process.lints().await;
    assert_eq!(
        (lints[0].0.as_str(), &lints[0].1["value"]),
        ("restart_storm", &json!(5))
    );
    assert_eq!(lints[0].1["severity"], "problem");
    process.beats(75).await;
    assert_eq!(process.codes().await, [""; 0]);
}

#[actix_web::test]
async fn messages_that_reach_nobody_are_told_for_a_minute() {
    let mut process = Process::with(json!([{"id":"a","type":"T"}])).await;
    let dead = |dead: u32| json!({"types":[{"type":"T","messages":[{"type":"M","handled":1,"dead":dead}]}]});
    process.says(dead(0)).await;
    process.beats(1).await;
    process.says(dead(9)).await;
    process.beats(1).await;
    assert_eq!(process.codes().await, [""; 0], "what any end leaves behind");
    process.says(dead(13)).await;
    process.beats(1).await;
    let lints = process.lints().await;
    assert_eq!(
        (lints[0].0.as_str(), &lints[0].1["value"]),
        ("dead_letters", &json!(13))
    );
    process.beats(75).await;
    assert_eq!(process.codes().await, [""; 0]);
}

#[actix_web::test]
async fn one_that_panicked_and_is_gone_is_told_until_it_is_back() {
    let mut process = Process::with(json!([{"id":"a","type":"T","status":"idle"}])).await;
    process
        .says(json!({"update":[{"id":"a","status":"failed"}]}))
        .await;
    process.beats(9).await;
    assert_eq!(
        process.codes().await,
        [""; 0],
        "its owner may be about to start it again"
    );
    process.beats(1).await;
    assert_eq!(process.codes().await, ["panicked_and_gone"]);
    process
        .says(json!({"register":[{"id":"a","type":"T","status":"idle","restartCount":1}]}))
        .await;
    process.beats(10).await;
    assert_eq!(process.codes().await, [""; 0]);
}

#[actix_web::test]
async fn too_many_of_one_type_are_told() {
    let actor = |number: u32| json!({"id":format!("a{number}"),"type":"T"});
    let mut process = Process::with((0..10_000).map(actor).collect()).await;
    process.beats(1).await;
    assert_eq!(process.codes().await, [""; 0]);
    process
        .says(json!({"register":[{"id":"one more","type":"T"}]}))
        .await;
    let lints = process.lints().await;
    assert_eq!(
        (lints[0].0.as_str(), &lints[0].1["type"]),
        ("too_many_of_one_type", &json!("T"))
    );
}

#[actix_web::test]
async fn a_thread_on_which_nobody_moves_is_blocked() {
    let waits =
        |id: &str, worker: &str| json!({"id":id,"type":"T","workerId":worker,"node":"n","queueDepth":4});
    let actors = json!([
        waits("a", "w1"),
        waits("b", "w1"),
        waits("c", "w2"),
        waits("d", "w2"),
        waits("e", "w3")
    ]);
    let mut process = Process::with(actors).await;
    for second in 1..=10 {
        assert_eq!(process.codes().await, [""; 0]);
        process.clock.advance(1_000);
        process
            .says(json!({"update":[{"id":"c","messageCount":second}]}))
            .await;
    }
    let lints = process.lints().await;
    assert_eq!(lints.len(), 1, "{lints:?}");
    assert_eq!(lints[0].0, "blocked_arbiter");
    assert!(lints[0].1["sentence"].as_str().unwrap().starts_with("w1 on n"));
}

#[actix_web::test]
async fn a_process_that_is_silent_is_told_and_its_actors_are_no_longer_stuck() {
    let mut process =
        Process::with(json!([{"id":"a","type":"T","status":"active"},{"id":"b","type":"T"}])).await;
    process.clock.advance(10_000);
    process.services.intake.sweep();
    let lints = process.lints().await;
    assert_eq!(
        (lints[0].0.as_str(), &lints[0].1["value"]),
        ("stale_process", &json!(2))
    );
    process.clock.advance(5_000);
    process.services.intake.sweep();
    assert_eq!(process.codes().await, ["stale_process"]);
    process.beats(11).await;
    assert_eq!(process.codes().await, [""; 0], "it is back");
}

#[actix_web::test]
async fn asks_in_a_circle_are_told_while_they_wait() {
    let mut process =
        Process::with(json!([{"id":"a","type":"T"},{"id":"b","type":"T"},{"id":"c","type":"T"}])).await;
    let ask = |from: &str, to: &str, age: u64| json!({"from":from,"to":[to],"message":"M","ageMs":age});
    // They lead nowhere.
    process
        .says(json!({"asks":[ask("a","b",60_000),ask("b","c",60_000)]}))
        .await;
    assert_eq!(process.codes().await, [""; 0]);
    process
        .says(json!({"asks":[ask("a","b",60_000),ask("b","a",2_000)]}))
        .await;
    assert_eq!(process.codes().await, [""; 0], "not for long");
    process.beats(5).await;
    let (code, lint) = process.lints().await.remove(0);
    assert_eq!((code.as_str(), &lint["actor"]), ("ask_cycle", &json!("a")));
    assert_eq!(
        (&lint["severity"], &lint["value"]),
        (&json!("problem"), &json!(6)),
        "when it was told first"
    );
    let sentence = lint["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("a asked b (`M`), b asked a (`M`)"),
        "{sentence}"
    );
    process.says(json!({"asks":[]})).await;
    process.beats(11).await;
    assert_eq!(process.codes().await, [""; 0], "they were answered");
}

#[actix_web::test]
async fn asks_of_a_process_that_is_silent_are_told_no_more() {
    let mut process = Process::with(json!([{"id":"a","type":"T"}])).await;
    let ask = json!({"from":"a","to":["a"],"message":"M","ageMs":60_000});
    process.says(json!({"asks":[ask]})).await;
    assert_eq!(process.codes().await, ["ask_cycle"]);
    for _ in 0..25 {
        process.clock.advance(1_000);
        process.services.intake.sweep();
    }
    assert!(!process.codes().await.contains(&"ask_cycle".to_owned()));
}

#[actix_web::test]
async fn what_is_wrong_with_an_ask_is_told_by_its_place() {
    let (services, _clock) = services(StudioOptions::default());
    let ask = |message: &str| json!({"from":"a","to":["a"],"message":message,"ageMs":1});
    let batch = json!({"boot":"b","seq":1,"register":[{"id":"a","type":"T"}],
        "edges":[{"from":"a","to":"a","message":"M","count":1}],
        "asks":[ask("M"),ask(""),{"from":"a"},{"from":"a","to":[],"message":"M","ageMs":1},ask("M")]});
    let outcome = post(&services, "/api/actor/batch", batch).await.json();
    let rejected = outcome["rejected"].as_array().unwrap().iter();
    let places: Vec<_> = rejected
        .map(|rejection| rejection["index"].as_u64().unwrap())
        .collect();
    assert_eq!(
        (places, &outcome["accepted"]),
        (vec![3, 4, 5], &json!(4)),
        "{outcome}"
    );
}
