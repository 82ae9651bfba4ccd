//! A batch: what one process tells a studio about its actors in one poll.

use serde::{Deserialize, Serialize};

use crate::{ActorId, ActorPatch, ActorRecord};

/// One start of one process; a new one means that counters begin at zero again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct BootId(pub String);

/// What changed among a process's actors since its last batch. An empty one is a beat for all its live actors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActorBatch {
    /// The sending process's start.
    pub boot: BootId,
    /// Counts the batches of this boot from 1; one that arrives again is answered and not applied again.
    pub seq: u64,
    /// Actors that are new, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub register: Vec<ActorRecord>,
    /// Actors that changed, the changed fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub update: Vec<ActorPatch>,
    /// Actors that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unregister: Vec<ActorId>,
}

/// What a studio made of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BatchOutcome {
    /// Entries that were applied.
    pub accepted: usize,
    /// Entries that were not; an entry for an unknown actor asks the sender to register it again.
    pub rejected: Vec<Rejection>,
    /// The studio does not know this boot, or missed batches of it: everything is to be registered again, with
    /// the next batches. Absent means no.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resync: bool,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

/// One entry of a batch that was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rejection {
    /// Its place, counted through `register`, then `update`, then `unregister`, from 0.
    pub index: usize,
    /// Why, in a sentence.
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_outcome_asks_for_everything_only_when_it_says_so() {
        let plain: BatchOutcome = serde_json::from_value(json!({"accepted":1,"rejected":[]})).unwrap();
        assert!(!plain.resync);
        assert_eq!(
            serde_json::to_value(&plain).unwrap(),
            json!({"accepted":1,"rejected":[]})
        );
        let asking = BatchOutcome {
            resync: true,
            ..plain
        };
        assert_eq!(
            serde_json::to_value(asking).unwrap(),
            json!({"accepted":1,"rejected":[],"resync":true})
        );
    }
}
