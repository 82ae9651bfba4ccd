//! Rates, waits and edges: what the totals that processes send come to.

use std::time::Duration;

use loom_studio::{RunningStudio, Services, Studio, StudioOptions};
use serde_json::{Value, json};

use crate::support::{NOON, TestClock, Viewer, get, options, post, send_post, services};

fn began() -> Value {
    let started = loom_protocol::Timestamp::from_millis(NOON);
    json!({"boot":"b","node":"n","pid":1,"started":started})
}

/// A histogram of so many times of about a millisecond.
fn times(count: u64) -> Value {
    let mut times = loom_protocol::Histogram::default();
    (0..count).for_each(|_| times.record(1_000_000));
    serde_json::to_value(times).unwrap()
}

async fn batch(services: &Services, seq: u64, more: Value) -> Value {
    let mut batch = json!({"boot":"b","seq":seq,"source":began()});
    for (key, value) in more.as_object().unwrap() {
        batch[key] = value.clone();
    }
    post(services, "/api/actor/batch", batch).await.json()
}

/// Two carts that get ten messages a second from a counter, for ten seconds.
async fn ten_seconds(services: &Services, clock: &TestClock) {
    let register = json!([{"id":"cart-1","type":"Cart","uptime":0,"messageCount":0,"status":"idle"},
        {"id":"cart-2","type":"Cart","uptime":0,"messageCount":0,"status":"active"},
        {"id":"counter","type":"Counter","uptime":0,"messageCount":0}]);
    batch(services, 1, json!({"register":register})).await;
    for second in 1..=10_u64 {
        clock.advance(1_000);
        let total = 10 * second;
        let message =
            json!({"type":"Add","handled":total,"asked":total,"wait":times(total),"handle":times(total)});
        batch(
            services,
            second + 1,
            json!({"update":[{"id":"cart-1","messageCount":total,"queueDepth":second}],
                "types":[{"type":"Cart","live":2,"messages":[message]}],
                "messages":[{"id":"cart-1","messages":[message]}],
                "edges":[{"from":"counter","to":"cart-1","message":"Add","count":total - second},
                    {"to":"cart-1","message":"Add","count":second}]}),
        )
        .await;
    }
}

