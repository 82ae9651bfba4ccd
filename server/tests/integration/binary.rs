//! The `loom-studio` binary: its environment, its exit codes, its end.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};

use crate::support::{running, send};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loom-studio"));
    command.env_clear().stdin(Stdio::null());
    command
}

fn fails(command: &mut Command) -> (i32, String) {
    let Output {
        status,
        stderr,
        stdout,
    } = command.output().unwrap();
    assert!(stdout.is_empty(), "stdout is data, and there is none");
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

/// A studio process; killed when the test ends early.
struct Studio(Child);

impl Drop for Studio {
    fn drop(&mut self) {
        // Gone already, when the test ended it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[actix_web::test]
async fn it_serves_on_the_port_it_is_told_and_ends_well_when_asked() {
    let port = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut command = command();
    command.env("LOOM_PORT", port.to_string()).stderr(Stdio::piped());
    let mut studio = Studio(command.spawn().unwrap());
    let mut talk = BufReader::new(studio.0.stderr.take().unwrap()).lines();
    let said = talk
        .find(|line| line.as_ref().unwrap().contains("Loom Studio is at"))
        .unwrap()
        .unwrap();
    assert!(said.ends_with(&format!("http://localhost:{port}")), "{said}");
    let addr = SocketAddr::from(([127, 0, 0, 1], port));
    let request = "GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(send(addr, request).await.json()["status"], "ok");
    // What a client does wrong is told to the client, and is no error of the server.
    for nonsense in [
        "\u{1}\u{2}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    ] {
        assert_eq!(send(addr, nonsense).await.status, 400);
    }
    let id = studio.0.id().to_string();
    assert!(
        Command::new("/bin/kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(studio.0.wait().unwrap().code(), Some(0));
    for line in talk {
        let line = line.unwrap();
        assert!(!line.contains("ERROR"), "{line}");
    }
}

#[actix_web::test]
async fn a_taken_port_is_3_and_says_what_to_do() {
    let other = running().await;
    let (code, text) = fails(command().env("LOOM_PORT", other.addr.port().to_string()));
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("taken by another program") && text.contains("LOOM_PORT"),
        "{text}"
    );
    other.stop().await;
}

#[test]
fn what_is_asked_wrongly_is_2() {
    for (name, value, help) in [
        ("LOOM_BIND", "0.0.0.0", "STUDIO_TOKEN"),
        ("LOOM_BIND", "everywhere", "0.0.0.0"),
        ("LOOM_PORT", "http", "--port"),
        ("STUDIO_TOKENS", "/nowhere/tokens.json", "token add"),
        ("LOOM_CORS_ORIGINS", "*", "list each origin"),
        ("LOOM_LOG_LEVEL", "a=b=c", "--log-level"),
        ("LOOM_LOG_FORMAT", "xml", "json"),
        ("LOOM_TLS_CERT", "/nowhere/cert.pem", "--tls-key"),
    ] {
        let (code, text) = fails(command().env(name, value));
        assert!(code == 2 && text.contains(help), "{name}={value}: {code}\n{text}");
    }
}

#[test]
fn tokens_are_made_listed_and_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    let token = |arguments: &[&str]| {
        let mut command = command();
        command.arg("token").args(arguments).env("STUDIO_TOKENS", &path);
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap(), text(stdout), text(stderr))
    };
    let (code, made, printed) = token(&["add", "ana", "--role", "operate"]);
    assert!(
        code == 0 && made.starts_with("loom_") && printed.contains("this once"),
        "{made}{printed}"
    );
    assert!(!printed.contains(made.trim()), "what is told goes into logs");
    let (code, list, _) = token(&["list"]);
    assert!(
        code == 0 && list.starts_with("ana  operate  20") && !list.contains(made.trim()),
        "{list}"
    );
    let two = [
        "add",
        "cid",
        "--role",
        "view",
        "--workspace",
        "shop",
        "--workspace",
        "bank",
    ];
    assert_eq!(token(&two).0, 0);
    let (_, list, _) = token(&["list"]);
    let ends: Vec<&str> = list.lines().filter_map(|line| line.rsplit("  ").next()).collect();
    assert_eq!(ends, ["main", "shop,bank"]);
    assert_eq!(token(&["revoke", "cid"]).0, 0);
    for (wrong, help) in [
        (
            &["add", "bob", "--role", "view", "--workspace", "../bank"][..],
            "letters a-z, digits",
        ),
        (&["add", "ana", "--role", "view"][..], "revoke that one first"),
        (
            &["add", "bob", "--role", "god"],
            "there are report, view, operate and admin",
        ),
        (&["add", "bob"], "--role"),
        (&["revoke", "bob"], "token list"),
    ] {
        let (code, out, printed) = token(wrong);
        assert!(
            code == 2 && out.is_empty() && printed.contains(help),
            "{wrong:?}: {code} {printed}"
        );
    }
    assert_eq!(token(&["revoke", "ana"]).0, 0);
    assert_eq!(token(&["list"]), (0, String::new(), String::new()));
    let (code, printed) = fails(command().args(["token", "list"]));
    assert!(code == 2 && printed.contains("--tokens"), "{printed}");
}
