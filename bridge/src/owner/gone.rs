//! The notice of an actor's end.

use std::any::Any;
use std::fmt;

use actix::{Message, Recipient, WeakRecipient};
use loom_protocol::ActorId;

/// An observed actor has ended, for whatever reason: it stopped, panicked, or its thread went away.
///
/// Comes after the actor and all it owned was dropped, exactly once for each watcher.
#[derive(Clone, Debug, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct ChildGone {
    /// The actor that ended.
    pub id: ActorId,
    /// How.
    pub end: End,
}

/// How an actor ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// In good order, or with the thread that ran it.
    Stopped,
    /// By a panic, with its text.
    Panicked(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("stopped"),
            Self::Panicked(text) => write!(f, "panicked: {text}"),
        }
    }
}

/// Who is told, and whether the telling keeps them alive.
#[derive(Clone)]
pub(crate) enum Watcher {
    Strong(Recipient<ChildGone>),
    Weak(WeakRecipient<ChildGone>),
}

impl Watcher {
    pub(crate) fn tell(&self, gone: ChildGone) {
        // `do_send`, beyond the mailbox's bound: an end must not be lost, and there is one for each actor.
        match self {
            Self::Strong(watcher) => watcher.do_send(gone),
            Self::Weak(watcher) => {
                if let Some(watcher) = watcher.upgrade() {
                    watcher.do_send(gone);
                }
            }
        }
    }
}

/// What a panic said.
pub fn panic_text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the panic carried no text".to_owned())
}