#[actix_web::test]
async fn types_actors_and_the_map_tell_the_rates_that_were_sent() {
    let (services, clock) = services(StudioOptions::default());
    ten_seconds(&services, &clock).await;
    let types = get(&services, "/api/types?window=10").await.json();
    let cart = &types[0];
    assert_eq!(cart["type"], "Cart", "{types}");
    assert_eq!(
        (&cart["live"], &cart["queued"], &cart["handled"]),
        (&json!(2), &json!(10), &json!(100))
    );
    assert_eq!((&cart["rate"], &cart["errorRate"]), (&json!(10.0), &json!(0.0)));
    let p95 = cart["waitMs"]["p95"].as_f64().unwrap();
    assert!((0.7..1.4).contains(&p95), "{p95}");
    let add = &cart["messages"][0];
    assert_eq!(
        (&add["type"], &add["handled"], &add["asked"], &add["rate"]),
        (&json!("Add"), &json!(100), &json!(100), &json!(10.0))
    );
    let counter = &types[1];
    assert_eq!(
        (&counter["rate"], &counter["waitMs"]),
        (&json!(0.0), &Value::Null)
    );

    let page = get(&services, "/metrics").await.text();
    for line in [
        "loom_type_messages_total{actor_type=\"Cart\"} 100",
        "loom_type_mailbox_depth{actor_type=\"Cart\"} 10",
        "loom_type_errors_total{actor_type=\"Counter\"} 0",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(
        page.contains("loom_type_wait_p95_seconds{actor_type=\"Cart\"} 0.00"),
        "{page}"
    );
    assert!(!page.contains("cart-1"), "never an actor");

    let messages = get(&services, "/api/v1/actors/cart-1/messages?window=10")
        .await
        .json();
    assert_eq!(messages["messages"][0]["rate"], 10.0, "{messages}");
    // Those of edges are kept in steps of ten seconds, so the second before the first message may be among them.
    let near = |rate: &Value, expected: f64| {
        let rate = rate.as_f64().unwrap();
        assert!((0.8 * expected..=expected).contains(&rate), "{rate}");
    };
    let hears = &messages["hears"];
    assert_eq!(
        (&hears[0]["id"], &hears[0]["message"], &hears[0]["count"]),
        (&json!("counter"), &json!("Add"), &json!(90))
    );
    near(&hears[0]["rate"], 9.0);
    assert_eq!((hears[1].get("id"), &hears[1]["count"]), (None, &json!(10)));
    near(&hears[1]["rate"], 1.0);
    let messages = get(&services, "/api/actors/counter/messages").await.json();
    assert_eq!(messages["talks"][0]["id"], "cart-1");

    let map = get(&services, "/api/map?window=10").await.json();
    assert_eq!((&map["group"], &map["grouped"]), (&json!("type"), &json!(false)));
    assert_eq!(map["nodes"][0]["status"], json!({"active":1,"idle":1}));
    let of = |map: &Value, from: &str| {
        let edges = map["edges"].as_array().unwrap().clone();
        edges.into_iter().find(|edge| edge["from"] == from).unwrap()
    };
    let edge = of(&map, "Counter");
    assert_eq!((&edge["to"], &edge["count"]), (&json!("Cart"), &json!(90)));
    assert_eq!(edge["messages"][0], json!({"type":"Add","rate":edge["rate"]}));
    near(&edge["rate"], 9.0);
    let map = get(&services, "/api/map?group=actor&window=10").await.json();
    assert_eq!(map["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(of(&map, "counter")["to"], "cart-1");
    let map = get(&services, "/api/map?group=actor&filter=cart").await.json();
    assert_eq!(map["nodes"].as_array().unwrap().len(), 2, "{map}");
    for path in [
        "/api/types?window=0",
        "/api/map?group=planet",
        "/api/traffic?window=601",
        "/api/map?x=1",
    ] {
        assert_eq!(get(&services, path).await.problem().0, 400, "{path}");
    }
    assert_eq!(
        get(&services, "/api/actors/nobody/history").await.problem().0,
        404
    );
}

#[actix_web::test]
async fn many_actors_are_shown_as_their_types() {
    let (services, _) = services(StudioOptions::default());
    let register: Vec<Value> = (0..201)
        .map(|number| json!({"id":format!("a{number}"),"type":"T"}))
        .collect();
    batch(&services, 1, json!({"register":register})).await;
    let map = get(&services, "/api/map?group=actor").await.json();
    assert_eq!((&map["group"], &map["grouped"]), (&json!("type"), &json!(true)));
    assert_eq!(map["nodes"][0]["count"], 201);
}

#[actix_web::test]
async fn what_processes_could_not_keep_is_summed_over_them() {
    let (services, _clock) = services(StudioOptions::default());
    batch(&services, 1, json!({"register":[{"id":"a","type":"A"}]})).await;
    assert_eq!(
        get(&services, "/api/metrics").await.json()["dropped"],
        Value::Null
    );
    // Each process tells its own sums, which only grow; an older report takes nothing back.
    batch(&services, 2, json!({"dropped":{"events":12,"edges":5}})).await;
    batch(&services, 3, json!({"dropped":{"events":4,"edges":9}})).await;
    let other = json!({"boot":"c","seq":1,"register":[{"id":"b","type":"B"}],
        "dropped":{"events":1,"messages":u64::MAX}});
    post(&services, "/api/actor/batch", other).await;
    let dropped = &get(&services, "/api/metrics").await.json()["dropped"];
    assert_eq!(*dropped, json!({"events":13,"edges":9,"messages":u64::MAX}));
}

#[actix_web::test]
async fn a_gap_is_a_gap_and_what_came_in_it_makes_no_peak() {
    let (services, clock) = services(StudioOptions::default());
    ten_seconds(&services, &clock).await;
    clock.advance(30_000);
    let add = |handled: u64| {
        json!({"update":[{"id":"cart-1","messageCount":handled}],"types":[{"type":"Cart","messages":[
            {"type":"Add","handled":handled}]}]})
    };
    batch(&services, 12, add(9_000)).await;
    clock.advance(1_000);
    batch(&services, 13, add(9_005)).await;
    clock.advance(1_000);
    let history = get(&services, "/api/traffic?type=Cart&window=45").await.json();
    assert_eq!(history["step"], 1_000);
    let rates = history["rate"].as_array().unwrap();
    assert_eq!(rates.len(), 45);
    let known: Vec<f64> = rates.iter().filter_map(Value::as_f64).collect();
    assert_eq!(
        known.iter().filter(|rate| **rate == 10.0).count(),
        10,
        "{known:?}"
    );
    assert_eq!(rates.last().unwrap(), &json!(5.0));
    assert_eq!(
        rates.iter().filter(|rate| rate.is_null()).count(),
        45 - known.len()
    );
    assert!(known.iter().all(|rate| *rate <= 10.0), "{known:?}");
    let waits = history["waitMs"].as_array().unwrap();
    assert_eq!(waits.iter().filter(|wait| wait.is_number()).count(), 10);
    assert_eq!(history["queue"].as_array().unwrap().last().unwrap(), &json!(10));
    let types = get(&services, "/api/types").await.json();
    assert_eq!(types[0]["handled"], 9_005, "totals are whole");
}

#[actix_web::test]
async fn a_process_that_ran_before_the_studio_began_is_counted_from_here() {
    let (services, clock) = services(StudioOptions::default());
    let late = |seq: u64, handled: u64| {
        json!({"boot":"old","seq":seq,"register":[{"id":"a","type":"T","uptime":9_999_999,"messageCount":handled}],
            "types":[{"type":"T","messages":[{"type":"M","handled":handled,"dead":7}]}],
            "edges":[{"to":"a","message":"M","count":handled}]})
    };
    post(&services, "/api/actor/batch", late(500, 1_000_000)).await;
    clock.advance(1_000);
    post(&services, "/api/actor/batch", late(501, 1_000_003)).await;
    services.intake.sweep();
    let types = get(&services, "/api/types").await.json();
    assert_eq!(
        (&types[0]["rate"], &types[0]["handled"]),
        (&json!(3.0), &json!(1_000_003))
    );
    assert_eq!(types[0]["messages"][0]["rate"], 3.0);
    assert_eq!(
        get(&services, "/api/lints").await.json(),
        json!([]),
        "those letters are old"
    );
    // The same names in a new process begin at zero: nothing falls below it.
    let anew = json!({"boot":"new","seq":1,"register":[{"id":"z","type":"T","messageCount":2}],
        "types":[{"type":"T","messages":[{"type":"M","handled":2}]}]});
    clock.advance(1_000);
    post(&services, "/api/actor/batch", anew).await;
    let types = get(&services, "/api/types").await.json();
    assert!(types[0]["rate"].as_f64().unwrap() >= 0.0);
}

#[actix_web::test]
async fn reporters_of_nothing_but_counts_have_rates_and_queues() {
    let (services, clock) = services(StudioOptions::default());
    post(
        &services,
        "/api/actor/register",
        json!({"id":"py","type":"Py","messageCount":500}),
    )
    .await;
    for second in 1..=20 {
        clock.advance(1_000);
        let update =
            json!({"id":"py","messageCount":500 + 4 * second,"errorCount":second,"queueDepth":second});
        post(&services, "/api/actor/update", update).await;
    }
    let types = get(&services, "/api/types?window=20").await.json();
    assert_eq!(
        (&types[0]["rate"], &types[0]["errorRate"]),
        (&json!(4.0), &json!(1.0)),
        "{types}"
    );
    assert_eq!(types[0]["handled"], 580);
    clock.advance(1_000);
    let history = get(&services, "/api/actors/py/history?window=20").await.json();
    let rates: Vec<f64> = history["rate"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_f64)
        .collect();
    assert!(
        !rates.is_empty() && rates.iter().all(|rate| (*rate - 4.0).abs() < 0.01),
        "{history}"
    );
    // It starts again by itself, with the same id.
    post(
        &services,
        "/api/actor/register",
        json!({"id":"py","type":"Py","messageCount":0}),
    )
    .await;
    let types = get(&services, "/api/types?window=20").await.json();
    assert!(types[0]["rate"].as_f64().unwrap() <= 4.0);
    // The clock goes back by an hour: windows begin anew.
    clock.advance(-3_600_000);
    post(
        &services,
        "/api/actor/update",
        json!({"id":"py","messageCount":90}),
    )
    .await;
    let types = get(&services, "/api/types?window=20").await.json();
    assert!(types[0]["rate"].as_f64().unwrap_or(0.0) >= 0.0, "{types}");
}

fn known(rate: &Value) -> Vec<f64> {
    let rates = rate.as_array().unwrap().iter();
    rates.filter_map(Value::as_f64).collect()
}

#[actix_web::test]
async fn the_rates_of_many_rows_come_in_one_answer() {
    let (services, clock) = services(StudioOptions::default());
    ten_seconds(&services, &clock).await;
    let asked = json!({"window":60,"actors":["cart-1","cart-2","nobody"],"types":["Cart","Nothing"]});
    let rates = post(&services, "/api/v1/rates", asked).await.json();
    assert!(
        rates["actors"].get("cart-2").is_none(),
        "it never did anything: {rates}"
    );
    assert!(rates["actors"].get("nobody").is_none() && rates["types"].get("Nothing").is_none());
    let cart = &rates["types"]["Cart"];
    assert_eq!(
        (&cart["step"], cart["rate"].as_array().unwrap().len()),
        (&json!(2_000), 30)
    );
    let of_type = known(&cart["rate"]);
    assert!(
        of_type.len() < 10,
        "what came before the first report is not known"
    );
    assert_eq!(of_type.last(), Some(&10.0), "{cart}");
    let of_type = post(&services, "/api/rates", json!({"window":600,"types":["Cart"]})).await;
    assert_eq!(of_type.json()["types"]["Cart"]["step"], 20_000);
    for (asked, code) in [
        (json!({"window":601}), "invalid_query"),
        (
            json!({"actors":vec!["a"; 150],"types":vec!["t"; 51]}),
            "too_many_names",
        ),
    ] {
        assert_eq!(
            post(&services, "/api/rates", asked).await.problem(),
            (400, code.into())
        );
    }
}

#[actix_web::test]
async fn looking_at_a_list_follows_its_actors_closely_here_and_makes_no_peaks_of_sums() {
    let (services, clock) = services(StudioOptions::default());
    let register = json!([{"id":"quiet","type":"T","uptime":0,"messageCount":0}]);
    batch(&services, 1, json!({"register":register})).await;
    let mut seq = 1;
    let mut seconds = async |count: u64| {
        let mut last = Value::Null;
        for _ in 0..count {
            clock.advance(1_000);
            seq += 1;
            let update = json!([{"id":"quiet","messageCount":5 * (seq - 1)}]);
            last = batch(&services, seq, json!({"update":update})).await;
        }
        last
    };
    // Nobody looks: steps of ten seconds.
    seconds(34).await;
    let asked = json!({"window":60,"actors":["quiet"]});
    let line = post(&services, "/api/rates", asked.clone()).await.json()["actors"]["quiet"].clone();
    assert_eq!(line["step"], 10_000, "{line}");
    let seen = seconds(10).await;
    assert_eq!(
        seen["attention"],
        json!({"detail":"counters"}),
        "no application measures more for a list"
    );
    services.intake.sweep();
    post(&services, "/api/rates", asked.clone()).await;
    seconds(9).await;
    let line = post(&services, "/api/rates", asked).await.json()["actors"]["quiet"].clone();
    assert_eq!(line["step"], 2_000, "{line}");
    let history = get(&services, "/api/actors/quiet/history?window=60").await.json();
    for rates in [known(&line["rate"]), known(&history["rate"])] {
        assert!(rates.len() > 15, "{rates:?}");
        // All through it handled five a second.
        assert!(rates.iter().all(|rate| *rate <= 5.01), "{rates:?}");
        let middle = &rates[3..rates.len() - 3];
        assert!(middle.iter().all(|rate| *rate > 1.0), "{rates:?}");
    }
}

#[actix_web::test]
async fn reading_counts_as_looking_for_ten_seconds() {
    let (services, clock) = services(StudioOptions::default());
    let register = json!({"register":[{"id":"a","type":"T"}]});
    let first = batch(&services, 1, register).await;
    assert_eq!(first["attention"], json!({"detail":"counters"}));
    get(&services, "/api/map").await;
    assert_eq!(
        batch(&services, 2, json!({})).await["attention"],
        json!({"detail":"traffic"})
    );
    clock.advance(10_000);
    assert_eq!(
        batch(&services, 3, json!({})).await["attention"]["detail"],
        "counters"
    );
    get(&services, "/api/actors/a/messages").await;
    let seen = batch(&services, 4, json!({})).await;
    assert_eq!(seen["attention"], json!({"detail":"traffic","actors":["a"]}));
    let other = post(&services, "/api/actor/batch", json!({"boot":"other","seq":1}))
        .await
        .json();
    assert_eq!(
        other["attention"]["detail"], "counters",
        "nobody looks at its actors"
    );
}

async fn report(studio: &RunningStudio, body: &str) -> Value {
    send_post(studio.addr, "/api/actor/batch", body, &[]).await.json()
}

#[actix_web::test]
async fn sockets_that_look_get_journal_and_traffic_and_others_do_not() {
    let studio = Studio::builder(options()).start().await.unwrap();
    let mut looking = Viewer::open(&studio).await;
    let mut other = Viewer::open(&studio).await;
    looking.say(r#"{"type":"watch","actors":["a"],"map":true}"#).await;
    let mut seq = 0;
    loop {
        seq += 1;
        let body = format!(r#"{{"boot":"b","seq":{seq},"register":[{{"id":"a","type":"T"}}]}}"#);
        let outcome = report(&studio, &body).await;
        if outcome["attention"]["detail"] == "traffic" {
            assert_eq!(outcome["attention"]["actors"], json!(["a"]));
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    seq += 1;
    let event = r#"{"actor":"a","kind":"note","message":"hello"}"#;
    report(
        &studio,
        &format!(r#"{{"boot":"b","seq":{seq},"events":[{event}]}}"#),
    )
    .await;
    let line = loop {
        let frame = looking.next_of("journal").await;
        if frame.data["line"]["kind"] == "note" {
            break frame;
        }
    };
    assert_eq!(
        (&line.data["actor"], &line.data["line"]["message"]),
        (&json!("a"), &json!("hello"))
    );
    let traffic = looking.next_of("traffic").await;
    assert_eq!(traffic.data["types"][0]["type"], "T");
    drop(looking);
    studio.hub.publish("note", None, &1);
    loop {
        let frame = other.next().await;
        assert!(
            !["journal", "traffic"].contains(&frame.kind.as_str()),
            "{frame:?}"
        );
        if frame.kind == "note" {
            break;
        }
    }
    loop {
        seq += 1;
        let outcome = report(&studio, &format!(r#"{{"boot":"b","seq":{seq}}}"#)).await;
        if outcome["attention"]["detail"] == "counters" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    studio.stop().await;
}

#[actix_web::test]
async fn types_of_plumbing_are_told_to_those_who_ask_for_them() {
    let (services, _clock) = services(StudioOptions::default());
    let batch = json!({"boot":"b","seq":1,"register":[
        {"id":"p","type":"Pump","system":true},
        {"id":"both","type":"Both","system":true},{"id":"own","type":"Both"},
        {"id":"o","type":"Order"}],
        "types":[{"type":"Told","messages":[{"type":"M","handled":1}]}]});
    post(&services, "/api/actor/batch", batch).await;
    let names = async |query: &str| {
        let types = get(&services, &format!("/api/types{query}")).await.json();
        let types = types.as_array().unwrap().iter();
        let names: Vec<_> = types
            .map(|row| row["type"].as_str().unwrap().to_owned())
            .collect();
        names
    };
    assert_eq!(names("").await, ["Both", "Order", "Told"]);
    assert_eq!(names("?system=false").await, ["Both", "Order", "Told"]);
    assert_eq!(names("?system=true").await, ["Both", "Order", "Pump", "Told"]);
    let wrong = get(&services, "/api/types?system=maybe").await;
    assert_eq!(wrong.status, 400);
}
