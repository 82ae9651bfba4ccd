//! Two workspaces with actors of the same names: by no route, socket, stream or number does one tell of the other.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test;
use loom_studio::{Role, Services, Studio, StudioOptions, create_app};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::several::apart::{Question, SHARED, Side, batch, found, questions, sides};
use crate::support::{Answer, LIMIT, SECRET, Tokens, Viewer, ask_app, name, services};
use crate::workspaces::ask;

async fn post(services: &Services, side: &Side, path: &str, body: &Value) -> Answer {
    ask(services, &side.bearer, None, Method::POST, path, Some(body)).await
}

async fn read(services: &Services, side: &Side, path: &str) -> Answer {
    ask(services, &side.bearer, None, Method::GET, path, None).await
}

/// All that one side sees of itself.
async fn picture(services: &Services, side: &Side) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for path in [
        "/api/actors",
        "/api/v1/actors",
        "/api/types",
        "/api/journal",
        "/api/orders",
        "/api/metrics",
        "/api/map",
        "/api/lints",
        "/api/warnings",
        "/api/warnings/rules",
        "/api/warnings/channels",
        "/api/warnings/silences",
        "/api/warnings/deliveries",
        "/api/traffic",
        "/api/history?metric=rate&by=type",
        "/metrics",
        "/api/recording",
        "/api/ui",
        "/api/session",
        "/api/openapi.json",
    ] {
        let answer = read(services, side, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        all.push((path.to_owned(), answer.body));
    }
    all
}

#[actix_web::test]
async fn no_route_tells_of_another_workspace_or_changes_it() {
    let tokens = Tokens::new();
    let sides = sides(&tokens, Role::Admin);
    let (services, clock) = services(tokens.options());
    for side in &sides {
        let answer = post(&services, side, "/api/actor/batch", &batch(side, 1)).await;
        assert_eq!(answer.json()["rejected"], json!([]), "{}", answer.text());
        let ordered = post(
            &services,
            side,
            "/api/actors/same%2Fname/pause",
            &json!({"wait": 0}),
        )
        .await;
        assert_eq!(ordered.status, 202, "{}", ordered.text());
    }
    clock.advance(1_000);
    for side in &sides {
        services
            .workspace(&name(&format!("team-{}", side.mark)))
            .unwrap()
            .sweep();
        let told = read(&services, side, "/api/actors").await;
        assert!(told.text().contains(side.mark), "the test would hold nothing");
    }
    let document = read(&services, &sides[0], "/api/openapi.json").await.json();
    let asked = questions(&document, &sides);
    let app = test::init_service(create_app(&services)).await;
    let ask = async |side: &Side, about: Option<&str>, (method, path, body): &Question| {
        let mut request = test::TestRequest::with_uri(path).method(method.clone());
        if let Some(body) = body {
            request = request.set_json(body);
        }
        let mut headers = vec![("authorization", side.bearer.as_str())];
        headers.extend(about.map(|about| ("loom-workspace", about)));
        ask_app(&app, request, &headers).await
    };
    let mut answered = BTreeSet::new();
    for (asking, other) in [(&sides[0], &sides[1]), (&sides[1], &sides[0])] {
        let before = picture(&services, other).await;
        for question in &asked {
            let (method, path, body) = question;
            let answer = ask(asking, None, question).await;
            let place = format!("{method} {path} {body:?} as {}", asking.mark);
            assert!(!found(&answer.body, other.mark), "{place}: {}", answer.text());
            for (name, value) in &answer.headers {
                assert!(!value.contains(other.mark), "{place}: {name}: {value}");
            }
            if answer.status < 300 {
                answered.insert(format!("{method} {}", path.split('?').next().unwrap()));
            }
            for about in [format!("team-{}", other.mark), "main".into()] {
                let answer = ask(asking, Some(&about), question).await;
                let is_public = path.contains("/health") || path.contains("/session");
                let is_told = found(&answer.body, &format!("T{}", other.mark));
                assert!(
                    !is_told && (is_public || answer.status == 404),
                    "{place} about {about}: {}",
                    answer.text()
                );
            }
        }
        assert!(
            picture(&services, other).await == before,
            "{} changed {}",
            asking.mark,
            other.mark
        );
    }
    let (main, of_main) = (
        Side {
            bearer: format!("Bearer {SECRET}"),
            mark: "main",
            own: "none",
        },
        [
            "/api/actors",
            "/api/types",
            "/api/journal",
            "/api/orders",
            "/metrics",
        ],
    );
    for path in of_main {
        let text = read(&services, &main, path).await.text();
        assert!(
            !text.contains("alpha7") && !text.contains("bravo7"),
            "{path}: {text}"
        );
    }
    assert!(answered.len() > 70, "so few were answered: {answered:?}");
}

