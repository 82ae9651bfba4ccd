//! One Phoenix socket: an actix actor that is the body of its connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, AsyncContext, Handler, Message, StreamHandler};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws;
use loom_bridge::{ActorHandle, ActorRegistry, ActorSpec};
use loom_protocol::Problem;
use loom_studio::{Admission, ApiError, Sockets, bounded_frames, close_reason};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::Phoenix;
use super::message::{Frame, Serializer};
use super::outbox::{Ending, Outbox};
use crate::serve::runtime::Runtime;

/// The largest frame a client may send.
const MAX_FRAME: usize = 64 * 1024;
/// Topics a socket may join.
const MAX_TOPICS: usize = 256;
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
        phoenix: runtime.phoenix(),
        waiting: None,
        serializer,
        joined: HashMap::new(),
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
    phoenix: Arc<Phoenix>,
    /// What waits for it, and under which number it is known.
    waiting: Option<(u64, Arc<Outbox>)>,
    serializer: Serializer,
    /// Topics, each with the `join_ref` that its frames carry.
    joined: HashMap<String, Value>,
    heard: Instant,
}

/// Fact: there is something to send.
#[derive(Message)]
#[rtype(result = "()")]
struct Waiting;

type Context = ws::WebsocketContext<Socket>;

impl Socket {
    fn send(&self, frame: &Frame, ctx: &mut Context) {
        ctx.text(self.serializer.write(frame));
    }

    fn take(&mut self, frame: &Frame, ctx: &mut Context) {
        let topic = frame.topic.as_str();
        if topic != "phoenix" {
            self.handle.message_handled();
        }
        let answer = match frame.event.as_str() {
            "heartbeat" if topic == "phoenix" => Ok(()),
            "phx_join" => self.join(frame),
            "phx_leave" => {
                self.leave(topic);
                Ok(())
            }
            _ if self.joined.contains_key(topic) => Err("unknown event".to_owned()),
            _ => Err("unmatched topic".to_owned()),
        };
        let join_ref = self.joined.get(topic).unwrap_or(&frame.join_ref).clone();
        self.send(&frame.reply(&join_ref, answer), ctx);
        if frame.event == "phx_leave" {
            ctx.text(self.serializer.write_push(&join_ref, topic, "phx_close", "{}"));
        }
    }

    fn join(&mut self, frame: &Frame) -> Result<(), String> {
        match frame.topic.split_once(':') {
            // A job may come later: it is not known by name before it runs.
            Some(("logs", job)) if !job.is_empty() => {}
            Some(("workflow", name)) if self.runtime.knows_workflow(name) => {}
            Some(("workflow", name)) => {
                return Err(format!(
                    "unknown workflow `{name}`; GET /api/workflows lists those that there are"
                ));
            }
            _ => return Err("unmatched topic".to_owned()),
        }
        if self.joined.len() >= MAX_TOPICS && !self.joined.contains_key(&frame.topic) {
            return Err(format!("too many topics; a socket joins {MAX_TOPICS} at most"));
        }
        // `phoenix.js` sends its join_ref in both forms; a bare join has its `ref` at most.
        let join_ref = if frame.join_ref.is_null() {
            &frame.reference
        } else {
            &frame.join_ref
        };
        let again = self
            .joined
            .insert(frame.topic.clone(), join_ref.clone())
            .is_some();
        if let Some((_, outbox)) = &self.waiting {
            outbox.join(&frame.topic);
        }
        if !again && frame.topic.starts_with("logs:") {
            self.phoenix.listens_to_logs(true);
        }
        Ok(())
    }

    fn leave(&mut self, topic: &str) {
        if let Some((_, outbox)) = &self.waiting {
            outbox.leave(topic);
        }
        if self.joined.remove(topic).is_some() && topic.starts_with("logs:") {
            self.phoenix.listens_to_logs(false);
        }
    }

    fn send_waiting(&mut self, ctx: &mut Context) {
        let Some((_, outbox)) = &self.waiting else { return };
        // Before the look: what comes from now on is owed anew.
        self.place.pulse().paid();
        let (pushes, ending) = outbox.take();
        for push in pushes {
            for topic in push.topics.iter() {
                let Some(join_ref) = self.joined.get(topic) else {
                    continue;
                };
                for payload in push.payloads.iter() {
                    ctx.text(self.serializer.write_push(join_ref, topic, push.event, payload));
                }
            }
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
        let outbox = Arc::new(Outbox::new(move || {
            pulse.owed();
            me.try_send(Waiting).is_ok()
        }));
        self.waiting = Some((self.phoenix.add(Arc::clone(&outbox)), outbox));
        ctx.run_interval(GONE / 4, |socket, ctx| {
            socket.handle.beat();
            if socket.heard.elapsed() > GONE {
                return close(ctx, ws::CloseCode::Away, "no heartbeat and no answer to any ping");
            }
            // Clients that only listen answer a ping.
            ctx.ping(b"");
        });
    }

    fn stopped(&mut self, _: &mut Context) {
        for topic in self.joined.keys().cloned().collect::<Vec<_>>() {
            self.leave(&topic);
        }
        if let Some((id, _)) = self.waiting.take() {
            self.phoenix.remove(id);
        }
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
            Ok(ws::Message::Text(text)) => match Serializer::read(&text) {
                Some((form, frame)) => {
                    self.serializer = form;
                    self.take(&frame, ctx);
                }
                None => {
                    tracing::debug!("a Phoenix socket sent what is no frame");
                    let reason = "no Phoenix frame: send {topic, event, payload, ref} or [join_ref, ref, topic, event, payload]";
                    close(ctx, ws::CloseCode::Invalid, reason);
                }
            },
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
