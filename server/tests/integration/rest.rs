//! The REST interface, field for field.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::Method;
use loom_studio::{StudioOptions, Token};
use serde_json::{Value, json};

use crate::support::{call, get, post, services};

fn counter() -> Value {
    json!({"id":"counter-1","type":"CounterActor","status":"active","workerId":"worker-1","messageCount":42,
        "queueDepth":2,"lastHeartbeat":"2001-01-01T00:00:00.000Z","uptime":15000,"metadata":{"initialValue":0}})
}

#[actix_web::test]
async fn a_record_is_answered_as_documented() {
    let (services, clock) = services(StudioOptions::default());
    let answer = post(&services, "/api/actor/register", counter()).await;
    assert_eq!(answer.status, 201);
    let documented = json!({"id":"counter-1","type":"CounterActor","status":"active","workerId":"worker-1",
        "messageCount":42,"queueDepth":2,"lastHeartbeat":"2025-12-13T03:33:58.077Z","uptime":15000,
        "metadata":{"initialValue":0}});
    assert_eq!(
        answer.json(),
        documented,
        "the heartbeat goes by the studio's clock"
    );
    assert_eq!(get(&services, "/api/actors").await.json(), json!([documented]));
    assert_eq!(get(&services, "/api/actors/counter-1").await.json(), documented);
    assert_eq!(
        get(&services, "/api/actors/type/CounterActor").await.json(),
        json!([documented])
    );
    assert_eq!(get(&services, "/api/actors/type/Other").await.json(), json!([]));
    let head = call(&services, Method::HEAD, "/api/actors/counter-1", None, &[]).await;
    assert_eq!(head.status, 200);
    clock.advance(2000);
    let later = get(&services, "/api/actors/counter-1").await.json();
    assert_eq!(later["uptime"], 17000, "uptime is computed when it is read");
    assert_eq!(later["lastHeartbeat"], documented["lastHeartbeat"]);
}

