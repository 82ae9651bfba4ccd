//! What happened to an actor: the lines of its journal.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ActorId, Timestamp, words::words};

words! {
    /// What kind of thing happened. A word that is not in the list is kept and shown as given.
    pub enum EventKind {
        /// It began to run.
        Started = "started",
        /// It ended in good order.
        Stopped = "stopped",
        /// It ended by a panic; the text is what the panic said.
        Panicked = "panicked",
        /// Its owner started it again.
        Restarted = "restarted",
        /// Its owner gave up starting it again.
        GaveUp = "gaveUp",
        /// A message took longer than is good.
        SlowMessage = "slowMessage",
        /// A message for it reached no handler.
        DeadLetter = "deadLetter",
        /// A message was answered with an error.
        Error = "error",
        /// Somebody ordered something of it.
        Order = "order",
        /// A line that its handler logged.
        Log = "log",
        /// What its application wanted noted.
        Note = "note",
        /// A studio heard of it for the first time.
        Registered = "registered",
        /// Whoever reports it says that it failed.
        Failed = "failed",
        /// A studio has not heard of it for too long.
        Stale = "stale",
        /// A studio hears of it again after it was silent.
        Back = "back",
        /// A studio no longer knows it: it was unregistered, or forgotten.
        Removed = "removed",
    }
}

/// One thing that happened to an actor, as its process tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorEvent {
    /// The actor.
    pub actor: ActorId,
    /// When, by the clock of its process; without it, when a studio hears of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<String>, format = DateTime))]
    pub time: Option<Timestamp>,
    /// What kind of thing.
    pub kind: EventKind,
    /// What happened, in a sentence.
    pub message: String,
    /// The chain of messages it belongs to: the same for all that followed from one first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What else is known, for programs. Never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
    pub data: Option<Map<String, Value>>,
}

/// A line of an actor's journal as a studio answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct JournalLine {
    /// Counts the lines of the actor from 1; a hole says that lines are no longer kept.
    pub seq: u64,
    /// When, by the clock of the actor's process.
    #[cfg_attr(feature = "utoipa", schema(value_type = String, format = DateTime))]
    pub time: Timestamp,
    /// What kind of thing happened.
    pub kind: EventKind,
    /// What happened, in a sentence.
    pub message: String,
    /// See [`ActorEvent::correlation_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// See [`ActorEvent::data`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
    pub data: Option<Map<String, Value>>,
}
