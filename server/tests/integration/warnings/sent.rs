//! What is sent: to receivers that answer, fail, wait or close; in which form; never with a secret where none belongs; once, over
//! restarts and silences.

use std::fs;
use std::path::Path;

use ring::hmac;
use serde_json::{Value, json};

use super::World;
use super::receiver::{Does, Receiver};
use crate::support::{TestClock, get};

fn row(what: &str, detail: &str, attempt: u64) -> (String, String, u64) {
    (what.to_owned(), detail.to_owned(), attempt)
}

#[actix_web::test]
async fn firing_and_resolved_are_sent_once_each_and_signed() {
    let receiver = Receiver::doing(&[Does::Answer(204)]).await;
    let mut world = World::new(None).without_rules().await;
    let channel = world.webhook(&receiver.url()).await;
    world.rule(20, &[&channel]).await;
    for (seconds, errors) in [(60, 5), (60, 0)] {
        for _ in 0..seconds {
            world.seconds(1, errors);
            world.services.send_warnings().await;
        }
    }
    assert_eq!(
        world.sent().await,
        [row("fired", "HTTP 204", 1), row("resolved", "HTTP 204", 1)]
    );
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"SIGNING-KEY");
    for (request, what) in requests.iter().zip(["fired", "resolved"]) {
        let signed = hmac::sign(&key, &request.body);
        let signed: String = signed.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            request.header("x-loom-signature"),
            Some(format!("sha256={signed}"))
        );
        assert!(
            request
                .head
                .starts_with("POST /hook/SECRET-PATH?key=SECRET-QUERY HTTP/1.1")
        );
        assert_eq!(
            request.header("content-type").as_deref(),
            Some("application/json")
        );
        let body = request.json();
        assert_eq!(request.header("x-loom-message").as_deref(), body["id"].as_str());
        assert_eq!((&body["version"], &body["what"]), (&json!(1), &json!(what)));
        let warning = &body["warnings"][0];
        assert_eq!(
            (&warning["subject"], &warning["ruleName"]),
            (&json!("Cart"), &json!("Too many errors"))
        );
        assert!(!String::from_utf8_lossy(&request.body).contains("SIGNING-KEY"));
    }
}

#[actix_web::test]
async fn what_fails_is_tried_again_and_what_is_refused_is_not() {
    for (does, expected) in [
        (
            vec![Does::Answer(500), Does::Answer(200)],
            vec![("HTTP 500", true), ("HTTP 200", false)],
        ),
        (
            vec![Does::Answer(429), Does::Answer(200)],
            vec![("HTTP 429", true), ("HTTP 200", false)],
        ),
        (vec![Does::Answer(410)], vec![("HTTP 410", false)]),
        (
            vec![Does::Redirect],
            vec![("HTTP 302: redirects are not followed", false)],
        ),
        (vec![Does::Talk], vec![("HTTP 200", false)]),
        (
            vec![Does::Close, Does::Answer(200)],
            vec![("", true), ("HTTP 200", false)],
        ),
    ] {
        let receiver = Receiver::doing(&does).await;
        let mut world = World::new(None).without_rules().await;
        let channel = world.webhook(&receiver.url()).await;
        world.rule(0, &[&channel]).await;
        world.seconds(40, 5);
        world.services.send_warnings().await;
        world.services.send_warnings().await;
        assert_eq!(
            receiver.requests().len(),
            1,
            "not again before its time: {does:?}"
        );
        let health = world.get("/api/health").await["parts"]["warnings"].clone();
        let is_well = expected[0].0 == "HTTP 200";
        assert_eq!(health["status"] == "ok", is_well, "{does:?}: {health}");
        world.clock.advance(5_000);
        world.services.send_warnings().await;
        let mut told = world.deliveries().await;
        told.reverse();
        assert_eq!(told.len(), expected.len(), "{does:?}: {told:?}");
        for (delivery, (detail, is_tried_again)) in told.iter().zip(&expected) {
            let said = delivery["detail"].as_str().unwrap();
            assert!(said.starts_with(detail) && !said.is_empty(), "{does:?}: {said}");
            assert_eq!(
                delivery["next"].is_string(),
                *is_tried_again,
                "{does:?}: {delivery}"
            );
        }
        let requests = receiver.requests();
        let first = requests[0].json()["id"].clone();
        assert!(
            requests.iter().all(|request| request.json()["id"] == first),
            "it is the same message"
        );
    }
}

