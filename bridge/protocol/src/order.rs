//! Orders to actors, and what became of them. They travel to the owning process in the answer to its batch, and the
//! outcome comes back with its next one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ActorId, words::words};

/// Bytes of JSON that an order's body may have, and the value of its answer.
pub const MOST_VALUE: usize = 64 * 1024;

words! {
    /// What may be ordered of an actor.
    pub enum OrderKind {
        /// Show the state.
        Snapshot = "snapshot",
        /// Handle one message.
        Message = "message",
        /// Take no further message until told to.
        Pause = "pause",
        /// Go on after a pause.
        Resume = "resume",
        /// Take one message, then pause again.
        Step = "step",
        /// Stop once the messages that wait now are handled.
        Stop = "stop",
        /// Stop now; what waits is lost.
        Kill = "kill",
        /// Stop, and be started again by the owner.
        Restart = "restart",
        /// Take other settings.
        Config = "config",
    }
}

/// What an actor lets others order of it, because its application says so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Controls {
    /// The orders it takes.
    pub orders: Vec<OrderKind>,
    /// The messages that may be ordered, where `message` is among the orders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageForm>,
    /// The JSON Schema of its settings, where `config` is among the orders and they have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Value>))]
    pub config: Option<Value>,
}

/// A message that may be sent from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageForm {
    /// The message's type, e.g. `Add`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The JSON Schema of its body; absent when it takes anything, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Value>))]
    pub schema: Option<Value>,
}

/// Names an order; the studio that takes it chooses the name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct OrderId(pub String);

/// Something ordered of an actor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its name, for the answer. One that arrives again is carried out once.
    pub id: OrderId,
    /// The actor, by the id that its process calls it.
    pub actor: ActorId,
    /// What it is to do.
    pub order: OrderKind,
    /// The message's type, of a `message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The message's body, or the new settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Value>))]
    pub body: Option<Value>,
    /// Who asked, for the journal.
    pub by: String,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderAnswer {
    /// The order.
    pub id: OrderId,
    /// How it ended.
    pub outcome: OrderOutcome,
    /// What came of it: the state, or the message's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "utoipa", schema(value_type = Option<Value>))]
    pub value: Option<Value>,
    /// Why not, and what to do about it, when it was not carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

words! {
    /// How an order ended.
    pub enum OrderOutcome {
        /// It was carried out.
        Done = "done",
        /// The actor does not take such orders, or the order makes no sense to it.
        Refused = "refused",
        /// It was begun and did not come to its end.
        Failed = "failed",
    }
}

words! {
    /// How closely actors are measured.
    pub enum Detail {
        /// Messages, queues, statuses.
        Counters = "counters",
        /// Also times, types of messages, and who sends to whom.
        Traffic = "traffic",
        /// Also what some of the messages say.
        Samples = "samples",
    }
}

/// What is looked at in the studio now, so that nothing is measured that nobody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Attention {
    /// How closely all actors are to be measured.
    pub detail: Detail,
    /// Actors of this process that somebody looks at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<ActorId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_order_and_its_answer_read_as_they_were_written() {
        let wire = json!({"id":"o1","actor":"counter-1","order":"message","message":"Add","body":{"by":2},"by":"ana"});
        let order: Order = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(order.order, OrderKind::Message);
        assert_eq!(serde_json::to_value(order).unwrap(), wire);
        let wire = json!({"id":"o1","outcome":"refused","problem":"it is paused"});
        let answer: OrderAnswer = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(serde_json::to_value(answer).unwrap(), wire);
    }

    #[test]
    fn a_word_of_a_later_version_is_kept() {
        let kind: OrderKind = serde_json::from_value(json!("teleport")).unwrap();
        assert_eq!(kind, OrderKind::Other("teleport".into()));
        assert_eq!(serde_json::to_value(kind).unwrap(), json!("teleport"));
        let known: Vec<_> = OrderKind::ALL.iter().map(OrderKind::as_str).collect();
        assert!(
            known.contains(&"snapshot") && known.iter().all(|word| OrderKind::from(*word).as_str() == *word)
        );
    }
}
