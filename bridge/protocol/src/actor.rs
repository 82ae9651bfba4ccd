//! The actor record: what a studio knows of one actor.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::Timestamp;

/// Names an actor within a studio. Chosen by whoever reports the actor; any non-empty text.
///
/// A whole number is taken for its digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct ActorId(#[serde(deserialize_with = "crate::read::id")] pub String);

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Into<String>> From<T> for ActorId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// What an actor is doing. A word that is not in the list is kept and shown as given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ActorStatus {
    /// Created, its start hook has not returned.
    Starting,
    /// Alive with nothing to do.
    Idle,
    /// Working.
    Active,
    /// Alive, waiting for somebody else.
    Waiting,
    /// Held back by an operator.
    Paused,
    /// Asked to end, not ended yet.
    Stopping,
    /// Ended in good order.
    Stopped,
    /// Ended by a panic or an error.
    Failed,
    /// No beat for longer than the studio trusts.
    Stale,
    /// A word somebody reported that Loom does not know.
    Other(String),
}

impl ActorStatus {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Stale => "stale",
            Self::Other(word) => word,
        }
    }

    /// Whether the actor has ended and will not come back under this record.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Stopped | Self::Failed)
    }
}

impl From<&str> for ActorStatus {
    fn from(word: &str) -> Self {
        match word {
            "starting" => Self::Starting,
            "idle" => Self::Idle,
            "active" => Self::Active,
            "waiting" => Self::Waiting,
            "paused" => Self::Paused,
            "stopping" => Self::Stopping,
            "stopped" => Self::Stopped,
            "failed" => Self::Failed,
            "stale" => Self::Stale,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for ActorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ActorStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ActorStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::PartialSchema for ActorStatus {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

#[cfg(feature = "utoipa")]
impl utoipa::ToSchema for ActorStatus {}

/// Messages and errors per second, smoothed by whoever reports them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rates {
    /// Messages handled per second.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::messages"
    )]
    pub messages: Option<f64>,
    /// Errors per second.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::errors"
    )]
    pub errors: Option<f64>,
}

/// Time in the handler and in the queue, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// Mean time from delivery to the end of handling, over a time that whoever reports it chooses.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "handle_ms",
        deserialize_with = "crate::read::handle_ms"
    )]
    pub handle_ms: Option<f64>,
    /// Mean time in the queue, of messages that were in one.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "wait_ms",
        deserialize_with = "crate::read::wait_ms"
    )]
    pub wait_ms: Option<f64>,
}

/// What an actor's work came to since it started: sums, each with its count, that only grow. The mean over any stretch of
/// time is the growth of a sum by the growth of its count; what was not measured is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Work {
    /// Messages that were handled to their end and timed; an answer that comes later is the end.
    pub handled: u64,
    /// Microseconds from their delivery to their end.
    pub handle_us: u64,
    /// Messages that waited in a queue and were timed.
    pub queued: u64,
    /// Microseconds they waited there.
    pub wait_us: u64,
    /// Microseconds in which a thread worked for the actor, whatever for.
    pub busy_us: u64,
    /// What it did that no message asked for: ticks of intervals and timers, futures of its own that came to their end.
    pub turns: u64,
}

/// One actor as a studio shows it. `id` and `type` are required; what is not known is absent, never zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorRecord {
    /// Its name.
    pub id: ActorId,
    /// The kind of actor, e.g. `CounterActor`.
    #[serde(rename = "type", deserialize_with = "crate::read::kind")]
    pub kind: String,
    /// What it does.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::status"
    )]
    pub status: Option<ActorStatus>,
    /// The worker, thread or process that runs it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "worker_id",
        deserialize_with = "crate::read::worker_id"
    )]
    pub worker_id: Option<String>,
    /// Messages handled since it started.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "message_count",
        deserialize_with = "crate::read::message_count"
    )]
    pub message_count: Option<u64>,
    /// Messages waiting for it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "queue_depth",
        deserialize_with = "crate::read::queue_depth"
    )]
    pub queue_depth: Option<u64>,
    /// When it was last known to be alive, by the studio's clock.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "last_heartbeat",
        deserialize_with = "crate::read::last_heartbeat"
    )]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<String>, format = DateTime))]
    pub last_heartbeat: Option<Timestamp>,
    /// Milliseconds since it started.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::uptime"
    )]
    pub uptime: Option<u64>,
    /// Whatever else its owner wants shown. Never a secret.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::metadata"
    )]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
    /// The actor that started it.
    #[serde(skip_serializing_if = "Option::is_none", default, alias = "parent_id")]
    pub parent_id: Option<ActorId>,
    /// The machine it runs on.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::node"
    )]
    pub node: Option<String>,
    /// Panics and reported errors since it started.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "error_count",
        deserialize_with = "crate::read::error_count"
    )]
    pub error_count: Option<u64>,
    /// Times its owner started it again.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "restart_count",
        deserialize_with = "crate::read::restart_count"
    )]
    pub restart_count: Option<u64>,
    /// Rates, where measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rates: Option<Rates>,
    /// Latencies, where measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latency: Option<Latency>,
    /// Totals of its work, where measured.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub work: Option<Work>,
}

