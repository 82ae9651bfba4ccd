//! Long answers in gzip, and bodies that come in forms of their own.

use std::io::Read;

use actix_web::http::Method;
use flate2::read::GzDecoder;
use loom_studio::{Services, StudioOptions};
use serde_json::{Value, json};

use crate::support::{Answer, call, get, post, running, send, send_post, services};

const GZIP: (&str, &str) = ("accept-encoding", "gzip, deflate, br");

async fn some_actors(services: &Services, count: usize) {
    let register: Vec<Value> = (0..count)
        .map(|number| json!({"id":format!("a{number:04}"),"type":"Actor","node":"web-1","metadata":{"number":number}}))
        .collect();
    post(
        services,
        "/api/actor/batch",
        json!({"boot":"b","seq":1,"register":register}),
    )
    .await;
}

fn unpacked(answer: &Answer) -> String {
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[actix_web::test]
async fn long_answers_are_packed_for_those_who_take_it() {
    let (services, _) = services(StudioOptions::default());
    // Of more than one piece, so that they stream, and of less.
    for (actors, path) in [
        (1_000, "/api/actors"),
        (1_000, "/api/v1/actors?limit=20"),
        (1_000, "/api/openapi.json"),
    ] {
        some_actors(&services, actors).await;
        let plain = get(&services, path).await;
        assert_eq!(plain.header("content-encoding"), None, "{path}");
        assert!(
            plain.header("vary").unwrap().contains("Accept-Encoding"),
            "{path}"
        );
        let packed = call(&services, Method::GET, path, None, &[GZIP]).await;
        assert_eq!(packed.status, 200);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(packed.header("content-length"), None);
        assert!(
            3 * packed.body.len() < plain.body.len(),
            "{path}: {}",
            packed.body.len()
        );
        assert_eq!(unpacked(&packed), plain.text(), "{path}");
        assert_eq!(packed.header("x-total-count"), plain.header("x-total-count"));
    }
}

#[actix_web::test]
async fn what_is_short_wrong_or_lives_on_is_not_packed() {
    let (services, _) = services(StudioOptions::default());
    some_actors(&services, 100).await;
    let problem = format!("/api/actors/{}", "x".repeat(2_000));
    for path in [
        "/api/actors?limit=2",
        "/api/health",
        "/api/session",
        &problem,
        "/api/v1/events",
        "/api/orders",
    ] {
        let answer = call(&services, Method::GET, path, None, &[GZIP]).await;
        assert_eq!(answer.header("content-encoding"), None, "{path}");
    }
    let refused = [("accept-encoding", "gzip;q=0")];
    let answer = call(&services, Method::GET, "/api/actors", None, &refused).await;
    assert_eq!(answer.header("content-encoding"), None);
    let head = call(&services, Method::HEAD, "/api/actors?limit=20", None, &[GZIP]).await;
    assert_eq!((head.status, head.header("content-encoding")), (200, None));
}

#[actix_web::test]
async fn the_same_answer_is_of_another_length_each_time() {
    let (services, _) = services(StudioOptions::default());
    some_actors(&services, 100).await;
    let mut lengths = std::collections::BTreeSet::new();
    for _ in 0..32 {
        let answer = call(&services, Method::GET, "/api/actors", None, &[GZIP]).await;
        lengths.insert(answer.body.len());
    }
    assert!(lengths.len() > 8, "{lengths:?}");
}

#[actix_web::test]
async fn long_answers_arrive_whole_over_a_socket_also_in_http_1_0() {
    let studio = running().await;
    let register: Vec<Value> = (0..2_000)
        .map(|number| json!({"id":format!("a{number:04}"),"type":"Actor","node":"web-1"}))
        .collect();
    let batch = json!({"boot":"b","seq":1,"register":register}).to_string();
    send_post(studio.addr, "/api/actor/batch", &batch, &[]).await;
    let plain = format!("GET /api/actors HTTP/1.0\r\nHost: {}\r\n\r\n", studio.addr);
    let actors = send(studio.addr, &plain).await.json();
    assert_eq!(actors.as_array().unwrap().len(), 2_000);
    // Of HTTP/1.0 the end of the connection is the end of the answer, without chunks in between.
    let request = format!(
        "GET /api/actors HTTP/1.0\r\nHost: {}\r\nAccept-Encoding: gzip\r\n\r\n",
        studio.addr
    );
    let answer = send(studio.addr, &request).await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let actors: Value = serde_json::from_str(&unpacked(&answer)).unwrap();
    assert_eq!(actors.as_array().unwrap().len(), 2_000);
    studio.stop().await;
}

#[actix_web::test]
async fn a_byte_order_mark_is_skipped() {
    let studio = running().await;
    for (path, body) in [
        ("/api/actor/register", r#"{"id":"a","type":"T"}"#),
        ("/api/actor/batch", r#"{"boot":"b","seq":1}"#),
    ] {
        let answer = send_post(studio.addr, path, &format!("\u{feff}{body}"), &[]).await;
        assert!(answer.status < 300, "{path}: {}", answer.text());
    }
    let twice = send_post(studio.addr, "/api/actor/register", "\u{feff}\u{feff}{}", &[]).await;
    assert_eq!(twice.problem(), (400, "invalid_json".into()));
    studio.stop().await;
}
