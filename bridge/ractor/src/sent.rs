//! A message with what travels with it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use loom_bridge::observe::{Asked, Letter, QueueLength};

/// A message on its way to an actor that is seen, or in its handler.
pub struct Sent<M> {
    /// What the application sent.
    pub message: M,
    /// Until it is taken.
    pub(crate) letter: Option<Letter>,
    pub(crate) asked: Option<Arc<Asked>>,
    pub(crate) queued: Option<Queued>,
}

impl<M> Sent<M> {
    /// For ractor's own ways of sending: `actor_ref.send_message(Sent::new(message))`, timers, `myself`. It does not count in the
    /// queue's length; what [`Address::tell`](crate::Address::tell) sends does.
    pub fn new(message: M) -> Self {
        Self {
            message,
            letter: Some(Letter::new()),
            asked: None,
            queued: None,
        }
    }
}

/// One message in a queue, for as long as it is there.
pub(crate) struct Queued(QueueLength);

impl Queued {
    pub(crate) fn new(length: &QueueLength) -> Self {
        length.fetch_add(1, Relaxed);
        Self(Arc::clone(length))
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}
