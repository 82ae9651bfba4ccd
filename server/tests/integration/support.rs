//! What all tests need: a clock that they set, an application to call, and clients that speak over real sockets.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actix_codec::Framed;
use actix_http::Request;
use actix_http::ws::{Codec, Frame as WsFrame};
use actix_web::body::to_bytes;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::test;
use futures_util::{SinkExt, StreamExt};
use loom_protocol::{Frame, Timestamp};
use loom_studio::{
    Clock, Role, RunningStudio, Services, Studio, StudioOptions, Token, TokenFile, TokenWorkspaces,
    WorkspaceName, create_app,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than anything here may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// 2025-12-13T03:33:58.077Z.
pub(crate) const NOON: i64 = 1_765_596_838_077;

/// A clock that stands still until it is told otherwise.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOON)))
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// What a call was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// All of it, to be compared: the headers in the order of their names.
    pub(crate) fn whole(&self) -> (u16, Vec<(String, String)>, String) {
        let mut headers = self.headers.clone();
        headers.sort();
        (self.status, headers, self.text())
    }

    /// The code of a problem, after a look at its shape.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let json = self.json();
        assert_eq!(json["status"], self.status);
        for field in ["type", "title", "detail"] {
            assert!(
                json[field].as_str().is_some_and(|text| !text.is_empty()),
                "{json}"
            );
        }
        (self.status, json["code"].as_str().unwrap().to_owned())
    }
}

/// The application without a socket.
pub(crate) fn services(options: StudioOptions) -> (Services, TestClock) {
    let clock = TestClock::new();
    let services = Studio::builder(options)
        .clock(Arc::new(clock.clone()))
        .services()
        .unwrap();
    (services, clock)
}

/// Calls the application as `localhost:9090`, with more headers if given.
pub(crate) async fn call(
    services: &Services,
    method: Method,
    path: &str,
    body: Option<&Value>,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = test::TestRequest::with_uri(path).method(method);
    if let Some(body) = body {
        request = request.set_json(body);
    }
    ask(services, request, headers).await
}

/// Posts bytes of whatever kind.
pub(crate) async fn post_bytes(
    services: &Services,
    path: &str,
    body: Vec<u8>,
    headers: &[(&str, &str)],
) -> Answer {
    let request = test::TestRequest::with_uri(path)
        .method(Method::POST)
        .set_payload(body);
    ask(services, request, headers).await
}

async fn ask(services: &Services, request: test::TestRequest, headers: &[(&str, &str)]) -> Answer {
    ask_app(&test::init_service(create_app(services)).await, request, headers).await
}

/// The same of an application that is asked often.
pub(crate) async fn ask_app(
    app: &impl Service<Request, Response = ServiceResponse, Error = actix_web::Error>,
    request: test::TestRequest,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = request.insert_header(("host", "localhost:9090"));
    for header in headers {
        request = request.insert_header(*header);
    }
    let response = test::call_service(app, request.to_request()).await;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let never_ends = response
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind == "text/event-stream");
    let body = if never_ends {
        Vec::new()
    } else {
        to_bytes(response.into_body()).await.unwrap().to_vec()
    };
    Answer {
        status,
        headers,
        body,
    }
}

pub(crate) async fn get(services: &Services, path: &str) -> Answer {
    call(services, Method::GET, path, None, &[]).await
}

pub(crate) async fn post(services: &Services, path: &str, body: Value) -> Answer {
    call(services, Method::POST, path, Some(&body), &[]).await
}

/// What `STUDIO_TOKEN` is where there is a file of tokens.
pub(crate) const SECRET: &str = "correct-horse-battery";

pub(crate) fn name(text: &str) -> WorkspaceName {
    text.parse().unwrap()
}

/// A file of tokens that name workspaces.
pub(crate) struct Tokens {
    folder: TempDir,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("tokens.json")
    }

    pub(crate) fn file(&self) -> TokenFile {
        TokenFile::new(&self.path())
    }

    /// Makes a token, and gives what it shows.
    pub(crate) fn add(&self, who: &str, role: Role, workspaces: &[&str]) -> String {
        let workspaces = TokenWorkspaces::new(workspaces.iter().map(|text| name(text)));
        let token = self
            .file()
            .add_to(who, role, workspaces, Timestamp::from_millis(0))
            .unwrap();
        format!("Bearer {token}")
    }

    pub(crate) fn options(&self) -> StudioOptions {
        StudioOptions {
            tokens: Some(self.path()),
            token: Token::new(SECRET),
            ..options()
        }
    }
}

