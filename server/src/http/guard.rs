//! The guard before every route, extensions' included: who may talk to this server at all.
//!
//! - `Host` must be one of our names on every request (else a page could rebind its own name to us): loopback, the address
//!   we are bound to, any bare address when bound to all of them, and the hosts of the listed origins.
//! - `Origin`, on everything that is not a plain read and on every socket: our own, a loopback page that came to us as
//!   loopback, or a listed one. A request without one is no web page and passes. `Sec-Fetch-Site: cross-site` is refused
//!   unless the origin is listed.
//! - With a token, it or the cookie of a session on everything but the public part; `shown` has the ways to show it. Wrong
//!   ones are counted by address, whatever the way.
//! - The token's role: to look and to open sockets needs `view`, also where what is asked is posted, to report `report`, anything else
//!   `operate`. A route that needs more says so itself ([`crate::Known::needs`]), where its path has been read: here a path may be written in ways
//!   that only the router understands, so that a rule may only be eased by the exact path. Handlers get the [`Caller`], and the workspace
//!   that the request is about.
//!
//! Public is `/api/health`, which a watchdog asks, `/api/session`, where a browser signs in, and the embedded page, which
//! holds no data and has to be loaded before anybody could; the health is answered to any `Host`. Runs as middleware: extractors run side by side, and a bad
//! body must not win over a missing token.

mod origins;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};

use self::origins::allow_reading;
pub(super) use self::origins::origin_text;
use super::error::ApiError;
use super::origin::Origin;
use super::{asked, body_deadline, events, packed, routes, session, several, shown, unanswered};
use crate::Clock;
use crate::access::{Access, Caller, Key, Pass, Role};
use crate::live::{Line, Polls};
use crate::sessions::Sessions;
use crate::tries::{Tries, Way};
use crate::workspaces::{WorkspaceName, Workspaces};

/// The path that anybody may ask, by any name.
const HEALTH: [&str; 2] = ["/api/health", "/api/v1/health"];
/// Where one signs in.
const SESSION: [&str; 2] = ["/api/session", "/api/v1/session"];

/// Who may talk to this server.
pub struct Guard {
    bind: IpAddr,
    origins: Vec<Origin>,
    access: Access,
    /// The paths that may be posted to with less than what is usual.
    eased: Vec<(String, Role)>,
    /// Those that need more than what is usual.
    raised: Vec<(ResourceDef, Role)>,
    /// All of the studio's own.
    own: Vec<ResourceDef>,
    /// Where the embedded page lives beside its files.
    pages: Vec<String>,
    sessions: Arc<Sessions>,
    /// Long-polls that are open.
    polls: Polls,
    tries: Tries,
    refused: AtomicU64,
    /// It shows a recording: nothing of it can be changed.
    is_past: bool,
}

impl Guard {
    /// A guard of a server bound to `bind`, with the `origins` that may talk to it beside its own. `pages` are the paths
    /// under which the embedded page lives; sessions end by `clock`.
    pub(crate) fn new(
        bind: IpAddr,
        origins: Vec<Origin>,
        access: Access,
        pages: Vec<String>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut eased = routes::eased();
        eased.push((shown::LONG_POLL.to_owned(), Role::View));
        Self {
            bind,
            origins,
            access,
            eased,
            raised: routes::raised(),
            own: routes::own(),
            pages,
            sessions: Arc::new(Sessions::new(clock.clone())),
            polls: Polls::default(),
            tries: Tries::new(clock),
            refused: AtomicU64::new(0),
            is_past: false,
        }
    }

    /// Lets nobody change anything: what is shown is past.
    pub(crate) fn of_the_past(mut self) -> Self {
        self.is_past = true;
        self
    }

    /// Whether what is shown is past, so that nothing of it changes.
    pub(crate) fn is_of_the_past(&self) -> bool {
        self.is_past
    }

    /// Whether callers must show a token.
    pub fn wants_token(&self) -> bool {
        self.access.wants_token()
    }