#[actix_web::test]
async fn a_receiver_that_never_answers_holds_up_nobody_else() {
    let (slow, quick) = (
        Receiver::doing(&[Does::Wait]).await,
        Receiver::doing(&[Does::Answer(200)]).await,
    );
    let mut world = World::new(None).without_rules().await;
    let (one, other) = (
        world.webhook(&slow.url()).await,
        world.webhook(&quick.url()).await,
    );
    world.rule(0, &[&one, &other]).await;
    world.seconds(40, 5);
    // Time goes by as soon as nothing else happens.
    tokio::time::pause();
    world.services.send_warnings().await;
    tokio::time::resume();
    let told = world.deliveries().await;
    let of = |id: &str| told.iter().find(|delivery| delivery["channel"] == id).unwrap();
    assert_eq!(of(&other)["outcome"], "delivered");
    assert_eq!(
        (&of(&one)["outcome"], &of(&one)["detail"]),
        (&json!("failed"), &json!("no answer within 10 seconds"))
    );
}

#[actix_web::test]
async fn nobody_listens_and_no_such_host_are_said_without_the_address() {
    let world = World::new(None);
    for url in [
        "http://127.0.0.1:1/SECRET-PATH",
        "https://127.0.0.1:1/SECRET-PATH",
        "http://no-such-host.invalid/SECRET-PATH",
    ] {
        let channel = world.webhook(url).await;
        let tried = world
            .post(&format!("/api/warnings/channels/{channel}/test"), Value::Null)
            .await;
        assert_eq!(
            (&tried["outcome"], &tried["what"]),
            (&json!("failed"), &json!("test")),
            "{tried}"
        );
        let detail = tried["detail"].as_str().unwrap();
        assert!(!detail.is_empty() && !detail.contains("SECRET-PATH"), "{detail}");
        assert!(tried["next"].is_null(), "a test is tried once");
    }
}

#[actix_web::test]
async fn slack_gets_its_own_form() {
    let receiver = Receiver::doing(&[Does::Answer(200)]).await;
    let mut world = World::new(None).without_rules().await;
    let asked = json!({"name": "Team", "target": {"kind": "slack", "url": receiver.url()}});
    let channel = world.post("/api/warnings/channels", asked).await;
    assert_eq!(
        channel["target"],
        json!({"kind": "slack", "address": format!("http://{}/…", receiver.addr)})
    );
    world.rule(0, &[channel["id"].as_str().unwrap()]).await;
    world.seconds(40, 5);
    world.services.send_warnings().await;
    let body = receiver.requests()[0].json();
    let text = body["text"].as_str().unwrap();
    assert!(
        text.contains("*Firing: Too many errors*") && text.contains("errors of type Cart: 5/s"),
        "{text}"
    );
    assert_eq!(body.as_object().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_silence_keeps_it_quiet_and_no_longer() {
    let receiver = Receiver::doing(&[Does::Answer(200)]).await;
    let mut world = World::new(None).without_rules().await;
    let channel = world.webhook(&receiver.url()).await;
    world.rule(0, &[&channel]).await;
    let until = world.clock_text(120_000);
    let asked = json!({"filter": "type:Cart", "until": until, "reason": "deploy"});
    let silence = world.post("/api/warnings/silences", asked).await;
    assert_eq!(
        (&silence["by"], &silence["reason"]),
        (&json!("local"), &json!("deploy"))
    );
    world.seconds(100, 5);
    world.services.send_warnings().await;
    let list = world.get("/api/warnings").await;
    assert_eq!(list["firing"][0]["silencedBy"], silence["id"]);
    assert_eq!(receiver.requests().len(), 0);
    world.seconds(30, 5);
    world.services.send_warnings().await;
    assert_eq!(
        receiver.requests().len(),
        1,
        "it fires still, and the silence is over"
    );
    assert_eq!(world.get("/api/warnings/silences").await, json!([]));
    assert!(world.get("/api/warnings").await["firing"][0]["silencedBy"].is_null());
}

#[actix_web::test]
async fn what_was_said_is_not_said_again_after_a_restart_and_what_was_not_is() {
    let state = tempfile::tempdir().unwrap();
    let receiver = Receiver::doing(&[Does::Answer(200), Does::Answer(500), Does::Answer(200)]).await;
    let clock = TestClock::new();
    let mut first = World::at(Some(state.path()), clock.clone(), "one")
        .without_rules()
        .await;
    let channel = first.webhook(&receiver.url()).await;
    let rule = first.rule(0, &[&channel]).await;
    first.seconds(40, 5);
    first.services.send_warnings().await;
    let said = first.get("/api/warnings").await["firing"].clone();
    assert_eq!(
        (said.as_array().unwrap().len(), receiver.requests().len()),
        (1, 1)
    );
    first.services.intake.history().close();
    drop(first);

    let mut second = World::at(Some(state.path()), clock.clone(), "two");
    assert_eq!(
        second.get("/api/warnings").await["firing"],
        said,
        "it fires still"
    );
    assert_eq!(second.get("/api/warnings/rules").await[0]["id"], json!(rule));
    second.seconds(40, 5);
    second.services.send_warnings().await;
    assert_eq!(receiver.requests().len(), 1, "and that was said");
    second.seconds(40, 0);
    second.services.send_warnings().await;
    assert_eq!(receiver.requests().len(), 2, "that it is resolved was tried");
    second.services.intake.history().close();
    drop(second);

    clock.advance(60_000);
    let third = World::at(Some(state.path()), clock, "three");
    third.services.sweep();
    third.services.send_warnings().await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), 3, "and is tried again");
    assert_eq!(requests[1].body, requests[2].body);
    assert_eq!(
        third.sent().await[1..],
        [row("resolved", "HTTP 500", 1), row("resolved", "HTTP 200", 2)]
    );
}

