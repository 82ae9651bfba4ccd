//! The file of tokens: what makes it, what is wrong with it, and what ends with a token.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use actix_web::http::Method;
use loom_protocol::Timestamp;
use loom_studio::{Role, StartError, Studio, StudioOptions, TokenFile, TokenFileError};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::roles::Tokens;
use crate::support::{LIMIT, Viewer, call, options, send};

fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_token_is_kept_nowhere_and_the_file_is_its_owners_alone() {
    let tokens = Tokens::new();
    let text = fs::read_to_string(tokens.path()).unwrap();
    for (_, bearer) in &tokens.bearers {
        let token = bearer.trim_start_matches("Bearer ");
        assert!(token.starts_with("loom_") && token.len() == 69 && !text.contains(token));
    }
    assert_eq!(
        fs::metadata(tokens.path()).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let listed = tokens.file().read().unwrap();
    let names: Vec<_> = listed
        .iter()
        .map(|token| (token.name.as_str(), token.role))
        .collect();
    assert_eq!(names.first(), Some(&("a-report", Role::Report)));
    tokens.file().revoke("a-report").unwrap();
    assert_eq!(tokens.file().read().unwrap().len(), 3);
    assert!(matches!(
        tokens.file().revoke("a-report"),
        Err(TokenFileError::Unknown { .. })
    ));
    assert_eq!(
        fs::metadata(tokens.path()).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn names_are_short_plain_and_nobody_elses() {
    let tokens = Tokens::new();
    let add = |name: &str| tokens.file().add(name, Role::View, Timestamp::from_millis(0));
    for name in ["", "token", "local", "a b", "a\nb", "ä", "<b>", &"x".repeat(65)] {
        assert!(matches!(add(name), Err(TokenFileError::Name { .. })), "{name:?}");
    }
    assert!(matches!(add("a-view"), Err(TokenFileError::Taken { .. })));
    assert!(add("Ana.Lee+ci@example-1").is_ok());
}

#[test]
fn two_who_make_tokens_at_once_both_have_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = TokenFile::new(&path);
            scope.spawn(move || {
                file.add(&format!("n{number}"), Role::View, Timestamp::from_millis(0))
                    .unwrap()
            });
        }
    });
    assert_eq!(TokenFile::new(&path).read().unwrap().len(), 8);
}

