//! Rates and waits of actors: of the last minute, and the same wherever they are asked for.

use std::sync::Arc;

use loom_protocol::ActorRecord;
use loom_protocol::filter::Filter;
use loom_studio::{RunningStudio, Studio};
use serde_json::{Value, json};

use crate::support::{TestClock, Viewer, options, send};

fn take(studio: &RunningStudio, batch: Value) {
    let outcome = studio
        .intake
        .batch(serde_json::from_value(batch).unwrap())
        .unwrap();
    assert_eq!(outcome.rejected, []);
}

/// 200 messages a second that each waited 80 ms, and one that did much before and now does nothing.
fn second(number: u64) -> Value {
    let handled = 200 * number;
    let work = json!({"handled":handled,"handleUs":handled * 2_000,"queued":handled,"waitUs":handled * 80_000,
        "busyUs":0,"turns":0});
    json!({"boot":"b","seq":number + 1,
        "update":[{"id":"busy","messageCount":handled,"work":work}]})
}

async fn ids(studio: &RunningStudio, path: &str, query: &str) -> Vec<String> {
    let request = format!(
        "GET {path}?{query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        studio.addr
    );
    let answer = send(studio.addr, &request).await.json();
    let items = if answer.is_array() {
        answer
    } else {
        answer["items"].clone()
    };
    let items = items.as_array().unwrap().clone();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// What fits by the lists, by a window over a socket, and by looking at the records themselves, as the page and others may.
async fn all_ways(studio: &RunningStudio, viewer: &mut Viewer, filter: &str) -> [Vec<String>; 4] {
    let encoded = filter.replace(':', "%3A").replace('>', "%3E").replace('<', "%3C");
    let query = format!("filter={encoded}");
    let asked = json!({"type":"window","id":filter,"filter":filter,"count":10});
    viewer.say(&asked.to_string()).await;
    let shown = loop {
        let frame = viewer.next_of("window").await;
        if frame.data["id"] == filter {
            break frame.data["ids"].clone();
        }
    };
    viewer
        .say(&json!({"type":"window","id":filter,"count":0}).to_string())
        .await;
    let all = studio.directory.list(&Default::default()).unwrap().records;
    let filter: Filter = filter.parse().unwrap();
    let fits = |record: &&ActorRecord| filter.matches(*record);
    [
        ids(studio, "/api/actors", &query).await,
        ids(studio, "/api/v1/actors", &query).await,
        serde_json::from_value(shown).unwrap(),
        all.iter()
            .filter(fits)
            .map(|record| record.id.0.clone())
            .collect(),
    ]
}

#[actix_web::test]
async fn rates_and_waits_are_of_the_last_minute_wherever_they_are_asked_for() {
    let clock = TestClock::new();
    let studio = Studio::builder(options())
        .clock(Arc::new(clock.clone()))
        .start()
        .await
        .unwrap();
    let mut viewer = Viewer::open(&studio).await;
    let old = json!({"handled":9_000_000,"handleUs":9_000_000,"queued":9_000_000,"waitUs":9_000_000_000_000_u64,
        "busyUs":0,"turns":0});
    take(
        &studio,
        json!({"boot":"b","seq":1,"register":[
            {"id":"busy","type":"T","uptime":0,"messageCount":0,
             "work":{"handled":0,"handleUs":0,"queued":0,"waitUs":0,"busyUs":0,"turns":0}},
            {"id":"past","type":"T","messageCount":9_000_000,"work":old,"rates":{"messages":500},"latency":{"waitMs":900}},
            {"id":"told","type":"T","rates":{"messages":120},"latency":{"waitMs":60}}]}),
    );
    for number in 1..=10 {
        clock.advance(1_000);
        take(&studio, second(number));
    }
    studio.intake.sweep();
    let busy = studio.directory.get("busy").unwrap();
    assert_eq!(busy.rates.unwrap().messages, Some(200.0));
    let latency = busy.latency.unwrap();
    assert_eq!((latency.wait_ms, latency.handle_ms), (Some(80.0), Some(2.0)));
    for (filter, expected) in [
        ("rate:>100", vec!["busy", "told"]),
        ("rate:0", vec!["past"]),
        ("wait:>50ms", vec!["busy", "told"]),
        ("wait:>=80ms,<1ms", vec!["busy"]),
        ("-wait:<1h", vec!["past"]),
        ("handle:2ms", vec!["busy"]),
    ] {
        for found in all_ways(&studio, &mut viewer, filter).await {
            assert_eq!(found, expected, "{filter}");
        }
    }
    assert_eq!(
        ids(&studio, "/api/v1/actors", "sort=-rate").await,
        ["busy", "told", "past"]
    );
    // For a minute it does nothing and is heard.
    for number in 11..=25 {
        clock.advance(5_000);
        take(&studio, json!({"boot":"b","seq":number + 1}));
        studio.intake.sweep();
    }
    for (filter, expected) in [
        ("rate:>100", vec!["told"]),
        ("rate:0", vec!["busy", "past"]),
        ("wait:>50ms", vec!["told"]),
    ] {
        for found in all_ways(&studio, &mut viewer, filter).await {
            assert_eq!(found, expected, "{filter}, after a minute");
        }
    }
    studio.stop().await;
}

#[actix_web::test]
async fn the_rate_of_who_is_not_heard_is_unknown_and_what_ends_is_news() {
    let clock = TestClock::new();
    let studio = Studio::builder(options())
        .clock(Arc::new(clock.clone()))
        .start()
        .await
        .unwrap();
    let mut viewer = Viewer::open(&studio).await;
    let post = |count: u64| {
        let record = json!({"id":"alone","type":"T","messageCount":count,"rates":{"messages":7}});
        studio
            .intake
            .register(serde_json::from_value(record).unwrap())
            .unwrap();
    };
    let rate = || {
        studio
            .directory
            .get("alone")
            .unwrap()
            .rates
            .and_then(|rates| rates.messages)
    };
    post(1_000);
    assert_eq!(rate(), Some(7.0), "nothing was counted yet");
    for number in 1..=10 {
        clock.advance(1_000);
        // Twice in a second is heard once.
        post(1_000 + 5 * number - 2);
        post(1_000 + 5 * number);
    }
    studio.intake.sweep();
    assert_eq!(rate(), Some(5.0));
    clock.advance(70_000);
    studio.intake.sweep();
    assert_eq!(rate(), None, "it is silent, and what it said of itself is old");
    loop {
        let frame = viewer.next_of("actor:update").await;
        if frame.data["id"] == "alone" && frame.data["status"] == "stale" && frame.data["rates"].is_null() {
            break;
        }
    }
    studio.stop().await;
}
