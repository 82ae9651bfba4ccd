//! `GET /ws`: the live socket.

use actix_web::{HttpRequest, HttpResponse, web};
use loom_protocol::{Epoch, Problem};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;
use crate::live::{Cursor, Wanted, open_viewer};
use crate::workspaces::Here;

/// Where a connection that broke had come to.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Resume {
    /// The `epoch` of the last frame seen.
    epoch: Option<String>,
    /// The `seq` of the last frame seen.
    seq: Option<u64>,
    /// `actors` leaves out `actor:update` and `actor:removed`, for those who look at actors through windows; the places of
    /// frames have holes then.
    #[param(inline)]
    without: Option<Without>,
    /// This server's token, from browsers of other origins, which can give a socket no header. An offered protocol
    /// `base64url.bearer.phx.<token in base64url>` says the same and is in nobody's log.
    #[expect(dead_code, reason = "the guard has looked at it")]
    token: Option<String>,
}

/// Frames that a connection does without.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Without {
    Actors,
}

/// Opens a WebSocket that tells what happens. Each message is one JSON object `{"type","epoch","seq","data"}`.
#[utoipa::path(
    get, path = "/ws", tag = "studio", params(Resume),
    responses(
        (status = 101, description = "the socket is open; its first frame is `hello`"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "too many sockets are open", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn open(
    request: HttpRequest,
    body: web::Payload,
    resume: web::Query<Resume>,
    workspace: Here,
) -> Result<HttpResponse, actix_web::Error> {
    let wanted = match resume.without {
        Some(Without::Actors) => Wanted::NoActors,
        None => Wanted::All,
    };
    let cursor = match resume.into_inner() {
        Resume {
            epoch: Some(epoch),
            seq: Some(seq),
            ..
        } => Some(Cursor {
            epoch: Epoch(epoch),
            seq,
        }),
        Resume {
            epoch: None,
            seq: None,
            ..
        } => None,
        Resume { .. } => {
            let detail = "to resume, give both `epoch` and `seq` of the last frame seen";
            return Err(ApiError::bad_request("invalid_query", detail).into());
        }
    };
    let place = workspace.sockets.admit(&request)?;
    open_viewer(&workspace, place, wanted, cursor, &request, body).map_err(|error| {
        tracing::debug!(%error, "no WebSocket handshake");
        let detail = format!("this is a WebSocket: {error}; connect with a WebSocket client");
        ApiError::bad_request("no_websocket", detail).into()
    })
}
