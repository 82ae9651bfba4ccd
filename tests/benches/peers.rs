//! What others do, who have nothing to do but that: containers by the engine's API alone, and by its command line.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::measure::{Anyhow, finish, timed, times};

/// An engine on a unix socket.
pub(crate) struct Engine {
    /// As `DOCKER_HOST` has it.
    pub(crate) host: String,
    socket: PathBuf,
    count: AtomicU32,
}

impl Engine {
    pub(crate) fn new(host: &str) -> Anyhow<Self> {
        let socket = host
            .strip_prefix("unix://")
            .ok_or("the benches want an engine on a unix socket")?;
        Ok(Self {
            host: host.to_owned(),
            socket: socket.into(),
            count: AtomicU32::new(0),
        })
    }

    fn fresh_name(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        format!("loom-bench-{}-{count}", std::process::id())
    }

    /// A container that runs a command to its end, and is removed.
    pub(crate) fn container(&self, command: &[&str]) -> Anyhow<Duration> {
        let name = self.fresh_name();
        timed(|| {
            let command = serde_json::json!(command);
            let body = format!(
                r#"{{"Image":"alpine:latest","Cmd":{command},"HostConfig":{{"LogConfig":{{"Type":"none"}}}}}}"#
            );
            request(
                &self.socket,
                "POST",
                &format!("/containers/create?name={name}"),
                &body,
            )?;
            request(&self.socket, "POST", &format!("/containers/{name}/start"), "")?;
            request(&self.socket, "POST", &format!("/containers/{name}/wait"), "")?;
            request(&self.socket, "DELETE", &format!("/containers/{name}"), "")
        })
    }

    /// Such containers beside each other, on so many threads.
    pub(crate) fn containers_at_once(&self, count: usize) -> Anyhow<Duration> {
        timed(|| {
            std::thread::scope(|scope| {
                let threads: Vec<_> = (0..count)
                    .map(|_| scope.spawn(|| self.container(&["true"]).map_err(|error| error.to_string())))
                    .collect();
                for thread in threads {
                    thread.join().map_err(|_| "a thread broke down")??;
                }
                Ok(())
            })
        })
    }

    /// A container whose output goes to a file, by the API's stream and nothing else.
    pub(crate) fn piped(&self, command: &[&str], file: &Path) -> Anyhow<Duration> {
        let name = self.fresh_name();
        timed(|| {
            let command = serde_json::json!(command);
            let body = format!(
                r#"{{"Image":"alpine:latest","Cmd":{command},"Tty":false,"AttachStdout":true,"HostConfig":{{"LogConfig":{{"Type":"none"}}}}}}"#
            );
            request(
                &self.socket,
                "POST",
                &format!("/containers/create?name={name}"),
                &body,
            )?;
            let mut stream = UnixStream::connect(&self.socket)?;
            write!(
                stream,
                "POST /containers/{name}/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\n\
                 Upgrade: tcp\r\nContent-Length: 0\r\n\r\n"
            )?;
            let mut stream = BufReader::with_capacity(64 * 1024, stream);
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                if stream.read_line(&mut line)? == 0 {
                    return Err("the engine closed the stream".into());
                }
            }
            request(&self.socket, "POST", &format!("/containers/{name}/start"), "")?;
            let mut out = std::io::BufWriter::with_capacity(64 * 1024, std::fs::File::create(file)?);
            let mut head = [0; 8];
            let mut content = Vec::new();
            while stream.read_exact(&mut head).is_ok() {
                let [_, _, _, _, length @ ..] = head;
                content.resize(usize::try_from(u32::from_be_bytes(length))?, 0);
                stream.read_exact(&mut content)?;
                out.write_all(&content)?;
            }
            out.flush()?;
            request(&self.socket, "POST", &format!("/containers/{name}/wait"), "")?;
            request(&self.socket, "DELETE", &format!("/containers/{name}"), "")
        })
    }

    /// Runs `what` with the name of a container that runs for that long.
    pub(crate) fn beside<T>(&self, what: impl FnOnce(&str) -> Anyhow<T>) -> Anyhow<T> {
        let name = self.fresh_name();
        let mut arguments = vec!["run", "-d", "--name", &name, "--network", "none"];
        arguments.extend(["alpine:latest", "sleep", "600"]);
        finish(&mut self.docker(&arguments))?;
        let outcome = what(&name);
        finish(&mut self.docker(&["rm", "-f", &name]))?;
        outcome
    }

    /// `docker exec` of `true`, so many times.
    pub(crate) fn execs(&self, container: &str, count: usize) -> Anyhow<Duration> {
        times(count, || finish(&mut self.docker(&["exec", container, "true"])))
    }

    fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["-H", &self.host]).args(arguments);
        command
    }
}

fn request(socket: &Path, method: &str, path: &str, body: &str) -> Anyhow<()> {
    let mut stream = UnixStream::connect(socket)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: engine\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 2") {
        Ok(())
    } else {
        Err(format!("{method} {path}: {answer}").into())
    }
}
