//! Who sends what to whom, and how it is handled: totals that only grow, counted where it happens.

use serde::{Deserialize, Serialize};

use crate::{ActorId, BootId, Histogram};

/// What became of one type of message since its counting began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageTotals {
    /// The message's type, e.g. `Order`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Messages that reached their handler.
    #[serde(default)]
    pub handled: u64,
    /// Of those, how many had somebody who waits for the answer.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub asked: u64,
    /// Of those, how many were answered with an error or ended in a panic.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub errors: u64,
    /// Messages that never reached a handler, because the actor had ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dead: u64,
    /// Messages whose asker had given up before the actor came to them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cancelled: u64,
    /// Time in the queue, where measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Histogram>,
    /// Time from delivery to the end of handling, where measured; an answer that comes later is the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Histogram>,
}

/// The messages of all actors of one type in one process. How many live, and what waits for them, their records tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TypeTotals {
    /// The type of actor, e.g. `CounterActor`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its messages, by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageTotals>,
}

/// The messages of one actor, by type. Types of messages that are not named stay as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorMessages {
    /// The actor.
    pub id: ActorId,
    /// Its messages, by type.
    pub messages: Vec<MessageTotals>,
}

/// Messages of one type from one sender to one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Edge {
    /// The actor that sent them; absent when no observed actor did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ActorId>,
    /// The start of the process whose actor that is, where that is another one than the one that reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_boot: Option<BootId>,
    /// The actor that got them.
    pub to: ActorId,
    /// The type of the messages.
    pub message: String,
    /// How many reached their handler since the counting began.
    pub count: u64,
}

/// A message of one actor to another that the first one waits for an answer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WaitingAsk {
    /// The actor that asked.
    pub from: ActorId,
    /// The actor that it asked: it has not answered yet, or has the message in its mailbox still. Several, where any of them may have it
    /// there.
    pub to: Vec<ActorId>,
    /// The type of the message.
    pub message: String,
    /// For how long it waits, in milliseconds.
    pub age_ms: u64,
}

/// What a sender could not keep for want of room since its start. Counts only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Dropped {
    /// Events that came too fast to be kept.
    pub events: u64,
    /// Messages that belong to no edge, because there are too many edges.
    pub edges: u64,
    /// Messages that are in no actor's own totals by type, because there are too many of those.
    pub messages: u64,
}

impl Dropped {
    /// Whether all of it was kept.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// The larger of each count: what is known of one sender after two of its reports, in whichever order they came.
    #[must_use]
    pub fn or_more(self, other: Self) -> Self {
        Self {
            events: self.events.max(other.events),
            edges: self.edges.max(other.edges),
            messages: self.messages.max(other.messages),
        }
    }

    /// The sum of two senders.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            events: self.events.saturating_add(other.events),
            edges: self.edges.saturating_add(other.edges),
            messages: self.messages.saturating_add(other.messages),
        }
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}
