//! Signing in from a browser: what is open, what the cookie is, what ends it, and who may not try.

use std::sync::Arc;

use actix_web::http::Method;
use loom_studio::{Services, Studio, StudioOptions, Token};
use serde_json::{Value, json};

use crate::support::{Answer, TestClock, Viewer, call, options, send, send_post, services};

const SECRET: &str = "correct-horse-battery";

fn guarded() -> StudioOptions {
    StudioOptions {
        token: Token::new(SECRET),
        ..options()
    }
}

async fn session(
    services: &Services,
    method: Method,
    body: Option<Value>,
    headers: &[(&str, &str)],
) -> Answer {
    call(services, method, "/api/session", body.as_ref(), headers).await
}

/// The cookie as a browser sends it back, and its attributes.
fn cookie(answer: &Answer) -> (String, Vec<String>) {
    let mut parts = answer
        .header("set-cookie")
        .expect("a cookie")
        .split("; ")
        .map(str::to_owned);
    let pair = parts.next().unwrap();
    (pair, parts.collect())
}

async fn sign_in(services: &Services) -> String {
    let answer = session(services, Method::POST, Some(json!({"token": SECRET})), &[]).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    cookie(&answer).0
}

#[actix_web::test]
async fn the_cookie_of_a_session_stands_for_the_token_until_it_signs_out() {
    let (services, _) = services(guarded());
    let state = session(&services, Method::GET, None, &[]).await;
    assert_eq!(state.json(), json!({"required": true, "signedIn": false}));

    let signed_in = session(&services, Method::POST, Some(json!({"token": SECRET})), &[]).await;
    assert_eq!(signed_in.status, 204, "{signed_in:?}");
    let (pair, attributes) = cookie(&signed_in);
    assert_eq!(
        attributes,
        ["Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Strict"]
    );
    assert!(pair.starts_with("loom_session_9090="), "{pair}");
    assert!(!format!("{signed_in:?}").contains(SECRET));

    let with = format!("theme=dark; {pair}");
    let with = [("cookie", with.as_str())];
    let state = session(&services, Method::GET, None, &with).await;
    assert_eq!(
        state.json(),
        json!({"required": true, "signedIn": true, "name": "token", "role": "admin"})
    );
    for path in ["/api/actors", "/api/v1/actors", "/api/openapi.json", "/metrics"] {
        assert_eq!(
            call(&services, Method::GET, path, None, &with).await.status,
            200,
            "{path}"
        );
    }
    let wrong_token = [with[0], ("authorization", "Bearer wrong")];
    let answer = call(&services, Method::GET, "/api/actors", None, &wrong_token).await;
    assert_eq!(answer.problem(), (401, "token_wrong".into()));

    let out = session(&services, Method::DELETE, None, &with).await;
    assert_eq!(out.status, 204);
    assert!(cookie(&out).1.contains(&"Max-Age=0".to_owned()));
    let after = call(&services, Method::GET, "/api/actors", None, &with).await;
    assert_eq!(after.problem(), (401, "token_required".into()));
}

#[actix_web::test]
async fn the_page_is_served_to_all_and_its_data_to_those_who_signed_in() {
    let (services, _) = services(guarded());
    let html = [("accept", "text/html")];
    for path in ["/", "/actors/x"] {
        assert_eq!(
            call(&services, Method::GET, path, None, &html).await.status,
            200,
            "{path}"
        );
    }
    for cookie in ["loom_session_9090=", "loom_session_9090=0", "loom_session=x", ""] {
        let answer = call(&services, Method::GET, "/api/actors", None, &[("cookie", cookie)]).await;
        assert_eq!(answer.problem(), (401, "token_required".into()), "{cookie}");
    }
}

#[actix_web::test]
async fn a_foreign_page_can_use_no_session_and_make_none() {
    let (services, _) = services(guarded());
    let cookie = sign_in(&services).await;
    let body = json!({"id": "a", "type": "T"});
    let foreign = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
    let post = call(
        &services,
        Method::POST,
        "/api/actor/register",
        Some(&body),
        &foreign,
    )
    .await;
    assert_eq!(post.problem(), (403, "foreign_origin".into()));
    let rebound = [("cookie", cookie.as_str()), ("host", "evil.example:9090")];
    for (method, headers) in [
        (Method::POST, foreign),
        (Method::DELETE, foreign),
        (Method::GET, rebound),
    ] {
        let body = (method == Method::POST).then(|| json!({"token": SECRET}));
        assert_eq!(session(&services, method, body, &headers).await.problem().0, 403);
    }
    let own = [
        ("cookie", cookie.as_str()),
        ("origin", "http://localhost:9090"),
        ("sec-fetch-site", "same-origin"),
    ];
    let post = call(&services, Method::POST, "/api/actor/register", Some(&body), &own).await;
    assert_eq!(post.status, 201, "{post:?}");
}

