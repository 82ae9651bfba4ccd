//! The studio as it was: `?at=`, what is recorded as a file, and a studio that shows one.

use actix_web::http::Method;
use loom_protocol::Timestamp;
use loom_studio::{RecorderOptions, RecordingError, Services, Studio, StudioOptions, studio_routes};
use serde_json::{Value, json};

use crate::support::{NOON, TestClock, call, get, post, services};

/// All reads of actors, with what is posted where that is needed.
fn reads() -> Vec<(String, Option<Value>)> {
    let mut reads: Vec<(String, Option<Value>)> = [
        "/api/actors",
        "/api/actors?sort=-messageCount&limit=2",
        "/api/v1/actors?filter=type:Cart",
        "/api/actors/type/Cart",
        "/api/v1/actors/type/Cart",
        "/api/actors/cart-1",
        "/api/actors/cart-1/messages",
        "/api/actors/cart-1/history",
        "/api/types?window=60",
        "/api/traffic",
        "/api/map?group=actor",
        "/api/lints",
        "/api/journal",
        "/api/journal/cart-1",
        "/api/metrics",
    ]
    .map(|path| (path.to_owned(), None))
    .into();
    reads.push((
        "/api/rates".into(),
        Some(json!({"actors": ["cart-1"], "types": ["Cart"]})),
    ));
    reads.push(("/api/tree".into(), Some(json!({"unfold": "all"}))));
    reads
}

async fn read(services: &Services, path: &str, posted: Option<&Value>) -> (u16, String) {
    let method = if posted.is_some() {
        Method::POST
    } else {
        Method::GET
    };
    let answer = call(services, method, path, posted, &[]).await;
    (answer.status, answer.text())
}

fn with_at(path: &str, at: impl std::fmt::Display) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}at={at}")
}

/// A second of a small application, told in a batch.
async fn second(services: &Services, clock: &TestClock, seq: u64) {
    clock.advance(1_000);
    let register = if seq == 1 {
        json!([{"id": "cart-1", "type": "Cart", "uptime": 5, "messageCount": 0, "metadata": {"half": 0.1234567890123456}},
            {"id": "cart-2", "type": "Cart", "parentId": "cart-1"}])
    } else {
        json!([])
    };
    let batch = json!({"boot": "shop", "seq": seq, "register": register,
        "update": [{"id": "cart-1", "messageCount": 7 * seq, "queueDepth": seq % 3, "work": {"handled": 7 * seq, "handleUs": 70 * seq}},
            {"id": "cart-2", "status": if seq.is_multiple_of(2) { "active" } else { "failed" }}],
        "events": [{"actor": "cart-1", "kind": "note", "message": format!("second {seq}")}],
        "types": [{"type": "Cart", "messages": [{"type": "Add", "handled": 7 * seq}]}],
        "edges": [{"from": "cart-2", "to": "cart-1", "message": "Add", "count": 7 * seq}]});
    assert_eq!(post(services, "/api/actor/batch", batch).await.status, 200);
    services.intake.sweep();
}

#[actix_web::test]
async fn every_read_answers_as_it_did_then() {
    let (services, clock) = services(StudioOptions::default());
    let state = get(&services, "/api/recording").await.json();
    assert_eq!(state["recording"], true);
    for seq in 1..=20 {
        second(&services, &clock, seq).await;
    }
    clock.advance(400);
    let mut then = Vec::new();
    for (path, posted) in reads() {
        then.push((
            path.clone(),
            posted.clone(),
            read(&services, &path, posted.as_ref()).await,
        ));
    }
    let at = NOON + 20_400;
    for seq in 21..=40 {
        second(&services, &clock, seq).await;
    }
    post(
        &services,
        "/api/actor/register",
        json!({"id": "later", "type": "Cart"}),
    )
    .await;
    let rfc = Timestamp::from_millis(at).to_string();
    for (path, posted, as_then) in then {
        assert_eq!(as_then.0, 200, "{path}: {}", as_then.1);
        let now = read(&services, &path, posted.as_ref()).await;
        if path != "/api/lints" {
            assert_ne!(now, as_then, "{path} has changed since");
        }
        for moment in [at.to_string(), rfc.clone()] {
            let seen = read(&services, &with_at(&path, moment), posted.as_ref()).await;
            assert_eq!(seen, as_then, "{path}");
        }
    }
}

