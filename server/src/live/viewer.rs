//! The transport of one viewer: an actix actor that is the response body of its socket.
//!
//! Guard rails, each measured to matter: the hub only ever `try_send`s (a socket that does not drain freezes this
//! actor, mailbox and timers included), what waits is bounded by the outbox, frames from the client are at most 64 KiB, and a
//! peer that is gone without a word is ended by the kernel (`TCP_USER_TIMEOUT`, set where connections are accepted) or by the
//! watch in `sockets`.
//! Another transport would bring its own `wake` and call [`Subscription::take`]; nothing else knows this one.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, Handler, Message, StreamHandler};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws;
use loom_bridge::{ActorHandle, ActorSpec};
use loom_protocol::topic;
use tokio::time::Instant;

use super::frames::{bounded_frames, close_reason};
use super::hub::{Cursor, Hub, Subscription};
use super::outbox::Wanted;
use super::sockets::Admission;
use super::watch::hear;
use crate::windows::{ViewerWindows, Windows};
use crate::{Intake, Workspace};

/// The largest frame a viewer may send.
const MAX_FRAME: usize = 64 * 1024;
/// How often a viewer is asked whether it is there.
const PING: Duration = Duration::from_secs(15);
/// Silence after which it is taken as gone.
const GONE: Duration = Duration::from_secs(40);

/// Answers the upgrade and starts the viewer.
///
/// # Errors
/// When the request is no WebSocket handshake.
pub(crate) fn open_viewer(
    workspace: &Workspace,
    place: Admission,
    wanted: Wanted,
    cursor: Option<Cursor>,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<HttpResponse, actix_web::Error> {
    // Not on the observed context: the actor's context is the socket. So it is registered by hand.
    let handle = workspace
        .registry
        .register(ActorSpec::new("StudioViewer").system())
        .leaving_no_trace();
    if let Some(peer) = request.peer_addr() {
        handle.set_metadata("peer", peer.to_string());
    }
    let viewer = Viewer {
        handle,
        place,
        hub: workspace.hub.clone(),
        intake: workspace.intake.clone(),
        windows: workspace.windows.clone(),
        own_windows: None,
        wanted,
        cursor,
        subscription: None,
        heard: Instant::now(),
    };
    ws::WsResponseBuilder::new(viewer, request, bounded_frames(body, MAX_FRAME))
        .frame_size(MAX_FRAME)
        .start()
}

struct Viewer {
    /// Its place in the registry; dropped with the actor.
    handle: ActorHandle,
    place: Admission,
    hub: Hub,
    intake: Arc<Intake>,
    windows: Windows,
    /// Its windows, once it is there.
    own_windows: Option<ViewerWindows>,
    wanted: Wanted,
    cursor: Option<Cursor>,
    subscription: Option<Subscription>,
    heard: Instant,
}

/// Fact: there is something to send.
#[derive(Message)]
#[rtype(result = "()")]
struct Waiting;

impl Viewer {
    fn send_waiting(&mut self, ctx: &mut ws::WebsocketContext<Self>) {
        if self.place.pulse().is_cut() {
            ctx.close(Some(ws::CloseCode::Policy.into()));
            return ctx.stop();
        }
        if let Some(subscription) = &mut self.subscription {
            // Before the look: what comes from now on is owed anew.
            self.place.pulse().paid();
            for text in subscription.take() {
                ctx.text(text);
            }
            for data in self.own_windows.iter().flat_map(ViewerWindows::take) {
                ctx.text(subscription.aside(topic::WINDOW, &data));
            }
            if subscription.is_over() {
                ctx.close(Some(ws::CloseCode::Away.into()));
                ctx.stop();
            }
        }
    }
}

impl Viewer {
    /// What it looks at, and which stretches of lists it wants.
    fn hear(&self, text: &str) {
        if let Some(subscription) = &self.subscription {
            hear(text, subscription, &self.intake);
        }
        if let Some(windows) = &self.own_windows {
            windows.ask(text);
        }
    }
}

impl Actor for Viewer {
    type Context = ws::WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let viewer = ctx.address();
        let pulse = self.place.pulse().clone();
        let wake = move || {
            pulse.owed();
            viewer.try_send(Waiting).is_ok()
        };
        self.place.pulse().when_cut(wake.clone());
        self.own_windows = Some(self.windows.open_for(wake.clone()));
        self.subscription = Some(self.hub.subscribe_to(self.wanted, self.cursor.as_ref(), wake));
        self.send_waiting(ctx);
        ctx.run_interval(PING, |viewer, ctx| {
            viewer.handle.beat();
            // Its mailbox may have been full when that was said.
            if viewer.place.pulse().is_cut() {
                return viewer.send_waiting(ctx);
            }
            if viewer.heard.elapsed() > GONE {
                let reason = (ws::CloseCode::Away, "no answer to any ping").into();
                ctx.close(Some(reason));
                ctx.stop();
            } else {
                ctx.ping(b"");
            }
        });
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        if let Some(subscription) = &self.subscription {
            self.intake.lookers().leave(subscription.viewer());
        }
    }
}

impl Handler<Waiting> for Viewer {
    type Result = ();

    fn handle(&mut self, _: Waiting, ctx: &mut Self::Context) {
        // A delivery is no message of the viewer's: it would change its record, which all viewers are told of, which is a
        // delivery for each of them.
        self.send_waiting(ctx);
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Viewer {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Self::Context) {
        self.heard = Instant::now();
        self.place.pulse().heard();
        match message {
            Ok(ws::Message::Ping(payload)) => ctx.pong(&payload),
            Ok(ws::Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Err(error) => {
                tracing::debug!(%error, "a viewer broke the protocol");
                ctx.close(Some(close_reason(&error, MAX_FRAME)));
                ctx.stop();
            }
            // The answer to a ping says that it listens.
            Ok(ws::Message::Pong(_) | ws::Message::Nop) => {}
            Ok(message) => {
                self.handle.message_handled();
                if let ws::Message::Text(text) = message {
                    self.hear(&text);
                }
            }
        }
    }
}