#[actix_web::test]
async fn an_actor_of_another_workspace_is_as_unknown_as_any() {
    let tokens = Tokens::new();
    let sides = sides(&tokens, Role::Admin);
    let (services, _) = services(tokens.options());
    for side in &sides {
        post(&services, side, "/api/actor/batch", &batch(side, 1)).await;
    }
    for path in [
        "/api/actors/{id}",
        "/api/actors/{id}/messages",
        "/api/actors/{id}/history",
        "/api/journal/{id}",
        "/api/orders?actor={id}",
        "/api/actors?q={id}",
        "/api/history?by=actor&metric=rate&names={id}",
    ] {
        let (there, nowhere) = (sides[1].own, "only-th-r-");
        let mut answers = Vec::new();
        for id in [there, nowhere] {
            let answer = read(&services, &sides[0], &path.replace("{id}", id)).await;
            let (status, headers, text) = answer.whole();
            answers.push((status, headers, text.replace(id, "")));
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
}

#[actix_web::test]
async fn no_socket_or_stream_tells_of_another_workspace() {
    let tokens = Tokens::new();
    let sides = sides(&tokens, Role::Admin);
    let studio = Studio::builder(StudioOptions {
        max_sockets: 8,
        ..tokens.options()
    })
    .start()
    .await
    .unwrap();
    let headers = |side: &Side| vec![("authorization".to_owned(), side.bearer.clone())];
    let mut viewers = Vec::new();
    let mut streams = Vec::new();
    for side in &sides {
        let headers = headers(side);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut viewer = Viewer::connect(studio.addr, "/ws", &headers)
            .await
            .unwrap_or_else(|answer| panic!("{answer:?}"));
        let watch = json!({"type": "watch", "actors": [SHARED, "only-here", "only-there"], "map": true});
        viewer.say(&watch.to_string()).await;
        viewer
            .say(&json!({"type": "window", "id": "w", "list": "actors", "from": 0, "count": 50}).to_string())
            .await;
        viewers.push(viewer);
        let mut stream = TcpStream::connect(studio.addr).await.unwrap();
        let request = format!(
            "GET /api/v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\n\r\n",
            studio.addr, side.bearer
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    // The one first, then the other: whatever would come to the wrong one comes before what it waits for.
    for side in &sides {
        let body = batch(side, 1).to_string();
        let headers = [("authorization", side.bearer.as_str())];
        let answer = crate::support::send_post(studio.addr, "/api/actor/batch", &body, &headers).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    for (index, side) in sides.iter().enumerate() {
        let other = &sides[1 - index];
        let mut seen = BTreeSet::new();
        while !(seen.contains("journal") && seen.contains("actor:update") && seen.contains("metrics")) {
            let frame = viewers[index].next_text().await.expect("an open connection");
            assert!(!frame.contains(other.mark), "{frame}");
            let frame: Value = serde_json::from_str(&frame).unwrap();
            if frame["type"] == "metrics" {
                let total = frame["data"]["totalActors"]
                    .as_u64()
                    .or(frame["data"]["actors"].as_u64());
                assert!(
                    total.is_none_or(
                        |total| total <= batch(side, 1)["register"].as_array().unwrap().len() as u64
                    ),
                    "{frame}"
                );
            }
            seen.insert(frame["type"].as_str().unwrap().to_owned());
        }
        let mut text = String::new();
        let mut piece = [0; 4096];
        while !text.contains(side.mark) {
            let read = timeout(LIMIT, streams[index].read(&mut piece))
                .await
                .unwrap()
                .unwrap();
            text.push_str(&String::from_utf8_lossy(&piece[..read]));
        }
        assert!(!text.contains(other.mark), "{text}");
    }
    // Places are of a workspace: the other's are free when one's are taken.
    let mut held = Vec::new();
    let refused = loop {
        match Viewer::connect(studio.addr, "/ws", &[("authorization", &sides[0].bearer)]).await {
            Ok(viewer) => held.push(viewer),
            Err(answer) => break answer,
        }
    };
    assert_eq!(refused.problem(), (503, "too_many_sockets".into()));
    assert!(
        Viewer::connect(studio.addr, "/ws", &[("authorization", &sides[1].bearer)])
            .await
            .is_ok()
    );
    studio.stop().await;
}
