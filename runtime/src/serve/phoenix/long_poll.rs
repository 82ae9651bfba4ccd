//! Channels over plain requests (Phoenix's LongPoll transport), where something on the way lets no WebSocket through.
//!
//! A `GET` without a session makes one and answers `{"status":410,"token"}`; with it, it waits for what there is to hear. A `POST` brings
//! frames, a line each. Statuses stand in the answers, as `phoenix.js` reads them: 200 here is something, 204 nothing came, 410 the
//! session is gone. A session belongs to who began it, has one of the server's places for sockets, and ends when it is not asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use actix_web::{HttpRequest, web};
use loom_bridge::{ActorHandle, ActorRegistry, ActorSpec};
use loom_protocol::Problem;
use loom_studio::{Admission, ApiError, ApiResult, Caller, LONG_POLL_SESSION, Sockets};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use utoipa::{IntoParams, ToSchema};

use super::client::{Client, NO_FRAME};
use super::message::Serializer;
use super::outbox::Ending;
use crate::serve::runtime::Runtime;

/// How long a request waits for something to hear, as Phoenix's own `window_ms`.
const WINDOW: Duration = Duration::from_secs(10);
/// A session that nobody asked for so long is over.
const UNASKED: Duration = Duration::from_secs(30);
/// The largest frame a client may send, as over a socket.
const MAX_FRAME: usize = 64 * 1024;
/// Bytes of answers to frames that may wait for a request to take them.
const MAX_ANSWERS: usize = 1024 * 1024;

/// The sessions, by their tokens.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Arc<Session>>>);

/// One session.
pub(super) struct Session {
    caller: Caller,
    state: Mutex<State>,
    arrived: Arc<Notify>,
    place: Admission,
    handle: ActorHandle,
}

struct State {
    client: Client,
    answers: Vec<String>,
    asked: Instant,
    /// Requests that wait now.
    waiting: usize,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::serve) struct Asked {
    /// The version of the serializer: 1.0.0 (the default) or 2.0.0.
    #[expect(dead_code, reason = "read by hand, as `token` may stand there twice")]
    vsn: Option<String>,
    /// The session, once there is one. Before it the server's token may stand under the same name; the header `X-Phoenix-AuthToken`,
    /// which the client sends for its `authToken`, says that and is in nobody's log.
    #[expect(dead_code, reason = "as above")]
    token: Option<String>,
}

/// What a request is answered with.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::serve) struct LongPolled {
    /// 200: there are messages, or the frames were taken; 204: nothing came, ask again; 410: the session is gone, or is a new one;
    /// 500: the server goes away, connect again.
    status: u16,
    /// The session to go on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Frames, each as the text that a socket would have carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<String>>,
}

/// Waits for what a Phoenix client has to hear, up to ten seconds; makes its session at first.
#[utoipa::path(
    get, path = "/socket/longpoll", operation_id = "phoenix_poll", tag = "runs", params(Asked),
    responses(
        (status = 200, body = LongPolled),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "too many sockets are open", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(in crate::serve) async fn poll(
    runtime: web::Data<Runtime>,
    sockets: Sockets,
    caller: Caller,
    request: HttpRequest,
) -> ApiResult<web::Json<LongPolled>> {
    let asked = Query::of(&request)?;
    let phoenix = runtime.phoenix();
    let sessions = &phoenix.polls;
    let Some(session) = asked.session.and_then(|token| sessions.get(&token, &caller)) else {
        let token = sessions.begin(&runtime, &sockets, caller, asked.serializer, &request)?;
        return Ok(web::Json(LongPolled {
            status: 410,
            token: Some(token),
            messages: Some(Vec::new()),
        }));
    };
    let (token, session) = session;
    let answer = |status, messages| {
        web::Json(LongPolled {
            status,
            token: Some(token.clone()),
            messages: Some(messages),
        })
    };
    let waiting = Waits::new(&session);
    let deadline = Instant::now() + WINDOW;
    loop {
        if session.place.pulse().is_cut() {
            sessions.end(&token);
            return Ok(answer(410, Vec::new()));
        }
        let (messages, ending) = session.take();
        if !messages.is_empty() {
            return Ok(answer(200, messages));
        }
        match ending {
            None => {}
            Some(Ending::TooSlow) => {
                sessions.end(&token);
                return Ok(answer(410, Vec::new()));
            }
            Some(Ending::Away) => {
                sessions.end(&token);
                // What makes `phoenix.js` connect again after a while.
                return Ok(answer(500, Vec::new()));
            }
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if timeout(left, session.arrived.notified()).await.is_err() {
            drop(waiting);
            return Ok(answer(204, Vec::new()));
        }
    }
}

/// Takes the frames of a Phoenix client, a line each.
#[utoipa::path(
    post, path = "/socket/longpoll", operation_id = "phoenix_send", tag = "runs", params(Asked),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses(
        (status = 200, body = LongPolled),
        (status = 400, description = "a line is no frame; those before it were taken", body = Problem, content_type = "application/problem+json"),
    ),
    extensions(("x-role" = json!("view"))),
)]
pub(in crate::serve) async fn send(
    runtime: web::Data<Runtime>,
    caller: Caller,
    request: HttpRequest,
    body: web::Bytes,
) -> ApiResult<web::Json<LongPolled>> {
    let asked = Query::of(&request)?;
    let phoenix = runtime.phoenix();
    let status = |status| {
        web::Json(LongPolled {
            status,
            token: None,
            messages: None,
        })
    };
    let Some((token, session)) = asked.session.and_then(|token| phoenix.polls.get(&token, &caller)) else {
        return Ok(status(410));
    };
    let no_frame = || ApiError::bad_request("no_frame", NO_FRAME);
    let body = std::str::from_utf8(&body).map_err(|_| no_frame())?;
    for line in body.lines().filter(|line| !line.trim().is_empty()) {
        if line.len() > MAX_FRAME {
            let detail = format!("a frame here has at most {MAX_FRAME} bytes");
            return Err(ApiError::bad_request("frame_too_large", detail));
        }
        if !session.hear(line).ok_or_else(no_frame)? {
            phoenix.polls.end(&token);
            return Ok(status(410));
        }
    }
    Ok(status(200))
}

