//! The journal: what processes tell of their actors, and what the studio sees by itself.

use loom_studio::StudioOptions;
use serde_json::{Value, json};

use crate::support::{get, post, services};

fn kinds(lines: &Value) -> Vec<&str> {
    let lines = lines.as_array().unwrap();
    lines.iter().map(|line| line["kind"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn events_of_a_batch_are_told_by_actor_by_chain_and_over_all() {
    let (services, _) = services(StudioOptions::default());
    let batch = json!({"boot":"b","seq":1,"register":[{"id":"a","type":"T"},{"id":"c","type":"T"}],"events":[
        {"actor":"a","kind":"started","message":"it runs","time":"2025-12-13T03:00:00Z"},
        {"actor":"c","kind":"error","message":"no","correlationId":"x1","data":{"code":7}},
        {"actor":"a","kind":"moon","message":"m","correlationId":"x1"},
        {"actor":"a","kind":" ","message":"m"},
        {"actor":"a"}]});
    let outcome = post(&services, "/api/actor/batch", batch.clone()).await.json();
    assert_eq!(outcome["accepted"], 5);
    let refused = outcome["rejected"].as_array().unwrap();
    let places: Vec<&Value> = refused.iter().map(|rejection| &rejection["index"]).collect();
    assert_eq!(places, [5, 6], "{outcome}");
    let again = post(&services, "/api/actor/batch", batch).await;
    assert_eq!(again.status, 200);
    let journal = get(&services, "/api/journal/a").await.json();
    assert_eq!(kinds(&journal), ["started", "moon"], "once each");
    assert_eq!(journal[0]["time"], "2025-12-13T03:00:00.000Z");
    assert_eq!(journal[1]["time"], "2025-12-13T03:33:58.077Z");
    assert_eq!(
        get(&services, "/api/journal/a?before=2").await.json()[0]["seq"],
        1
    );
    let chain = get(&services, "/api/v1/journal?correlation=x1").await.json();
    assert_eq!(
        chain,
        json!([{"actor":"c","seq":1,"time":"2025-12-13T03:33:58.077Z","kind":"error","message":"no",
            "correlationId":"x1","data":{"code":7}},
            {"actor":"a","seq":2,"time":"2025-12-13T03:33:58.077Z","kind":"moon","message":"m","correlationId":"x1"}])
    );
    let events = get(&services, "/api/journal?limit=2").await.json();
    assert_eq!(kinds(&events), ["error", "moon"]);
    let events = get(&services, "/api/journal?kind=started").await.json();
    assert_eq!(events[0]["actor"], "a");
    for (path, problem) in [
        ("/api/journal/nobody", (404, "unknown_actor")),
        ("/api/journal/a?limit=0", (400, "invalid_query")),
        ("/api/journal?limit=0", (400, "invalid_query")),
    ] {
        let (status, code) = get(&services, path).await.problem();
        assert_eq!((status, code.as_str()), problem, "{path}");
    }
}

#[actix_web::test]
async fn what_an_actor_logs_is_a_line_that_is_found_by_its_trace_id() {
    let (services, _) = services(StudioOptions::default());
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let data = json!({"level":"warn","target":"shop::stock","fields":{"article":"tea"}});
    let log = json!({"actor":"a","kind":"log","message":"sold out","correlationId":trace,"data":data});
    let batch = json!({"boot":"b","seq":1,"register":[{"id":"a","type":"T"}],"events":[log]});
    post(&services, "/api/actor/batch", batch).await;
    for path in [
        "/api/journal/a".to_owned(),
        format!("/api/journal?correlation={trace}"),
        "/api/journal?kind=log".to_owned(),
    ] {
        let line = &get(&services, &path).await.json()[0];
        assert_eq!(
            (&line["kind"], &line["message"]),
            (&json!("log"), &json!("sold out")),
            "{path}"
        );
        assert_eq!(
            (&line["data"], &line["correlationId"]),
            (&data, &json!(trace)),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn an_event_is_of_the_senders_own_actor_also_where_that_is_shown_under_another_id() {
    let (services, _) = services(StudioOptions::default());
    let source = |boot: &str, node: &str| json!({"boot":boot,"node":node,"pid":1});
    let batch = |boot: &str, node: &str, seq: u64, more: Value| {
        let mut batch = json!({"boot":boot,"seq":seq,"source":source(boot, node)});
        for (key, value) in more.as_object().unwrap() {
            batch[key] = value.clone();
        }
        batch
    };
    let register = json!({"register":[{"id":"a","type":"T"}]});
    post(
        &services,
        "/api/actor/batch",
        batch("one", "web-1", 1, register.clone()),
    )
    .await;
    post(&services, "/api/actor/batch", batch("two", "web-2", 1, register)).await;
    let event = json!({"actor":"a","kind":"note","message":"of two"});
    let goes = json!({"events":[event],"unregister":["a"]});
    post(&services, "/api/actor/batch", batch("two", "web-2", 2, goes)).await;
    let late = json!({"events":[{"actor":"a","kind":"stopped","message":"late"}]});
    post(&services, "/api/actor/batch", batch("two", "web-2", 3, late)).await;
    let of_two = get(&services, "/api/journal/a@web-2:1").await.json();
    assert_eq!(kinds(&of_two), ["registered", "note", "stopped"]);
    let nameless = json!({"boot":"three","seq":1,"events":[{"actor":"a","kind":"note","message":"m"}]});
    let outcome = post(&services, "/api/actor/batch", nameless).await.json();
    assert_eq!(outcome["rejected"][0]["code"], "other_owner");
    assert_eq!(
        kinds(&get(&services, "/api/journal/a").await.json()),
        ["registered"]
    );
}

#[actix_web::test]
async fn the_studio_writes_for_those_who_tell_no_events() {
    let (services, clock) = services(StudioOptions::default());
    post(&services, "/api/actor/register", json!({"id":"a","type":"T"})).await;
    for status in ["active", "failed", "failed", "idle", "stopped", "active"] {
        post(&services, "/api/actor/update", json!({"id":"a","status":status})).await;
    }
    post(&services, "/api/actor/update", json!({"id":"a","restartCount":1})).await;
    clock.advance(10_000);
    services.intake.sweep();
    post(&services, "/api/actor/update", json!({"id":"a","status":"idle"})).await;
    services.intake.sweep();
    post(&services, "/api/actor/unregister", json!({"id":"a"})).await;
    let journal = get(&services, "/api/journal/a").await.json();
    assert_eq!(
        kinds(&journal),
        [
            "registered",
            "failed",
            "stopped",
            "restarted",
            "stale",
            "back",
            "removed"
        ]
    );
    assert_eq!(journal[4]["message"], "not heard for 10 s");
    clock.advance(60 * 60 * 1000);
    services.intake.sweep();
    assert_eq!(
        get(&services, "/api/journal/a").await.status,
        404,
        "forgotten in time"
    );
}
