//! `POST /api/tree`: actors by who started them, over HTTP.

use loom_studio::{Services, StudioOptions};
use serde_json::{Value, json};

use crate::support::{post, services};

async fn family(services: &Services) {
    let register = json!([
        {"id":"boss","type":"Boss","status":"active"},
        {"id":"left","type":"Worker","status":"idle","parentId":"boss"},
        {"id":"right","type":"Worker","status":"active","parentId":"boss"},
        {"id":"deep","type":"Helper","status":"failed","parentId":"right"},
        {"id":"stray","type":"Helper","status":"idle","parentId":"nobody"},
        {"id":"ring-1","type":"Ring","parentId":"ring-2"},
        {"id":"ring-2","type":"Ring","parentId":"ring-1"},
    ]);
    post(
        services,
        "/api/actor/batch",
        json!({"boot":"b","seq":1,"register":register}),
    )
    .await;
}

async fn tree(services: &Services, asked: Value) -> Value {
    let answer = post(services, "/api/tree", asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn drawn(tree: &Value) -> Vec<String> {
    let lines = tree["lines"].as_array().unwrap().iter();
    let drawn = lines.map(|line| {
        let level = usize::try_from(line["level"].as_u64().unwrap()).unwrap();
        format!(
            "{}{}",
            "-".repeat(level - 1),
            line["actor"]["id"].as_str().unwrap()
        )
    });
    drawn.collect()
}

#[actix_web::test]
async fn a_tree_is_folded_out_as_asked_and_counts_what_is_folded_away() {
    let (services, _) = services(StudioOptions::default());
    family(&services).await;
    let folded = tree(&services, json!({})).await;
    assert_eq!(drawn(&folded), ["boss", "ring-1", "stray"]);
    assert_eq!(
        (&folded["total"], &folded["found"], &folded["taken"]),
        (&json!(3), &json!(7), &json!(7))
    );
    let boss = &folded["lines"][0];
    assert_eq!(boss["below"], json!({"active":1,"failed":1,"idle":1}));
    assert_eq!((&boss["children"], &boss["open"]), (&json!(2), &json!(false)));
    let why: Vec<&Value> = (0..3).map(|line| &folded["lines"][line]["uprooted"]).collect();
    assert_eq!(why, [&Value::Null, &json!("cycle"), &json!("orphan")]);
    let opened = tree(&services, json!({"except":["boss"]})).await;
    assert_eq!(drawn(&opened), ["boss", "-left", "-right", "ring-1", "stray"]);
    let part = tree(
        &services,
        json!({"unfold":"all","except":["right"],"from":1,"count":2}),
    )
    .await;
    assert_eq!(drawn(&part), ["-left", "-right"]);
    assert_eq!(
        (&part["total"], &part["lines"][1]["above"]),
        (&json!(6), &json!(0))
    );
}

#[actix_web::test]
async fn a_filter_keeps_those_above_what_it_finds() {
    let (services, _) = services(StudioOptions::default());
    family(&services).await;
    let failed = tree(&services, json!({"filter":"state:failed","unfold":"all"})).await;
    assert_eq!(drawn(&failed), ["boss", "-right", "--deep"]);
    let matches: Vec<&Value> = (0..3).map(|line| &failed["lines"][line]["matches"]).collect();
    assert_eq!(matches, [&json!(false), &json!(false), &json!(true)]);
    assert_eq!(
        failed["lines"][0]["below"],
        json!({"failed":1}),
        "only what it finds is counted"
    );
    assert_eq!(failed["found"], 1);
}

#[actix_web::test]
async fn words_of_an_application_are_counted_as_one() {
    let (services, _) = services(StudioOptions::default());
    let register = json!([
        {"id":"top","type":"T"},
        {"id":"a","type":"T","status":"dreaming","parentId":"top"},
        {"id":"b","type":"T","status":"humming","parentId":"a"},
    ]);
    let batch = json!({"boot":"b","seq":1,"register":register});
    post(&services, "/api/actor/batch", batch).await;
    let folded = tree(&services, json!({})).await;
    assert_eq!(folded["lines"][0]["below"], json!({"other":2}));
}

#[actix_web::test]
async fn of_very_many_the_first_are_taken_and_the_answer_says_so() {
    let (services, _) = services(StudioOptions::default());
    let register: Vec<Value> = (0..5_003)
        .map(|number| json!({"id":format!("a{number:04}"),"type":"T"}))
        .collect();
    post(
        &services,
        "/api/actor/batch",
        json!({"boot":"b","seq":1,"register":register}),
    )
    .await;
    let all = tree(&services, json!({"from":4_999,"count":500})).await;
    assert_eq!(
        (&all["total"], &all["found"], &all["taken"]),
        (&json!(5_000), &json!(5_003), &json!(5_000))
    );
    assert_eq!(drawn(&all), ["a4999"]);
    for asked in [
        json!({"count":501}),
        json!({"count":0}),
        json!({"except":vec!["a"; 1_001]}),
        json!({"filter":"typ:x"}),
        json!({"unfold":"some"}),
    ] {
        assert_eq!(
            post(&services, "/api/tree", asked.clone()).await.status,
            400,
            "{asked}"
        );
    }
}

#[actix_web::test]
async fn beyond_its_bounds_a_tree_says_what_is_found_and_what_has_no_room() {
    let (services, _) = services(StudioOptions::default());
    let mut register: Vec<Value> = (0..5_000)
        .map(|number| json!({"id":format!("a{number:04}"),"type":"T","parentId":format!("m{number:04}")}))
        .collect();
    // Above them those that the filter finds, too, though they come after the first 5000; and above these one for whom there is
    // no room.
    register.extend((0..5_000).map(|number| {
        let kind = if number == 7 { "Other" } else { "T" };
        json!({"id":format!("m{number:04}"),"type":kind,"parentId":"top"})
    }));
    register.push(json!({"id":"top","type":"T"}));
    let batch = json!({"boot":"b","seq":1,"register":register});
    post(&services, "/api/actor/batch", batch).await;
    let all = tree(&services, json!({"filter":"type:T","count":10})).await;
    assert_eq!(
        (&all["found"], &all["taken"]),
        (&json!(10_000), &json!(5_000)),
        "{all}"
    );
    let matches: Vec<bool> = (6..9)
        .map(|line| all["lines"][line]["matches"].as_bool().unwrap())
        .collect();
    assert_eq!(matches, [true, false, true]);
    let why = |line: usize| all["lines"][line]["uprooted"].as_str();
    assert_eq!((why(0), why(7)), (Some("left_out"), Some("left_out")), "{all}");
}
