//! `GET /api/v1/events`: what happens, as server-sent events, for `curl`, for programs without a WebSocket and for what lets none
//! through. The same frames as over `/ws`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::{Stream, stream};
use loom_protocol::{Epoch, Problem};
use serde::Deserialize;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::error::{ApiError, ApiResult};
use crate::live::{Admission, Cursor, Subscription};
use crate::workspaces::Here;

/// Where the stream is; the guard leaves it the hold on its connection.
pub(super) const PATH: &str = "/api/v1/events";
/// A comment that often says that the connection lives, to whatever stands between.
const BEAT: Duration = Duration::from_secs(15);
/// Milliseconds after which a browser connects again.
const RETRY: &str = "retry: 2000\n\n";

/// What happens, for as long as the connection lasts: each event is one frame `{"type","epoch","seq","data"}` with its `type` as
/// the event's name and `epoch:seq` as its id. Who sends the last id back in `Last-Event-ID` gets what was missed, or `resync`.
#[utoipa::path(
    get, path = "/api/v1/events", operation_id = "v1_events", tag = "v1",
    params(("Last-Event-ID" = Option<String>, Header, description = "the id of the last event seen, `epoch:seq`")),
    responses(
        (status = 200, description = "the stream; its first event is `hello`", body = String, content_type = "text/event-stream"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "too many sockets are open", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn open(request: HttpRequest, workspace: Here) -> ApiResult<HttpResponse> {
    let cursor = last_event(&request)?;
    let place = workspace.sockets.admit(&request)?;
    let arrived = Arc::new(Notify::new());
    let wake = {
        let (arrived, pulse) = (arrived.clone(), place.pulse().clone());
        move || {
            pulse.owed();
            arrived.notify_one();
            true
        }
    };
    place.pulse().when_cut(wake.clone());
    let events = Events {
        subscription: workspace.hub.subscribe(cursor.as_ref(), wake),
        arrived,
        place,
        head: Some(RETRY),
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // A proxy that collects answers would hold events back (nginx does, unless it is told).
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(pieces(events)))
}

/// Where the caller had come to.
fn last_event(request: &HttpRequest) -> ApiResult<Option<Cursor>> {
    let Some(id) = request.headers().get("Last-Event-ID") else {
        return Ok(None);
    };
    let id = id.to_str().unwrap_or_default();
    if id.is_empty() {
        return Ok(None);
    }
    let cursor = id.rsplit_once(':').and_then(|(epoch, seq)| {
        let seq = seq.parse().ok()?;
        let epoch = Epoch(epoch.to_owned());
        Some(Cursor { epoch, seq })
    });
    match cursor {
        Some(cursor) => Ok(Some(cursor)),
        None => Err(ApiError::bad_request(
            "invalid_event_id",
            format!("`Last-Event-ID` is `{id}`; it must be the id of an event, `epoch:seq`, or absent"),
        )),
    }
}

/// An open stream.
struct Events {
    subscription: Subscription,
    arrived: Arc<Notify>,
    /// Its place among the sockets; given free with the stream.
    place: Admission,
    /// What is sent before all.
    head: Option<&'static str>,
}

/// What of a frame stands outside of it, too.
#[derive(Deserialize)]
struct Outside<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    epoch: std::borrow::Cow<'a, str>,
    seq: u64,
}

fn pieces(events: Events) -> impl Stream<Item = Result<Bytes, Infallible>> {
    Box::pin(stream::unfold(events, |mut events| async move {
        let piece = events.next().await?;
        Some((Ok(Bytes::from(piece)), events))
    }))
}

impl Events {
    /// The next events; whoever asks has taken those before.
    async fn next(&mut self) -> Option<String> {
        let pulse = self.place.pulse().clone();
        loop {
            if pulse.is_cut() {
                return None;
            }
            pulse.heard();
            // Before the look: what comes from now on is owed anew.
            pulse.paid();
            let mut piece = self.head.take().unwrap_or_default().to_owned();
            for frame in self.subscription.take() {
                event(&mut piece, &frame);
            }
            if !piece.is_empty() {
                return Some(piece);
            }
            if self.subscription.is_over() {
                return None;
            }
            if timeout(BEAT, self.arrived.notified()).await.is_err() {
                return Some(": here\n\n".to_owned());
            }
        }
    }
}

/// A frame is JSON in one line, so it needs no further care.
fn event(piece: &mut String, frame: &str) {
    if let Ok(outside) = serde_json::from_str::<Outside<'_>>(frame) {
        let kind = outside.kind.replace(['\r', '\n'], " ");
        piece.push_str(&format!("id: {}:{}\nevent: {kind}\n", outside.epoch, outside.seq));
    }
    piece.push_str(&format!("data: {frame}\n\n"));
}

/// Whether a request opens such a stream.
pub(super) fn is_stream(path: &str) -> bool {
    path == PATH
}
