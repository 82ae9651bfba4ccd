//! Rules as time goes by: what fires, what is resolved, what is silenced, and that a preview says the same of the past.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{World, errors_of_types};
use crate::support::{TestClock, post};

/// When things fired and were resolved: of what, since when, from when to when.
type Times = BTreeSet<(String, String, String, Option<String>)>;

fn times(list: &[Value]) -> Times {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let fired = list.iter().filter(|one| one["fired"].is_string());
    fired
        .map(|one| {
            (
                text(&one["subject"]).unwrap(),
                text(&one["since"]).unwrap(),
                text(&one["fired"]).unwrap(),
                text(&one["resolved"]),
            )
        })
        .collect()
}

#[actix_web::test]
async fn a_preview_says_of_the_past_what_was_said_of_the_present() {
    let mut world = World::new(None).without_rules().await;
    let metric = |name: &str, seconds: u64, more: Value| {
        let mut rule = errors_of_types(seconds, &[]);
        rule["name"] = json!(name);
        for (key, value) in more.as_object().unwrap() {
            rule["when"][key] = value.clone();
        }
        rule
    };
    let rules = [
        metric("at once", 0, json!({})),
        metric("after a while", 40, json!({})),
        metric("without a second threshold", 20, json!({"clear": null})),
        metric("of all", 20, json!({"by": "all"})),
        metric("of some", 20, json!({"by": "all", "filter": "type:Mail*"})),
        metric(
            "too few",
            20,
            json!({"metric": "rate", "is": "below", "threshold": 5, "clear": 8}),
        ),
        metric("silence is wrong", 30, json!({"noData": "fire"})),
        metric("silence is well", 10, json!({"noData": "resolve"})),
    ];
    // Nobody looks before there is anything: a rule of a moment ago has seen no more than a preview.
    let mut ids = Vec::new();
    for rule in &rules {
        let made = world.post("/api/warnings/rules", rule.clone()).await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    // Errors that come and go, of two types, with gaps: the same each time.
    let mut random = 7_u64;
    for stretch in 0..40 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let length = 5 + (random >> 33) % 40;
        let level = |bits: u32| match (random >> bits) % 5 {
            0 => None,
            level => Some(level - 1),
        };
        let errors = if stretch == 0 {
            [Some(0), Some(0)]
        } else {
            [level(40), level(50)]
        };
        for _ in 0..length {
            world.second(errors);
        }
    }
    let list = world.get("/api/warnings").await;
    let mut fired = 0;
    for (rule, id) in rules.iter().zip(&ids) {
        let all = ["firing", "resolved"]
            .map(|state| list[state].as_array().unwrap().clone())
            .concat();
        let own: Vec<Value> = all
            .into_iter()
            .filter(|warning| warning["rule"] == **id)
            .collect();
        let asked = json!({"rule": rule, "range": "hour"});
        let preview = world.post("/api/warnings/preview", asked).await;
        let told = preview["firings"].as_array().unwrap();
        assert_eq!(times(told), times(&own), "{rule}");
        assert_eq!(
            (&preview["step"], told.len()),
            (&json!(10_000), own.len()),
            "{rule}"
        );
        fired += own.len();
    }
    assert!(fired > 15, "there was something to compare: {fired}");
}

