//! Mail, by the real program to a real mail server: plain, with STARTTLS and with TLS, and what a server may say.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use rcgen::generate_simple_self_signed;
use serde_json::{Value, json};

use crate::support::send_post;

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/warnings/smtp.py");
const PASSWORD: &str = "open sesame";

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already, where it ended by itself.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// A mail server, in the mode that it is told.
struct MailServer {
    port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    _process: Process,
}

impl MailServer {
    fn start(mode: &str, folder: &Path) -> Self {
        // The system's, which has the system's packages, whichever is first in the PATH.
        let mut command = Command::new("/usr/bin/python3");
        command.args([SERVER, mode]);
        command.arg(folder.join("cert.pem")).arg(folder.join("key.pem"));
        let started = command
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = Process(started.expect("python3 is there (tests/setup/packages.sh base)"));
        let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines();
        let port = lines
            .next()
            .expect("python3-aiosmtpd is there (tests/setup/packages.sh base)");
        Self {
            port: port.unwrap().parse().unwrap(),
            lines,
            _process: process,
        }
    }

    /// The next mail.
    fn mail(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

/// The program, which trusts one certificate.
struct Program {
    addr: SocketAddr,
    /// Reads what it says, so that it never waits for that.
    said: JoinHandle<String>,
    process: Process,
}

impl Program {
    fn start(folder: &Path) -> Self {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = Command::new(env!("CARGO_BIN_EXE_loom-studio"));
        command
            .env_clear()
            .env("LOOM_PORT", port.to_string())
            .env("LOOM_STATE_DIR", folder.join("state"))
            .env("LOOM_LOG_LEVEL", "trace")
            .env("SSL_CERT_FILE", folder.join("cert.pem"));
        let started = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut process = Process(started.unwrap());
        let mut said = BufReader::new(process.0.stderr.take().unwrap()).lines();
        let is_up = |line: &std::io::Result<String>| line.as_ref().unwrap().contains("Loom Studio is at");
        said.find(is_up).unwrap().unwrap();
        let said = std::thread::spawn(|| said.map_while(Result::ok).collect::<Vec<_>>().join("\n"));
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], port)),
            said,
            process,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = send_post(self.addr, path, &body.to_string(), &[]).await;
        assert!([200, 201].contains(&answer.status), "{}", answer.text());
        answer.json()
    }

    /// What becomes of a test mail.
    async fn tries(&self, target: &Value) -> (String, String) {
        let channel = json!({"name": "Mail", "target": target});
        let channel = self.post("/api/warnings/channels", &channel).await;
        assert!(!channel.to_string().contains(PASSWORD), "{channel}");
        let id = channel["id"].as_str().unwrap();
        let path = format!("/api/warnings/channels/{id}/test");
        let delivery = self.post(&path, &json!({})).await;
        let text = |name: &str| delivery[name].as_str().unwrap().to_owned();
        (text("outcome"), text("detail"))
    }

    /// All that it said until its end.
    fn end(mut self) -> String {
        self.process.0.kill().unwrap();
        self.said.join().unwrap()
    }
}

fn target(host: &str, port: u16, security: &str) -> Value {
    json!({"kind": "email", "host": host, "port": port, "security": security, "user": "ana", "password": PASSWORD,
        "from": "loom@example.org", "to": ["ana@example.org", "bob@example.org"]})
}

#[actix_web::test]
async fn mail_goes_out_encrypted_or_on_this_machine_and_nothing_is_told_of_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("cert.pem"), certificate.cert.pem()).unwrap();
    fs::write(
        folder.path().join("key.pem"),
        certificate.signing_key.serialize_pem(),
    )
    .unwrap();
    let program = Program::start(folder.path());
    let mut servers = ["plain", "starttls", "tls"].map(|mode| (mode, MailServer::start(mode, folder.path())));
    for (mode, server) in &mut servers {
        let sent = program.tries(&target("localhost", server.port, mode)).await;
        assert_eq!(sent, ("delivered".into(), "SMTP 250".into()), "{mode}");
        let mail = server.mail();
        assert_eq!(
            (&mail["encrypted"], &mail["user"]),
            (&json!(*mode != "plain"), &json!("ana"))
        );
        assert_eq!(mail["to"], json!(["ana@example.org", "bob@example.org"]));
        let content = mail["content"].as_str().unwrap();
        for part in [
            "From: loom@example.org",
            "Subject: [Loom] A test from Loom Studio",
            "Messages of this channel arrive.",
        ] {
            assert!(content.contains(part), "{part}: {content}");
        }
    }
    let ports = servers.each_ref().map(|(_, server)| server.port);
    let to = |receiver: &str| {
        let mut target = target("localhost", ports[0], "plain");
        target["to"] = json!([receiver]);
        target
    };
    let mut stranger = target("localhost", ports[1], "starttls");
    stranger["password"] = json!("no sesame");
    for (target, outcome) in [
        (stranger, "SMTP 535: signing in was refused"),
        (to("refused@example.org"), "SMTP 550"),
        (to("later@example.org"), "SMTP 451"),
        (to("echo@example.org"), "SMTP 550"),
    ] {
        let sent = program.tries(&target).await;
        assert_eq!(sent, ("failed".into(), outcome.into()), "{target}");
    }
    // One that is not who it should be, one that can't encrypt, one that is not there.
    for target in [
        target("127.0.0.1", ports[1], "starttls"),
        target("127.0.0.1", ports[2], "tls"),
        target("localhost", ports[0], "starttls"),
        target("localhost", ports[0], "tls"),
        target("localhost", 1, "starttls"),
    ] {
        let (outcome, detail) = program.tries(&target).await;
        assert_eq!(outcome, "failed", "{target}: {detail}");
        assert!(!detail.is_empty() && !detail.contains(PASSWORD), "{detail}");
    }
    let log = program.end();
    assert!(!log.contains(PASSWORD), "the log has the password");
    assert!(!log.contains("b3BlbiBzZXNhbWU"), "the log has it as it is sent");
}
