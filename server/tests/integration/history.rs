//! How it was: by all, type, actor and process; over restarts; and with a directory that can't be used.

use loom_protocol::Timestamp;
use loom_studio::{Clock, Services, Studio, StudioOptions};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

use crate::support::{NOON, TestClock, get, post, services};

fn times(count: u64) -> Value {
    let mut times = loom_protocol::Histogram::default();
    (0..count).for_each(|_| times.record(4_000_000));
    serde_json::to_value(times).unwrap()
}

/// Some seconds of one start of a process, in which its actor handles ten messages each: the first is at `from`.
async fn seconds(services: &Services, clock: &TestClock, boot: &str, first: u64, count: u64) {
    for number in first..first + count {
        let total = 10 * number;
        let mut batch = json!({"boot":boot,"seq":number + 1,
            "process":{"cpuUs":500_000 * number,"memory":7_000_000,"arbiters":{"busyUs":250_000 * number,"ofUs":1_000_000 * number}}});
        if number == 0 {
            batch["source"] = json!({"boot":boot,"app":"shop","node":"n","pid":1});
            batch["register"] = json!([{"id":"cart-1","type":"Cart","messageCount":0,"queueDepth":0,"status":"idle"},
                {"id":"mail-1","type":"Mailer","messageCount":0}]);
        } else {
            batch["update"] = json!([{"id":"cart-1","messageCount":total,"queueDepth":3}]);
        }
        batch["types"] =
            json!([{"type":"Cart","messages":[{"type":"Add","handled":total,"wait":times(total)}]}]);
        let answer = post(services, "/api/actor/batch", batch).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        clock.advance(1_000);
        services.intake.sweep();
    }
}

/// So much time goes by in which nobody is heard.
fn quiet(services: &Services, clock: &TestClock, seconds: i64) {
    for _ in 0..seconds {
        clock.advance(1_000);
        services.intake.sweep();
    }
}

async fn ask(services: &Services, query: &str) -> Value {
    let answer = get(services, &format!("/api/history?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    for series in told["series"].as_array().unwrap() {
        let steps =
            (told["to"].as_i64().unwrap() - told["from"].as_i64().unwrap()) / told["step"].as_i64().unwrap();
        for list in ["values", "max"] {
            let list = series[list].as_array().unwrap();
            assert_eq!(i64::try_from(list.len()).unwrap(), steps);
            assert!(
                list.iter()
                    .all(|value| value.as_f64().is_none_or(|value| value >= 0.0))
            );
        }
    }
    told
}

fn known(told: &Value, name: &str, metric: &str) -> Vec<f64> {
    let series = told["series"].as_array().unwrap().iter();
    let mut fit = series.filter(|series| series["name"] == name && series["metric"] == metric);
    let values = fit
        .next()
        .map(|series| series["values"].as_array().unwrap().clone());
    values
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_f64)
        .collect()
}

#[actix_web::test]
async fn what_was_is_told_by_all_type_and_process_at_once_and_later_the_same() {
    let (services, clock) = services(StudioOptions::default());
    seconds(&services, &clock, "one", 0, 21).await;
    let queries = [
        "by=all&metric=rate,queue,actors,errors",
        "by=type&metric=rate,queue,actors,waitP50,waitP99,handleP50",
        "by=process&metric=cpu,memory,files,load",
    ];
    let mut at_once = Vec::new();
    for query in queries {
        let range = format!("&from={}&to={}&points=60", NOON - 10_000, NOON + 21_000);
        at_once.push((
            format!("{query}{range}"),
            ask(&services, &format!("{query}{range}")).await,
        ));
    }
    let types = &at_once[1].1;
    assert_eq!(known(types, "Cart", "rate"), [10.0; 20]);
    assert_eq!(known(types, "Cart", "actors").last(), Some(&1.0));
    assert_eq!(known(types, "Cart", "queue").last(), Some(&3.0));
    let waits = known(types, "Cart", "waitP99");
    assert!(
        waits.len() == 20 && waits.iter().all(|wait| (3.0..=5.0).contains(wait)),
        "{waits:?}"
    );
    assert!(known(types, "Cart", "handleP50").is_empty(), "never measured");
    assert_eq!(
        known(types, "Mailer", "rate"),
        [0.0; 20],
        "heard, and it did nothing"
    );
    assert_eq!(types["series"][0]["name"], "Cart", "the most comes first");
    assert_eq!(
        (&types["series"][0]["unit"], &types["step"]),
        (&json!("perSecond"), &json!(1_000))
    );
    assert_eq!(known(&at_once[0].1, "all", "actors").last(), Some(&2.0));
    let processes = &at_once[2].1;
    assert_eq!(known(processes, "shop@n:1", "cpu"), [0.5; 20]);
    assert_eq!(known(processes, "shop@n:1", "load"), [0.25; 20]);
    assert_eq!(known(processes, "shop@n:1", "memory"), [7e6; 20]);
    assert!(
        known(processes, "shop@n:1", "files").is_empty(),
        "it can't be had there"
    );
    quiet(&services, &clock, 30);
    for (query, before) in at_once {
        let now = ask(&services, &query).await;
        assert_eq!(now["series"], before["series"], "{query}");
    }
    let health = get(&services, "/api/health").await.json();
    assert_eq!(health["parts"]["history"]["status"], "ok");
    assert!(
        health["parts"]["history"]["message"]
            .as_str()
            .unwrap()
            .contains("LOOM_STATE_DIR")
    );
}

