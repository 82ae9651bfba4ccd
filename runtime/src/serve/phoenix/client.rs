//! What a client of channels does and hears, whatever carries it: topics it joined, frames that it sends, pushes that wait for it.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::Phoenix;
use super::message::{Frame, Serializer};
use super::outbox::{Ending, Outbox};
use crate::serve::runtime::Runtime;

/// Topics a client may join.
const MAX_TOPICS: usize = 256;
/// Why a text is no frame.
pub(super) const NO_FRAME: &str =
    "no Phoenix frame: send {topic, event, payload, ref} or [join_ref, ref, topic, event, payload]";

/// One client. Its topics are left when it is dropped.
pub(super) struct Client {
    runtime: Runtime,
    phoenix: Arc<Phoenix>,
    /// Under which number it is known.
    id: u64,
    outbox: Arc<Outbox>,
    serializer: Serializer,
    /// Topics, each with the `join_ref` that its frames carry.
    joined: HashMap<String, Value>,
}

/// What a frame is answered with.
pub(super) struct Heard {
    pub(super) answers: Vec<String>,
    /// Whether it is a message, and no mere sign of life.
    pub(super) is_message: bool,
}

impl Client {
    /// A client that is woken by `wake` when something waits for it; that says `false` when nobody is there any more.
    pub(super) fn new(
        runtime: &Runtime,
        serializer: Serializer,
        wake: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let phoenix = runtime.phoenix();
        let outbox = Arc::new(Outbox::new(wake));
        Self {
            runtime: runtime.clone(),
            id: phoenix.add(Arc::clone(&outbox)),
            phoenix,
            outbox,
            serializer,
            joined: HashMap::new(),
        }
    }

    /// Does what a frame says; nothing when the text is none.
    pub(super) fn hear(&mut self, text: &str) -> Option<Heard> {
        let (form, frame) = Serializer::read(text)?;
        self.serializer = form;
        let topic = frame.topic.as_str();
        let answer = match frame.event.as_str() {
            "heartbeat" if topic == "phoenix" => Ok(()),
            "phx_join" => self.join(&frame),
            "phx_leave" => {
                self.leave(topic);
                Ok(())
            }
            _ if self.joined.contains_key(topic) => Err("unknown event".to_owned()),
            _ => Err("unmatched topic".to_owned()),
        };
        let join_ref = self.joined.get(topic).unwrap_or(&frame.join_ref).clone();
        let mut answers = vec![self.serializer.write(&frame.reply(&join_ref, answer))];
        if frame.event == "phx_leave" {
            answers.push(self.serializer.write_push(&join_ref, topic, "phx_close", "{}"));
        }
        Some(Heard {
            answers,
            is_message: topic != "phoenix",
        })
    }

    /// What waits for it, as texts, and why it is to be sent away after that.
    pub(super) fn take(&self) -> (Vec<String>, Option<Ending>) {
        let (pushes, ending) = self.outbox.take();
        let mut texts = Vec::new();
        for push in pushes {
            for topic in push.topics.iter() {
                let Some(join_ref) = self.joined.get(topic) else {
                    continue;
                };
                for payload in push.payloads.iter() {
                    texts.push(self.serializer.write_push(join_ref, topic, push.event, payload));
                }
            }
        }
        (texts, ending)
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
            return Err(format!("too many topics; a client joins {MAX_TOPICS} at most"));
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
        self.outbox.join(&frame.topic);
        if !again && frame.topic.starts_with("logs:") {
            self.phoenix.listens_to_logs(true);
        }
        Ok(())
    }

    fn leave(&mut self, topic: &str) {
        self.outbox.leave(topic);
        if self.joined.remove(topic).is_some() && topic.starts_with("logs:") {
            self.phoenix.listens_to_logs(false);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        for topic in self.joined.keys().cloned().collect::<Vec<_>>() {
            self.leave(&topic);
        }
        self.phoenix.remove(self.id);
    }
}
