//! Who may talk to the studio: names, pages, tokens.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::Method;
use loom_studio::{Studio, StudioOptions, Token};
use serde_json::json;

use crate::support::{Viewer, call, options, running, send, send_post, services};

const BODY: &str = r#"{"id":"a","type":"T"}"#;

#[actix_web::test]
async fn a_foreign_page_can_neither_post_nor_open_a_socket() {
    let studio = running().await;
    let addr = studio.addr;
    for (headers, code) in [
        (vec![("Origin", "https://evil.example")], "foreign_origin"),
        (vec![("Origin", "null")], "foreign_origin"),
        (
            vec![("Origin", "http://localhost.evil.example")],
            "foreign_origin",
        ),
        (vec![("Host", "evil.example")], "foreign_host"),
        (
            vec![
                ("Host", "evil.example:9090"),
                ("Origin", "http://evil.example:9090"),
            ],
            "foreign_host",
        ),
        (
            vec![("Host", "localhost"), ("Host", "evil.example")],
            "foreign_host",
        ),
        (vec![("Sec-Fetch-Site", "cross-site")], "cross_site"),
    ] {
        let post = send_post(addr, "/api/actor/register", BODY, &headers).await;
        // The framework itself refuses two hosts, without a word.
        if post.status != 400 {
            assert_eq!(post.problem(), (403, code.into()), "{headers:?}");
            assert_eq!(post.header("access-control-allow-origin"), None);
        }
        let Err(socket) = Viewer::connect(addr, "/ws", &headers).await else {
            panic!("a socket for {headers:?}");
        };
        assert!(matches!(socket.status, 400 | 403), "{headers:?}: {socket:?}");
    }
    assert!(studio.directory.is_empty(), "nothing got through");
    studio.stop().await;
}

#[actix_web::test]
async fn two_origins_are_none_of_ours() {
    let studio = running().await;
    let own = format!("http://localhost:{}", studio.addr.port());
    for origins in [
        [own.as_str(), "https://evil.example"],
        [own.as_str(), own.as_str()],
    ] {
        let headers = origins.map(|origin| ("Origin", origin));
        let post = send_post(studio.addr, "/api/actor/register", BODY, &headers).await;
        assert_eq!(post.problem(), (403, "foreign_origin".into()), "{origins:?}");
        assert!(Viewer::connect(studio.addr, "/ws", &headers).await.is_err());
    }
    assert!(studio.directory.is_empty());
    studio.stop().await;
}

#[actix_web::test]
async fn a_target_that_names_a_host_must_name_ours() {
    let studio = running().await;
    let addr = studio.addr;
    let ask = |target: String| async move {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
        send(addr, &request).await
    };
    for host in ["evil.example", "evil.example:9090", "localhost@evil.example"] {
        let answer = ask(format!("http://{host}/api/actors")).await;
        assert_eq!(answer.problem(), (403, "foreign_host".into()), "{host}");
    }
    let own = ask(format!("http://localhost:{}/api/actors", addr.port())).await;
    assert_eq!((own.status, own.text().as_str()), (200, "[]"));
    studio.stop().await;
}

#[actix_web::test]
async fn our_own_page_and_programs_pass() {
    let studio = running().await;
    let addr = studio.addr;
    let port = addr.port();
    let localhost = format!("localhost:{port}");
    let origin = format!("http://localhost:{port}");
    let numeric = format!("http://127.0.0.1:{port}");
    for headers in [
        vec![],
        vec![
            ("Host", localhost.as_str()),
            ("Origin", origin.as_str()),
            ("Sec-Fetch-Site", "same-origin"),
        ],
        vec![("Host", localhost.as_str()), ("Origin", numeric.as_str())],
        vec![("Host", "[::1]:9090")],
        vec![("Host", "app.localhost")],
    ] {
        let post = send_post(addr, "/api/actor/register", BODY, &headers).await;
        assert!(matches!(post.status, 200 | 201), "{headers:?}: {post:?}");
        assert!(
            Viewer::connect(addr, "/ws", &headers).await.is_ok(),
            "{headers:?}"
        );
    }
    studio.stop().await;
}

#[actix_web::test]
async fn a_page_of_another_server_on_this_machine_is_foreign() {
    let studio = running().await;
    let headers = [
        ("Origin", "http://localhost:5173"),
        ("Sec-Fetch-Site", "same-site"),
    ];
    let post = send_post(studio.addr, "/api/actor/register", BODY, &headers).await;
    assert_eq!(post.status, 403, "{post:?}");
    assert!(Viewer::connect(studio.addr, "/ws", &headers).await.is_err());
    studio.stop().await;
}