#[actix_web::test]
async fn an_actor_is_kept_while_it_is_looked_at_or_among_the_busiest() {
    let (services, clock) = services(StudioOptions::default());
    seconds(&services, &clock, "one", 0, 12).await;
    seconds(&services, &clock, "one", 12, 20).await;
    let told = ask(&services, "by=actor&metric=rate&points=2000").await;
    let rates = known(&told, "cart-1", "rate");
    assert!(
        rates.len() >= 10 && rates.iter().all(|rate| *rate == 10.0),
        "{told}"
    );
    assert!(
        known(&told, "mail-1", "rate").is_empty(),
        "it did nothing, and nobody looks at it"
    );
}

#[actix_web::test]
async fn a_filter_picks_types_and_actors() {
    let (services, clock) = services(StudioOptions::default());
    seconds(&services, &clock, "one", 0, 15).await;
    let names = |told: &Value| -> Vec<String> {
        let series = told["series"].as_array().unwrap().iter();
        series
            .map(|series| series["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&ask(&services, "by=type&filter=type:Mail*").await),
        ["Mailer"]
    );
    assert_eq!(names(&ask(&services, "by=type&filter=id:cart*").await), ["Cart"]);
    assert_eq!(
        names(&ask(&services, "by=actor&filter=type:Mailer").await),
        [""; 0]
    );
    let together = ask(&services, "by=all&filter=type:Mailer").await;
    assert_eq!(
        (names(&together), known(&together, "all", "rate").last()),
        (vec!["all".to_owned()], Some(&0.0))
    );
    let one = ask(&services, "by=type&limit=1").await;
    assert_eq!((names(&one), &one["more"]), (vec!["Cart".to_owned()], &json!(1)));
}

fn studio(state: &Path, clock: &TestClock) -> Services {
    let options = StudioOptions {
        state: Some(state.to_owned()),
        ..StudioOptions::default()
    };
    Studio::builder(options)
        .clock(Arc::new(clock.clone()))
        .services()
        .unwrap()
}

#[actix_web::test]
async fn a_restart_of_the_application_and_of_the_studio_keeps_what_was() {
    let state = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let first = studio(state.path(), &clock);
    seconds(&first, &clock, "one", 0, 11).await;
    // The application starts anew: its counter begins at zero.
    quiet(&first, &clock, 15);
    seconds(&first, &clock, "two", 0, 11).await;
    quiet(&first, &clock, 15);
    first.intake.history().close();
    drop(first);
    clock.advance(60_000);
    let second = studio(state.path(), &clock);
    let health = get(&second, "/api/health").await.json();
    assert_eq!(health["parts"]["history"]["status"], "ok", "{health}");
    seconds(&second, &clock, "three", 0, 11).await;
    quiet(&second, &clock, 15);
    let range = format!("&from={NOON}&to={}&points=600", clock.now().as_millis());
    let told = ask(&second, &format!("by=type&metric=rate{range}")).await;
    assert_eq!(
        known(&told, "Cart", "rate"),
        [10.0; 30],
        "ten seconds of each start, and gaps between"
    );
    assert_eq!(
        told["since"],
        told["since"].as_i64().map_or(Value::Null, |since| json!(since))
    );
    let since = told["since"].as_i64().unwrap();
    assert!((NOON - 2_000..NOON + 2_000).contains(&since), "{since}");
}

#[actix_web::test]
async fn a_directory_that_can_not_be_used_costs_the_past_and_not_the_present() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let clock = TestClock::new();
    let services = studio(&file.path().join("state"), &clock);
    seconds(&services, &clock, "one", 0, 15).await;
    let told = ask(&services, "by=type&points=2000").await;
    assert_eq!(known(&told, "Cart", "rate"), [10.0; 14]);
    let health = get(&services, "/api/health").await.json();
    let part = &health["parts"]["history"];
    assert_eq!(
        (&health["status"], &part["status"]),
        (&json!("degraded"), &json!("degraded"))
    );
    assert!(
        part["message"]
            .as_str()
            .unwrap()
            .contains("name another directory"),
        "{part}"
    );
}

#[actix_web::test]
async fn what_is_misspelt_is_refused_with_what_would_do() {
    let (services, _) = services(StudioOptions::default());
    for (query, code, says) in [
        ("metric=speed", "unknown_metric", "rate, errors, queue"),
        ("metric=", "unknown_metric", "waitP50"),
        (
            "by=process&metric=rate",
            "unknown_metric",
            "cpu, memory, files, load",
        ),
        ("by=type&metric=cpu", "unknown_metric", "rate"),
        ("by=planet", "invalid_query", "planet"),
        ("points=0", "invalid_query", "from 1 to 2000"),
        ("points=2001", "invalid_query", "from 1 to 2000"),
        ("limit=101", "invalid_query", "from 1 to 100"),
        ("from=yesterday", "invalid_query", "RFC 3339"),
        ("from=2000&to=1000", "invalid_query", "not before"),
        ("filter=stat:x", "invalid_filter", "stat"),
        ("window=60", "invalid_query", "window"),
    ] {
        for base in ["/api", "/api/v1"] {
            let answer = get(&services, &format!("{base}/history?{query}")).await;
            assert_eq!(answer.problem(), (400, code.to_owned()), "{query}");
            assert!(answer.text().contains(says), "{query}: {}", answer.text());
        }
    }
    let far = "from=-9223372036854775808&to=9223372036854775807";
    assert_eq!(ask(&services, far).await["series"], json!([]));
    let written = ask(
        &services,
        "from=2025-12-13T03:00:00Z&to=2025-12-13T03:10:00%2B00:00",
    )
    .await;
    assert!(written["step"].as_i64().unwrap() >= 1_000);
    assert_eq!(
        Timestamp::from_millis(written["from"].as_i64().unwrap()).to_string(),
        "2025-12-13T03:00:00.000Z"
    );
}

#[actix_web::test]
async fn as_of_a_moment_nothing_is_told_that_came_after_it() {
    let (services, clock) = services(StudioOptions::default());
    seconds(&services, &clock, "one", 0, 21).await;
    let at = NOON + 10_000;
    let told = ask(&services, &format!("by=all&metric=rate&at={at}&points=600")).await;
    let end = |told: &Value| told["to"].as_i64().unwrap() - told["step"].as_i64().unwrap();
    assert!(end(&told) < at, "its last step is the one of the moment");
    let then = known(&told, "all", "rate");
    assert!(
        (4..=7).contains(&then.len()),
        "of twenty seconds in steps of two: {then:?}"
    );
    let later = format!(
        "by=all&metric=rate&at={at}&from={}&to={}&points=600",
        NOON,
        NOON + 21_000
    );
    assert!(
        end(&ask(&services, &later).await) < at,
        "what comes after it is cut off"
    );
    for wrong in ["yesterday".to_owned(), "0".repeat(65)] {
        let answer = get(&services, &format!("/api/history?by=all&metric=rate&at={wrong}")).await;
        assert_eq!(answer.problem(), (400, "invalid_query".to_owned()), "{wrong}");
    }
}
