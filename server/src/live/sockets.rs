//! The sockets that are open, of the studio and of what is plugged into it: how many there may be, and the end of those
//! whose other side neither reads nor answers.
//!
//! An actor that is the body of its connection stands still, timers included, while its peer takes nothing. So the watch is
//! kept from outside, and what it does is cut the connection itself.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::rt::net::TcpStream;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use socket2::{SockRef, Socket};
use tokio::time::Instant;

use super::polls::Poll;
use crate::Workspace;
use crate::access::Pass;
use crate::http::{ApiError, ApiResult, Guard};

/// Silence after which a peer is gone: every socket here is pinged far more often and a peer must answer.
const SILENT: Duration = Duration::from_secs(90);
/// Seconds after which one who was turned away may ask again.
const TRY_AGAIN: u64 = 5;

/// The sockets that are open. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Sockets {
    shared: Arc<Shared>,
}

struct Shared {
    most: usize,
    stalled_after: Duration,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    pulses: HashMap<u64, Arc<Pulse>>,
}

/// A socket's place among those that are open; dropping it gives it free.
pub struct Admission {
    shared: Arc<Shared>,
    id: u64,
    pulse: Arc<Pulse>,
    /// Where it is no connection but a long-poll.
    poll: Option<Poll>,
}

/// Signs of life of one socket. Written by whoever serves it, from any thread.
pub struct Pulse {
    line: Option<Socket>,
    /// What let it in, where a token is wanted.
    pass: Option<Pass>,
    begun: Instant,
    /// Milliseconds after `begun`.
    heard: AtomicU64,
    /// Milliseconds after `begun`, plus one; zero while nothing waits to be sent.
    owed: AtomicU64,
    /// Whether it is to end.
    is_cut: AtomicBool,
    /// Tells whoever serves it so.
    when_cut: OnceLock<Wake>,
}

/// Whoever serves a socket looks at it again.
type Wake = Box<dyn Fn() -> bool + Send + Sync>;

