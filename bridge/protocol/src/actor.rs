//! The actor record: what a studio knows of one actor.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Controls, Timestamp, words::words};

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

words! {
    /// What an actor is doing. A word that is not in the list is kept and shown as given.
    pub enum ActorStatus {
        /// Created, its start hook has not returned.
        Starting = "starting",
        /// Alive with nothing to do.
        Idle = "idle",
        /// Working.
        Active = "active",
        /// Alive, waiting for somebody else.
        Waiting = "waiting",
        /// Held back by an operator.
        Paused = "paused",
        /// Asked to end, not ended yet.
        Stopping = "stopping",
        /// Ended in good order.
        Stopped = "stopped",
        /// Ended by a panic or an error.
        Failed = "failed",
        /// No beat for longer than the studio trusts.
        Stale = "stale",
    }
}

impl ActorStatus {
    /// Whether the actor has ended and will not come back under this record.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Stopped | Self::Failed)
    }
}

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

/// Declares the fields that an actor may have, once: as a whole record and as a part of one, with the merge of both.
macro_rules! actor_fields {
    ($(
        $(#[doc = $doc:literal])*
        $(#[serde($($serde:tt)*)])?
        $(#[schema($($schema:tt)*)])?
        $name:ident: $form:ty,
    )*) => {
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
            $(
                $(#[doc = $doc])*
                #[serde(skip_serializing_if = "Option::is_none", default $(, $($serde)*)?)]
                $(#[cfg_attr(feature = "utoipa", schema($($schema)*))])?
                pub $name: Option<$form>,
            )*
        }

        /// A part of a record: `id` and the top-level fields that changed. Each replaces what was known of it as a whole.
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
            $(
                $(#[doc = $doc])*
                #[serde(skip_serializing_if = "Option::is_none", default $(, $($serde)*)?)]
                $(#[cfg_attr(feature = "utoipa", schema($($schema)*))])?
                pub $name: Option<$form>,
            )*
        }

        impl ActorRecord {
            /// A record of which only the two required fields are known.
            pub fn new(id: impl Into<ActorId>, kind: impl Into<String>) -> Self {
                Self { id: id.into(), kind: kind.into(), $($name: None,)* }
            }

            /// Merges the top-level fields that `patch` names; the others stay.
            pub fn apply(&mut self, patch: ActorPatch) {
                if let Some(kind) = patch.kind {
                    self.kind = kind;
                }
                $(replace(&mut self.$name, patch.$name);)*
            }
        }

        impl ActorPatch {
            /// A patch that changes nothing yet.
            pub fn new(id: impl Into<ActorId>) -> Self {
                Self { id: id.into(), kind: None, $($name: None,)* }
            }

            /// Takes over the fields that `newer` names: one patch that does what both would do, one after the other.
            pub fn merge(&mut self, newer: Self) {
                replace(&mut self.kind, newer.kind);
                $(replace(&mut self.$name, newer.$name);)*
            }
        }
    };
}

/// A field that `newer` does not name stays as it is.
fn replace<T>(field: &mut Option<T>, newer: Option<T>) {
    if newer.is_some() {
        *field = newer;
    }
}

actor_fields! {
    /// What it does.
    #[serde(deserialize_with = "crate::read::status")]
    status: ActorStatus,
    /// The worker, thread or process that runs it.
    #[serde(alias = "worker_id", deserialize_with = "crate::read::worker_id")]
    worker_id: String,
    /// Messages handled since it started.
    #[serde(alias = "message_count", deserialize_with = "crate::read::message_count")]
    message_count: u64,
    /// Messages waiting for it.
    #[serde(alias = "queue_depth", deserialize_with = "crate::read::queue_depth")]
    queue_depth: u64,
    /// When it was last known to be alive, by the studio's clock. From a reporter it is taken and not used.
    #[serde(alias = "last_heartbeat", deserialize_with = "crate::read::last_heartbeat")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_heartbeat: Timestamp,
    /// Milliseconds since it started.
    #[serde(deserialize_with = "crate::read::uptime")]
    uptime: u64,
    /// Whatever else its owner wants shown. Never a secret.
    #[serde(deserialize_with = "crate::read::metadata")]
    #[schema(value_type = Option<Object>)]
    metadata: Map<String, Value>,
    /// The actor that started it.
    #[serde(alias = "parent_id")]
    parent_id: ActorId,
    /// The machine it runs on.
    #[serde(deserialize_with = "crate::read::node")]
    node: String,
    /// Panics and reported errors since it started.
    #[serde(alias = "error_count", deserialize_with = "crate::read::error_count")]
    error_count: u64,
    /// Times its owner started it again.
    #[serde(alias = "restart_count", deserialize_with = "crate::read::restart_count")]
    restart_count: u64,
    /// Rates, where measured.
    rates: Rates,
    /// Latencies, where measured.
    latency: Latency,
    /// Totals of its work, where measured.
    work: Work,
    /// Plumbing of a library rather than work of the application; lists leave it out unless they are asked for it.
    system: bool,
    /// What may be ordered of it, and how; nothing when absent.
    controls: Controls,
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