/// A studio on a free port.
pub(crate) fn options() -> StudioOptions {
    StudioOptions {
        port: 0,
        workers: Some(1),
        ..StudioOptions::default()
    }
}

pub(crate) async fn running() -> RunningStudio {
    Studio::builder(options()).start().await.unwrap()
}

/// Sends a request over a real socket, as written, and reads the answer to its end.
pub(crate) async fn send(addr: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    timeout(LIMIT, stream.read_to_end(&mut bytes))
        .await
        .unwrap()
        .unwrap();
    let (head, body) = split_head(&bytes).unwrap();
    let (status, headers) = parse_head(head);
    Answer {
        status,
        headers,
        body: body.to_vec(),
    }
}

/// `POST` as `curl` would send it, with more headers if given.
pub(crate) async fn send_post(addr: SocketAddr, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = format!("POST {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str(&format!("Host: {addr}\r\n"));
    }
    if !body.is_empty() {
        request.push_str("Content-Type: application/json\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    send(addr, &request).await
}

fn split_head(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((std::str::from_utf8(&bytes[..end]).unwrap(), &bytes[end + 4..]))
}

fn parse_head(head: &str) -> (u16, Vec<(String, String)>) {
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_lowercase(), value.trim().to_owned())
        })
        .collect();
    (status, headers)
}

/// A WebSocket client on a real socket.
pub(crate) struct Viewer {
    framed: Framed<TcpStream, Codec>,
    headers: Vec<(String, String)>,
}

impl Viewer {
    /// Shakes hands. When the server refuses, its status.
    pub(crate) async fn connect(
        addr: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Answer> {
        let stream = TcpStream::connect(addr).await.unwrap();
        Self::upgrade(stream, addr, path, headers).await
    }

    /// The same over a connection that was used before.
    pub(crate) async fn upgrade(
        mut stream: TcpStream,
        addr: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Answer> {
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request.push_str(&format!("Host: {addr}\r\n"));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        while split_head(&bytes).is_none() {
            // One byte at a time: what follows the head belongs to the frames.
            bytes.push(timeout(LIMIT, stream.read_u8()).await.unwrap().unwrap());
        }
        let (status, headers) = parse_head(split_head(&bytes).unwrap().0);
        if status == StatusCode::SWITCHING_PROTOCOLS.as_u16() {
            let codec = Codec::new().client_mode().max_size(1 << 24);
            return Ok(Self {
                framed: Framed::new(stream, codec),
                headers,
            });
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer
            .header("content-length")
            .map_or(0, |text| text.parse().unwrap());
        answer.body.resize(length, 0);
        timeout(LIMIT, stream.read_exact(&mut answer.body))
            .await
            .unwrap()
            .unwrap();
        Err(answer)
    }

    /// A viewer of everything.
    pub(crate) async fn open(studio: &RunningStudio) -> Self {
        match Self::connect(studio.addr, "/ws", &[]).await {
            Ok(viewer) => viewer,
            Err(answer) => panic!("refused: {answer:?}"),
        }
    }

    /// A header of the answer to the handshake.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// How the server closes the connection, whatever it says before.
    pub(crate) async fn closing(&mut self) -> Option<(u16, String)> {
        loop {
            match timeout(LIMIT, self.framed.next()).await.expect("an end in time") {
                Some(Ok(WsFrame::Close(reason))) => {
                    return reason.map(|reason| (reason.code.into(), reason.description.unwrap_or_default()));
                }
                Some(Ok(_)) => {}
                _ => return None,
            }
        }
    }

    /// Sends bytes as they are, which need not be a frame.
    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) {
        self.framed.io_mut().write_all(bytes).await.unwrap();
    }

    /// Sends a text.
    pub(crate) async fn say(&mut self, text: &str) {
        let message = actix_http::ws::Message::Text(text.to_owned().into());
        self.framed.send(message).await.unwrap();
    }

    /// The next frame's text; nothing when the server closed the connection.
    pub(crate) async fn next_text(&mut self) -> Option<String> {
        loop {
            match timeout(LIMIT, self.framed.next()).await.expect("a frame in time") {
                Some(Ok(WsFrame::Text(bytes))) => return Some(String::from_utf8(bytes.to_vec()).unwrap()),
                Some(Ok(WsFrame::Ping(_) | WsFrame::Pong(_))) => {}
                Some(Ok(WsFrame::Close(_))) | None => return None,
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Frame {
        let text = self.next_text().await.expect("an open connection");
        serde_json::from_str(&text).unwrap()
    }

    /// The next frame of one type, whatever comes before.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Frame {
        loop {
            let frame = self.next().await;
            if frame.kind == kind {
                return frame;
            }
        }
    }
}
