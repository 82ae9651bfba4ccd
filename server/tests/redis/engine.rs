//! A Redis of a test's own: on a socket in a folder of its own, ended with the test.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use loom_studio::replication::{RedisLog, RedisUrl, ReplicatedLog};

use crate::several::world::Site;

/// A redis-server. Debian's tools have it in a program that looks by which name it is called.
fn program() -> PathBuf {
    if let Some(given) = std::env::var_os("LOOM_TEST_REDIS") {
        return given.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = ["redis-server", "valkey-server", "redis-check-rdb"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.exists());
    found.expect("a redis-server; `bash tests/setup/packages.sh redis` brings one, or set LOOM_TEST_REDIS")
}

/// The folder in which a Redis writes what comes in, within that of its own.
const APPENDED: &str = "appendonlydir";

/// Puts a copy of a folder of files in the place of another one.
fn copy(from: &Path, to: &Path) {
    let _not_there = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

pub(crate) struct Engine {
    folder: tempfile::TempDir,
    /// What a replica has.
    replica: tempfile::TempDir,
    server: Mutex<Option<Child>>,
    more: Vec<String>,
}

impl Engine {
    /// One that nobody has used.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(more: &[&str]) -> Self {
        let engine = Self {
            folder: tempfile::tempdir().unwrap(),
            replica: tempfile::tempdir().unwrap(),
            server: Mutex::default(),
            more: more.iter().map(|text| (*text).to_owned()).collect(),
        };
        engine.run();
        engine
    }

    pub(crate) fn socket(&self) -> String {
        self.folder.path().join("redis.sock").to_str().unwrap().to_owned()
    }

    fn run(&self) {
        let folder = self.folder.path().to_str().unwrap();
        let mut command = Command::new(program());
        command
            .arg0("redis-server")
            .args(["--port", "0", "--unixsocket", &self.socket(), "--dir", folder])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            .args(&self.more)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        *self.server.lock().unwrap() = Some(command.spawn().expect("redis-server starts"));
        let began = Instant::now();
        let is_up = |answer: String| answer.starts_with('+') || answer.starts_with("-NOAUTH");
        while !self.command(&["PING"]).is_some_and(is_up) {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "redis-server does not answer"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn kill(&self) {
        if let Some(mut server) = self.server.lock().unwrap().take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
        let _gone = std::fs::remove_file(self.socket());
    }

    /// One command by a connection of its own; the beginning of the answer.
    pub(crate) fn command(&self, words: &[&str]) -> Option<String> {
        use std::io::{Read, Write};
        let mut stream = std::os::unix::net::UnixStream::connect(self.socket()).ok()?;
        let mut text = format!("*{}\r\n", words.len());
        for word in words {
            text.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.write_all(text.as_bytes()).ok()?;
        let mut answer = vec![0; 4_096];
        let length = stream.read(&mut answer).ok()?;
        answer.truncate(length);
        Some(String::from_utf8_lossy(&answer).into_owned())
    }

    pub(crate) fn url(&self) -> RedisUrl {
        format!("redis+unix://{}", self.socket()).parse().unwrap()
    }
}

impl Site for Engine {
    fn log(&self) -> Arc<dyn ReplicatedLog> {
        Arc::new(RedisLog::new(self.url(), None))
    }

    fn set_away(&self, away: bool) {
        if away {
            self.kill();
        } else {
            self.run();
        }
    }

    fn lose_all(&self) {
        assert_eq!(self.command(&["FLUSHALL"]).as_deref(), Some("+OK\r\n"));
    }

    fn keep_newest(&self, count: usize) {
        let trimmed = self.command(&["XTRIM", "loom:log", "MAXLEN", "=", &count.to_string()]);
        assert!(trimmed.is_some_and(|answer| answer.starts_with(':')));
    }

    fn mark(&self) {
        copy(
            &self.folder.path().join(APPENDED),
            &self.replica.path().join(APPENDED),
        );
    }

    fn return_to_mark(&self) {
        self.kill();
        copy(
            &self.replica.path().join(APPENDED),
            &self.folder.path().join(APPENDED),
        );
        self.run();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.lock().unwrap().take() {
            let _ended = server.kill();
            let _ended = server.wait();
        }
    }
}