#[actix_web::test]
async fn a_rule_fires_after_it_held_and_is_resolved_after_it_was_well() {
    let mut world = World::new(None).without_rules().await;
    world.rule(30, &[]).await;
    let states =
        |list: &Value| ["pending", "firing", "resolved"].map(|state| list[state].as_array().unwrap().len());
    world.seconds(40, 0);
    assert_eq!(states(&world.get("/api/warnings").await), [0, 0, 0]);
    let mut seen = Vec::new();
    for errors in [vec![5; 60], vec![0; 80]].concat() {
        world.seconds(1, errors);
        let now = states(&world.get("/api/warnings").await);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    assert_eq!(seen, [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    let list = world.get("/api/warnings").await;
    let warning = &list["resolved"][0];
    assert_eq!(
        (&warning["about"], &warning["subject"]),
        (&json!("type"), &json!("Cart"))
    );
    let sentence = warning["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("errors of type Cart: ") && sentence.ends_with("/s, more than 2/s"),
        "{sentence}"
    );
    assert!(warning["value"].as_f64().unwrap() > 2.0);
    assert_eq!(warning["unit"], "perSecond");
}

#[actix_web::test]
async fn a_lint_is_said_once_it_stood_for_long_enough() {
    let world = World::new(None).without_rules().await;
    let rule = |codes: Value, filter: &str| json!({"name": "Lints", "for": 20, "when": {"kind": "lint", "codes": codes, "filter": filter}});
    for rule in [
        rule(json!([]), ""),
        rule(json!(["ask_cycle"]), ""),
        rule(json!([]), "type:Nobody"),
    ] {
        world.post("/api/warnings/rules", rule).await;
    }
    let stuck = json!({"boot": "b", "seq": 1, "register": [{"id": "a", "type": "T", "status": "active",
        "messageCount": 1, "queueDepth": 3}]});
    post(&world.services, "/api/actor/batch", stuck).await;
    let mut fired_after = None;
    for second in 1..=60 {
        // Rules look more often than once a second when something happens.
        for part in [300, 400] {
            world.clock.advance(part);
            world.services.sweep();
        }
        world.clock.advance(300);
        post(
            &world.services,
            "/api/actor/batch",
            json!({"boot": "b", "seq": second + 1}),
        )
        .await;
        world.services.sweep();
        let list = world.get("/api/warnings").await;
        let firing = list["firing"].as_array().unwrap();
        assert!(
            firing.len() <= 1,
            "the other rules look at something else: {list}"
        );
        if let (Some(warning), None) = (firing.first(), fired_after) {
            assert_eq!(
                (&warning["about"], &warning["subject"]),
                (&json!("actor"), &json!("a"))
            );
            fired_after = Some(second);
        }
    }
    let lints = world.get("/api/lints").await;
    assert_eq!(lints[0]["code"], "stuck_handler");
    assert!(
        fired_after.is_some_and(|after| (30..=34).contains(&after)),
        "{fired_after:?}"
    );
}

#[actix_web::test]
async fn that_the_studio_was_away_is_no_silence_of_others() {
    let state = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let mut first = World::at(Some(state.path()), clock.clone(), "one")
        .without_rules()
        .await;
    let nobody = json!({"name": "Nobody", "for": 120, "when": {"kind": "metric", "metric": "actors",
        "is": "below", "threshold": 1, "noData": "fire"}});
    first.post("/api/warnings/rules", nobody).await;
    first.seconds(60, 5);
    drop(first);
    clock.advance(300_000);
    let mut second = World::at(Some(state.path()), clock, "two");
    let nothing = json!({"firing": [], "pending": []});
    for _ in 0..60 {
        second.second([Some(0), Some(0)]);
        let list = second.get("/api/warnings").await;
        assert_eq!(
            json!({"firing": list["firing"], "pending": list["pending"]}),
            nothing
        );
    }
    // Silence since then is one.
    for _ in 0..180 {
        second.second([None, None]);
    }
    let list = second.get("/api/warnings").await;
    assert_eq!(list["firing"].as_array().unwrap().len(), 1, "{list}");
}

#[actix_web::test]
async fn a_rule_that_changes_or_goes_takes_along_what_it_raised() {
    let mut world = World::new(None).without_rules().await;
    let kept = world.rule(0, &[]).await;
    let gone = world.rule(0, &[]).await;
    let off = world.rule(0, &[]).await;
    world.seconds(40, 5);
    let firing = |list: Value| list["firing"].as_array().unwrap().len();
    assert_eq!(firing(world.get("/api/warnings").await), 3);
    let mut renamed = errors_of_types(0, &[]);
    renamed["name"] = json!("Another name");
    let path = format!("/api/warnings/rules/{kept}");
    assert_eq!(world.put(&path, renamed).await.status, 200);
    assert_eq!(
        world.delete(&format!("/api/warnings/rules/{gone}")).await.status,
        204
    );
    let mut disabled = errors_of_types(0, &[]);
    disabled["enabled"] = json!(false);
    assert_eq!(
        world
            .put(&format!("/api/warnings/rules/{off}"), disabled)
            .await
            .status,
        200
    );
    let list = world.get("/api/warnings").await;
    assert_eq!(
        (firing(list.clone()), list["resolved"].as_array().unwrap().len()),
        (1, 2)
    );
    let unknown = world.delete(&format!("/api/warnings/rules/{gone}")).await;
    assert_eq!(unknown.problem(), (404, "unknown_warning".into()));
}

#[actix_web::test]
async fn what_can_be_no_rule_is_refused_with_its_field() {
    let world = World::new(None);
    for (field, value, says) in [
        ("name", json!(""), "`name`"),
        ("name", json!("two\nlines"), "`name`"),
        ("for", json!(86_401), "`for`"),
        (
            "channels",
            json!(["c-none"]),
            "`channels`: there is no channel `c-none`",
        ),
        (
            "when",
            json!({"kind": "metric", "metric": "cpu", "by": "type", "threshold": 1}),
            "there are rate, errors",
        ),
        (
            "when",
            json!({"kind": "metric", "metric": "rate", "threshold": 1, "clear": 2}),
            "`when.clear`",
        ),
        (
            "when",
            json!({"kind": "metric", "metric": "rate", "threshold": 1, "filter": "rate:>"}),
            "`when.filter`",
        ),
        (
            "when",
            json!({"kind": "lint", "codes": ["no_such"]}),
            "stuck_handler",
        ),
        (
            "when",
            json!({"kind": "work", "event": "slower", "factor": 0.5}),
            "`when.factor`",
        ),
    ] {
        let mut rule = errors_of_types(0, &[]);
        rule[field] = value.clone();
        let refused = post(&world.services, "/api/warnings/rules", rule.clone()).await;
        assert_eq!(
            refused.problem(),
            (400, "invalid_warning".into()),
            "{field} {value}"
        );
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{field} {value}: {detail}");
        let preview = post(&world.services, "/api/warnings/preview", json!({"rule": rule})).await;
        assert_eq!(preview.status, 400, "{field} {value}");
    }
    let silence = json!({"until": "2020-01-01T00:00:00Z"});
    let refused = post(&world.services, "/api/warnings/silences", silence).await;
    assert_eq!(refused.problem(), (400, "invalid_warning".into()));
}
