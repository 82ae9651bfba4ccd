//! `/api/session`: signing in from a browser. The token is shown once, in a body; what comes back is a cookie that scripts
//! can't read and that no other site's request carries.

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};
use loom_protocol::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked;
use super::error::ApiResult;
use super::guard::{Guard, origin_text, peer};
use super::origin::{Authority, Origin};
use crate::access::{Caller, Pass, Role};
use crate::sessions::{LIFE_MILLIS, Sessions};
use crate::tries::Way;
use crate::workspaces::{WorkspaceName, Workspaces};

/// Whether one must sign in here, and whether the caller has.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionState {
    /// Whether this server wants its token shown.
    required: bool,
    /// Whether this caller may go on: it showed a token, or none is required.
    signed_in: bool,
    /// Who this caller is: the name of its token; `token` for `STUDIO_TOKEN`, `local` where none is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What this caller may do: `view`, `operate` and `admin` each include the one before, `report` is to report alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    /// The workspace that this request is about: the one that it names (`Loom-Workspace`), or the first of `workspaces`. Absent where
    /// there is none of that name for this caller, and where `workspaces` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    workspace: Option<WorkspaceName>,
    /// The workspaces that this caller may see. Absent where that is `main` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    workspaces: Option<Vec<WorkspaceName>>,
}

/// What to sign in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    /// A token of this server: `STUDIO_TOKEN`, or one of its file.
    token: String,
}

/// Whether one must sign in, whether the caller has, and as whom. Answers everybody.
#[utoipa::path(
    get, path = "/api/session", operation_id = "session_state", tag = "session",
    responses((status = 200, body = SessionState)), security(()),
)]
pub(super) async fn state(
    request: HttpRequest,
    guard: web::Data<Guard>,
    workspaces: web::Data<Workspaces>,
) -> web::Json<SessionState> {
    if let Some(replica) = workspaces.main().door.replica()
        && is_unknown(request.headers(), guard.sessions())
    {
        replica.catch_up().await;
    }
    let caller = guard.identify(request.headers(), "", peer(request.peer_addr()));
    let (caller, pass) = caller.ok().unzip();
    let pass = pass.flatten();
    let seen = guard.access().workspaces(pass.as_ref().map(|pass| &pass.key));
    let seen = (!seen.iter().all(WorkspaceName::is_main)).then_some(seen);
    let chosen = asked::choose(&workspaces, pass.as_ref(), &request).ok();
    web::Json(SessionState {
        required: guard.wants_token(),
        signed_in: caller.is_some(),
        name: caller.as_ref().map(|caller| caller.name().to_owned()),
        role: caller.as_ref().map(Caller::role),
        workspace: chosen
            .filter(|_| seen.is_some())
            .map(|workspace| workspace.name.clone()),
        workspaces: seen,
    })
}

/// Signs a browser in: the answer's cookie stands for the token from now on, for seven days at most and as long as it is
/// used every twelve hours. Five wrong tries in a row make their address wait.
#[utoipa::path(
    post, path = "/api/session", operation_id = "sign_in", tag = "session", request_body = SignIn, security(()),
    responses(
        (status = 204, description = "signed in, or this server wants no token", headers(
            ("Set-Cookie" = Option<String>, description = "the session; HttpOnly, SameSite=Strict"),
        )),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "the token is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "asked by a foreign page, or the token is for reporting alone", body = Problem,
         content_type = "application/problem+json"),
        (status = 429, description = "too many wrong tries", body = Problem, content_type = "application/problem+json",
         headers(("Retry-After" = u64, description = "seconds until the next try is looked at"))),
        (status = 503, description = "the other servers can't be told now", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(super) async fn sign_in(
    request: HttpRequest,
    shown: web::Json<SignIn>,
    guard: web::Data<Guard>,
    workspaces: web::Data<Workspaces>,
) -> ApiResult<HttpResponse> {
    if !guard.wants_token() {
        return Ok(HttpResponse::NoContent().finish());
    }
    let key = guard.judge(&shown.token, Way::SignIn, peer(request.peer_addr()))?;
    if let Some(caller) = guard.access().caller(&key) {
        // The page would show nothing but refusals.
        caller.need(Role::View)?;
    }
    let (headers, door) = (request.headers(), &workspaces.main().door);
    // One who signs in again has no use for the session before.
    if let Some(before) = id(headers) {
        door.session(guard.sessions(), Sessions::end_of(before)).await?;
    }
    let (id, begins) = Sessions::new_one(key);
    door.session(guard.sessions(), begins).await?;
    let cookie = cookie(headers, &id, LIFE_MILLIS / 1000);
    Ok(HttpResponse::NoContent()
        .insert_header((header::SET_COOKIE, cookie))
        .finish())
}

/// Signs a browser out: its cookie is worth nothing any more, and its sockets are cut. Also when it was not signed in.
#[utoipa::path(
    delete, path = "/api/session", operation_id = "sign_out", tag = "session", security(()),
    responses(
        (status = 204, description = "signed out"),
        (status = 403, description = "asked by a foreign page", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "signed out here, and the other servers can't be told now", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(super) async fn sign_out(
    request: HttpRequest,
    guard: web::Data<Guard>,
    workspaces: web::Data<Workspaces>,
) -> ApiResult<HttpResponse> {
    let (headers, door) = (request.headers(), &workspaces.main().door);
    if let Some(id) = id(headers) {
        // Here in any case; it is over only once all servers know.
        guard.sessions().take(Sessions::end_of(id));
        for workspace in workspaces.all() {
            workspace.sockets.cut_session(id);
        }
        door.session(guard.sessions(), Sessions::end_of(id)).await?;
    }
    Ok(HttpResponse::NoContent()
        .insert_header((header::SET_COOKIE, cookie(headers, "", 0)))
        .finish())
}

/// Whether a cookie names a session that nobody here knows.
pub(super) fn is_unknown(headers: &HeaderMap, sessions: &Sessions) -> bool {
    id(headers).is_some_and(|id| !sessions.has(id))
}

/// What the cookie of an open session lets do.
pub(super) fn pass(headers: &HeaderMap, sessions: &Sessions) -> Option<Pass> {
    let id = id(headers)?;
    Some(Pass {
        key: sessions.key(id)?,
        session: Some(id.to_owned()),
    })
}

/// The session that the request's cookie names.
fn id(headers: &HeaderMap) -> Option<&str> {
    let name = cookie_name(headers);
    headers
        .get_all(header::COOKIE)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, id)| *key == name && !id.is_empty())
        .map(|(_, id)| id)
}

/// A browser has one jar for all ports of a host, so the port is in the name: two studios of one machine must not sign each
/// other's users out.
fn cookie_name(headers: &HeaderMap) -> String {
    let port = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .and_then(Authority::parse)
        .and_then(|host| host.port);
    match port {
        Some(port) => format!("loom_session_{port}"),
        None => "loom_session".to_owned(),
    }
}

fn cookie(headers: &HeaderMap, id: &str, seconds: u64) -> String {
    let name = cookie_name(headers);
    let secure = if is_over_tls(headers) { "; Secure" } else { "" };
    format!("{name}={id}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// Whether the browser came by TLS. It says so itself in `Origin`, which it sends with every post, and which tells the truth
/// also when something in front of this server speaks TLS for it.
fn is_over_tls(headers: &HeaderMap) -> bool {
    origin_text(headers)
        .and_then(|text| text.parse::<Origin>().ok())
        .is_some_and(|origin| origin.is_secure())
}