impl Sockets {
    pub(crate) fn new(most: usize, stalled_after: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                most,
                stalled_after,
                open: Mutex::default(),
            }),
        }
    }

    /// Takes a place for the socket that `request` asks for.
    ///
    /// # Errors
    /// 503 when all places are taken.
    pub fn admit(&self, request: &HttpRequest) -> ApiResult<Admission> {
        let pulse = Arc::new(Pulse {
            line: request.conn_data::<Line>().and_then(Line::take),
            pass: request.extensions().get::<Pass>().cloned(),
            begun: Instant::now(),
            heard: AtomicU64::new(0),
            owed: AtomicU64::new(0),
            is_cut: AtomicBool::new(false),
            when_cut: OnceLock::new(),
        });
        let mut open = self.shared.lock();
        if open.pulses.len() >= self.shared.most {
            let detail = format!(
                "{} sockets are open, the limit of this server; close some (a tab of the studio is one), or try again later",
                self.shared.most
            );
            return Err(ApiError::unavailable("too_many_sockets", detail).retry_after(TRY_AGAIN));
        }
        let id = open.next;
        open.next += 1;
        open.pulses.insert(id, pulse.clone());
        drop(open);
        Ok(Admission {
            shared: self.shared.clone(),
            id,
            pulse,
            poll: None,
        })
    }

    /// Takes a place for the long-poll that `request` begins; its session is named by [`Admission::session`]. Later requests for
    /// [`crate::LONG_POLL`] that show it as `token` come from whoever this one does.
    ///
    /// # Errors
    /// 503 when all places are taken.
    pub fn admit_poll(&self, request: &HttpRequest) -> ApiResult<Admission> {
        let mut admission = self.admit(request)?;
        let guard = request.app_data::<web::Data<Guard>>();
        let polls = guard.map(|guard| guard.polls().clone()).unwrap_or_default();
        admission.poll = Some(polls.begin(admission.pulse.pass.clone()));
        Ok(admission)
    }

    /// Sockets open now.
    pub fn len(&self) -> usize {
        self.shared.lock().pulses.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cuts the connections that were opened with a session which has ended.
    pub(crate) fn cut_session(&self, session: &str) {
        for pulse in self.shared.lock().pulses.values() {
            let pass = pulse.pass.as_ref();
            if pass.and_then(|pass| pass.session.as_deref()) == Some(session) {
                pulse.cut();
            }
        }
    }

    /// Cuts the connections that were let in by what `lets_in` says is worth nothing any more.
    pub(crate) fn cut_ended(&self, lets_in: impl Fn(&Pass) -> bool) {
        // Copied first: the sessions and tokens have locks of their own.
        let pulses: Vec<Arc<Pulse>> = self.shared.lock().pulses.values().cloned().collect();
        for pulse in pulses {
            if pulse.pass.as_ref().is_some_and(|pass| !lets_in(pass)) {
                pulse.cut();
            }
        }
    }

    /// Cuts the connections whose other side takes nothing, or says nothing, for too long.
    pub(crate) fn cut_stalled(&self) {
        let open = self.shared.lock();
        for pulse in open.pulses.values() {
            if pulse.owed_for() > self.shared.stalled_after || pulse.silent_for() > SILENT {
                tracing::debug!("a socket that takes nothing is cut");
                pulse.cut();
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission {
    /// Its signs of life.
    pub fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    /// The name of its session, for a long-poll; nobody can guess it.
    pub fn session(&self) -> Option<&str> {
        self.poll.as_ref().map(Poll::name)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.shared.lock().pulses.remove(&self.id);
    }
}

impl Pulse {
    /// The peer said something.
    pub fn heard(&self) {
        self.heard.store(self.now(), Ordering::Relaxed);
    }

    /// There is something to send that its actor has not fetched.
    pub fn owed(&self) {
        let now = self.now().saturating_add(1);
        // Only the first counts: since then it waits.
        let _since = self
            .owed
            .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The actor fetched all there was; so the connection takes what it is given.
    pub fn paid(&self) {
        self.owed.store(0, Ordering::Relaxed);
    }

    /// Has `wake` called when the socket is to end, so that whoever serves it looks at [`Pulse::is_cut`] and ends it. The connection
    /// itself can be cut only where nothing else came over it before.
    pub fn when_cut(&self, wake: impl Fn() -> bool + Send + Sync + 'static) {
        // One socket is served by one.
        let _first = self.when_cut.set(Box::new(wake));
    }

    /// Whether the socket is to end: what let it in is worth nothing any more, or its other side takes nothing.
    pub fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    fn owed_for(&self) -> Duration {
        match self.owed.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => self.after(since - 1),
        }
    }

    fn silent_for(&self) -> Duration {
        self.after(self.heard.load(Ordering::Relaxed))
    }

    fn after(&self, then: u64) -> Duration {
        Duration::from_millis(self.now().saturating_sub(then))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn cut(&self) {
        if !self.is_cut.swap(true, Ordering::Relaxed)
            && let Some(wake) = self.when_cut.get()
        {
            // Who is not there any more has ended.
            let _there = wake();
        }
        let Some(line) = &self.line else { return };
        // It may be gone already.
        let _gone = line.shutdown(Shutdown::Both);
    }
}

/// A second hold on a connection, for the case that it becomes a socket; let go with its first ordinary request.
pub(crate) struct Line(Mutex<Option<Socket>>);

impl Line {
    pub(crate) fn of(stream: &TcpStream) -> Self {
        let held = SockRef::from(stream).try_clone();
        if let Err(error) = &held {
            tracing::debug!(%error, "a connection can't be held a second time; the kernel alone watches over it");
        }
        Self(Mutex::new(held.ok()))
    }

    pub(crate) fn take(&self) -> Option<Socket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Those of the workspace that a request is about.
impl FromRequest for Sockets {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let workspace = extensions.get::<Arc<Workspace>>();
        let sockets = workspace.map(|workspace| workspace.sockets.clone());
        let none = || ApiError::unavailable("no_guard", "this server was put together without its guard");
        ready(sockets.ok_or_else(none))
    }
}
