//! A studio that runs: it looks and sends by itself, and tells its viewers.

use std::sync::Arc;

use loom_protocol::Timestamp;
use loom_studio::{Studio, WorkOutcome, WorkResult};
use serde_json::{Value, json};

use super::receiver::{Does, Receiver};
use super::work::Product;
use crate::support::{Viewer, options, send_post};

#[actix_web::test]
async fn a_running_studio_sends_by_itself_and_tells_who_looks() {
    let mut receiver = Receiver::doing(&[Does::Answer(200)]).await;
    let product = Product::default();
    let builder = Studio::builder(options()).extension(Arc::new(product.clone()));
    let studio = builder.start().await.unwrap();
    let mut viewer = Viewer::open(&studio).await;
    let post = async |path: &str, body: Value| {
        let answer = send_post(studio.addr, path, &body.to_string(), &[]).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    };
    let target = json!({"kind": "webhook", "url": receiver.url()});
    let channel = post(
        "/api/warnings/channels",
        json!({"name": "On call", "target": target}),
    )
    .await;
    let frame = viewer.next_of("warnings").await;
    assert_eq!(
        (&frame.data["firing"], &frame.data["failing"]),
        (&json!(0), &json!(0))
    );
    let before = frame.data["version"].as_u64().unwrap();
    let when = json!({"kind": "work", "event": "failed"});
    post(
        "/api/warnings/rules",
        json!({"name": "Failed", "when": when, "channels": [channel["id"]]}),
    )
    .await;
    product.studio().work.ended(WorkOutcome {
        kind: "run".to_owned(),
        subject: "CI".to_owned(),
        id: "1".to_owned(),
        result: WorkResult::Failed,
        took: 1,
        ended: Timestamp::from_millis(1_765_596_838_077),
        link: None,
    });
    assert_eq!(
        receiver.next().await.json()["warnings"][0]["sentence"],
        "run CI failed"
    );
    // Of the default rule, which is sent nowhere, and of this one.
    let frame = loop {
        let frame = viewer.next_of("warnings").await;
        if frame.data["firing"] == 2 {
            break frame;
        }
    };
    assert!(frame.data["version"].as_u64().unwrap() > before);
    studio.stop().await;
}
