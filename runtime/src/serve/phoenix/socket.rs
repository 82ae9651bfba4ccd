//! One Phoenix socket: an actix actor that is the body of its connection.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{Actor, ActorContext, AsyncContext, Handler, StreamHandler};
use actix_web::{HttpRequest, HttpResponse, get, web};
use actix_web_actors::ws;
use loom_bridge::{ActorHandle, ActorRegistry, ActorSpec};
use loom_studio::ApiError;
use serde::Deserialize;
use serde_json::Value;

use super::message::{Frame, Serializer};
use super::{Phoenix, Push};
use crate::serve::runtime::Runtime;

/// The largest frame a client may send.
const MAX_FRAME: usize = 64 * 1024;
/// Pushes that may wait for a socket: several hundred jobs that change at once, each with its lines.
const MAILBOX: usize = 4096;
/// Topics a socket may join.
const MAX_TOPICS: usize = 256;
/// `phoenix.js` beats every 30 s; silence twice as long means it is gone.
const GONE: Duration = Duration::from_secs(65);

#[derive(Deserialize)]
struct Asked {
    vsn: Option<String>,
}

#[get("/socket/websocket")]
pub(super) async fn open(
    runtime: web::Data<Runtime>,
    asked: web::Query<Asked>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let Some(serializer) = Serializer::of_version(asked.vsn.as_deref()) else {
        let detail = "the protocol version `vsn` is unknown; 1.0.0 and 2.0.0 are spoken";
        return Err(ApiError::bad_request("unknown_vsn", detail).into());
    };
    // Not on the observed context: the actor's context is the socket. So it is registered by hand.
    let handle = ActorRegistry::process_wide().register(ActorSpec::new("PhoenixSocket"));
    let socket = Socket {
        handle,
        phoenix: runtime.phoenix(),
        id: None,
        serializer,
        joined: HashMap::new(),
        heard: Instant::now(),
    };
    ws::WsResponseBuilder::new(socket, &request, body)
        .frame_size(MAX_FRAME)
        .start()
}

struct Socket {
    /// Its place in the registry; dropped with the actor.
    handle: ActorHandle,
    phoenix: Arc<Phoenix>,
    id: Option<u64>,
    serializer: Serializer,
    /// Topics, each with the `join_ref` that its frames carry.
    joined: HashMap<String, Value>,
    heard: Instant,
}

type Context = ws::WebsocketContext<Socket>;

impl Socket {
    fn send(&self, frame: &Frame, ctx: &mut Context) {
        ctx.text(self.serializer.write(frame));
    }

    fn take(&mut self, frame: &Frame, ctx: &mut Context) {
        let topic = frame.topic.as_str();
        let answer = match frame.event.as_str() {
            "heartbeat" if topic == "phoenix" => Ok(()),
            "phx_join" => self.join(frame),
            "phx_leave" => {
                self.leave(topic);
                Ok(())
            }
            _ if self.joined.contains_key(topic) => Err("unknown event"),
            _ => Err("unmatched topic"),
        };
        let join_ref = self.joined.get(topic).unwrap_or(&frame.join_ref).clone();
        self.send(&frame.reply(&join_ref, answer), ctx);
        if frame.event == "phx_leave" {
            self.send(
                &Frame::push(
                    &join_ref,
                    topic,
                    "phx_close",
                    Value::Object(serde_json::Map::new()),
                ),
                ctx,
            );
        }
    }

    fn join(&mut self, frame: &Frame) -> Result<(), &'static str> {
        let known = frame
            .topic
            .split_once(':')
            .is_some_and(|(kind, name)| matches!(kind, "logs" | "workflow") && !name.is_empty());
        if !known {
            return Err("unmatched topic");
        }
        if self.joined.len() >= MAX_TOPICS {
            return Err("too many topics");
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
        if !again && frame.topic.starts_with("logs:") {
            self.phoenix.listens_to_logs(true);
        }
        Ok(())
    }

    fn leave(&mut self, topic: &str) {
        if self.joined.remove(topic).is_some() && topic.starts_with("logs:") {
            self.phoenix.listens_to_logs(false);
        }
    }
}

impl Actor for Socket {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.id = Some(self.phoenix.add(ctx.address().recipient()));
        ctx.run_interval(GONE / 4, |socket, ctx| {
            socket.handle.beat();
            if socket.heard.elapsed() > GONE {
                ctx.stop();
            }
            // Clients that only listen answer a ping.
            ctx.ping(b"");
        });
    }

    fn stopped(&mut self, _: &mut Context) {
        for topic in self.joined.keys().cloned().collect::<Vec<_>>() {
            self.leave(&topic);
        }
        if let Some(id) = self.id.take() {
            self.phoenix.remove(id);
        }
    }
}

impl Handler<Push> for Socket {
    type Result = ();

    fn handle(&mut self, push: Push, ctx: &mut Context) {
        self.handle.message_handled();
        if push.closing {
            ctx.close(Some(ws::CloseCode::Away.into()));
            return ctx.stop();
        }
        for topic in push.topics.iter() {
            let Some(join_ref) = self.joined.get(topic) else {
                continue;
            };
            for payload in push.payloads.iter() {
                self.send(&Frame::push(join_ref, topic, push.event, payload.clone()), ctx);
            }
        }
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Socket {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Context) {
        self.heard = Instant::now();
        self.handle.message_handled();
        match message {
            Ok(ws::Message::Text(text)) => match Serializer::read(&text) {
                Some((form, frame)) => {
                    self.serializer = form;
                    self.take(&frame, ctx);
                }
                None => {
                    tracing::debug!("a Phoenix socket sent what is no frame");
                    ctx.close(Some(ws::CloseCode::Unsupported.into()));
                    ctx.stop();
                }
            },
            Ok(ws::Message::Ping(payload)) => ctx.pong(&payload),
            Ok(ws::Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Err(error) => {
                tracing::debug!(%error, "a Phoenix socket broke the protocol");
                ctx.stop();
            }
            Ok(_) => {}
        }
    }
}
