//! Messages that want an answer, in systems whose own way of answering cannot be looked into.

use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::handling::Handling;
use crate::context::is_error;

/// Why an ask has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The receiver is gone.
    #[error("ask: the receiver is gone")]
    Closed,
    /// The receiver dropped the message, or ended, without an answer.
    #[error("ask: the receiver gave no answer")]
    NoAnswer,
}

/// What is known of an ask at all of its ends.
#[derive(Default)]
pub struct Asked {
    is_given_up: AtomicBool,
    /// From when it is taken until it is answered.
    handling: Mutex<Option<Handling>>,
}

impl Asked {
    /// Whether whoever asked waits no more.
    pub fn is_given_up(&self) -> bool {
        self.is_given_up.load(Acquire)
    }

    /// Its receiver took it.
    pub fn taken(&self, handling: Handling) {
        *self.handling() = Some(handling);
    }

    /// Its receiver takes other messages now.
    pub fn go_on_elsewhere(&self) {
        if let Some(handling) = self.handling().as_mut() {
            handling.go_on_elsewhere();
        }
    }

    fn handling(&self) -> std::sync::MutexGuard<'_, Option<Handling>> {
        // Nothing is left half-done under this lock.
        self.handling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way of an answer back to whoever asked. Goes within the message; dropped without an answer it counts as an error.
pub struct Reply<T> {
    sender: Option<oneshot::Sender<T>>,
    asked: Arc<Asked>,
}

impl<T> Reply<T> {
    /// Answers. Where the answer is an `Err`, that is counted as an error, and a line in the journal. False where nobody waits for it
    /// any more.
    pub fn send(mut self, answer: T) -> bool {
        let handling = self.asked.handling().take();
        // First: who has the answer sees the counts.
        if let Some(handling) = handling {
            if is_error(&answer) {
                handling.fail();
            } else {
                handling.end();
            }
        }
        self.sender
            .take()
            .is_some_and(|sender| sender.send(answer).is_ok())
    }

    /// Whether whoever asked waits no more.
    pub fn is_given_up(&self) -> bool {
        self.sender.as_ref().is_none_or(oneshot::Sender::is_closed)
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        let handling = self.asked.handling().take();
        if let Some(handling) = handling {
            handling.unanswered();
        }
    }
}

/// The end that waits.
pub struct Answer<T> {
    receiver: oneshot::Receiver<T>,
    asked: Arc<Asked>,
}

impl<T> Answer<T> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// None comes.
    pub async fn wait(mut self) -> Result<T, AskError> {
        (&mut self.receiver).await.map_err(|_| AskError::NoAnswer)
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.asked.is_given_up.store(true, Release);
    }
}

/// Both ends of an answer, and what is known of it.
pub fn asking<T>() -> (Reply<T>, Answer<T>, Arc<Asked>) {
    let (sender, receiver) = oneshot::channel();
    let asked = Arc::<Asked>::default();
    let reply = Reply {
        sender: Some(sender),
        asked: Arc::clone(&asked),
    };
    let answer = Answer {
        receiver,
        asked: Arc::clone(&asked),
    };
    (reply, answer, asked)
}
