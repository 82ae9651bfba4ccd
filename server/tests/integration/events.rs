//! The same frames as server-sent events.

use std::sync::Arc;

use loom_studio::{RunningStudio, Studio, StudioOptions, Token};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{LIMIT, TestClock, get, options, running, send_post, services};

/// One that listens.
struct Listener {
    stream: TcpStream,
    text: String,
}

/// An event as it came.
#[derive(Debug)]
struct Event {
    id: String,
    name: String,
    data: Value,
}

impl Listener {
    async fn open(studio: &RunningStudio, headers: &[(&str, &str)]) -> Self {
        let mut stream = TcpStream::connect(studio.addr).await.unwrap();
        let mut request = format!("GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n", studio.addr);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        stream
            .write_all(format!("{request}\r\n").as_bytes())
            .await
            .unwrap();
        let mut listener = Self {
            stream,
            text: String::new(),
        };
        let head = listener.until("\r\n\r\n").await.unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(
            head.to_lowercase().contains("content-type: text/event-stream"),
            "{head}"
        );
        listener
    }

    /// What comes before `end`; nothing when the connection is over.
    async fn until(&mut self, end: &str) -> Option<String> {
        loop {
            if let Some((before, rest)) = self.text.split_once(end) {
                let (before, rest) = (before.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(before);
            }
            let mut bytes = [0; 4096];
            let count = timeout(LIMIT, self.stream.read(&mut bytes))
                .await
                .expect("more in time");
            match count {
                Ok(count) if count > 0 => self.text.push_str(&String::from_utf8_lossy(&bytes[..count])),
                _ => return None,
            }
        }
    }

    async fn next_of(&mut self, name: &str) -> Option<Event> {
        loop {
            let block = self.until("\n\n").await?;
            let field = |key: &str| {
                let mut lines = block.lines().filter_map(|line| line.split_once(": "));
                lines
                    .find(|(name, _)| *name == key)
                    .map(|(_, value)| value.to_owned())
            };
            if field("event").as_deref() == Some(name) {
                return Some(Event {
                    id: field("id").unwrap(),
                    name: name.to_owned(),
                    data: serde_json::from_str(&field("data").unwrap()).unwrap(),
                });
            }
        }
    }
}

#[actix_web::test]
async fn events_are_the_frames_and_go_on_where_a_listener_was() {
    let studio = running().await;
    let mut listener = Listener::open(&studio, &[]).await;
    let hello = listener.next_of("hello").await.unwrap();
    assert_eq!(hello.data["epoch"], json!(studio.hub.epoch()));
    studio.hub.publish("note", None, &1);
    let one = listener.next_of("note").await.unwrap();
    assert_eq!(
        (&one.data["type"], &one.data["data"]),
        (&json!("note"), &json!(1))
    );
    assert_eq!(one.id, format!("{}:{}", studio.hub.epoch().0, one.data["seq"]));
    assert_eq!(one.name, "note");
    drop(listener);
    studio.hub.publish("note", None, &2);
    let mut back = Listener::open(&studio, &[("Last-Event-ID", &one.id)]).await;
    assert_eq!(back.next_of("note").await.unwrap().data["data"], 2);
    let mut lost = Listener::open(&studio, &[("Last-Event-ID", "gone:1")]).await;
    assert!(lost.next_of("resync").await.is_some());
    studio.stop().await;
    while back.until("\n\n").await.is_some() {}
}

#[actix_web::test]
async fn an_id_that_is_none_is_refused() {
    let (services, _) = services(StudioOptions::default());
    for id in ["5", "a:b", "a:-1"] {
        let request = [("Last-Event-ID", id)];
        let answer = crate::support::call(
            &services,
            actix_web::http::Method::GET,
            "/api/v1/events",
            None,
            &request,
        )
        .await;
        assert_eq!(answer.problem(), (400, "invalid_event_id".into()), "{id}");
    }
    assert_eq!(
        get(&services, "/api/events").await.status,
        404,
        "it has one address"
    );
}

#[actix_web::test]
async fn a_stream_has_a_place_among_the_sockets_and_gives_it_free() {
    let studio = Studio::builder(StudioOptions {
        max_sockets: 1,
        ..options()
    })
    .start()
    .await
    .unwrap();
    let mut listener = Listener::open(&studio, &[]).await;
    listener.next_of("hello").await.unwrap();
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        studio.addr
    );
    let refused = crate::support::send(studio.addr, &request).await;
    assert_eq!(refused.problem(), (503, "too_many_sockets".into()));
    drop(listener);
    // It is noticed with the next thing that can't be sent.
    while !studio.sockets.is_empty() {
        studio.hub.publish("note", None, &1);
        tokio::task::yield_now().await;
    }
    studio.stop().await;
}

#[actix_web::test]
async fn a_stream_ends_with_its_session() {
    let clock = TestClock::new();
    let token = "correct horse battery";
    let studio = Studio::builder(StudioOptions {
        token: Token::new(token),
        ..options()
    })
    .clock(Arc::new(clock.clone()))
    .start()
    .await
    .unwrap();
    let body = json!({ "token": token }).to_string();
    let answer = send_post(studio.addr, "/api/session", &body, &[]).await;
    let cookie = answer.header("set-cookie").unwrap();
    let pair = cookie.split(';').next().unwrap().to_owned();
    let mut listener = Listener::open(&studio, &[("Cookie", &pair)]).await;
    listener.next_of("hello").await.unwrap();
    clock.advance(12 * 60 * 60 * 1000);
    while listener.until("\n\n").await.is_some() {}
    studio.stop().await;
}
