//! What is said of sockets is true: every frame that comes is described, and every description comes.

use std::collections::BTreeSet;

use loom_protocol::ActorRecord;
use loom_studio::{RunningStudio, asyncapi_document, openapi_document};
use serde_json::{Value, json};

use crate::schema::{messages, misfits};
use crate::support::{Viewer, get, options, post, running, services};

fn document() -> Value {
    asyncapi_document(&openapi_document([]), [])
}

/// Takes frames until all of these have come, each held against its description.
async fn hear(viewer: &mut Viewer, document: &Value, wanted: &[&str], heard: &mut BTreeSet<String>) {
    let described = messages(document, "live", "sends");
    let mut missing: BTreeSet<&str> = wanted.iter().copied().collect();
    while !missing.is_empty() {
        let text = viewer.next_text().await.expect("an open connection");
        let frame: Value = serde_json::from_str(&text).unwrap();
        let kind = frame["type"].as_str().unwrap();
        let (_, schema) = described
            .iter()
            .find(|(name, _)| *name == kind)
            .unwrap_or_else(|| panic!("`{kind}` is not described"));
        assert_eq!(misfits(&frame, schema, document), Vec::<String>::new(), "{frame}");
        heard.insert(kind.to_owned());
        missing.remove(kind);
    }
}

async fn report(studio: &RunningStudio, path: &str, body: &Value) {
    let answer = crate::support::send_post(studio.addr, path, &body.to_string(), &[]).await;
    assert!(answer.status < 300, "{}", answer.text());
}

#[actix_web::test]
async fn every_frame_is_described_and_every_description_comes() {
    let document = document();
    let studio = running().await;
    let mut viewer = Viewer::open(&studio).await;
    let mut heard = BTreeSet::new();
    for said in [
        json!({"type": "watch", "actors": ["a"], "map": true}),
        json!({"type": "window", "id": "w", "filter": "type:T", "sort": "-messages", "count": 10}),
    ] {
        let taken = messages(&document, "live", "takes");
        let (_, schema) = taken.iter().find(|(name, _)| said["type"] == *name).unwrap();
        assert_eq!(misfits(&said, schema, &document), Vec::<String>::new());
        viewer.say(&said.to_string()).await;
    }
    hear(&mut viewer, &document, &["hello", "window"], &mut heard).await;
    report(&studio, "/api/actor/batch", &json!({
        "boot": "b1", "seq": 1,
        "register": [{"id": "a", "type": "T", "status": "active", "messageCount": 3, "metadata": {"x": [1]}}, {"id": "b", "type": "T", "status": "failed"}],
        "events": [{"actorId": "a", "time": "2025-12-13T03:33:58.077Z", "kind": "note", "message": "here"}],
    }))
    .await;
    hear(
        &mut viewer,
        &document,
        &["actor:update", "journal", "traffic", "metrics", "lints"],
        &mut heard,
    )
    .await;
    viewer
        .say(r#"{"type":"window","id":"wrong","filter":"rate:","count":10}"#)
        .await;
    report(&studio, "/api/actor/unregister", &json!({"id": "a"})).await;
    hear(&mut viewer, &document, &["actor:removed", "window"], &mut heard).await;
    let resume = "/ws?epoch=another&seq=1";
    let mut late = Viewer::connect(studio.addr, resume, &[]).await.expect("a socket");
    hear(&mut late, &document, &["resync"], &mut heard).await;
    let all: BTreeSet<String> = messages(&document, "live", "sends")
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(heard, all);
    studio.stop().await;
}

#[actix_web::test]
async fn it_is_served_and_refers_to_nothing_that_is_not_there() {
    let (services, _) = services(options());
    post(
        &services,
        "/api/actor/register",
        serde_json::to_value(ActorRecord::new("a", "T")).unwrap(),
    )
    .await;
    let served = get(&services, "/api/asyncapi.json").await;
    assert_eq!(served.json(), document());
    let served = served.json();
    assert_eq!(served["asyncapi"], "3.0.0");
    let mut places = vec![&served];
    let mut references = 0;
    while let Some(place) = places.pop() {
        match place {
            Value::Object(object) => {
                if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                    references += 1;
                    let there = reference
                        .strip_prefix('#')
                        .and_then(|pointer| served.pointer(pointer));
                    assert!(there.is_some(), "{reference}");
                }
                places.extend(object.values());
            }
            Value::Array(array) => places.extend(array),
            _ => {}
        }
    }
    assert!(references > 50, "{references}");
}
