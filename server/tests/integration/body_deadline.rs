//! Requests that do not come to an end, and requests that are none.

use std::time::Duration;

use loom_studio::{RunningStudio, Studio, StudioOptions};
use tokio::time::Instant;

use crate::support::{options, send};

async fn impatient() -> RunningStudio {
    let options = StudioOptions {
        body_within: Duration::from_millis(300),
        ..options()
    };
    Studio::builder(options).start().await.unwrap()
}

#[actix_web::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let studio = impatient().await;
    for path in ["/api/actor/register", "/api/actor/batch", "/api/session"] {
        let start = Instant::now();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"id\":",
            studio.addr
        );
        // Reads to the end: the connection is closed, for the rest of the body could be anything.
        let answer = send(studio.addr, &request).await;
        assert_eq!(answer.problem(), (408, "body_too_slow".into()), "{path}");
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{path}: {:?}",
            start.elapsed()
        );
    }
    studio.stop().await;
}

#[actix_web::test]
async fn a_refusal_does_not_wait_for_the_body_either() {
    let studio = impatient().await;
    let request = format!(
        "POST /api/actor/register HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.example\r\nContent-Length: 1000\r\n\r\n{{",
        studio.addr
    );
    let start = Instant::now();
    let answer = send(studio.addr, &request).await;
    assert_eq!(answer.problem(), (403, "foreign_origin".into()));
    assert!(start.elapsed() < Duration::from_secs(7), "{:?}", start.elapsed());
    studio.stop().await;
}
