//! Phoenix channels: `/socket/websocket` for programs that speak to it with the ordinary `phoenix` client, and `/socket/longpoll` where
//! no WebSocket comes through.
//!
//! Topics: `logs:all`, `logs:<job>` (event `new_log`), `workflow:<name>` (event `job_status`). Both serializers of
//! Phoenix 1.x are spoken (`vsn=1.0.0` objects, `vsn=2.0.0` arrays); a bare join frame without `ref` works too.

mod client;
mod long_poll;
mod message;
mod outbox;
mod socket;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

pub(super) use self::long_poll::{__path_poll, __path_send, poll, send};
use self::outbox::{Ending, Outbox};
pub(super) use self::socket::{__path_open, open};
use crate::view::LogLine;

/// The sockets that are open, and what they listen to. Never waits for one of them.
#[derive(Default)]
pub(super) struct Phoenix {
    sockets: Mutex<HashMap<u64, Arc<Outbox>>>,
    next: AtomicU64,
    log_listeners: AtomicUsize,
    polls: long_poll::Sessions,
}

/// Something for every socket that joined one of its topics.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Push {
    topics: Arc<[String]>,
    event: &'static str,
    /// Each as JSON.
    payloads: Arc<[String]>,
    bytes: usize,
}

impl Push {
    /// Lines of a job's log.
    pub(super) fn logs(job: &str, lines: &[LogLine]) -> Self {
        Self::new(&["logs:all", &format!("logs:{job}")], "new_log", lines)
    }

    /// A job of a workflow changed its state; the workflow by all its names.
    pub(super) fn job_status(workflow: &[&str], payload: &impl Serialize) -> Self {
        let mut topics: Vec<String> = workflow.iter().map(|name| format!("workflow:{name}")).collect();
        // One who joined by one name hears it once, also where two names are the same.
        topics.sort();
        topics.dedup();
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        Self::new(&topics, "job_status", std::slice::from_ref(payload))
    }

    fn new(topics: &[&str], event: &'static str, payloads: &[impl Serialize]) -> Self {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        // Written once, however many sockets send it.
        let payloads: Arc<[String]> = payloads
            .iter()
            .filter_map(|payload| serde_json::to_string(payload).ok())
            .collect();
        Self {
            topics,
            event,
            bytes: payloads.iter().map(String::len).sum(),
            payloads,
        }
    }
}

impl Phoenix {
    /// Hands something to every socket that joined one of its topics. One that is too slow for what comes is ended.
    pub(super) fn push(&self, push: &Push) {
        for socket in self.sockets().values() {
            socket.offer(push);
        }
    }

    /// Whether anybody listens to logs.
    pub(super) fn wants_logs(&self) -> bool {
        self.log_listeners.load(Ordering::Relaxed) > 0
    }

    /// Ends every connection.
    pub(super) fn close(&self) {
        for socket in self.sockets().values() {
            socket.end(Ending::Away);
        }
    }

    fn add(&self, socket: Arc<Outbox>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.sockets().insert(id, socket);
        id
    }

    fn remove(&self, id: u64) {
        self.sockets().remove(&id);
    }

    fn listens_to_logs(&self, more: bool) {
        if more {
            self.log_listeners.fetch_add(1, Ordering::Relaxed);
        } else {
            self.log_listeners.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn sockets(&self) -> MutexGuard<'_, HashMap<u64, Arc<Outbox>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_job_goes_to_each_name_of_its_workflow_once() {
        let push = Push::job_status(&["ci.yml", "ci", "ci.yml"], &"x");
        assert_eq!(*push.topics, ["workflow:ci", "workflow:ci.yml"]);
    }
}
