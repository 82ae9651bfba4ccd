//! One Phoenix socket: an actix actor that is the body of its connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, AsyncContext, Handler, Message, StreamHandler};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws;
use loom_bridge::{ActorHandle, ActorRegistry, ActorSpec};
use loom_protocol::Problem;
use loom_studio::{Admission, ApiError, Sockets, bounded_frames, close_reason};
use serde::Deserialize;
use utoipa::IntoParams;

use super::client::{Client, NO_FRAME};
use super::message::Serializer;
use super::outbox::Ending;
use crate::serve::runtime::Runtime;

/// The largest frame a client may send.
const MAX_FRAME: usize = 64 * 1024;
/// `phoenix.js` beats every 30 s; silence twice as long means it is gone.
const GONE: Duration = Duration::from_secs(65);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::serve) struct Asked {
    /// The version of the serializer: 1.0.0 (the default) or 2.0.0.
    vsn: Option<String>,
    /// The server's token, as the client's `params` show it. Its `authToken` says the same and is in nobody's log.
    #[expect(dead_code, reason = "the studio's guard has looked at it")]
    token: Option<String>,
}

/// Opens a Phoenix socket. Topics: `logs:all`, `logs:<job>` (event `new_log`), `workflow:<name>` (event `job_status`).
#[utoipa::path(
    get, path = "/socket/websocket", operation_id = "phoenix_socket", tag = "runs", params(Asked),
    responses(
        (status = 101, description = "the socket is open"),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "too many sockets are open", body = Problem,
         content_type = "application/problem+json"),
    ),
)]
pub(in crate::serve) async fn open(
    runtime: web::Data<Runtime>,
    sockets: Sockets,
    asked: web::Query<Asked>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let Some(serializer) = Serializer::of_version(asked.vsn.as_deref()) else {
        let detail = "the protocol version `vsn` is unknown; 1.0.0 and 2.0.0 are spoken";
        return Err(ApiError::bad_request("unknown_vsn", detail).into());
    };
    let place = sockets.admit(&request)?;
    // Not on the observed context: the actor's context is the socket. So it is registered by hand.
    let handle = ActorRegistry::process_wide()
        .register(ActorSpec::new("PhoenixSocket").system())
        .leaving_no_trace();
    let socket = Socket {
        handle,
        place,
        runtime: runtime.get_ref().clone(),
        serializer,
        client: None,
        heard: Instant::now(),
    };
    ws::WsResponseBuilder::new(socket, &request, bounded_frames(body, MAX_FRAME))
        .frame_size(MAX_FRAME)
        .start()
}

struct Socket {
    /// Its place in the registry; dropped with the actor.
    handle: ActorHandle,
    place: Admission,
    runtime: Runtime,
    serializer: Serializer,
    client: Option<Client>,
    heard: Instant,
}

/// Fact: there is something to send.
#[derive(Message)]
#[rtype(result = "()")]
struct Waiting;

type Context = ws::WebsocketContext<Socket>;

impl Socket {
    fn send_waiting(&mut self, ctx: &mut Context) {
        if self.place.pulse().is_cut() {
            return close(
                ctx,
                ws::CloseCode::Policy,
                "what let this socket in is worth nothing any more",
            );
        }
        let Some(client) = &self.client else { return };
        // Before the look: what comes from now on is owed anew.
        self.place.pulse().paid();
        let (texts, ending) = client.take();
        for text in texts {
            ctx.text(text);
        }
        match ending {
            None => {}
            Some(Ending::Away) => close(ctx, ws::CloseCode::Away, "the server goes away"),
            Some(Ending::TooSlow) => close(
                ctx,
                ws::CloseCode::Again,
                "too slow: pushes were dropped; connect again and fetch what you missed",
            ),
        }
    }
}

fn close(ctx: &mut Context, code: ws::CloseCode, reason: &str) {
    ctx.close(Some((code, reason).into()));
    ctx.stop();
}

impl Actor for Socket {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        let (me, pulse) = (ctx.address(), Arc::clone(self.place.pulse()));
        let wake = move || {
            pulse.owed();
            me.try_send(Waiting).is_ok()
        };
        self.place.pulse().when_cut(wake.clone());
        self.client = Some(Client::new(&self.runtime, self.serializer, wake));
        ctx.run_interval(GONE / 4, |socket, ctx| {
            socket.handle.beat();
            // Its mailbox may have been full when that was said.
            if socket.place.pulse().is_cut() {
                return socket.send_waiting(ctx);
            }
            if socket.heard.elapsed() > GONE {
                return close(ctx, ws::CloseCode::Away, "no heartbeat and no answer to any ping");
            }
            // Clients that only listen answer a ping.
            ctx.ping(b"");
        });
    }
}

impl Handler<Waiting> for Socket {
    type Result = ();

    fn handle(&mut self, _: Waiting, ctx: &mut Context) {
        // A delivery is no message of the socket's: all viewers would be told of each.
        self.send_waiting(ctx);
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Socket {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Context) {
        self.heard = Instant::now();
        self.place.pulse().heard();
        match message {
            Ok(ws::Message::Text(text)) => {
                let Some(client) = &mut self.client else { return };
                match client.hear(&text) {
                    Some(heard) => {
                        if heard.is_message {
                            self.handle.message_handled();
                        }
                        for answer in heard.answers {
                            ctx.text(answer);
                        }
                    }
                    None => {
                        tracing::debug!("a Phoenix socket sent what is no frame");
                        close(ctx, ws::CloseCode::Invalid, NO_FRAME);
                    }
                }
            }
            Ok(ws::Message::Ping(payload)) => ctx.pong(&payload),
            Ok(ws::Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Err(error) => {
                tracing::debug!(%error, "a Phoenix socket broke the protocol");
                ctx.close(Some(close_reason(&error, MAX_FRAME)));
                ctx.stop();
            }
            Ok(ws::Message::Binary(_) | ws::Message::Continuation(_)) => {
                let reason = "only whole text frames are spoken here";
                close(ctx, ws::CloseCode::Unsupported, reason);
            }
            Ok(ws::Message::Pong(_) | ws::Message::Nop) => {}
        }
    }
}
