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
    /// Connections that asked for this are muted by [`Gate::mute`].
    mutes: Option<&'static str>,
    muted: AtomicBool,
    over: AtomicBool,
}

impl Gate {
    /// One that is open until [`Gate::shut`], or until a request with this text has passed.
    pub(crate) fn before(host: &str, shuts_at: Option<&'static str>) -> Self {
        Self::of(host, shuts_at, None)
    }

    /// One that can mute the connections over which this was asked for, and no other: [`Gate::mute`].
    pub(crate) fn that_mutes(host: &str, asked: &'static str) -> Self {
        Self::of(host, None, Some(asked))
    }

    fn of(host: &str, shuts_at: Option<&'static str>, mutes: Option<&'static str>) -> Self {
        let engine = host.strip_prefix("unix://").expect("an engine on a unix socket");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let state = Arc::new(State {
            engine: engine.to_owned(),
            shuts_at,
            shut: Mutex::new(false),
            changed: Condvar::new(),
            mutes,
            muted: AtomicBool::new(false),
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

    /// From now on nothing comes over some connections, which stay open.
    pub(crate) fn mute(&self) {
        self.state.muted.store(true, Ordering::Relaxed);
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
        let marked = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&marked);
        std::thread::spawn(move || {
            if let (Ok(from), Ok(to)) = (asked, asking) {
                back.copy(from, to, false, &mark);
            }
        });
        self.copy(client, engine, true, &marked);
    }

    fn copy(&self, mut from: UnixStream, mut to: UnixStream, requests: bool, marked: &AtomicBool) {
        let mut buffer = [0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            self.wait();
            let bytes = &buffer[..read];
            let has = |text: Option<&'static str>| {
                requests && text.is_some_and(|text| String::from_utf8_lossy(bytes).contains(text))
            };
            if has(self.mutes) {
                marked.store(true, Ordering::Relaxed);
            }
            if marked.load(Ordering::Relaxed) && self.muted.load(Ordering::Relaxed) {
                continue;
            }
            if has(self.shuts_at) {
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
