//! A web page of somebody else must not start containers: `Origin` and `Host` are checked on every post and socket.

use serde_json::json;

use super::project;
use crate::harness::{Project, Socket, Studio};

#[test]
fn a_post_from_a_foreign_page_is_refused() {
    let studio = Studio::of(project());
    for path in ["/api/workflows/quick/start", "/api/actor/register"] {
        let answer = studio
            .post(path)
            .header("Origin", "https://evil.example")
            .json(&json!({"id": "x", "type": "T"}))
            .send()
            .is(403);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{path}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
    // Also one that resolves its own name to this machine.
    studio
        .post("/api/workflows/quick/start")
        .header("Host", "evil.example")
        .send()
        .is(403);
    // `null` is what a sandboxed frame or a file sends.
    studio
        .post("/api/workflows/quick/start")
        .header("Origin", "null")
        .send()
        .is(403);
    assert_eq!(studio.value("/api/runs"), json!([]), "nothing was started");
}

#[test]
fn a_socket_from_a_foreign_page_is_refused() {
    let studio = Studio::of(Project::new());
    for path in ["/ws", "/socket/websocket"] {
        let refused = Socket::open(studio.port, path, Some("https://evil.example")).err();
        assert_eq!(refused, Some(403), "{path}");
        assert!(
            Socket::open(studio.port, path, None).is_ok(),
            "{path}: a program has no origin"
        );
    }
}

#[test]
fn our_own_page_and_listed_ones_pass() {
    let studio = Studio::with(project(), |serve| {
        serve.env("LOOM_CORS_ORIGINS", "http://localhost:5173")
    });
    let origins = [
        studio.url(),
        format!("http://localhost:{}", studio.port),
        "http://localhost:5173".to_owned(),
    ];
    for origin in &origins {
        studio
            .post("/api/actor/register")
            .header("Origin", origin)
            .json(&json!({"id": origin, "type": "T"}))
            .send()
            .is(201);
    }
}

#[test]
fn an_address_of_the_network_needs_a_token() {
    let project = project();
    let outcome = project
        .loom(&["serve", "--executor", "host"])
        .env("LOOM_BIND", "0.0.0.0")
        .env("LOOM_PORT", "0")
        .run();
    assert_ne!(outcome.status.code(), Some(0), "{outcome}");
    outcome.says("STUDIO_TOKEN");
}