/// What a request's address says. Read by hand: `token` stands there twice where a client shows the server's in its `params`.
struct Query {
    serializer: Serializer,
    session: Option<String>,
}

impl Query {
    fn of(request: &HttpRequest) -> ApiResult<Self> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|error| ApiError::bad_request("invalid_query", error.to_string()))?
            .into_inner();
        let value = |name: &str, fits: fn(&str) -> bool| {
            let mut all = pairs.iter().filter(|(key, value)| key == name && fits(value));
            all.next_back().map(|(_, value)| value.clone())
        };
        let serializer = Serializer::of_version(value("vsn", |_| true).as_deref()).ok_or_else(|| {
            let detail = "the protocol version `vsn` is unknown; 1.0.0 and 2.0.0 are spoken";
            ApiError::bad_request("unknown_vsn", detail)
        })?;
        Ok(Self {
            serializer,
            session: value("token", |value| value.starts_with(LONG_POLL_SESSION)),
        })
    }
}

impl Sessions {
    /// The session of a token, if it is this caller's.
    fn get(&self, token: &str, caller: &Caller) -> Option<(String, Arc<Session>)> {
        let session = self.lock().get(token).cloned()?;
        (session.caller == *caller).then(|| (token.to_owned(), session))
    }

    fn begin(
        &self,
        runtime: &Runtime,
        sockets: &Sockets,
        caller: Caller,
        serializer: Serializer,
        request: &HttpRequest,
    ) -> ApiResult<String> {
        let place = sockets.admit_poll(request)?;
        let token = place.session().unwrap_or_default().to_owned();
        let arrived = Arc::new(Notify::new());
        let wake = {
            let arrived = Arc::clone(&arrived);
            move || {
                arrived.notify_one();
                true
            }
        };
        place.pulse().when_cut(wake.clone());
        let session = Arc::new(Session {
            caller,
            state: Mutex::new(State {
                client: Client::new(runtime, serializer, wake),
                answers: Vec::new(),
                asked: Instant::now(),
                waiting: 0,
            }),
            arrived,
            place,
            handle: ActorRegistry::process_wide()
                .register(ActorSpec::new("PhoenixSession").system())
                .leaving_no_trace(),
        });
        let (weak, runtime, ending) = (Arc::downgrade(&session), runtime.clone(), token.clone());
        self.lock().insert(token.clone(), session);
        // Ends with the session, and sooner with the thread that serves.
        actix_web::rt::spawn(async move {
            while !is_unasked(&weak) {
                sleep(UNASKED / 4).await;
            }
            runtime.phoenix().polls.end(&ending);
        });
        Ok(token)
    }

    /// Ends a session.
    fn end(&self, token: &str) {
        // Let go of outside the lock: its client leaves its topics then.
        let session = self.lock().remove(token);
        drop(session);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody asks for a session any more, or it has ended.
fn is_unasked(session: &Weak<Session>) -> bool {
    session.upgrade().is_none_or(|session| {
        session.handle.beat();
        let state = session.lock();
        state.waiting == 0 && state.asked.elapsed() > UNASKED
    })
}

impl Session {
    /// Does what a frame says: nothing when it is none, `false` when too many answers wait.
    fn hear(&self, text: &str) -> Option<bool> {
        let mut state = self.lock();
        state.asked = Instant::now();
        let heard = state.client.hear(text)?;
        if heard.is_message {
            self.handle.message_handled();
        }
        state.answers.extend(heard.answers);
        // Each has some bytes of its own.
        let bytes = state.answers.iter().map(|answer| answer.len() + 64);
        let fits = bytes.sum::<usize>() <= MAX_ANSWERS;
        drop(state);
        self.arrived.notify_one();
        Some(fits)
    }

    /// What there is to hear, answers first, and why the session ends after it.
    fn take(&self) -> (Vec<String>, Option<Ending>) {
        let mut state = self.lock();
        let mut messages = std::mem::take(&mut state.answers);
        let (pushes, ending) = state.client.take();
        messages.extend(pushes);
        (messages, ending)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits. It may be given up at any moment, which counts as its end.
struct Waits<'a>(&'a Session);

impl<'a> Waits<'a> {
    fn new(session: &'a Session) -> Self {
        session.lock().waiting += 1;
        Self(session)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.waiting -= 1;
        state.asked = Instant::now();
    }
}