#[actix_web::test]
async fn a_file_that_cannot_be_trusted_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    let start = |path: &Path| {
        let options = StudioOptions {
            tokens: Some(path.to_owned()),
            ..options()
        };
        match Studio::builder(options).services() {
            Err(StartError::Tokens(error)) => error,
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("it started"),
        }
    };
    let missing = start(&path);
    assert!(matches!(missing, TokenFileError::Missing { .. }) && missing.to_string().contains("token add"));
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let row = format!(r#"{{"name":"a","role":"view","created":"2026-01-01T00:00:00Z","sha256":"{digest}"}}"#);
    private(&path, &format!(r#"{{"tokens":[{row}]}}"#));
    for mode in [0o644, 0o660, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let open = start(&path);
        assert!(
            matches!(open, TokenFileError::Open { .. }) && open.to_string().contains("chmod 600"),
            "{open}"
        );
    }
    for wrong in [
        String::new(),
        "[]".into(),
        "{".into(),
        format!(r#"{{"tokens":[{row},{row}]}}"#),
        format!(r#"{{"tokens":[{}]}}"#, row.replace("view", "god")),
        format!(r#"{{"tokens":[{}]}}"#, row.replace("ba78", "xy78")),
        format!(r#"{{"tokens":[{}]}}"#, row.replace(r#""a""#, r#""token""#)),
        format!("{}{}", r#"{"tokens":[]}"#, " ".repeat(1024 * 1024)),
    ] {
        private(&path, &wrong);
        let error = start(&path);
        assert!(matches!(error, TokenFileError::Malformed { .. }), "{error:?}");
        assert!(!error.to_string().contains(digest), "{error}");
    }
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(start(&path), TokenFileError::Malformed { .. }));
    assert!(
        matches!(start(folder.path()), TokenFileError::Malformed { .. }),
        "a folder"
    );
}

#[actix_web::test]
async fn another_address_than_loopback_needs_one_token_at_least() {
    let tokens = Tokens::new();
    let everywhere = StudioOptions {
        bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        ..tokens.options()
    };
    assert!(Studio::builder(everywhere.clone()).services().is_ok());
    for role in Role::ALL {
        tokens.file().revoke(&format!("a-{role}")).unwrap();
    }
    let error = Studio::builder(everywhere).services().err().unwrap();
    assert!(
        matches!(error, StartError::TokenRequired { .. }) && error.to_string().contains("STUDIO_TOKENS"),
        "{error}"
    );
    // On loopback it starts, and lets nobody in until there is one.
    let services = Studio::builder(tokens.options()).services().unwrap();
    let answer = call(&services, Method::GET, "/api/actors", None, &[]).await;
    assert_eq!(answer.problem(), (401, "token_required".into()));
}

async fn ask(addr: std::net::SocketAddr, header: &str) -> u16 {
    send(
        addr,
        &format!("GET /api/actors HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{header}\r\n\r\n"),
    )
    .await
    .status
}

/// Asks until it is answered so.
async fn until(addr: std::net::SocketAddr, header: &str, status: u16) {
    let wait = async {
        while ask(addr, header).await != status {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, wait)
        .await
        .expect("the file is read again");
}

#[actix_web::test]
async fn with_a_token_end_its_sessions_and_sockets_and_no_others() {
    let tokens = Tokens::new();
    let studio = Studio::builder(tokens.options()).start().await.unwrap();
    let addr = studio.addr;
    let bearer = tokens.bearer(Role::View);
    let body = json!({"token": bearer.trim_start_matches("Bearer ")}).to_string();
    let signed_in = crate::support::send_post(addr, "/api/session", &body, &[]).await;
    let cookie = signed_in
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let (by_token, by_cookie) = (format!("Authorization: {bearer}"), format!("Cookie: {cookie}"));
    for header in [&by_token, &by_cookie] {
        assert_eq!(ask(addr, header).await, 200);
    }
    let mut sockets = Vec::new();
    for header in [("Authorization", bearer), ("Cookie", cookie.as_str())] {
        sockets.push(
            Viewer::connect(addr, "/ws", &[header])
                .await
                .unwrap_or_else(|answer| panic!("{answer:?}")),
        );
    }
    // Over connections that were used before, as browsers and pooled clients have them.
    let used = format!("GET /api/ui HTTP/1.1\r\nHost: {addr}\r\n{by_token}\r\n\r\n");
    let use_one = async || {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(used.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"]}") {
            bytes.push(timeout(LIMIT, stream.read_u8()).await.unwrap().unwrap());
        }
        stream
    };
    let socket = Viewer::upgrade(use_one().await, addr, "/ws", &[("Authorization", bearer)]).await;
    sockets.push(socket.unwrap_or_else(|answer| panic!("{answer:?}")));
    let mut stream = use_one().await;
    let events = used.replace("/api/ui", "/api/v1/events");
    stream.write_all(events.as_bytes()).await.unwrap();
    let other = [("Authorization", tokens.bearer(Role::Operate))];
    let mut stays = Viewer::connect(addr, "/ws", &other)
        .await
        .unwrap_or_else(|answer| panic!("{answer:?}"));
    tokens.file().revoke("a-view").unwrap();
    for socket in &mut sockets {
        socket.closing().await;
    }
    let mut rest = Vec::new();
    timeout(LIMIT, stream.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "the stream ends in good order");
    assert_eq!(
        (ask(addr, &by_token).await, ask(addr, &by_cookie).await),
        (401, 401)
    );
    // A new one under the old name is no way back for the old one.
    let new = tokens
        .file()
        .add("a-view", Role::View, Timestamp::from_millis(0))
        .unwrap();
    until(addr, &format!("Authorization: Bearer {new}"), 200).await;
    assert_eq!(ask(addr, &by_cookie).await, 401);
    assert_eq!(stays.next_of("metrics").await.kind, "metrics");
    studio.stop().await;
}

#[actix_web::test]
async fn without_its_file_a_studio_lets_nobody_in() {
    let tokens = Tokens::new();
    let studio = Studio::builder(tokens.options()).start().await.unwrap();
    let viewer = format!("Authorization: {}", tokens.bearer(Role::View));
    assert_eq!(ask(studio.addr, &viewer).await, 200);
    fs::remove_file(tokens.path()).unwrap();
    until(studio.addr, &viewer, 401).await;
    studio.stop().await;
}
