//! A server between a client and a registry that lets little through at a time, or breaks connections off.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What a connection through it suffers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ills {
    /// How many bytes of answers pass in a second, on each connection.
    pub(crate) bytes_per_second: Option<u64>,
    /// After how many bytes of answers a connection is broken off.
    pub(crate) cut_after: Option<u64>,
    /// How many connections are broken off; the others pass.
    pub(crate) cuts: u32,
}

/// A way to a server of this machine. Gone when dropped.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    target: String,
    ills: Ills,
    cuts: AtomicU32,
    over: AtomicBool,
}

impl Proxy {
    /// Before the server at `host:port`.
    pub(crate) fn before(target: &str, ills: Ills) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State {
            target: target.to_owned(),
            ills,
            cuts: AtomicU32::new(0),
            over: AtomicBool::new(false),
        });
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
        Self { port, state }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How many connections were broken off until now.
    pub(crate) fn cuts(&self) -> u32 {
        self.state.cuts.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
        // Lets the thread go that accepts.
        drop(TcpStream::connect(self.address()));
    }
}

impl State {
    fn carry(self: Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(&self.target) else {
            return;
        };
        let (Ok(asking), Ok(asked)) = (client.try_clone(), server.try_clone()) else {
            return;
        };
        let back = Arc::clone(&self);
        std::thread::spawn(move || back.answer(asked, asking));
        let (mut from, mut to) = (client, server);
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    }

    fn answer(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 * 1024];
        let mut passed = 0;
        let begun = Instant::now();
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            passed += read as u64;
            if let Some(rate) = self.ills.bytes_per_second {
                let due = begun + Duration::from_millis(passed * 1000 / rate);
                std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
            }
            if self.ills.cut_after.is_some_and(|limit| passed > limit) && self.may_cut() {
                break;
            }
            if self.over.load(Ordering::Relaxed) || to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    }

    fn may_cut(&self) -> bool {
        let one_more = |cuts: u32| (cuts < self.ills.cuts).then_some(cuts + 1);
        self.cuts
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }
}
