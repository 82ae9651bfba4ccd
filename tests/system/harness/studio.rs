//! A `loom-runtime serve` of a test's own.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;

use super::http::{Address, Request};
use super::poll::until;
use super::project::Project;
use super::running::{Loom, Outcome, Running};
use super::socket::Socket;

/// A studio that answers. Ended with the test.
pub(crate) struct Studio {
    pub(crate) port: u16,
    running: Running,
    /// What it serves; there as long as the studio is.
    pub(crate) project: Project,
}

impl Studio {
    /// Serves the project, on the host.
    pub(crate) fn of(project: Project) -> Self {
        Self::with(project, |serve| serve)
    }

    /// Serves the project, with more in its environment.
    pub(crate) fn with(project: Project, more: impl FnOnce(Loom) -> Loom) -> Self {
        let port = free_port();
        let serve = project
            .loom(&["serve", "--executor", "host"])
            .env("LOOM_PORT", port.to_string());
        let mut studio = Self {
            port,
            running: more(serve).start(),
            project,
        };
        until("the studio answers /api/health", || {
            if let Some(end) = studio.running.has_ended() {
                panic!("the studio ended: {end}\n{}", studio.running.so_far());
            }
            studio
                .get("/api/health")
                .try_send()
                .ok()
                .filter(|answer| answer.status == 200)
        });
        studio
    }

    /// Its address as a page would be on.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        Address::local(self.port).get(path)
    }

    pub(crate) fn post(&self, path: &str) -> Request {
        Address::local(self.port).post(path)
    }

    /// The JSON at a path.
    #[track_caller]
    pub(crate) fn value(&self, path: &str) -> Value {
        self.get(path).send().is(200).value()
    }

    /// A socket of a page of its own.
    pub(crate) fn socket(&self, path: &str) -> Socket {
        let origin = self.url();
        Socket::open(self.port, path, Some(&origin)).unwrap_or_else(|status| panic!("{path}: {status}"))
    }

    /// Starts a workflow and gives the run's id.
    #[track_caller]
    pub(crate) fn start_workflow(&self, name: &str) -> String {
        let answer = self
            .post(&format!("/api/workflows/{name}/start"))
            .send()
            .is(202)
            .value();
        answer["runId"]
            .as_str()
            .unwrap_or_else(|| panic!("no runId: {answer}"))
            .to_owned()
    }

    /// Waits for the end of a run and gives its state.
    pub(crate) fn end_of(&self, run: &str) -> String {
        until(&format!("the end of {run}"), || {
            let state = self.value(&format!("/api/runs/{run}"))["state"]
                .as_str()?
                .to_owned();
            (!matches!(state.as_str(), "queued" | "running")).then_some(state)
        })
    }

    /// Asks it to stop, as Ctrl-C or a service manager does, and waits.
    pub(crate) fn stop(self) -> (Project, Outcome) {
        self.ask_to_stop();
        self.end()
    }

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&self) {
        self.running.signal(Signal::TERM);
    }

    /// Kills it, as a machine that runs out of memory does.
    pub(crate) fn kill(&self) {
        self.running.signal(Signal::KILL);
    }

    /// Waits for the end of one that was asked to stop, or killed.
    pub(crate) fn end(self) -> (Project, Outcome) {
        (self.project, self.running.end())
    }
}

/// A port that nobody had a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}