#[actix_web::test]
async fn registering_again_is_200_and_replaces() {
    let (services, _) = services(StudioOptions::default());
    assert_eq!(
        post(&services, "/api/actor/register", counter()).await.status,
        201
    );
    let again = post(&services, "/api/actor/register", counter()).await;
    assert_eq!(again.status, 200);
    let changed = post(
        &services,
        "/api/actor/register",
        json!({"id":"counter-1","type":"Other"}),
    )
    .await;
    assert_eq!(changed.status, 200);
    assert_eq!(
        changed.json(),
        json!({"id":"counter-1","type":"Other","lastHeartbeat":"2025-12-13T03:33:58.077Z"})
    );
    assert_eq!(
        get(&services, "/api/actors/type/CounterActor").await.json(),
        json!([])
    );
    assert_eq!(
        get(&services, "/api/actors")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[actix_web::test]
async fn an_update_merges_and_counts_as_a_beat() {
    let (services, clock) = services(StudioOptions::default());
    post(&services, "/api/actor/register", counter()).await;
    clock.advance(5000);
    let patch = json!({"id":"counter-1","status":"idle","metadata":{"other":1}});
    let answer = post(&services, "/api/actor/update", patch).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({"id":"counter-1","type":"CounterActor","status":"idle","workerId":"worker-1","messageCount":42,
            "queueDepth":2,"lastHeartbeat":"2025-12-13T03:34:03.077Z","uptime":20000,"metadata":{"other":1}})
    );
    let unknown = post(&services, "/api/actor/update", json!({"id":"nobody"})).await;
    assert_eq!(unknown.problem(), (404, "unknown_actor".into()));
}

#[actix_web::test]
async fn null_takes_a_field_away_where_it_can_be_unknown() {
    let (services, _) = services(StudioOptions::default());
    post(&services, "/api/actor/register", counter()).await;
    let nulls = json!({"id":"counter-1","status":null,"workerId":null,"messageCount":null,"queueDepth":null,"uptime":null,
        "metadata":null,"lastHeartbeat":null});
    let left = post(&services, "/api/actor/update", nulls.clone()).await.json();
    let bare = json!({"id":"counter-1","type":"CounterActor","lastHeartbeat":"2025-12-13T03:33:58.077Z"});
    assert_eq!(left, bare);
    post(&services, "/api/actor/register", counter()).await;
    let batch = json!({"boot":"b1","seq":1,"update":[nulls]});
    post(&services, "/api/actor/batch", batch).await;
    assert_eq!(get(&services, "/api/actors/counter-1").await.json(), bare);
    for field in ["id", "type"] {
        let mut patch = json!({"id":"counter-1"});
        patch[field] = Value::Null;
        let refused = post(&services, "/api/actor/update", patch).await;
        assert_eq!(refused.problem(), (400, "invalid_json".into()));
        assert!(refused.text().contains("null; "), "{}", refused.text());
    }
}

#[actix_web::test]
async fn unregistering_is_204_also_when_unknown() {
    let (services, _) = services(StudioOptions::default());
    post(&services, "/api/actor/register", counter()).await;
    for _ in 0..2 {
        let answer = post(&services, "/api/actor/unregister", json!({"id":"counter-1"})).await;
        assert_eq!((answer.status, answer.text().as_str()), (204, ""));
    }
    let gone = get(&services, "/api/actors/counter-1").await;
    assert_eq!(gone.problem(), (404, "unknown_actor".into()));
    assert_eq!(get(&services, "/api/actors").await.json(), json!([]));
}

#[actix_web::test]
async fn metrics_are_as_documented() {
    let (services, _) = services(StudioOptions::default());
    for (id, kind, status, messages) in [
        ("counter-1", "CounterActor", "active", 100),
        ("counter-2", "CounterActor", "idle", 50),
        ("sum", "AggregatorActor", "active", 7),
    ] {
        let record = json!({"id":id,"type":kind,"status":status,"messageCount":messages,"queueDepth":2});
        post(&services, "/api/actor/register", record).await;
    }
    post(
        &services,
        "/api/actor/register",
        json!({"id":"silent","type":"AggregatorActor"}),
    )
    .await;
    assert_eq!(
        get(&services, "/api/metrics").await.json(),
        json!({"timestamp":"2025-12-13T03:33:58.077Z",
            "actorPools":{"totalActors":4,"activeActors":2,"idleActors":1,
                "byStatus":{"active":2,"idle":1,"unknown":1},"systemActors":0,
                "byType":{"AggregatorActor":2,"CounterActor":2}},
            "messageQueues":{"totalMessages":157,"pendingMessages":6}})
    );
}

#[actix_web::test]
async fn what_waited_for_the_dead_does_not_wait() {
    let (services, clock) = services(StudioOptions::default());
    for (id, status) in [("silent", "active"), ("over", "stopped"), ("broken", "failed")] {
        let record = json!({"id":id,"type":"T","status":status,"queueDepth":100});
        post(&services, "/api/actor/register", record).await;
    }
    clock.advance(10_000);
    let record = json!({"id":"alive","type":"T","status":"waiting","queueDepth":3});
    post(&services, "/api/actor/register", record).await;
    let metrics = get(&services, "/api/metrics").await.json();
    assert_eq!(metrics["messageQueues"]["pendingMessages"], 3);
}

#[actix_web::test]
async fn a_compressed_body_is_called_what_it_is() {
    let (services, _) = services(StudioOptions::default());
    let body = json!("stands for what would be gzip");
    let headers = [("content-encoding", "gzip")];
    let answer = call(
        &services,
        Method::POST,
        "/api/actor/register",
        Some(&body),
        &headers,
    )
    .await;
    assert_eq!(answer.problem(), (415, "unsupported_encoding".into()));
}

#[actix_web::test]
async fn health_is_as_documented() {
    let (services, clock) = services(StudioOptions::default());
    clock.advance(1500);
    assert_eq!(
        get(&services, "/api/health").await.json(),
        json!({"status":"ok","version":env!("CARGO_PKG_VERSION"),"uptime":1500,
            "parts":{"directory":{"status":"ok","message":"0 actors"},"history":{"status":"ok","message":"0 series, in memory; \
            LOOM_STATE_DIR names a directory that keeps them over restarts"},"live":{"status":"ok","message":"0 viewers"},
            "warnings":{"status":"ok","message":"3 rules, 0 firing"}}})
    );
}

#[actix_web::test]
async fn an_entry_that_makes_no_sense_costs_no_other() {
    let (services, _) = services(StudioOptions::default());
    let batch = json!({"boot":"b1","seq":1,
        "register":[{"type":"T"},{"id":"a","type":"T"}],
        "update":[{"id":"a","messageCount":"many"},{"id":"a","messageCount":3},{"id":"nobody"}],
        "unregister":[{}]});
    let answer = post(&services, "/api/actor/batch", batch).await;
    assert_eq!(answer.status, 200);
    let outcome = answer.json();
    assert_eq!(outcome["accepted"], 2);
    let places: Vec<u64> = outcome["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rejection| rejection["index"].as_u64().unwrap())
        .collect();
    assert_eq!(places, [0, 2, 4, 5]);
    assert_eq!(get(&services, "/api/actors/a").await.json()["messageCount"], 3);
}

#[actix_web::test]
async fn a_batch_registers_updates_removes_and_names_what_it_could_not() {
    let (services, _) = services(StudioOptions::default());
    let batch = json!({"boot":"b1","seq":1,
        "register":[{"id":"a","type":"T"},{"id":"b","type":"T"},{"id":"","type":"T"}],
        "update":[{"id":"a","status":"active"},{"id":"nobody","status":"idle"}],
        "unregister":["b","never"]});
    let answer = post(&services, "/api/actor/batch", batch).await;
    assert_eq!(answer.status, 200);
    let outcome = answer.json();
    assert_eq!(outcome["accepted"], 5);
    let rejected = outcome["rejected"].as_array().unwrap();
    let places: Vec<_> = rejected
        .iter()
        .map(|entry| entry["index"].as_u64().unwrap())
        .collect();
    assert_eq!(places, [2, 4]);
    assert!(rejected[1]["problem"].as_str().unwrap().contains("`nobody`"));
    let actors = get(&services, "/api/actors").await.json();
    assert_eq!(
        actors,
        json!([{"id":"a","type":"T","status":"active","lastHeartbeat":"2025-12-13T03:33:58.077Z"}])
    );
}

#[actix_web::test]
async fn lists_are_filtered_sorted_and_cut_in_this_order() {
    let (services, _) = services(StudioOptions::default());
    for number in 0..10 {
        let kind = if number % 2 == 0 { "Even" } else { "Odd" };
        let status = if number < 5 { "idle" } else { "active" };
        let record =
            json!({"id":format!("a{number}"),"type":kind,"status":status,"messageCount":100 - number});
        post(&services, "/api/actor/register", record).await;
    }
    let ids = |json: Value| -> Vec<String> {
        let actors = json.as_array().unwrap().iter();
        actors
            .map(|actor| actor["id"].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, expected) in [
        ("", "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9"),
        ("?type=Odd", "a1 a3 a5 a7 a9"),
        ("?status=active&type=Odd", "a5 a7 a9"),
        ("?q=EVEN&status=idle", "a0 a2 a4"),
        ("?q=a7", "a7"),
        ("?sort=-id&limit=2", "a9 a8"),
        ("?sort=messageCount&limit=3", "a9 a8 a7"),
        ("?sort=-messageCount&limit=2&status=active", "a5 a6"),
        ("?sort=queueDepth&limit=2", "a0 a1"),
        ("?type=None", ""),
    ] {
        let answer = get(&services, &format!("/api/actors{query}")).await;
        assert_eq!(ids(answer.json()).join(" "), expected, "{query}");
    }
    for base in [
        "/api/actors?",
        "/api/actors?sort=-messageCount&",
        "/api/actors?sort=type&",
        "/api/actors?q=a&",
    ] {
        let mut next = format!("{base}limit=4");
        let mut seen = Vec::new();
        loop {
            let page = get(&services, &next).await;
            assert_eq!(page.header("x-total-count"), Some("10"), "{next}");
            seen.extend(ids(page.json()));
            let Some(link) = page.header("link") else { break };
            let (address, relation) = link.split_once(';').unwrap();
            assert_eq!(relation.trim(), "rel=\"next\"");
            // Seen from the address that was asked for, whatever something in front made of it.
            next = format!("/api/actors{}", address.trim_matches(['<', '>']));
        }
        assert_eq!(seen.len(), 10, "{base}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 10, "{base}: no actor twice");
    }
}

#[actix_web::test]
async fn v1_lists_say_whether_there_is_more() {
    let (services, _) = services(StudioOptions::default());
    for number in 0..3 {
        let record = json!({"id":format!("a{number}"),"type":"T"});
        post(&services, "/api/v1/actor/register", record).await;
    }
    let first = get(&services, "/api/v1/actors?limit=2").await.json();
    assert_eq!(first["total"], 3);
    assert_eq!(first["truncated"], true);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["next"].as_str().unwrap();
    let last = get(
        &services,
        &format!("/api/v1/actors/type/T?limit=2&cursor={cursor}"),
    )
    .await
    .json();
    assert_eq!(
        last,
        json!({"items":[{"id":"a2","type":"T","lastHeartbeat":"2025-12-13T03:33:58.077Z"}],"total":3,"truncated":false})
    );
    assert_eq!(get(&services, "/api/v1/actors/a1").await.json()["id"], "a1");
}

#[actix_web::test]
async fn ids_with_slashes_and_spaces_can_be_asked_for() {
    let (services, _) = services(StudioOptions::default());
    post(
        &services,
        "/api/actor/register",
        json!({"id":"run/1 é","type":"T"}),
    )
    .await;
    let answer = get(&services, "/api/actors/run%2F1%20%C3%A9").await;
    assert_eq!(answer.json()["id"], "run/1 é");
}

#[actix_web::test]
async fn a_name_that_can_not_be_seen_is_refused() {
    let (services, _) = services(StudioOptions::default());
    for (id, word) in [
        ("", "blank"),
        (" \t ", "blank"),
        ("a\nb", "control"),
        ("\u{0}", "control"),
        ("\u{9b}x", "control"),
    ] {
        for body in [json!({"id": id, "type": "T"}), json!({"id": "a", "type": id})] {
            let answer = post(&services, "/api/actor/register", body.clone()).await;
            assert_eq!(answer.problem(), (400, "invalid_record".into()), "{body}");
            assert!(answer.text().contains(word), "{body}: {}", answer.text());
        }
    }
    let fine = post(
        &services,
        "/api/actor/register",
        json!({"id": "a b/ü", "type": "T"}),
    )
    .await;
    assert_eq!(fine.status, 201);
}

#[actix_web::test]
async fn harmless_forms_are_taken_and_senseless_values_refused_by_name() {
    let (services, _) = services(StudioOptions::default());
    let register = "/api/actor/register";
    let loose = json!({"id":17,"type":"T","workerId":4,"uptime":12.5,"message_count":3,
        "lastHeartbeat":"2025-12-13T03:33:58"});
    let answer = post(&services, register, loose).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let record = get(&services, "/api/actors/17").await.json();
    assert_eq!(
        (&record["messageCount"], &record["uptime"], &record["workerId"]),
        (&json!(3), &json!(13), &json!("4"))
    );
    for (field, value) in [
        ("uptime", json!(-1)),
        ("workerId", json!({})),
        ("rates.messages", json!(-5)),
        ("latency.handleMs", json!(-3)),
        ("status", json!("a\nb")),
        ("id", json!(".")),
        ("type", json!("..")),
    ] {
        let mut body = json!({"id":"a","type":"T"});
        match field.split_once('.') {
            Some((outer, inner)) if !inner.is_empty() => body[outer][inner] = value,
            _ => body[field] = value,
        }
        let answer = post(&services, register, body).await;
        assert_eq!(answer.status, 400, "{field}");
        assert!(answer.text().contains(&format!("`{field}`")), "{}", answer.text());
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_batch_itself_is_told_by_the_fields_name() {
    let (services, _) = services(StudioOptions::default());
    for (field, value) in [
        ("boot", json!(["b"])),
        ("seq", json!("one")),
        ("seq", json!(-1)),
        ("generation", json!({})),
        ("complete", json!("yes")),
        ("source", json!([])),
        ("dropped", json!("few")),
        ("register", json!({"id":"a","type":"T"})),
        ("unregister", json!(null)),
        ("asks", json!(5)),
    ] {
        let mut batch =
            json!({"boot":"b1","seq":1,"update":[{"id":"a","uptime":"an entry beside it is wrong, too"}]});
        batch[field] = value;
        let answer = post(&services, "/api/actor/batch", batch).await;
        assert_eq!(answer.problem(), (400, "invalid_json".into()), "{field}");
        assert!(answer.text().contains(&format!("`{field}`")), "{}", answer.text());
    }
}

#[actix_web::test]
async fn every_error_is_a_problem_with_a_code() {
    let (services, _) = services(StudioOptions::default());
    let register = "/api/actor/register";
    let long = "x".repeat(600);
    for (body, code) in [
        (json!({"id":"a"}), "invalid_json"),
        (
            json!({"id":"a","type":"T","lastHeartbeat":"yesterday"}),
            "invalid_json",
        ),
        (json!({"id":"","type":"T"}), "invalid_record"),
        (json!({"id":"a","type":""}), "invalid_record"),
        (json!({"id":long,"type":"T"}), "invalid_record"),
        (
            json!({"id":"a","type":"T","metadata":{"x":"y".repeat(40_000)}}),
            "invalid_record",
        ),
    ] {
        let answer = post(&services, register, body.clone()).await;
        assert_eq!(answer.problem(), (400, code.into()), "{body}");
    }
    let huge = post(&services, register, json!({"id":"a","type":"x".repeat(300_000)})).await;
    assert_eq!(huge.problem(), (413, "body_too_large".into()));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let form = call(&services, Method::POST, register, None, &form).await;
    assert_eq!(form.problem(), (415, "unsupported_media_type".into()));
    for (method, path, status, code) in [
        (Method::GET, "/api/nothing", 404, "no_such_path"),
        (Method::GET, "/api", 404, "no_such_path"),
        (Method::GET, "/assets/nothing.js", 404, "no_such_path"),
        (Method::DELETE, "/api/actors", 405, "method_not_allowed"),
        (Method::POST, "/", 405, "method_not_allowed"),
        (Method::GET, "/api/actors?colour=red", 400, "invalid_query"),
        (Method::GET, "/api/actors?limit=0", 400, "invalid_query"),
        (Method::GET, "/api/actors?sort=colour", 400, "invalid_query"),
        (Method::GET, "/api/actors?cursor=zz", 400, "invalid_cursor"),
        (Method::GET, "/ws", 400, "no_websocket"),
        (Method::GET, "/ws?seq=4", 400, "invalid_query"),
    ] {
        let answer = call(&services, method, path, None, &[]).await;
        assert_eq!(answer.problem(), (status, code.into()), "{path}");
    }
}

#[actix_web::test]
async fn prometheus_gets_numbers_and_never_an_id() {
    let (services, _) = services(StudioOptions::default());
    post(&services, "/api/actor/register", counter()).await;
    post(
        &services,
        "/api/actor/register",
        json!({"id":"odd","type":"a\"b\\c"}),
    )
    .await;
    let text = get(&services, "/metrics").await.text();
    for line in [
        "loom_actors{actor_type=\"CounterActor\",state=\"active\"} 1",
        "loom_actors{actor_type=\"a\\\"b\\\\c\",state=\"unknown\"} 1",
        "loom_actor_messages 42",
        "loom_actor_mailbox_depth 2",
        "loom_studio_viewers 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
    assert!(!text.contains("counter-1"), "{text}");
}

#[actix_web::test]
async fn an_address_that_others_reach_needs_a_token() {
    let bind = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let open = StudioOptions {
        bind,
        ..StudioOptions::default()
    };
    let error = loom_studio::Studio::builder(open.clone())
        .services()
        .err()
        .unwrap();
    assert!(error.to_string().contains("STUDIO_TOKEN"), "{error}");
    let closed = StudioOptions {
        token: Token::new("secret"),
        ..open
    };
    assert!(loom_studio::Studio::builder(closed).services().is_ok());
}

#[actix_web::test]
async fn a_filter_comes_before_the_page_and_its_mistakes_are_told_with_their_place() {
    let (services, _) = services(StudioOptions::default());
    for number in 0..30 {
        let record = json!({"id": format!("a{number:02}"), "type": if number % 2 == 0 { "Even" } else { "Odd" },
            "status": "active", "messageCount": number, "node": "web-1", "latency": {"waitMs": number * 10},
            "system": number == 28});
        post(&services, "/api/actor/register", record).await;
    }
    let list = async |query: &str| {
        let page = get(&services, &format!("/api/v1/actors?{query}")).await.json();
        let ids: Vec<String> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect();
        (
            page["total"].as_u64().unwrap(),
            ids,
            page["next"].as_str().map(str::to_owned),
        )
    };
    let (total, ids, next) = list("filter=type:even%20-is:system&sort=-messageCount&limit=2").await;
    assert_eq!((total, ids), (14, vec!["a26".to_owned(), "a24".to_owned()]));
    let cursor = next.unwrap();
    let (total, ids, _) = list(&format!(
        "filter=type:even%20-is:system&sort=-messageCount&limit=2&cursor={cursor}"
    ))
    .await;
    assert_eq!((total, ids), (14, vec!["a22".to_owned(), "a20".to_owned()]));
    // The older parameters and the filter must all hold.
    let (total, ids, _) = list("filter=wait:%3E=250ms&type=Odd&q=WEB&status=active").await;
    assert_eq!((total, ids.len()), (3, 3));
    assert_eq!(list("q=a*").await.0, 0, "`q` is a text as it stands");
    let (_, ids, _) = list("sort=-wait&limit=1").await;
    assert_eq!(ids, ["a29"]);
    for path in [
        "/api/actors",
        "/api/v1/actors",
        "/api/actors/type/Odd",
        "/api/v1/actors/type/Odd",
    ] {
        let answer = get(&services, &format!("{path}?filter=node:web-1%20stat:x")).await;
        assert_eq!(answer.problem(), (400, "invalid_filter".into()), "{path}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.contains("did you mean `state:`?") && detail.contains("character 12"),
            "{detail}"
        );
    }
}