#[actix_web::test]
async fn wrong_tokens_are_refused_and_then_have_to_wait() {
    let (services, clock) = services(guarded());
    let bearer = format!("Bearer {SECRET}");
    let program = [("authorization", bearer.as_str())];
    let ask = || call(&services, Method::GET, "/api/actors", None, &program);
    assert_eq!(ask().await.status, 200);
    for number in 0..5 {
        let guess = json!({"token": format!("guess-{number}")});
        let wrong = session(&services, Method::POST, Some(guess), &[]).await;
        assert_eq!(wrong.problem(), (401, "token_wrong".into()));
        assert_eq!(wrong.header("set-cookie"), None);
    }
    let right = || session(&services, Method::POST, Some(json!({"token": SECRET})), &[]);
    let early = right().await;
    assert_eq!(early.problem(), (429, "too_many_tries".into()));
    assert_eq!(early.header("retry-after"), Some("30"));
    // Who shows the token as ever is not harmed by others who guess.
    assert_eq!(ask().await.status, 200);
    clock.advance(30_000);
    assert_eq!(right().await.status, 204);
}

#[actix_web::test]
async fn one_limit_holds_for_every_way_to_show_a_token() {
    let (services, clock) = services(guarded());
    let wrong = |bearer| vec![("authorization", bearer)];
    let socket = [
        ("upgrade", "websocket"),
        ("sec-websocket-protocol", "phoenix, base64url.bearer.phx.Z3Vlc3M"),
    ];
    let ask = |path: &'static str, headers: Vec<(&'static str, &'static str)>| {
        let services = services.clone();
        async move { call(&services, Method::GET, path, None, &headers).await }
    };
    assert_eq!(ask("/api/actors", wrong("Bearer guess-1")).await.problem().0, 401);
    // Whether it is the right one is told here as well.
    let state = ask("/api/session", wrong("Bearer guess-2")).await;
    assert_eq!(state.json()["signedIn"], false);
    assert_eq!(
        ask("/ws", socket.into()).await.problem(),
        (401, "token_wrong".into())
    );
    assert_eq!(ask("/ws?token=guess-3", vec![socket[0]]).await.problem().0, 401);
    let body = Some(json!({"token": "guess-4"}));
    assert_eq!(session(&services, Method::POST, body, &[]).await.problem().0, 401);
    let again = ask("/api/actors", wrong("Bearer guess-4")).await;
    assert_eq!(again.problem().0, 401, "the same again is no guess");
    let waits = ask("/api/actors", wrong("Bearer guess-5")).await;
    assert_eq!(waits.problem(), (429, "too_many_tries".into()));
    assert_eq!(waits.header("retry-after"), Some("30"));
    let bearer = format!("Bearer {SECRET}");
    let right = [("authorization", bearer.as_str())];
    let answer = call(&services, Method::GET, "/api/actors", None, &right).await;
    assert_eq!(answer.problem().0, 429, "who never showed it has to wait as well");
    clock.advance(30_000);
    let answer = call(&services, Method::GET, "/api/actors", None, &right).await;
    assert_eq!(answer.status, 200);
}

#[actix_web::test]
async fn a_browser_shows_a_socket_the_token_without_a_header() {
    let options = StudioOptions {
        origins: vec!["https://board.example.org".to_owned()],
        ..guarded()
    };
    let studio = Studio::builder(options).start().await.unwrap();
    let origin = ("Origin", "https://board.example.org");
    // As `new Socket("/socket", {authToken})` of phoenix 1.8 asks, and as `{params: {token}}` of all.
    let offered = "phoenix, base64url.bearer.phx.Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5";
    let headers = [origin, ("Sec-WebSocket-Protocol", offered)];
    let mut viewer = Viewer::connect(studio.addr, "/ws", &headers).await.ok().unwrap();
    assert_eq!(viewer.header("sec-websocket-protocol"), Some("phoenix"));
    viewer.next_of("hello").await;
    let path = format!("/ws?token={SECRET}");
    let mut viewer = Viewer::connect(studio.addr, &path, &[origin]).await.ok().unwrap();
    assert_eq!(viewer.header("sec-websocket-protocol"), None);
    viewer.next_of("hello").await;
    let request = format!(
        "GET /api/actors?token={SECRET} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        studio.addr
    );
    let answer = send(studio.addr, &request).await;
    assert_eq!(
        answer.problem(),
        (401, "token_required".into()),
        "only for sockets"
    );
    studio.stop().await;
}

