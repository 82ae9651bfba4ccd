//! Phoenix channels: `/socket/websocket` for programs that speak to it with the ordinary `phoenix` client.
//!
//! Topics: `logs:all`, `logs:<job>` (event `new_log`), `workflow:<name>` (event `job_status`). Both serializers of
//! Phoenix 1.x are spoken (`vsn=1.0.0` objects, `vsn=2.0.0` arrays); a bare join frame without `ref` works too.

mod message;
mod socket;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actix::{Message, Recipient};
use actix_web::web::ServiceConfig;
use serde_json::Value;

use crate::view::LogLine;

/// Registers the route.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(socket::open);
}

/// The sockets that are open, and what they listen to. Never waits for one of them.
#[derive(Default)]
pub(super) struct Phoenix {
    sockets: Mutex<HashMap<u64, Recipient<Push>>>,
    next: AtomicU64,
    log_listeners: AtomicUsize,
}

/// Something for every socket that joined one of its topics.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Push {
    topics: Arc<[String]>,
    event: &'static str,
    payloads: Arc<[Value]>,
    /// The server goes away: nothing follows.
    closing: bool,
}

impl Push {
    /// Lines of a job's log.
    pub(super) fn logs(job: &str, lines: Vec<LogLine>) -> Self {
        let payloads = lines
            .iter()
            .filter_map(|line| serde_json::to_value(line).ok())
            .collect();
        Self::new(&["logs:all", &format!("logs:{job}")], "new_log", payloads)
    }

    /// A job of a workflow changed its state; the workflow by all its names.
    pub(super) fn job_status(workflow: &[&str], payload: Value) -> Self {
        let mut topics: Vec<String> = workflow.iter().map(|name| format!("workflow:{name}")).collect();
        topics.dedup();
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        Self::new(&topics, "job_status", vec![payload])
    }

    fn new(topics: &[&str], event: &'static str, payloads: Vec<Value>) -> Self {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        Self {
            topics,
            event,
            payloads: payloads.into(),
            closing: false,
        }
    }
}

impl Phoenix {
    /// Hands something to every socket. One whose mailbox is full misses it: it reads too slowly for live lines, and
    /// learns from the lines' numbers what it missed.
    pub(super) fn push(&self, push: &Push) {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        for socket in sockets.values() {
            if socket.try_send(push.clone()).is_err() {
                tracing::debug!(event = push.event, "a socket is too slow and misses something");
            }
        }
    }

    /// Whether anybody listens to logs.
    pub(super) fn wants_logs(&self) -> bool {
        self.log_listeners.load(Ordering::Relaxed) > 0
    }

    /// Ends every connection.
    pub(super) fn close(&self) {
        self.push(&Push {
            closing: true,
            ..Push::new(&[], "phx_close", Vec::new())
        });
    }

    fn add(&self, socket: Recipient<Push>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.sockets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, socket);
        id
    }

    fn remove(&self, id: u64) {
        self.sockets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    fn listens_to_logs(&self, more: bool) {
        if more {
            self.log_listeners.fetch_add(1, Ordering::Relaxed);
        } else {
            self.log_listeners.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