#[actix_web::test]
async fn a_rebound_name_reads_nothing() {
    let (services, _) = services(StudioOptions::default());
    let foreign = [("host", "evil.example:9090")];
    for path in ["/api/actors", "/api/metrics", "/metrics", "/", "/api/nothing"] {
        let answer = call(&services, Method::GET, path, None, &foreign).await;
        assert_eq!(answer.problem(), (403, "foreign_host".into()), "{path}");
    }
    let health = call(&services, Method::GET, "/api/health", None, &foreign).await;
    assert_eq!(health.status, 200, "a watchdog may ask by any name");
}

#[actix_web::test]
async fn listed_origins_may_call_and_read() {
    let origin = "https://board.example.org";
    let options = StudioOptions {
        origins: vec![origin.to_owned()],
        ..StudioOptions::default()
    };
    let (services, _) = services(options);
    let body = json!({"id":"a","type":"T"});
    let page = [("origin", origin), ("sec-fetch-site", "cross-site")];
    let answer = call(&services, Method::POST, "/api/actor/register", Some(&body), &page).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
    assert_eq!(answer.header("vary"), Some("Origin"));
    let asks = [("origin", origin), ("access-control-request-method", "POST")];
    let preflight = call(&services, Method::OPTIONS, "/api/actor/register", None, &asks).await;
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-origin")),
        (204, Some(origin))
    );
    let by_name = [("host", "board.example.org")];
    assert_eq!(
        call(&services, Method::GET, "/api/actors", None, &by_name)
            .await
            .status,
        200
    );
    let other = [("origin", "https://other.example.org")];
    let refused = call(&services, Method::GET, "/api/actors", None, &other).await;
    assert_eq!(
        refused.header("cross-origin-resource-policy"),
        Some("same-origin")
    );
    assert_eq!(
        refused.header("access-control-allow-origin"),
        None,
        "others may not read the answer"
    );
    let asks = [
        ("origin", "https://other.example.org"),
        ("access-control-request-method", "POST"),
    ];
    let preflight = call(&services, Method::OPTIONS, "/api/actor/register", None, &asks).await;
    assert_eq!(preflight.problem(), (403, "foreign_origin".into()));
}

#[actix_web::test]
async fn an_origin_that_can_not_be_read_stops_the_start() {
    for text in ["*", "board.example.org"] {
        let options = StudioOptions {
            origins: vec![text.to_owned()],
            ..StudioOptions::default()
        };
        let error = Studio::builder(options).services().err().unwrap();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(text), "{cause}");
    }
}

#[actix_web::test]
async fn with_a_token_only_the_page_and_the_health_are_open() {
    let options = StudioOptions {
        bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        token: Token::new("secret"),
        ..StudioOptions::default()
    };
    let (services, _) = services(options);
    for path in [
        "/api/actors",
        "/api/metrics",
        "/metrics",
        "/ws",
        "/api/openapi.json",
        "/api/nothing",
        "/secret",
    ] {
        let answer = call(&services, Method::GET, path, None, &[]).await;
        assert_eq!(answer.problem(), (401, "token_required".into()), "{path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let wrong = [("authorization", "Bearer secreT")];
    let answer = call(&services, Method::GET, "/api/actors", None, &wrong).await;
    assert_eq!(answer.problem(), (401, "token_wrong".into()));
    assert!(!answer.text().contains("secret"));
    let html = ("accept", "text/html");
    for path in ["/", "/api/health", "/actors", "/actors/counter-1"] {
        assert_eq!(
            call(&services, Method::GET, path, None, &[html]).await.status,
            200,
            "{path}"
        );
    }
    let right = [("authorization", "bearer secret"), ("host", "10.1.2.3:9090")];
    assert_eq!(
        call(&services, Method::GET, "/api/actors", None, &right)
            .await
            .status,
        200
    );
    // What is wrong with the body is nobody's business before the token is shown.
    let answer = call(
        &services,
        Method::POST,
        "/api/actor/register",
        Some(&json!("?")),
        &[],
    )
    .await;
    assert_eq!(answer.problem(), (401, "token_required".into()));
}

#[actix_web::test]
async fn a_socket_needs_the_token_too() {
    let options = StudioOptions {
        token: Token::new("secret"),
        ..options()
    };
    let studio = Studio::builder(options).start().await.unwrap();
    let Err(refused) = Viewer::connect(studio.addr, "/ws", &[]).await else {
        panic!("a socket without a token");
    };
    assert_eq!(refused.problem(), (401, "token_required".into()));
    let headers = [("Authorization", "Bearer secret")];
    assert!(Viewer::connect(studio.addr, "/ws", &headers).await.is_ok());
    studio.stop().await;
}
