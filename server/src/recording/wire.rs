//! Totals of messages as keyframes hold them: on the wire fields may be left out, here each has its place.

use loom_protocol::{Histogram, MessageTotals};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Kept {
    kind: String,
    counts: [u64; 5],
    wait: Option<Times>,
    handle: Option<Times>,
}

#[derive(Serialize, Deserialize)]
struct Times {
    sum_us: u64,
    max_us: u64,
    buckets: Vec<u64>,
}

impl From<&Histogram> for Times {
    fn from(times: &Histogram) -> Self {
        Self {
            sum_us: times.sum_us,
            max_us: times.max_us,
            buckets: times.buckets.clone(),
        }
    }
}

impl From<Times> for Histogram {
    fn from(kept: Times) -> Self {
        Self {
            sum_us: kept.sum_us,
            max_us: kept.max_us,
            buckets: kept.buckets,
        }
    }
}

impl From<&MessageTotals> for Kept {
    fn from(totals: &MessageTotals) -> Self {
        Self {
            kind: totals.kind.clone(),
            counts: [
                totals.handled,
                totals.asked,
                totals.errors,
                totals.dead,
                totals.cancelled,
            ],
            wait: totals.wait.as_ref().map(Times::from),
            handle: totals.handle.as_ref().map(Times::from),
        }
    }
}

impl From<Kept> for MessageTotals {
    fn from(kept: Kept) -> Self {
        let [handled, asked, errors, dead, cancelled] = kept.counts;
        Self {
            kind: kept.kind,
            handled,
            asked,
            errors,
            dead,
            cancelled,
            wait: kept.wait.map(Histogram::from),
            handle: kept.handle.map(Histogram::from),
        }
    }
}

/// For `#[serde(with)]` of one.
pub(crate) mod totals {
    use loom_protocol::MessageTotals;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Kept;

    pub(crate) fn serialize<S: Serializer>(totals: &MessageTotals, serializer: S) -> Result<S::Ok, S::Error> {
        Kept::from(totals).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MessageTotals, D::Error> {
        Kept::deserialize(deserializer).map(MessageTotals::from)
    }
}

/// For `#[serde(with)]` of many by name.
pub(crate) mod totals_by_name {
    use std::collections::HashMap;

    use loom_protocol::MessageTotals;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Kept;
    use crate::directory::Text;

    pub(crate) fn serialize<S: Serializer>(
        many: &HashMap<Text, MessageTotals>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(many.iter().map(|(name, totals)| (name, Kept::from(totals))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<HashMap<Text, MessageTotals>, D::Error> {
        let many = HashMap::<Text, Kept>::deserialize(deserializer)?.into_iter();
        Ok(many
            .map(|(name, kept)| (name, MessageTotals::from(kept)))
            .collect())
    }
}