impl ActorRecord {
    /// A record of which only the two required fields are known.
    pub fn new(id: impl Into<ActorId>, kind: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            kind: kind.into(),
            status: None,
            worker_id: None,
            message_count: None,
            queue_depth: None,
            last_heartbeat: None,
            uptime: None,
            metadata: None,
            parent_id: None,
            node: None,
            error_count: None,
            restart_count: None,
            rates: None,
            latency: None,
            work: None,
        }
    }

    /// Merges the top-level fields that `patch` names; the others stay.
    pub fn apply(&mut self, patch: ActorPatch) {
        fn set<T>(field: &mut Option<T>, value: Option<T>) {
            if value.is_some() {
                *field = value;
            }
        }
        if let Some(kind) = patch.kind {
            self.kind = kind;
        }
        set(&mut self.status, patch.status);
        set(&mut self.worker_id, patch.worker_id);
        set(&mut self.message_count, patch.message_count);
        set(&mut self.queue_depth, patch.queue_depth);
        set(&mut self.last_heartbeat, patch.last_heartbeat);
        set(&mut self.uptime, patch.uptime);
        set(&mut self.metadata, patch.metadata);
        set(&mut self.parent_id, patch.parent_id);
        set(&mut self.node, patch.node);
        set(&mut self.error_count, patch.error_count);
        set(&mut self.restart_count, patch.restart_count);
        set(&mut self.rates, patch.rates);
        set(&mut self.latency, patch.latency);
        set(&mut self.work, patch.work);
    }
}

/// A part of a record: `id` and the top-level fields that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorPatch {
    /// The actor that changed.
    pub id: ActorId,
    /// Its kind, when that became known.
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::some_kind"
    )]
    pub kind: Option<String>,
    /// See [`ActorRecord::status`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::status"
    )]
    pub status: Option<ActorStatus>,
    /// See [`ActorRecord::worker_id`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "worker_id",
        deserialize_with = "crate::read::worker_id"
    )]
    pub worker_id: Option<String>,
    /// See [`ActorRecord::message_count`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "message_count",
        deserialize_with = "crate::read::message_count"
    )]
    pub message_count: Option<u64>,
    /// See [`ActorRecord::queue_depth`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "queue_depth",
        deserialize_with = "crate::read::queue_depth"
    )]
    pub queue_depth: Option<u64>,
    /// Accepted for compatibility; a studio goes by its own clock.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "last_heartbeat",
        deserialize_with = "crate::read::last_heartbeat"
    )]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<String>, format = DateTime))]
    pub last_heartbeat: Option<Timestamp>,
    /// See [`ActorRecord::uptime`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::uptime"
    )]
    pub uptime: Option<u64>,
    /// Replaces the metadata as a whole.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::metadata"
    )]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
    /// See [`ActorRecord::parent_id`].
    #[serde(skip_serializing_if = "Option::is_none", default, alias = "parent_id")]
    pub parent_id: Option<ActorId>,
    /// See [`ActorRecord::node`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "crate::read::node"
    )]
    pub node: Option<String>,
    /// See [`ActorRecord::error_count`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "error_count",
        deserialize_with = "crate::read::error_count"
    )]
    pub error_count: Option<u64>,
    /// See [`ActorRecord::restart_count`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        alias = "restart_count",
        deserialize_with = "crate::read::restart_count"
    )]
    pub restart_count: Option<u64>,
    /// See [`ActorRecord::rates`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rates: Option<Rates>,
    /// See [`ActorRecord::latency`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latency: Option<Latency>,
    /// See [`ActorRecord::work`]. Replaces it as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub work: Option<Work>,
}

