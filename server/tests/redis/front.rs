//! The real thing: servers that are processes of their own, behind a real nginx by the recipe of the documentation.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::engine::Engine;

/// Servers behind nginx, on one Redis.
pub(crate) struct Front {
    pub(crate) engine: Engine,
    pub(crate) addr: SocketAddr,
    ports: Vec<u16>,
    servers: Vec<Option<Child>>,
    nginx: Child,
    _folder: tempfile::TempDir,
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn nginx() -> PathBuf {
    if let Some(given) = std::env::var_os("LOOM_TEST_NGINX") {
        return given.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("nginx"))
        .find(|path| path.exists());
    found.expect("an nginx; `bash tests/setup/nginx.sh DIR` says where one is, for LOOM_TEST_NGINX")
}

/// The server: the one that was built with this test, or another that is given.
fn studio() -> PathBuf {
    let given = std::env::var_os("LOOM_TEST_STUDIO").map(PathBuf::from);
    given.unwrap_or_else(|| env!("CARGO_BIN_EXE_loom-studio").into())
}

/// The recipe of the page, with the ports of this test, and a server that stalls passed over in a test's time.
fn recipe(port: u16, ports: &[u16]) -> String {
    let page = include_str!("../../../docs/several-servers.md");
    let recipe = page
        .split("```nginx\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let mut recipe = recipe
        .expect("the page has a recipe")
        .replace("listen 8080;", &format!("listen 127.0.0.1:{port};"))
        .replace("proxy_read_timeout 70s", "proxy_read_timeout 6s");
    for (documented, port) in [9091, 9092, 9093].iter().zip(ports) {
        recipe = recipe.replace(&format!("127.0.0.1:{documented}"), &format!("127.0.0.1:{port}"));
    }
    recipe
}

impl Front {
    pub(crate) fn start() -> Self {
        let (engine, folder) = (Engine::start(), tempfile::tempdir().unwrap());
        let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let port = free_port();
        let path = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {path}/{kind};\n"))
            .concat();
        let recipe = recipe(port, &ports);
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid {path}/pid;\nerror_log {path}/error.log;\nevents {{ worker_connections 4096; }}\n\
             http {{\naccess_log off;\n{temporary}{recipe}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let nginx = Command::new(nginx())
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            .args(["-e", "stderr"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts");
        let mut front = Self {
            engine,
            addr: SocketAddr::from(([127, 0, 0, 1], port)),
            servers: ports.iter().map(|_| None).collect(),
            ports,
            nginx,
            _folder: folder,
        };
        for server in 0..3 {
            front.run(server);
        }
        front
    }

    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        let ports = self.ports.iter();
        ports
            .map(|port| SocketAddr::from(([127, 0, 0, 1], *port)))
            .collect()
    }

    /// Starts a server that does not run.
    pub(crate) fn run(&mut self, server: usize) {
        let port = self.ports[server];
        let url = format!("redis+unix://{}", self.engine.socket());
        let child = Command::new(studio())
            .args(["--port", &port.to_string()])
            .env("LOOM_REDIS_URL", url)
            .env(
                "LOOM_LOG_LEVEL",
                std::env::var("LOOM_TEST_LOG").unwrap_or("off".into()),
            )
            .env_remove("STUDIO_TOKEN")
            .stdin(Stdio::null())
            .spawn()
            .expect("loom-studio starts");
        self.servers[server] = Some(child);
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "a server listens");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills a server.
    pub(crate) fn kill(&mut self, server: usize) {
        if let Some(mut child) = self.servers[server].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Has a server stand still, or go on.
    pub(crate) fn signal(&self, server: usize, signal: &str) {
        if let Some(child) = &self.servers[server] {
            let done = Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status();
            assert!(done.is_ok_and(|status| status.success()));
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        for child in self.servers.iter_mut().flatten().chain([&mut self.nginx]) {
            let _ended = child.kill();
            let _ended = child.wait();
        }
    }
}
