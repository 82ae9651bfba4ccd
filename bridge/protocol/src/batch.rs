//! A batch: what one process tells a studio about its actors in one poll.

use serde::{Deserialize, Serialize};

use crate::{
    ActorEvent, ActorId, ActorMessages, ActorPatch, ActorRecord, Attention, Dropped, Edge, Order,
    OrderAnswer, ProcessFigures, Source, TypeTotals, WaitingAsk,
};

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
    /// Who sends. With it, an id that another living process has already is shown beside that one, as `id@node:pid`;
    /// without it such a registration is rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// How often this boot began to name all its actors, from 1. Absent when the sender does not count that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// With this batch all actors of the generation are named: whatever of this boot was registered in an earlier one
    /// and not again is gone. Absent means no.
    #[serde(default, skip_serializing_if = "is_false")]
    pub complete: bool,
    /// Actors that are new, whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub register: Vec<ActorRecord>,
    /// Actors that changed, the changed fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub update: Vec<ActorPatch>,
    /// Actors that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unregister: Vec<ActorId>,
    /// What happened to actors since the last batch, oldest first; of actors that go with this batch, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ActorEvent>,
    /// Types of actors whose totals changed, with those of their messages that did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<TypeTotals>,
    /// Actors whose own totals by type of message changed, with those that did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<ActorMessages>,
    /// Edges on which messages passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<Edge>,
    /// What was not kept since the boot, where that is anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Dropped>,
    /// What became of orders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<OrderAnswer>,
    /// Asks between actors of this boot that wait for their answer for a second or more, all of them. They take the place of those
    /// that were said before. Absent where those have not changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Vec<WaitingAsk>>,
    /// What the process uses of its machine, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessFigures>,
}

impl ActorBatch {
    /// A batch that says nothing yet: a beat.
    pub fn new(boot: BootId, seq: u64) -> Self {
        Self {
            boot,
            seq,
            source: None,
            generation: None,
            complete: false,
            register: Vec::new(),
            update: Vec::new(),
            unregister: Vec::new(),
            events: Vec::new(),
            types: Vec::new(),
            messages: Vec::new(),
            edges: Vec::new(),
            dropped: None,
            answers: Vec::new(),
            asks: None,
            process: None,
        }
    }
}

/// What a studio made of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// What is ordered of the sender's actors. It comes again until it is answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Order>,
    /// What somebody looks at, where the studio knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

/// One entry of a batch that was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Rejection {
    /// Its place, counted from 0 through `register`, `update`, `unregister`, `events`, `types`, `messages`, `edges`,
    /// `answers` and `asks`.
    pub index: usize,
    /// Why, for programs. Absent from studios that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<RejectionCode>,
    /// Why, in a sentence.
    pub problem: String,
}

/// Why an entry of a batch was not applied: the codes of the same refusals over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectionCode {
    /// The actor is not known: register it.
    UnknownActor,
    /// Another living process reports an actor with this id: claim it no more, or choose ids apart.
    OtherOwner,
    /// The entry makes no sense as it is, and never will.
    InvalidRecord,
    /// The studio has no room at the moment.
    DirectoryFull,
    /// A word that this version does not know.
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_code_of_a_later_version_is_no_error_and_one_of_an_earlier_is_absent() {
        let later: Rejection =
            serde_json::from_value(json!({"index":0,"code":"moon_phase","problem":"p"})).unwrap();
        assert_eq!(later.code, Some(RejectionCode::Other));
        let earlier: Rejection = serde_json::from_value(json!({"index":0,"problem":"p"})).unwrap();
        assert_eq!(earlier.code, None);
        let written = serde_json::to_value(RejectionCode::OtherOwner).unwrap();
        assert_eq!(written, json!("other_owner"));
    }

    #[test]
    fn a_plain_batch_says_no_more_than_before() {
        let plain = json!({"boot":"b","seq":1});
        let batch: ActorBatch = serde_json::from_value(plain.clone()).unwrap();
        assert_eq!(batch, ActorBatch::new(BootId("b".into()), 1));
        assert_eq!(serde_json::to_value(batch).unwrap(), plain);
    }

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
