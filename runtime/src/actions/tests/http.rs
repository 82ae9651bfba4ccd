//! Fetching over HTTP, from git's own backend behind a small server of this test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// Serves the repositories of a folder. Its threads end with the process.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// With a password, when one is wanted of whoever asks.
    fn start(root: PathBuf, password: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::Relaxed);
                let root = root.clone();
                std::thread::spawn(move || drop(answer(stream, &root, password)));
            }
        });
        Self { url, requests }
    }
}

fn answer(mut stream: TcpStream, root: &Path, password: Option<&str>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut parts = first.split_whitespace();
    let (method, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = std::collections::HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let mut body = Vec::new();
    if header("transfer-encoding") == "chunked" {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk)?;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else {
        body = vec![0; header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut body)?;
    }
    if password.is_some_and(|password| header("authorization") != password) {
        let refusal = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return stream.write_all(refusal.as_bytes());
    }
    let mut backend = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    backend.stdin.take().unwrap().write_all(&body)?;
    let out = backend.wait_with_output()?.stdout;
    let end = out.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
    let head = String::from_utf8_lossy(&out[..end]).into_owned();
    let status = head
        .lines()
        .find_map(|line| line.strip_prefix("Status: "))
        .unwrap_or("200 OK");
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n\r\n")?;
    stream.write_all(&out[end + 4..])
}

#[tokio::test]
async fn an_action_comes_over_http_once() {
    let hub = Hub::new();
    let one = hub.repository("o/r");
    hub.git("o/r", &["tag", "-a", "v1", "-m", "v1"]);
    hub.commit("o/r", "two");
    let server = Server::start(hub.path("hub"), None);
    let mut options = hub.options();
    options.host.clone_from(&server.url);
    for version in ["v1", &one, &one[..10]] {
        let found = fetch(&options, &format!("o/r@{version}")).await.unwrap();
        assert_eq!(found, (one.clone(), "one".to_owned()), "{version}");
    }
    let before = server.requests.load(Ordering::Relaxed);
    fetch(&options, &format!("o/r@{one}")).await.unwrap();
    options.offline = true;
    fetch(&options, "o/r@v1").await.unwrap();
    assert_eq!(
        server.requests.load(Ordering::Relaxed),
        before,
        "somebody was asked"
    );
    options.offline = false;
    let error = refused(&options, "o/none@v1").await;
    assert!(matches!(error, ActionError::RepositoryMissing { .. }), "{error}");
}

#[tokio::test]
async fn a_private_repository_wants_credentials_which_are_never_told() {
    let hub = Hub::new();
    hub.repository("o/r");
    // `user:secret` in base64.
    let server = Server::start(hub.path("hub"), Some("Basic dXNlcjpzZWNyZXQ="));
    let mut options = hub.options();
    options.host.clone_from(&server.url);
    let error = refused(&options, "o/r@main").await;
    assert!(matches!(error, ActionError::RepositoryMissing { .. }), "{error}");
    assert!(error.with_help().contains("credential"), "{error}");
    let with = |user: &str| server.url.replace("http://", &format!("http://{user}@"));
    options.host = with("user:wrong-secret");
    let error = refused(&options, "o/r@main").await;
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    options.host = with("user:secret");
    fetch(&options, "o/r@main").await.unwrap();
}

#[tokio::test]
async fn a_mirror_is_asked_instead_of_the_host() {
    let hub = Hub::new();
    let one = hub.repository("mirrored/r");
    let server = Server::start(hub.path("hub"), None);
    let mut options = ActionOptions::new(hub.path("cache"));
    options.mirrors = vec![(
        "https://github.com/o/".into(),
        format!("{}/mirrored/", server.url),
    )];
    assert_eq!(fetch(&options, "o/r@main").await.unwrap().0, one);
}

#[tokio::test]
async fn a_host_that_says_nothing_is_not_waited_for() {
    let hub = Hub::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = hub.options();
    options.host = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
    options.limit = std::time::Duration::from_secs(2);
    let started = std::time::Instant::now();
    let error = refused(&options, "o/r@main").await;
    assert!(matches!(error, ActionError::TimedOut { .. }), "{error}");
    assert!(started.elapsed() < std::time::Duration::from_secs(60));
}
