//! The uplink against a small HTTP server on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use loom_bridge::discovery::SinkError;
use loom_bridge::discovery::uplink::{Token, Uplink, UplinkOptions};
use loom_bridge::protocol::{ActorBatch, ActorRecord, BootId};
use loom_bridge::{ActorRegistry, ActorSpec, DiscoveryBridge, Options, StudioSink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::common::until;

/// What the server was sent, head and body.
pub(crate) type Requests = Arc<Mutex<Vec<(String, String)>>>;

/// Answers every request alike and keeps what it was sent.
pub(crate) async fn serve(status: &str, body: &str) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let requests = Requests::default();
    let kept = requests.clone();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (kept, answer) = (kept.clone(), answer.clone());
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                let mut chunk = [0; 4_096];
                while let Ok(count @ 1..) = stream.read(&mut chunk).await {
                    bytes.extend(chunk.iter().take(count));
                    while let Some((request, rest)) = whole_request(&bytes) {
                        kept.lock().unwrap().push(request);
                        bytes = rest;
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    (address, requests)
}

fn whole_request(bytes: &[u8]) -> Option<((String, String), Vec<u8>)> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length: usize = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length: ")
            .and_then(|value| value.parse().ok())
    })?;
    let (whole, rest) = body.as_bytes().split_at_checked(length)?;
    Some((
        (head.to_owned(), String::from_utf8_lossy(whole).into_owned()),
        rest.to_vec(),
    ))
}

fn batch() -> ActorBatch {
    ActorBatch {
        register: vec![ActorRecord::new("a", "Worker")],
        ..ActorBatch::new(BootId("b".into()), 1)
    }
}

fn uplink(url: &str) -> Uplink {
    Uplink::new(&UplinkOptions {
        url: url.into(),
        token: Some(Token::new("s3cret")),
        workspace: Some("shop".into()),
    })
    .unwrap()
}

const OK: &str = r#"{"accepted":1,"rejected":[{"index":0,"problem":"no id"}],"resync":true}"#;

#[actix::test]
async fn a_batch_is_posted_with_the_token_and_its_outcome_read() {
    let (url, requests) = serve("200 OK", OK).await;
    let uplink = uplink(&url);
    let outcome = uplink.deliver(batch()).await.unwrap();
    assert_eq!(
        (outcome.accepted, outcome.rejected.len(), outcome.resync),
        (1, 1, true)
    );
    uplink.deliver(batch()).await.unwrap();
    let requests = requests.lock().unwrap();
    let (head, body) = &requests[0];
    assert!(head.starts_with("POST /api/actor/batch HTTP/1.1"), "{head}");
    assert!(
        head.to_lowercase().contains("authorization: bearer s3cret")
            && head.to_lowercase().contains("loom-workspace: shop"),
        "{head}"
    );
    assert!(
        head.to_lowercase().contains("content-type: application/json"),
        "{head}"
    );
    assert_eq!(serde_json::from_str::<ActorBatch>(body).unwrap(), batch());
    assert_eq!(requests.len(), 2);
}

#[actix::test]
async fn each_way_to_fail_says_what_to_do_and_keeps_the_secret() {
    let problem = r#"{"type":"x","title":"t","status":400,"code":"c","detail":"register[0] is odd"}"#;
    type Case<'a> = (&'a str, &'a str, fn(&SinkError) -> bool, &'a str);
    let table: [Case<'_>; 5] = [
        (
            "401 Unauthorized",
            "",
            |error| matches!(error, SinkError::Unauthorized { .. }),
            "STUDIO_TOKEN",
        ),
        (
            "400 Bad Request",
            problem,
            |error| matches!(error, SinkError::Refused { .. }),
            "register[0] is odd",
        ),
        (
            "503 Busy",
            "a moment",
            |error| matches!(error, SinkError::Troubled { .. }),
            "a moment",
        ),
        (
            "404 Not Found",
            "",
            |error| matches!(error, SinkError::Unintelligible { .. }),
            "not that of a studio",
        ),
        (
            "200 OK",
            "hello",
            |error| matches!(error, SinkError::Unintelligible { .. }),
            "not that of a studio",
        ),
    ];
    for (answer, body, is_kind, hint) in table {
        let (url, _) = serve(answer, body).await;
        let error = uplink(&url).deliver(batch()).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(is_kind(&error), "{answer}: {shown}");
        assert!(error.to_string().contains(hint), "{shown}");
        assert!(
            error.to_string().contains(&url) && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}

#[actix::test]
async fn nobody_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = uplink(&url).deliver(batch()).await.unwrap_err();
    assert!(matches!(error, SinkError::Unreachable { .. }), "{error}");
}

#[actix::test]
async fn a_bridge_ships_over_the_uplink() {
    let (url, requests) = serve("200 OK", r#"{"accepted":1,"rejected":[]}"#).await;
    let registry = ActorRegistry::new();
    let handle = registry.register(ActorSpec::new("Pump").id("p"));
    let bridge = DiscoveryBridge::new(Options {
        poll_interval: Duration::from_millis(10),
        ..Options::default()
    });
    bridge.deliver_to(uplink(&url)).connect(&registry).unwrap();
    let sent = |what: &str| {
        requests
            .lock()
            .unwrap()
            .iter()
            .any(|(_, body)| body.contains(what))
    };
    until("the registration", || {
        sent(r#""register":[{"id":"p","type":"Pump""#)
    })
    .await;
    handle.set_status("active");
    until("the update", || sent(r#""update":[{"id":"p","status":"active""#)).await;
    bridge.close().await;
    assert!(sent(r#""unregister":["p"]"#));
}
