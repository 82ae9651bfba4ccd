//! What `docs/reporting.md` shows is what works.

use loom_studio::StudioOptions;
use serde_json::Value;

use crate::support::{get, post, services};

const PAGE: &str = include_str!("../../../docs/reporting.md");

/// The blocks of one language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let parts = PAGE.split(fence.as_str()).skip(1);
    parts.map(|part| part.split_once("```").unwrap().0).collect()
}

#[actix_web::test]
async fn the_examples_of_the_page_on_reporting_work() {
    let (services, _) = services(StudioOptions::default());
    let mut statuses = Vec::new();
    for command in blocks("sh")
        .into_iter()
        .flat_map(|block| block.split("curl ").skip(1))
    {
        let path = command
            .split_once("localhost:9090")
            .unwrap()
            .1
            .split(' ')
            .next()
            .unwrap();
        let body = command.split_once("-d '").unwrap().1.split('\'').next().unwrap();
        let answer = post(&services, path, serde_json::from_str(body).unwrap()).await;
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [201, 200, 204]);
    let batches = blocks("json");
    for batch in &batches {
        let batch: Value = serde_json::from_str(batch).unwrap();
        let answer = post(&services, "/api/actor/batch", batch).await;
        assert_eq!(
            answer.json()["rejected"],
            serde_json::json!([]),
            "{}",
            answer.text()
        );
    }
    assert_eq!(batches.len(), 1);
    // Another process of the same application, as the page says.
    let other: Value =
        serde_json::from_str(&batches[0].replace("7f0c", "8f0c").replace("web-1", "web-2")).unwrap();
    post(&services, "/api/actor/batch", other).await;
    assert_eq!(get(&services, "/api/actors/cart-1@web-2:1").await.status, 200);
}