#[actix_web::test]
async fn a_moment_that_is_not_there_is_refused_with_the_stretch_that_is() {
    let (services, clock) = services(StudioOptions::default());
    get(&services, "/api/recording").await;
    second(&services, &clock, 1).await;
    let (from, to) = (Timestamp::from_millis(NOON), Timestamp::from_millis(NOON + 1_000));
    let state = get(&services, "/api/recording").await.json();
    assert_eq!(state["stretch"], json!({"from": from, "to": to}));
    for (path, posted) in reads() {
        for (at, status, code) in [
            (NOON - 1, 410, "before_recording"),
            (NOON + 1_001, 404, "after_recording"),
        ] {
            let method = if posted.is_some() {
                Method::POST
            } else {
                Method::GET
            };
            let answer = call(&services, method, &with_at(&path, at), posted.as_ref(), &[]).await;
            assert_eq!(answer.problem(), (status, code.to_owned()), "{path}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(
                detail.ends_with(&format!("what is recorded is from {from} to {to}")),
                "{detail}"
            );
        }
        let (status, _) = read(&services, &with_at(&path, "yesterday"), posted.as_ref()).await;
        assert_eq!(status, 400, "{path}");
    }
    assert_eq!(
        get(&services, "/api/actors?attic=1").await.status,
        400,
        "others are read as before"
    );
    let (off, _) = crate::support::services(StudioOptions {
        recorder: RecorderOptions {
            bytes: 0,
            ..RecorderOptions::default()
        },
        ..StudioOptions::default()
    });
    let answer = get(&off, &format!("/api/actors?at={NOON}")).await;
    assert_eq!(answer.problem(), (404, "nothing_recorded".into()));
    assert_eq!(get(&off, "/api/recording").await.json()["recording"], false);
    assert_eq!(get(&off, "/api/recording/file").await.status, 404);
}

#[actix_web::test]
async fn only_reads_that_say_so_take_a_moment() {
    let document = serde_json::to_value(loom_studio::openapi_document([])).unwrap();
    let takes = |path: &str, method: &str| {
        let parameters = document["paths"][path][method]["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|one| one["$ref"] == "#/components/parameters/at"))
    };
    let (services, _) = services(StudioOptions::default());
    get(&services, "/api/recording").await;
    for route in studio_routes() {
        let path = route.path();
        let is_open_ended = ["/ws", "/events", "/openapi.json", "/session"]
            .iter()
            .any(|end| path.ends_with(end));
        if !route.methods().contains(&Method::GET) || is_open_ended {
            continue;
        }
        let address = path
            .replace("{id}", "nobody")
            .replace("{type}", "T")
            .replace("{name}", "none");
        let answer = get(&services, &with_at(&address, 0)).await;
        assert_eq!(
            answer.status == 410,
            takes(path, "get"),
            "{path}: {}",
            answer.status
        );
    }
    for path in ["/api/rates", "/api/tree", "/api/v1/rates"] {
        assert!(takes(path, "post"), "{path}");
    }
}

#[actix_web::test]
async fn a_recording_is_saved_downloaded_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = RecorderOptions {
        save_in: Some(folder.path().join("recordings")),
        ..RecorderOptions::default()
    };
    let (services, clock) = services(StudioOptions {
        recorder,
        ..StudioOptions::default()
    });
    get(&services, "/api/recording").await;
    for seq in 1..=10 {
        second(&services, &clock, seq).await;
    }
    let saved = post(&services, "/api/recording/saved", json!({})).await;
    assert_eq!(saved.status, 201);
    let name = saved.json()["name"].as_str().unwrap().to_owned();
    let downloaded = get(&services, "/api/recording/file").await;
    let disposition = downloaded.header("content-disposition").unwrap();
    assert_eq!(disposition, format!("attachment; filename=\"{name}\""));
    let of_shelf = get(&services, &format!("/api/recording/saved/{name}")).await;
    assert_eq!(of_shelf.body, downloaded.body);
    assert_eq!(
        get(&services, "/api/recording").await.json()["saved"][0]["name"],
        json!(name)
    );
    let none = get(&services, "/api/recording/saved/none.loomrec").await;
    assert_eq!(none.problem(), (404, "unknown_recording".into()));
    let file = folder.path().join("a.loomrec");
    std::fs::write(&file, &downloaded.body).unwrap();
    let shown = Studio::open(&file, StudioOptions::default())
        .unwrap()
        .services()
        .unwrap();
    for (path, posted) in reads() {
        for path in [path.clone(), with_at(&path, NOON + 4_000)] {
            let of_file = read(&shown, &path, posted.as_ref()).await;
            assert_eq!(of_file, read(&services, &path, posted.as_ref()).await, "{path}");
        }
    }
    let state = get(&shown, "/api/recording").await.json();
    assert_eq!(state["opened"]["name"], "a.loomrec");
    assert_eq!(
        state["stretch"]["to"],
        json!(Timestamp::from_millis(NOON + 10_000))
    );
    for (path, body) in [
        ("/api/actor/register", json!({"id": "x", "type": "T"})),
        ("/api/actor/batch", json!({"boot": "shop", "seq": 11})),
        ("/api/actors/cart-1/stop", json!({})),
        ("/api/recording/saved", json!({})),
    ] {
        assert_eq!(
            post(&shown, path, body).await.problem(),
            (409, "recording_shown".into()),
            "{path}"
        );
    }
    let unchanged = get(&shown, "/api/actors/x").await;
    assert_eq!(unchanged.status, 404);
}

