//! `/metrics`: numbers, bounded however many names come and go.

use std::collections::{BTreeMap, BTreeSet};

use loom_studio::{Services, StudioOptions};
use serde_json::{Value, json};

use crate::support::{get, post, services};

/// Series of a studio, at most, as `docs/service.md` says.
const MOST_SERIES: usize = 4_000;

/// What a page says: each series with its value. Fails where the page is not of the format.
fn read(page: &str) -> BTreeMap<String, f64> {
    let mut series = BTreeMap::new();
    let (mut typed, mut closed) = (String::new(), BTreeSet::new());
    for line in page.lines() {
        if let Some(described) = line.strip_prefix("# TYPE ") {
            let (name, kind) = described.split_once(' ').unwrap();
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(closed.insert(name.to_owned()), "twice: {name}");
            typed = name.to_owned();
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let metric = name.split('{').next().unwrap();
            assert_eq!(metric, typed, "{line}");
            let before = series.insert(name.to_owned(), value.parse().unwrap());
            assert_eq!(before, None, "twice: {name}");
        }
    }
    series
}

async fn page(services: &Services) -> BTreeMap<String, f64> {
    read(&get(services, "/metrics").await.text())
}

async fn batch(services: &Services, boot: &str, register: Vec<Value>) {
    let batch = json!({"boot": boot, "seq": 1, "register": register});
    let answer = post(services, "/api/actor/batch", batch).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[actix_web::test]
async fn series_are_bounded_however_many_names_there_are() {
    let (services, clock) = services(StudioOptions::default());
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for round in 0..5 {
        // Types, statuses and ids that nobody saw before, some of them as hostile as may be.
        let actors = (0..1_500).map(|number| {
            json!({"id": format!("id-{round}-{number}"), "type": format!("T\"}}{{\\{round},{number}=\u{1F980}"),
                "status": format!("\"s{number}\\"), "messageCount": number, "queueDepth": 1})
        });
        batch(&services, &format!("boot-{round}"), actors.collect()).await;
        let page = page(&services).await;
        assert_eq!(
            page["loom_metrics_types_left_out"],
            f64::from(round + 1) * 1_500.0 - 200.0
        );
        seen.extend(page.into_keys());
        clock.advance(60_000);
        services.sweep();
    }
    assert!(seen.len() < MOST_SERIES, "{} series", seen.len());
    assert!(!seen.iter().any(|series| series.contains("id-0-")), "an actor");
}

#[actix_web::test]
async fn who_has_no_series_is_told_with_all_others_and_counted() {
    let (services, _) = services(StudioOptions::default());
    let actors = (0..203).map(|number| {
        json!({"id": format!("a{number:03}"), "type": format!("T{number:03}"), "status": "idle", "queueDepth": 2})
    });
    batch(&services, "one", actors.collect()).await;
    let own = json!({"id": "own", "type": "other", "status": "made up", "queueDepth": 5});
    batch(&services, "two", vec![own]).await;
    let page = page(&services).await;
    assert_eq!(page["loom_metrics_types_left_out"], 4.0);
    assert_eq!(page["loom_actors{actor_type=\"T199\",state=\"idle\"}"], 1.0);
    assert_eq!(page["loom_actors{actor_type=\"other\",state=\"idle\"}"], 3.0);
    assert_eq!(page["loom_actors{actor_type=\"other\",state=\"other\"}"], 1.0);
    assert_eq!(page["loom_type_mailbox_depth{actor_type=\"other\"}"], 11.0);
    assert!(!page.contains_key("loom_actors{actor_type=\"T200\",state=\"idle\"}"));
    // What would fall when a type is forgotten is no counter.
    assert!(!page.contains_key("loom_type_messages_total{actor_type=\"other\"}"));
}

#[actix_web::test]
async fn a_type_whose_actors_are_gone_before_each_look_is_told_of() {
    let (services, clock) = services(StudioOptions::default());
    let actor = json!({"id": "brief", "type": "Brief", "status": "active", "messageCount": 7});
    batch(&services, "one", vec![actor]).await;
    clock.advance(1_000);
    services.sweep();
    let gone = json!({"boot": "one", "seq": 2, "unregister": ["brief"]});
    let answer = post(&services, "/api/actor/batch", gone).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = page(&services).await;
    assert!(!page.contains_key("loom_actors{actor_type=\"Brief\",state=\"active\"}"));
    assert_eq!(page["loom_type_messages_total{actor_type=\"Brief\"}"], 7.0);
    assert_eq!(page["loom_metrics_types_left_out"], 0.0);
}