#[actix_web::test]
async fn secrets_are_in_one_private_file_and_in_nothing_that_is_told() {
    const SECRETS: [&str; 4] = ["SIGNING-KEY", "SECRET-QUERY", "SLACK-PATH", "PASSWORD"];
    let state = tempfile::tempdir().unwrap();
    let receiver = Receiver::doing(&[Does::Answer(500)]).await;
    let mut world = World::new(Some(state.path())).without_rules().await;
    let webhook = world.webhook(&receiver.url()).await;
    let mut made = Vec::new();
    for target in [
        json!({"kind": "slack", "url": format!("http://{}/SLACK-PATH", receiver.addr)}),
        json!({"kind": "email", "host": "127.0.0.1", "port": 1, "security": "plain", "user": "ana", "password": "PASSWORD",
            "from": "loom@example.org", "to": ["ana@example.org"]}),
    ] {
        let channel = world
            .post(
                "/api/warnings/channels",
                json!({"name": "Other", "target": target}),
            )
            .await;
        made.push(channel["id"].as_str().unwrap().to_owned());
        made.push(channel.to_string());
    }
    world.rule(0, &[&webhook, &made[0], &made[2]]).await;
    world.seconds(40, 5);
    world.services.send_warnings().await;
    let mut told = made.join("\n");
    for id in [&webhook, &made[0], &made[2]] {
        let tried = world
            .post(&format!("/api/warnings/channels/{id}/test"), Value::Null)
            .await;
        told.push_str(&tried.to_string());
    }
    for path in ["", "/rules", "/channels", "/silences", "/deliveries"] {
        told.push_str(&world.get(&format!("/api/warnings{path}")).await.to_string());
    }
    for path in ["/api/health", "/api/metrics", "/api/openapi.json", "/metrics"] {
        told.push_str(&get(&world.services, path).await.text());
    }
    for secret in SECRETS {
        assert!(!told.contains(secret), "{secret} is told");
        let files = files_with(state.path(), secret);
        assert_eq!(files, ["warnings/settings.json"], "{secret}");
    }
    use std::os::unix::fs::PermissionsExt as _;
    for file in ["settings.json", "state.json"] {
        let about = fs::metadata(state.path().join("warnings").join(file)).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600, "{file}");
    }
}

/// The files below a folder that have a text in them.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if fs::read(&path)
                .unwrap()
                .windows(text.len())
                .any(|window| window == text.as_bytes())
            {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}
