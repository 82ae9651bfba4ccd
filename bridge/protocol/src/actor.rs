//! The actor record: what a studio knows of one actor.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
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

/// Messages and errors per second. As the studio shows them: in the last minute, by the growth of the totals that the actor
/// tells. Where it tells none, as it reports them itself.
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

/// Time in the handler and in the queue, in milliseconds. As the studio shows them: means of the last minute, by the growth of
/// the sums in `work`; absent where nothing was handled in it. Where the actor tells no sums, as it reports them itself.
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
    #[serde(deserialize_with = "crate::read::handled")]
    pub handled: u64,
    /// Microseconds from their delivery to their end.
    #[serde(deserialize_with = "crate::read::handle_us")]
    pub handle_us: u64,
    /// Messages that waited in a queue and were timed.
    #[serde(deserialize_with = "crate::read::queued")]
    pub queued: u64,
    /// Microseconds they waited there.
    #[serde(deserialize_with = "crate::read::wait_us")]
    pub wait_us: u64,
    /// Microseconds in which a thread worked for the actor, whatever for.
    #[serde(deserialize_with = "crate::read::busy_us")]
    pub busy_us: u64,
    /// What it did that no message asked for: ticks of intervals and timers, futures of its own that came to their end.
    #[serde(deserialize_with = "crate::read::turns")]
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

        /// A part of a record: `id` and the top-level fields that changed. Each replaces what was known of it as a whole; one that
        /// is `null` is not known any more.
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
        pub struct ActorPatch {
            /// The actor that changed.
            pub id: ActorId,
            /// Its kind, when that became known.
            #[cfg_attr(feature = "utoipa", schema(rename = "type"))]
            pub kind: Option<String>,
            $(
                $(#[doc = $doc])*
                $(#[cfg_attr(feature = "utoipa", schema($($schema)*))])?
                pub $name: Option<$form>,
            )*
            /// The fields that are not known any more; `null` on the wire.
            #[cfg_attr(feature = "utoipa", schema(ignore))]
            pub cleared: Cleared,
        }

        /// Which fields of an actor a part of its record takes away.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Cleared {
            $(
                $(#[doc = $doc])*
                pub $name: bool,
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
                $(replace(&mut self.$name, patch.$name, patch.cleared.$name);)*
            }
        }

        impl ActorPatch {
            /// A patch that changes nothing yet.
            pub fn new(id: impl Into<ActorId>) -> Self {
                Self { id: id.into(), kind: None, $($name: None,)* cleared: Cleared::default() }
            }

            /// Takes over the fields that `newer` names: one patch that does what both would do, one after the other.
            pub fn merge(&mut self, newer: Self) {
                replace(&mut self.kind, newer.kind, false);
                $(
                    if newer.cleared.$name || newer.$name.is_some() {
                        self.cleared.$name = newer.cleared.$name;
                    }
                    replace(&mut self.$name, newer.$name, newer.cleared.$name);
                )*
            }
        }

        /// A patch as it is read.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Read {
            id: ActorId,
            #[serde(rename = "type", default, deserialize_with = "crate::read::some_kind")]
            kind: Named<String>,
            $(
                #[serde(default $(, $($serde)*)?)]
                $name: Named<$form>,
            )*
        }

        /// A patch as it is written.
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Written<'a> {
            id: &'a ActorId,
            #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
            kind: Option<&'a String>,
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                $name: Option<Option<&'a $form>>,
            )*
        }

        impl<'de> Deserialize<'de> for ActorPatch {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let read = Read::deserialize(deserializer)?;
                if let Named::Null = read.kind {
                    return Err(de::Error::custom(
                        "`type` is null; every actor is of some type, so it can be changed and not taken away",
                    ));
                }
                Ok(Self {
                    id: read.id,
                    kind: read.kind.value(),
                    cleared: Cleared { $($name: matches!(read.$name, Named::Null),)* },
                    $($name: read.$name.value(),)*
                })
            }
        }

        impl Serialize for ActorPatch {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let written = Written {
                    id: &self.id,
                    kind: self.kind.as_ref(),
                    $($name: match &self.$name {
                        None if self.cleared.$name => Some(None),
                        None => None,
                        some => Some(some.as_ref()),
                    },)*
                };
                written.serialize(serializer)
            }
        }
    };
}

/// A field of a patch.
#[derive(Default)]
enum Named<T> {
    /// Nothing is said of it.
    #[default]
    Absent,
    /// It is not known any more.
    Null,
    /// It is this.
    Value(T),
}

impl<T> Named<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl<T> From<Option<T>> for Named<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

/// A field that `newer` does not name stays as it is, unless it is not known any more.
fn replace<T>(field: &mut Option<T>, newer: Option<T>, cleared: bool) {
    if newer.is_some() || cleared {
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
    #[serde(alias = "parent_id", deserialize_with = "crate::read::parent_id")]
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
    #[serde(deserialize_with = "crate::read::rates")]
    rates: Rates,
    /// Latencies, where measured.
    #[serde(deserialize_with = "crate::read::latency")]
    latency: Latency,
    /// Totals of its work, where measured.
    #[serde(deserialize_with = "crate::read::work")]
    work: Work,
    /// Plumbing of a library rather than work of the application; lists leave it out unless they are asked for it.
    #[serde(deserialize_with = "crate::read::system")]
    system: bool,
    /// What may be ordered of it, and how; nothing when absent.
    #[serde(deserialize_with = "crate::read::controls")]
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
    fn null_takes_a_field_away_and_the_last_word_counts() {
        let patch = |text: serde_json::Value| serde_json::from_value::<ActorPatch>(text).unwrap();
        let wire =
            json!({"id":"a","status":null,"messageCount":null,"parentId":null,"rates":null,"node":"n"});
        let cleared = patch(wire.clone());
        assert_eq!(serde_json::to_value(&cleared).unwrap(), wire, "as it was read");
        let full = json!({"id":"a","type":"T","status":"idle","messageCount":5,"parentId":"p","rates":{"messages":1.0},
            "queueDepth":2});
        let mut record: ActorRecord = serde_json::from_value(full.clone()).unwrap();
        record.apply(cleared.clone());
        assert_eq!(
            serde_json::to_value(&record).unwrap(),
            json!({"id":"a","type":"T","node":"n","queueDepth":2})
        );
        let given = patch(json!({"id":"a","status":"active","queueDepth":null}));
        for order in [[cleared.clone(), given.clone()], [given, cleared]] {
            let mut one_by_one: ActorRecord = serde_json::from_value(full.clone()).unwrap();
            let [first, second] = order;
            one_by_one.apply(first.clone());
            one_by_one.apply(second.clone());
            let mut merged = first;
            merged.merge(second);
            let mut at_once: ActorRecord = serde_json::from_value(full.clone()).unwrap();
            at_once.apply(merged);
            assert_eq!(at_once, one_by_one);
        }
        for wrong in [json!({"id":"a","type":null}), json!({"id":null})] {
            let error = serde_json::from_value::<ActorPatch>(wrong)
                .unwrap_err()
                .to_string();
            assert!(error.contains("null; "), "{error}");
        }
    }

    #[test]
    fn id_and_type_are_required() {
        let error = serde_json::from_value::<ActorRecord>(json!({"id":"a"})).unwrap_err();
        assert!(error.to_string().contains("type"), "{error}");
    }
}
