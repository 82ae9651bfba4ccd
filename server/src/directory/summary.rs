//! Sums over all actors: metrics, and the labels of the Prometheus page.

use std::collections::{BTreeMap, HashMap};

use loom_protocol::{ActorPools, ActorStatus, Dropped, MessageQueues, Metrics};

use super::entry::Text;
use super::store::Directory;

/// How many actors of one type have one status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeStatusCount {
    /// The type.
    pub kind: String,
    /// The status as shown; `unknown` when the actor has none.
    pub status: String,
    /// Actors.
    pub count: u64,
}

impl Directory {
    /// The metrics as of now: one pass over all actors.
    pub fn metrics(&self) -> Metrics {
        let now = self.clock.now();
        let mut pools = ActorPools::default();
        let mut by_type: HashMap<*const u8, (Text, u64)> = HashMap::new();
        let mut queues = MessageQueues::default();
        for actor in self.actors.iter() {
            pools.total_actors += 1;
            // Types are shared texts: comparing where they lie spares hashing what they say.
            let place = Text::as_ptr(&actor.kind).cast::<u8>();
            by_type.entry(place).or_insert_with(|| (actor.kind.clone(), 0)).1 += 1;
            let mut waiting = actor.queue_depth.unwrap_or(0);
            let status = actor.status_at(now, self.patience());
            if actor.system == Some(true) {
                pools.system_actors += 1;
            } else {
                let word = status.as_ref().map_or("unknown", |status| status.as_str());
                match pools.by_status.get_mut(word) {
                    Some(count) => *count += 1,
                    None => {
                        pools.by_status.insert(word.to_owned(), 1);
                    }
                }
            }
            match status {
                Some(ActorStatus::Active) => pools.active_actors += 1,
                Some(ActorStatus::Idle) => pools.idle_actors += 1,
                // Nobody is going to handle what waited for these.
                Some(ActorStatus::Stale | ActorStatus::Stopped | ActorStatus::Failed) => waiting = 0,
                _ => {}
            }
            queues.total_messages = queues
                .total_messages
                .saturating_add(actor.message_count.unwrap_or(0));
            queues.pending_messages = queues.pending_messages.saturating_add(waiting);
        }
        for (kind, count) in by_type.into_values() {
            *pools.by_type.entry(kind.to_string()).or_default() += count;
        }
        Metrics {
            timestamp: now,
            actor_pools: pools,
            message_queues: queues,
            dropped: self
                .boots
                .iter()
                .fold(Dropped::default(), |all, boot| all.and(boot.dropped())),
        }
    }

    /// Of each type, how many of its actors have which status as shown; `unknown` stands for those that have none.
    pub(crate) fn statuses_of_types(&self) -> BTreeMap<Text, BTreeMap<String, u64>> {
        let now = self.clock.now();
        let mut by_place: HashMap<*const u8, (Text, BTreeMap<String, u64>)> = HashMap::new();
        for actor in self.actors.iter() {
            // As above.
            let place = Text::as_ptr(&actor.kind).cast::<u8>();
            let of_kind = by_place
                .entry(place)
                .or_insert_with(|| (actor.kind.clone(), BTreeMap::new()));
            let status = actor.status_at(now, self.patience());
            let status = status.map_or("unknown", |status| status.as_str());
            match of_kind.1.get_mut(status) {
                Some(count) => *count += 1,
                None => drop(of_kind.1.insert(status.to_owned(), 1)),
            }
        }
        let mut statuses: BTreeMap<Text, BTreeMap<String, u64>> = BTreeMap::new();
        for (kind, counts) in by_place.into_values() {
            let of_kind = statuses.entry(kind).or_default();
            for (status, count) in counts {
                *of_kind.entry(status).or_default() += count;
            }
        }
        statuses
    }

    /// Actors by type and status, in order, for at most `most` combinations; the rest is summed up as `other`.
    pub fn by_type_and_status(&self, most: usize) -> Vec<TypeStatusCount> {
        let now = self.clock.now();
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        for actor in self.actors.iter() {
            let status = actor
                .status_at(now, self.patience())
                .map_or("unknown", |status| status.as_str());
            let mut key = (actor.kind.to_string(), status.to_owned());
            if counts.len() >= most && !counts.contains_key(&key) {
                key = ("other".to_owned(), "other".to_owned());
            }
            *counts.entry(key).or_default() += 1;
        }
        counts
            .into_iter()
            .map(|((kind, status), count)| TypeStatusCount { kind, status, count })
            .collect()
    }
}
