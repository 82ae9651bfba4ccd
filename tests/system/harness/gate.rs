//! A socket before the engine's, behind which the engine can fall silent: connections stay, answers do not come. As when
//! its process is stopped, but for this test alone.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// A way to the engine that can be shut.
pub(crate) struct Gate {
    directory: tempfile::TempDir,
    state: Arc<State>,
}

struct State {
    engine: String,
    /// The gate shuts once a request with this text has gone through.
    shuts_at: Option<&'static str>,
    shut: Mutex<bool>,
    changed: Condvar,
    over: AtomicBool,
}

impl Gate {
    /// One that is open until [`Gate::shut`], or until a request with this text has passed.
    pub(crate) fn before(host: &str, shuts_at: Option<&'static str>) -> Self {
        let engine = host.strip_prefix("unix://").expect("an engine on a unix socket");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let state = Arc::new(State {
            engine: engine.to_owned(),
            shuts_at,
            shut: Mutex::new(false),
            changed: Condvar::new(),
            over: AtomicBool::new(false),
        });
        let listener = UnixListener::bind(directory.path().join("gate.sock")).expect("a socket");
        let inside = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if inside.over.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&inside);
                std::thread::spawn(move || state.carry(client));
            }
        });
        Self { directory, state }
    }

    /// As in `DOCKER_HOST`.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.directory.path().join("gate.sock").display())
    }

    /// From now on the engine says nothing.
    pub(crate) fn shut(&self) {
        self.state.set(true);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
        // Lets the threads go: one that waits for the gate, and the one that accepts.
        self.state.set(false);
        drop(UnixStream::connect(self.directory.path().join("gate.sock")));
    }
}

impl State {
    fn set(&self, shut: bool) {
        *self.shut.lock().expect("no thread panics with it") = shut;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let shut = self.shut.lock().expect("no thread panics with it");
        drop(
            self.changed
                .wait_while(shut, |shut| *shut)
                .expect("no thread panics with it"),
        );
    }

    fn carry(self: Arc<Self>, client: UnixStream) {
        let Ok(engine) = UnixStream::connect(&self.engine) else {
            return;
        };
        let (asking, asked) = (client.try_clone(), engine.try_clone());
        let back = Arc::clone(&self);
        std::thread::spawn(move || {
            if let (Ok(from), Ok(to)) = (asked, asking) {
                back.copy(from, to, false);
            }
        });
        self.copy(client, engine, true);
    }

    fn copy(&self, mut from: UnixStream, mut to: UnixStream, requests: bool) {
        let mut buffer = [0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            self.wait();
            let bytes = &buffer[..read];
            let last = requests
                && self
                    .shuts_at
                    .is_some_and(|text| String::from_utf8_lossy(bytes).contains(text));
            if last {
                // Before the engine has it: its answer must not slip through.
                *self.shut.lock().expect("no thread panics with it") = true;
            }
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Write));
    }
}