    /// Reads the file of tokens again, where there is one, and before they count has `prepare` see to the workspaces that they name
    /// beside `main`. Waits for the disk.
    pub(crate) fn reload_tokens(&self, prepare: impl FnOnce(&BTreeSet<WorkspaceName>)) {
        if self.access.reload(prepare) {
            // Somebody may have shown a new one before it was known here.
            self.tries.forget_what_was_said();
        }
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn polls(&self) -> &Polls {
        &self.polls
    }

    pub(crate) fn sessions(&self) -> &Arc<Sessions> {
        &self.sessions
    }

    /// Requests refused since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether a path is one of the studio's own, and not of what is plugged in.
    fn is_own(&self, path: &str) -> bool {
        self.own.iter().any(|own| own.is_match(path))
    }

    /// Who asks, and what let it in, unless what it asks for is open to everybody.
    fn check(&self, request: &ServiceRequest) -> Result<Option<(Caller, Option<Pass>)>, ApiError> {
        let path = request.path();
        if HEALTH.contains(&path) && is_read(request.method()) {
            return Ok(None);
        }
        let headers = request.headers();
        let host = self.check_host(headers)?;
        self.check_target(request)?;
        let socket = is_upgrade(headers);
        if socket || !is_read(request.method()) {
            self.check_origin(headers, &host)?;
        }
        // A browser asks without the token whether it may ask with it.
        let preflight = is_preflight(request) && self.reader(headers).is_some();
        let public =
            preflight || SESSION.contains(&path) || (is_read(request.method()) && self.is_page(path));
        if public && !socket {
            return Ok(None);
        }
        let (caller, pass) =
            self.identify(headers, path, request.query_string(), peer(request.peer_addr()))?;
        let needed = self.needed(request.method(), path);
        caller.need(needed)?;
        if self.is_past && needed != Role::View {
            return Err(ApiError::conflict(
                "recording_shown",
                "this studio shows a recording: it takes no reports and no orders; those go to the studio that is running",
            ));
        }
        Ok(Some((caller, pass)))
    }

    /// The role that a request needs at least.
    fn needed(&self, method: &Method, path: &str) -> Role {
        if is_read(method) {
            return Role::View;
        }
        let eased = self.eased.iter().find(|(eased, _)| eased == path);
        if let Some((_, role)) = eased.filter(|_| *method == Method::POST) {
            return *role;
        }
        // So that a refusal names the right one at once; the route itself makes sure of it.
        let raised = self.raised.iter().find(|(pattern, _)| pattern.is_match(path));
        raised.map_or(Role::Operate, |(_, role)| *role)
    }

    /// Whether a path can only be the embedded page's: one of its files, or one of its sections and what is below.
    fn is_page(&self, path: &str) -> bool {
        let below = |page: &String| {
            path.strip_prefix(page.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        crate::ui::is_file(path) || self.pages.iter().any(below)
    }

    /// Who asks: whose token was shown, or who is signed in. A token that is shown counts before a cookie.
    pub(super) fn identify(
        &self,
        headers: &HeaderMap,
        path: &str,
        query: &str,
        peer: IpAddr,
    ) -> Result<(Caller, Option<Pass>), ApiError> {
        if !self.access.wants_token() {
            return Ok((Caller::local(), None));
        }
        let pass = match shown::token(headers, path, query) {
            Some(shown) => Pass {
                key: self.judge(&shown, Way::Program, peer)?,
                session: None,
            },
            None => session::pass(headers, &self.sessions)
                .or_else(|| self.poll_pass(path, query))
                .ok_or_else(token_required)?,
        };
        // Of a token that was revoked nothing is left, the sessions that began with it included.
        let caller = self.access.caller(&pass.key).ok_or_else(token_required)?;
        Ok((caller, Some(pass)))
    }

    /// What let a long-poll in, while it still would.
    fn poll_pass(&self, path: &str, query: &str) -> Option<Pass> {
        let pass = self.polls.pass(&shown::poll_session(path, query)?)?;
        let is_signed_in = pass.session.as_ref().is_none_or(|id| self.sessions.has(id));
        is_signed_in.then_some(pass)
    }

    /// Which token `shown` is. Too many wrong ones have their address wait.
    pub(super) fn judge(&self, shown: &str, way: Way, peer: IpAddr) -> Result<Key, ApiError> {
        let (shown, found) = (shown.trim(), Cell::new(None));
        let is_right = || {
            found.set(self.access.find(shown));
            found.get().is_some()
        };
        match (self.tries.judge(peer, way, shown, is_right), found.get()) {
            (Ok(true), Some(key)) => Ok(key),
            (Ok(_), _) => Err(ApiError::unauthorized(
                "token_wrong",
                "this is no token of this studio (STUDIO_TOKEN, where it was started, or one that `loom-studio token add` made)",
            )),
            (Err(seconds), _) => {
                let detail =
                    format!("too many wrong tokens came from your address; try again in {seconds} s");
                Err(ApiError::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_tries",
                    "too many tries",
                    detail,
                )
                .retry_after(seconds))
            }
        }
    }

    /// Whether what let a socket of a workspace in still would. A session does not count as used by that.
    pub(crate) fn still_lets_in(&self, pass: &Pass, workspace: &WorkspaceName) -> bool {
        let caller = self.access.caller(&pass.key);
        self.access.workspaces(Some(&pass.key)).contains(workspace)
            && caller.is_some_and(|caller| caller.role().includes(Role::View))
            && pass.session.as_ref().is_none_or(|id| self.sessions.has(id))
    }
}

/// The middleware before and after all handlers: one, for each costs every request some allocations. Wants `web::Data<Guard>` and
/// `web::Data<Workspaces>` in the application.
///
/// # Errors
/// What the routes behind it return; a refusal is an answer.
pub(crate) async fn guard(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let guard = request.app_data::<web::Data<Guard>>().cloned();
    let workspaces = request.app_data::<web::Data<Workspaces>>().cloned();
    let Some((guard, workspaces)) = guard.zip(workspaces) else {
        // Without its rules the guard lets nobody in.
        let problem = ApiError::unavailable("no_guard", "this server was put together without its guard");
        return Ok(request.into_response(problem.response()));
    };
    if !is_upgrade(request.headers())
        && !events::is_stream(request.path())
        && let Some(line) = request.conn_data::<Line>()
    {
        drop(line.take());
    }
    let reader = guard.reader(request.headers());
    let protocol = shown::protocol_beside_token(request.headers());
    let takes_packed = packed::is_taken(request.headers());
    let main = workspaces.main().clone();
    let replica = main.door.replica();
    asked::note(&mut request);
    let mut checked = guard.check(&request);
    if let Some(replica) = replica
        && checked
            .as_ref()
            .is_err_and(|problem| problem.code() == token_required().code())
        && session::is_unknown(request.headers(), &guard.sessions)
    {
        // Whoever signed in at another server a moment ago is known there already.
        replica.catch_up().await;
        checked = guard.check(&request);
    }
    let chosen = checked.and_then(|identified| {
        let workspace = match &identified {
            Some((_, pass)) => asked::choose(&workspaces, pass.as_ref(), &request)?,
            None => main.clone(),
        };
        Ok((identified, workspace))
    });
    let mut response = match chosen {
        Ok(_) if reader.is_some() && is_preflight(&request) => {
            request.into_response(HttpResponse::NoContent().finish())
        }
        Ok((identified, workspace)) => {
            if let Some((caller, pass)) = identified {
                if let Some(used) = pass.as_ref().and_then(|pass| pass.session.as_ref())
                    && let Some(news) = guard.sessions.use_of(used)
                {
                    main.door.mention_session(news).await;
                }
                let mut extensions = request.extensions_mut();
                extensions.insert(caller);
                pass.map(|pass| extensions.insert(pass));
            }
            request.extensions_mut().insert(workspace.clone());
            let shared = workspace.door.replica().filter(|_| is_data(&request));
            if let Some(replica) = shared
                && let Err(away) = several::wait(replica, request.headers()).await
            {
                return Ok(request.into_response(ApiError::from(away).response()));
            }
            let watched = body_deadline::watch(&mut request);
            let answer = if workspace.name.is_main() || guard.is_own(request.match_info().unprocessed()) {
                next.call(request).await?.map_into_boxed_body()
            } else {
                // What is plugged in is of `main`: elsewhere its paths are as unknown as any.
                let (request, _) = request.into_parts();
                let answer = crate::ui::serve(request.clone()).await;
                ServiceResponse::new(request, answer)
            };
            let mut response = unanswered::named(answer);
            if let Some(replica) = shared {
                several::say(replica, response.headers_mut());
            }
            let response = match watched {
                Some(watched) => watched.judge(response),
                None => response,
            };
            packed::packed(response, takes_packed)
        }
        Err(problem) => {
            guard.refused.fetch_add(1, Ordering::Relaxed);
            tracing::info!(
                code = problem.code(),
                path = request.path(),
                peer = %peer(request.peer_addr()),
                "a request was refused"
            );
            request.into_response(problem.response())
        }
    };
    if let Some(protocol) = protocol
        && response.status() == StatusCode::SWITCHING_PROTOCOLS
    {
        response
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    if let Some(origin) = reader {
        allow_reading(response.headers_mut(), origin);
    }
    Ok(response)
}

fn token_required() -> ApiError {
    ApiError::unauthorized(
        "token_required",
        "sign in (POST /api/session), or send the header `Authorization: Bearer` with a token of this studio (STUDIO_TOKEN)",
    )
}

/// Whose address counts; requests without one are of one stranger.
pub(super) fn peer(address: Option<SocketAddr>) -> IpAddr {
    address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip())
}

/// Whether what is asked for is data of the studio, and not the page, its health or a session.
fn is_data(request: &ServiceRequest) -> bool {
    let path = request.path();
    let is_data =
        path.starts_with("/api/") || path == "/ws" || path == "/metrics" || path.starts_with("/socket");
    is_data && !HEALTH.contains(&path) && !SESSION.contains(&path)
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn is_preflight(request: &ServiceRequest) -> bool {
    *request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(header::UPGRADE) || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}
