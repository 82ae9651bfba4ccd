//! What a page hears of a run of many jobs: bytes a frame.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::loom::{Loom, wide};
use super::measure::Anyhow;

/// How long the whole may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Frames that told a run, by their length.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) whole: Vec<usize>,
    pub(crate) deltas: Vec<usize>,
    pub(crate) took: Duration,
}

/// Watches a run of so many jobs through a socket of the page.
pub(crate) fn watch(loom: &Loom, jobs: usize) -> Anyhow<Heard> {
    let project = loom.directory.join("served");
    let workflows = project.join(".github/workflows");
    std::fs::create_dir_all(&workflows)?;
    std::fs::write(workflows.join("wide.yml"), format!("name: wide\n{}", wide(jobs)?))?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = loom.command(&project);
    command.args(["serve", "--executor", "host", "--platform", "alpine:latest=host"]);
    command.env("LOOM_PORT", port.to_string());
    let _serve = Server::start(&mut command, port)?;
    let mut socket = open(port)?;
    post(port, "/api/workflows/wide/start")?;

    let mut heard = Heard::default();
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        let Some(text) = frame(&mut socket)? else { continue };
        let value: serde_json::Value = serde_json::from_slice(&text)?;
        match value.get("type").and_then(serde_json::Value::as_str) {
            Some("run:update") => heard.whole.push(text.len()),
            Some("run:delta") => heard.deltas.push(text.len()),
            _ => continue,
        }
        match value.pointer("/data/state").and_then(serde_json::Value::as_str) {
            Some("queued" | "running") => {}
            Some("success") => {
                heard.took = started.elapsed();
                heard.whole.sort_unstable();
                heard.deltas.sort_unstable();
                return Ok(heard);
            }
            state => return Err(format!("the watched run ended as {state:?}").into()),
        }
    }
    Err("the watched run does not end".into())
}

struct Server(Child);

impl Server {
    fn start(command: &mut Command, port: u16) -> Anyhow<Self> {
        let serve = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut server = Self(serve.spawn()?);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.0.try_wait()? {
                return Err(format!("`serve` ended: {status}").into());
            }
            if started.elapsed() > Duration::from_secs(60) {
                return Err("`serve` does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In order where possible: it ends its runs.
        let pid = i32::try_from(self.0.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

fn open(port: u16) -> Anyhow<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9vbS10ZXN0LXNvY2tldA==\r\n\
         Origin: http://127.0.0.1:{port}\r\n\r\n"
    )?;
    let mut stream = BufReader::with_capacity(1 << 20, stream);
    let mut line = String::new();
    let mut first = String::new();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err("`serve` closed the socket".into());
        }
        if first.is_empty() {
            first.clone_from(&line);
        }
    }
    if first.contains(" 101 ") {
        Ok(stream)
    } else {
        Err(format!("no socket: {first}").into())
    }
}

/// The next text; none for what is no text.
fn frame(stream: &mut BufReader<TcpStream>) -> Anyhow<Option<Vec<u8>>> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    let [kind, length] = head;
    let length = match length & 0x7f {
        126 => {
            let mut bytes = [0; 2];
            stream.read_exact(&mut bytes)?;
            u64::from(u16::from_be_bytes(bytes))
        }
        127 => {
            let mut bytes = [0; 8];
            stream.read_exact(&mut bytes)?;
            u64::from_be_bytes(bytes)
        }
        short => u64::from(short),
    };
    let mut body = vec![0; usize::try_from(length)?];
    stream.read_exact(&mut body)?;
    match kind & 0x0f {
        1 => Ok(Some(body)),
        8 => Err("`serve` closed the socket".into()),
        9 => {
            let mut pong = vec![0x8a, 0x80 | u8::try_from(body.len())?, 0, 0, 0, 0];
            pong.extend(body);
            stream.get_mut().write_all(&pong)?;
            Ok(None)
        }
        _ => Ok(None),
    }
}

fn post(port: u16, path: &str) -> Anyhow<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 2") {
        Ok(())
    } else {
        Err(format!("POST {path}: {answer}").into())
    }
}