/// What the page of the documentation tells to type.
#[actix_web::test]
async fn the_commands_of_the_documentation_do_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = RecorderOptions {
        save_in: Some(folder.path().to_owned()),
        ..RecorderOptions::default()
    };
    let (services, clock) = services(StudioOptions {
        recorder,
        ..StudioOptions::default()
    });
    get(&services, "/api/recording").await;
    second(&services, &clock, 1).await;
    second(&services, &clock, 2).await;
    let page = include_str!("../../../docs/reading.md");
    let (_, page) = page.split_once("## The studio as it was").unwrap();
    let (_, commands) = page.split_once("```sh\n").unwrap();
    let (commands, _) = commands.split_once("```").unwrap();
    let mut answers = Vec::new();
    for command in commands.lines() {
        let (before, address) = command.split_once("localhost:9090").unwrap();
        let method = if before.contains("-X POST") {
            Method::POST
        } else {
            Method::GET
        };
        let answer = call(&services, method, address.trim_end_matches('"'), None, &[]).await;
        answers.push((answer.status, answer.body.len() > 10));
    }
    assert_eq!(answers, [(200, true), (200, true), (200, true), (201, true)]);
}

#[cfg(feature = "bin")]
#[actix_web::test]
async fn the_program_shows_a_file_and_refuses_others() {
    use std::process::{Command, Stdio};

    let (services, clock) = services(StudioOptions::default());
    get(&services, "/api/recording").await;
    second(&services, &clock, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.loomrec");
    std::fs::write(&file, get(&services, "/api/recording/file").await.body).unwrap();
    let other = folder.path().join("other.loomrec");
    std::fs::write(&other, "{}").unwrap();
    let open = |file: &std::path::Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loom-studio"));
        command
            .env_clear()
            .stdin(Stdio::null())
            .args(["open", "--port", "0"])
            .arg(file);
        command
    };
    let refused = |file: &std::path::Path| {
        let output = open(file).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = refused(&other);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.ends_with("other.loomrec: this is no recording of a Loom studio\n"),
        "{said}"
    );
    let (code, said) = refused(&folder.path().join("none"));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("none: the recording can't be read: "), "{said}");
    let mut running = open(&file).stderr(Stdio::piped()).spawn().unwrap();
    let mut talk = std::io::BufRead::lines(std::io::BufReader::new(running.stderr.take().unwrap()));
    let said = talk
        .find(|line| line.as_ref().unwrap().contains(" is at "))
        .unwrap()
        .unwrap();
    let port: u16 = said.rsplit(':').next().unwrap().parse().unwrap();
    let addr = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let request = "GET /api/actors/cart-1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let shown = crate::support::send(addr, request).await;
    running.kill().unwrap();
    running.wait().unwrap();
    assert_eq!(shown.json(), get(&services, "/api/actors/cart-1").await.json());
}

#[actix_web::test]
async fn what_is_no_recording_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.loomrec");
    let missing = Studio::open(&file, StudioOptions::default()).err().unwrap();
    assert!(matches!(missing, RecordingError::Io(_)));
    std::fs::write(&file, "{}").unwrap();
    let other = Studio::open(&file, StudioOptions::default()).err().unwrap();
    assert_eq!(other.to_string(), "this is no recording of a Loom studio");
    let (services, _) = services(StudioOptions::default());
    let answer = post(&services, "/api/recording/saved", json!({})).await;
    assert_eq!(answer.problem(), (409, "no_recordings_directory".into()));
}

#[actix_web::test]
async fn too_many_reports_leave_a_hole_that_says_so_and_ends_with_the_next_keyframe() {
    let recorder = RecorderOptions {
        bytes: 64 * 1024,
        ..RecorderOptions::default()
    };
    let (services, clock) = services(StudioOptions {
        recorder,
        ..StudioOptions::default()
    });
    get(&services, "/api/recording").await;
    second(&services, &clock, 1).await;
    clock.advance(1_000);
    // More than may wait, and nobody has taken any of it.
    for number in 0..40 {
        let record = json!({"id": format!("a{number}"), "type": "T", "metadata": {"text": "x".repeat(500)}});
        post(&services, "/api/actor/register", record).await;
    }
    clock.advance(1_000);
    let state = get(&services, "/api/recording").await.json();
    let hole = &state["holes"][0];
    assert_eq!(
        hole["from"],
        json!(Timestamp::from_millis(NOON + 2_000)),
        "{state}"
    );
    assert!(hole["lost"].as_u64().unwrap() > 10, "{state}");
    let at = |millis: i64| format!("/api/actors/cart-1?at={}", NOON + millis);
    assert_eq!(get(&services, &at(1_500)).await.status, 200);
    for lost in [2_000, 2_999, 3_000] {
        let answer = get(&services, &at(lost)).await;
        assert_eq!(answer.problem(), (410, "hole_in_recording".into()), "{lost}");
    }
}
