//! What is looked at: sockets say it, and whoever reads a page of traffic counts as looking for a while. So processes measure
//! closely only what somebody sees.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use loom_protocol::{Attention, Detail, Timestamp};

use crate::directory::{Directory, Text};

/// Who reads counts as looking for so long, in milliseconds.
const LOOKS: i64 = 10_000;
/// Actors that one socket may look at; of more, the first.
pub(crate) const PER_SOCKET: usize = 100;
/// Other servers whose viewers count.
const SERVERS: usize = 100;
/// Actors that may be looked at by reading, and as many in lists.
const BY_READING: usize = 1_000;

/// Who looks at what. Safe from any thread.
#[derive(Default)]
pub(crate) struct Lookers {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sockets: HashMap<u64, Watch>,
    /// What is looked at at other servers, and until when that counts.
    elsewhere: HashMap<String, (Watch, i64)>,
    /// Until when traffic as a whole, and single actors, count as looked at, in milliseconds.
    traffic_until: Option<i64>,
    actors_until: HashMap<Text, i64>,
    /// The same of those whose rates are looked at in a list.
    listed_until: HashMap<Text, i64>,
    /// What was looked at when somebody last asked whether that is something else: actors, in short, and traffic.
    before: (u64, bool),
}

/// What one socket looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watch {
    /// Actors, by the ids they are shown under.
    pub(crate) actors: HashSet<Text>,
    /// The map, or types as a whole.
    pub(crate) map: bool,
}

impl Lookers {
    /// A socket looks at this from now on, and at nothing else.
    pub(crate) fn watch(&self, socket: u64, watch: Watch) {
        self.lock().sockets.insert(socket, watch);
    }

    /// A socket is gone.
    pub(crate) fn leave(&self, socket: u64) {
        self.lock().sockets.remove(&socket);
    }

    /// At another server this is looked at from now on, and nothing else, until then.
    pub(crate) fn elsewhere(&self, server: &str, watch: Watch, until: Timestamp) {
        let mut state = self.lock();
        if state.elsewhere.len() < SERVERS || state.elsewhere.contains_key(server) {
            state
                .elsewhere
                .insert(server.to_owned(), (watch, until.as_millis()));
        }
    }

    /// What is looked at at this server.
    pub(crate) fn own(&self, now: Timestamp) -> Watch {
        let mut state = self.lock();
        state.forget(now);
        let by_sockets = state.sockets.values().flat_map(|watch| watch.actors.iter());
        Watch {
            actors: by_sockets
                .chain(state.actors_until.keys())
                .take(BY_READING)
                .cloned()
                .collect(),
            map: state.traffic_until.is_some() || state.sockets.values().any(|watch| watch.map),
        }
    }

    /// Somebody read how all types do.
    pub(crate) fn looked_at_traffic(&self, now: Timestamp) {
        self.lock().traffic_until = Some(now.as_millis().saturating_add(LOOKS));
    }

    /// Somebody read how one actor does.
    pub(crate) fn looked_at_actor(&self, id: &str, now: Timestamp) {
        let until = now.as_millis().saturating_add(LOOKS);
        look(&mut self.lock().actors_until, id, until);
    }

    /// Somebody read the rates of actors in a list: they are followed each second here, and no closer where they run.
    pub(crate) fn looked_at_rates<'a>(&self, ids: impl IntoIterator<Item = &'a str>, now: Timestamp) {
        let until = now.as_millis().saturating_add(LOOKS);
        let mut state = self.lock();
        for id in ids {
            look(&mut state.listed_until, id, until);
        }
    }

    /// All actors that are to be followed each second: `watched`, and those in lists.
    pub(crate) fn followed(&self, watched: &HashSet<Text>) -> HashSet<Text> {
        let state = self.lock();
        watched.iter().chain(state.listed_until.keys()).cloned().collect()
    }

    /// All actors that somebody looks at.
    pub(crate) fn actors(&self, now: Timestamp) -> HashSet<Text> {
        let mut state = self.lock();
        state.forget(now);
        let by_sockets = state.sockets.values().flat_map(|watch| watch.actors.iter());
        let elsewhere = state
            .elsewhere
            .values()
            .flat_map(|(watch, _)| watch.actors.iter());
        by_sockets
            .chain(state.actors_until.keys())
            .chain(elsewhere)
            .cloned()
            .collect()
    }

    /// Whether others are looked at than when this was last asked. `watched` are those that are.
    pub(crate) fn differ(&self, watched: &HashSet<Text>) -> bool {
        let of_one = |id: &Text| {
            let mut hasher = DefaultHasher::new();
            id.hash(&mut hasher);
            hasher.finish()
        };
        // In no order.
        let actors = watched.iter().fold(0_u64, |sum, id| sum.wrapping_add(of_one(id)));
        let mut state = self.lock();
        let now = (actors, state.looks_at_traffic());
        now != std::mem::replace(&mut state.before, now)
    }

    /// The sockets that look at an actor.
    pub(crate) fn of_actor(&self, id: &str) -> Vec<u64> {
        let state = self.lock();
        let looking = state
            .sockets
            .iter()
            .filter(|(_, watch)| watch.actors.contains(id));
        looking.map(|(socket, _)| *socket).collect()
    }

    /// The sockets that look at the map.
    pub(crate) fn of_map(&self) -> Vec<u64> {
        let state = self.lock();
        let looking = state.sockets.iter().filter(|(_, watch)| watch.map);
        looking.map(|(socket, _)| *socket).collect()
    }

    /// What is looked at of the actors of one boot, by the names that it has for them.
    pub(crate) fn attention(&self, directory: &Directory, boot: &str, now: Timestamp) -> Attention {
        let looked_at = self.actors(now);
        let own = looked_at.iter().filter_map(|id| directory.own_name(id, boot));
        let mut actors: Vec<_> = own.collect();
        actors.sort();
        let state = self.lock();
        let traffic = state.looks_at_traffic();
        let detail = if traffic || !actors.is_empty() {
            Detail::Traffic
        } else {
            Detail::Counters
        };
        Attention { detail, actors }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn looks_at_traffic(&self) -> bool {
        self.traffic_until.is_some()
            || self.sockets.values().any(|watch| watch.map)
            || self.elsewhere.values().any(|(watch, _)| watch.map)
    }

    fn forget(&mut self, now: Timestamp) {
        let now = now.as_millis();
        // Further ahead than anybody may look: the clock has jumped back.
        let looks = |until: i64| now < until && until <= now.saturating_add(LOOKS);
        self.traffic_until = self.traffic_until.filter(|until| looks(*until));
        self.actors_until.retain(|_, until| looks(*until));
        self.listed_until.retain(|_, until| looks(*until));
        self.elsewhere.retain(|_, (_, until)| now < *until);
    }
}

/// Counts an actor as looked at until then, if there is room.
fn look(actors: &mut HashMap<Text, i64>, id: &str, until: i64) {
    if actors.len() < BY_READING || actors.contains_key(id) {
        actors.insert(Text::from(id), until);
    }
}
