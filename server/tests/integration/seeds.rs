//! The example requests of the integration guide, as written there, over a real socket.

use serde_json::json;

use crate::support::{Viewer, running, send, send_post};

#[actix_web::test]
async fn the_guides_requests_work_as_written() {
    let studio = running().await;
    let addr = studio.addr;
    // JSON.stringify keeps the order and writes no spaces; `new Date().toISOString()` has milliseconds and `Z`.
    let register = concat!(
        r#"{"id":"my-actor-1","type":"CounterActor","status":"idle","workerId":"worker-1","messageCount":0,"#,
        r#""queueDepth":0,"lastHeartbeat":"2025-12-13T03:33:58.077Z","uptime":0}"#
    );
    let mut viewer = Viewer::open(&studio).await;
    assert_eq!(viewer.next().await.kind, "hello");
    let answer = send_post(addr, "/api/actor/register", register, &[]).await;
    assert_eq!(answer.status, 201);
    let seen = viewer.next_of("actor:update").await;
    assert_eq!(seen.data["id"], "my-actor-1");
    assert_eq!(seen.data["type"], "CounterActor");
    assert_eq!(seen.data["status"], "idle");

    let update = r#"{"id":"my-actor-1","status":"active","messageCount":5}"#;
    let answer = send_post(addr, "/api/actor/update", update, &[]).await;
    assert_eq!(answer.status, 200);
    let seen = viewer.next_of("actor:update").await;
    assert_eq!(
        (&seen.data["status"], &seen.data["messageCount"]),
        (&json!("active"), &json!(5))
    );
    assert_eq!(
        seen.data["workerId"], "worker-1",
        "the record is whole, not only what changed"
    );

    for path in [
        "/api/health",
        "/api/actors",
        "/api/actors/my-actor-1",
        "/api/metrics",
    ] {
        // As `curl http://localhost:9090/...` asks.
        let port = addr.port();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\
             Connection: close\r\n\r\n"
        );
        let answer = send(addr, &request).await;
        assert_eq!(answer.status, 200, "{path}");
        answer.json();
    }
    send_post(addr, "/api/actor/unregister", r#"{"id":"my-actor-1"}"#, &[]).await;
    let seen = viewer.next_of("actor:removed").await;
    assert_eq!(seen.data, json!({"id":"my-actor-1"}));
    let metrics = viewer.next_of("metrics").await;
    assert_eq!(metrics.data["actorPools"]["totalActors"], 0);
    studio.stop().await;
}