impl ActorPatch {
    /// A patch that changes nothing yet.
    pub fn new(id: impl Into<ActorId>) -> Self {
        Self {
            id: id.into(),
            kind: None,
            status: None,
            worker_id: None,
            message_count: None,
            queue_depth: None,
            last_heartbeat: None,
            uptime: None,
            metadata: None,
            parent_id: None,
            node: None,
            error_count: None,
            restart_count: None,
            rates: None,
            latency: None,
            work: None,
        }
    }

    /// Takes over the fields that `newer` names: one patch that does what both would do, one after the other.
    pub fn merge(&mut self, newer: Self) {
        fn set<T>(field: &mut Option<T>, value: Option<T>) {
            if value.is_some() {
                *field = value;
            }
        }
        set(&mut self.kind, newer.kind);
        set(&mut self.status, newer.status);
        set(&mut self.worker_id, newer.worker_id);
        set(&mut self.message_count, newer.message_count);
        set(&mut self.queue_depth, newer.queue_depth);
        set(&mut self.last_heartbeat, newer.last_heartbeat);
        set(&mut self.uptime, newer.uptime);
        set(&mut self.metadata, newer.metadata);
        set(&mut self.parent_id, newer.parent_id);
        set(&mut self.node, newer.node);
        set(&mut self.error_count, newer.error_count);
        set(&mut self.restart_count, newer.restart_count);
        set(&mut self.rates, newer.rates);
        set(&mut self.latency, newer.latency);
        set(&mut self.work, newer.work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_documented_record_survives_a_round_trip() {
        let wire = json!({"id":"counter-1","type":"CounterActor","status":"active","workerId":"worker-1",
            "messageCount":42,"queueDepth":2,"lastHeartbeat":"2025-12-13T03:33:58.077Z","uptime":15000,
            "metadata":{"initialValue":0}});
        let record: ActorRecord = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(serde_json::to_value(record).unwrap(), wire);
    }

    #[test]
    fn unknown_is_absent_and_an_unknown_status_stays_as_given() {
        let record: ActorRecord =
            serde_json::from_value(json!({"id":"a","type":"T","status":"dozing"})).unwrap();
        assert_eq!(record.status, Some(ActorStatus::Other("dozing".into())));
        assert_eq!(
            serde_json::to_value(record).unwrap(),
            json!({"id":"a","type":"T","status":"dozing"})
        );
    }

    #[test]
    fn a_patch_merges_only_the_fields_it_names() {
        let mut record: ActorRecord =
            serde_json::from_value(json!({"id":"a","type":"T","status":"idle","queueDepth":3})).unwrap();
        record.apply(serde_json::from_value(json!({"id":"a","status":"active","messageCount":5})).unwrap());
        assert_eq!(
            serde_json::to_value(record).unwrap(),
            json!({"id":"a","type":"T","status":"active","messageCount":5,"queueDepth":3})
        );
    }

    #[test]
    fn two_merged_patches_do_what_both_do() {
        let patch = |text: serde_json::Value| serde_json::from_value::<ActorPatch>(text).unwrap();
        let (first, second) = (
            json!({"id":"a","status":"idle","messageCount":3,"node":"n"}),
            json!({"id":"a","status":"active","queueDepth":1}),
        );
        let mut one_by_one = ActorRecord::new("a", "T");
        one_by_one.apply(patch(first.clone()));
        one_by_one.apply(patch(second.clone()));
        let mut merged = patch(first);
        merged.merge(patch(second));
        let mut at_once = ActorRecord::new("a", "T");
        at_once.apply(merged);
        assert_eq!(at_once, one_by_one);
    }

    #[test]
    fn id_and_type_are_required() {
        let error = serde_json::from_value::<ActorRecord>(json!({"id":"a"})).unwrap_err();
        assert!(error.to_string().contains("type"), "{error}");
    }
}