#[actix_web::test]
async fn a_socket_ends_with_its_session() {
    let clock = TestClock::new();
    let studio = Studio::builder(guarded())
        .clock(Arc::new(clock.clone()))
        .start()
        .await
        .unwrap();
    let body = json!({"token": SECRET}).to_string();
    let answer = send_post(studio.addr, "/api/session", &body, &[]).await;
    let (pair, _) = cookie(&answer);
    let headers = [("Cookie", pair.as_str())];
    let mut browser = Viewer::connect(studio.addr, "/ws", &headers).await.ok().unwrap();
    browser.next_of("hello").await;
    let bearer = format!("Bearer {SECRET}");
    let headers = [("Authorization", bearer.as_str())];
    let mut program = Viewer::connect(studio.addr, "/ws", &headers).await.ok().unwrap();
    program.next_of("hello").await;
    clock.advance(12 * 60 * 60 * 1000);
    while browser.next_text().await.is_some() {}
    studio.hub.publish("note", None, &1);
    program.next_of("note").await;
    studio.stop().await;
}

#[actix_web::test]
async fn an_old_cookie_beside_the_token_cuts_no_socket() {
    let studio = Studio::builder(guarded()).start().await.unwrap();
    let bearer = format!("Bearer {SECRET}");
    let cookie = format!("loom_session_{}=dead", studio.addr.port());
    let headers = [("Authorization", bearer.as_str()), ("Cookie", cookie.as_str())];
    let mut program = Viewer::connect(studio.addr, "/ws", &headers).await.ok().unwrap();
    // They come every two seconds, and each second the sockets of ended sessions are cut.
    for _ in 0..3 {
        program.next_of("metrics").await;
    }
    studio.stop().await;
}

#[actix_web::test]
async fn a_session_nobody_uses_ends() {
    let (services, clock) = services(guarded());
    let cookie = sign_in(&services).await;
    clock.advance(12 * 60 * 60 * 1000);
    let answer = call(
        &services,
        Method::GET,
        "/api/actors",
        None,
        &[("cookie", &cookie)],
    )
    .await;
    assert_eq!(answer.status, 401);
}

#[actix_web::test]
async fn the_cookie_is_secure_where_the_page_came_over_tls() {
    let options = StudioOptions {
        origins: vec!["https://studio.example.org".to_owned()],
        ..guarded()
    };
    let (services, _) = services(options);
    let headers = [
        ("host", "studio.example.org"),
        ("origin", "https://studio.example.org"),
    ];
    let answer = session(&services, Method::POST, Some(json!({"token": SECRET})), &headers).await;
    let (pair, attributes) = cookie(&answer);
    assert!(pair.starts_with("loom_session="), "{pair}");
    assert!(attributes.contains(&"Secure".to_owned()), "{attributes:?}");
}

#[actix_web::test]
async fn without_a_token_there_is_nothing_to_sign_in_to() {
    let (services, _) = services(StudioOptions::default());
    let state = session(&services, Method::GET, None, &[]).await;
    assert_eq!(
        state.json(),
        json!({"required": false, "signedIn": true, "name": "local", "role": "admin"})
    );
    let answer = session(&services, Method::POST, Some(json!({"token": "any"})), &[]).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (204, None));
}

#[actix_web::test]
async fn a_socket_opens_with_the_cookie() {
    let studio = Studio::builder(guarded()).start().await.unwrap();
    let body = json!({"token": SECRET}).to_string();
    let answer = send_post(studio.addr, "/api/session", &body, &[]).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let (pair, _) = cookie(&answer);
    let mut viewer = Viewer::connect(studio.addr, "/ws", &[("Cookie", &pair)])
        .await
        .unwrap_or_else(|answer| panic!("{answer:?}"));
    viewer.next_of("hello").await;
    let Err(refused) = Viewer::connect(studio.addr, "/ws", &[("Cookie", "loom_session=x")]).await else {
        panic!("a socket without a session");
    };
    assert_eq!(refused.problem(), (401, "token_required".into()));
    studio.stop().await;
}

#[actix_web::test]
async fn signing_out_cuts_the_sockets_of_the_session_and_no_other() {
    let studio = Studio::builder(guarded()).start().await.unwrap();
    let body = json!({"token": SECRET}).to_string();
    let mut viewers = Vec::new();
    for _ in 0..2 {
        let answer = send_post(studio.addr, "/api/session", &body, &[]).await;
        let (pair, _) = cookie(&answer);
        let viewer = Viewer::connect(studio.addr, "/ws", &[("Cookie", &pair)]).await;
        let mut viewer = viewer.unwrap_or_else(|answer| panic!("{answer:?}"));
        viewer.next_of("hello").await;
        viewers.push((viewer, pair));
    }
    let (mut stays, _) = viewers.pop().unwrap();
    let (mut goes, pair) = viewers.pop().unwrap();
    let request = format!(
        "DELETE /api/session HTTP/1.1\r\nHost: {}\r\nCookie: {pair}\r\nConnection: close\r\n\r\n",
        studio.addr
    );
    assert_eq!(send(studio.addr, &request).await.status, 204);
    while goes.next_text().await.is_some() {}
    studio.hub.publish("note", None, &1);
    stays.next_of("note").await;
    studio.stop().await;
}
