//! What an entry of the log does at each server. The same entries in the same order do the same everywhere.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Event, Here, Unreadable, Wanted, unpack};
use super::log::{Position, Record};
use super::picture::{Picture, Rest};
use super::replica::GONE_MILLIS;
use crate::Intake;
use crate::directory::{Deaf, Refusal};
use crate::ingest::{Taken, Watch};
use crate::orders::Full;
use crate::sessions::Sessions;

/// Milliseconds without any entry after which the log was away: each server has one written every second.
const GAP_MILLIS: u64 = 3_000;
/// Milliseconds after a gap in which processes come back: a bridge that was refused tries again within 30 s.
const COME_BACK_MILLIS: i64 = 35_000;
/// Milliseconds within which a second look for what time changes is none.
const SWEPT_MILLIS: u64 = 500;
/// Servers that are remembered.
const MAX_PEERS: usize = 100;

/// What became of an entry at the server that wrote it.
pub(super) enum Answer {
    Report(Result<Taken, Refusal>),
    Order(Result<(), Full>),
    Nothing,
}

/// A server, as others heard of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Peer {
    pub(super) server: String,
    pub(super) name: String,
    pub(super) at: Timestamp,
    /// When it was first heard.
    pub(super) since: Timestamp,
}

/// Applies entries, one after the other.
pub(super) struct Applier {
    intake: Arc<Intake>,
    /// Where this log tells of sessions, too.
    sessions: Option<Arc<Sessions>>,
    /// The moment of the last entry, and of the last look for what time changes.
    last: Option<Timestamp>,
    swept: Option<Timestamp>,
    peers: HashMap<String, Peer>,
    /// Somebody waits for a base.
    is_base_wanted: bool,
    /// What is asked of servers, this one or others.
    wanted: Vec<Wanted>,
}

impl Applier {
    pub(super) fn new(intake: Arc<Intake>, sessions: Option<Arc<Sessions>>) -> Self {
        Self {
            intake,
            sessions,
            last: None,
            swept: None,
            peers: HashMap::new(),
            is_base_wanted: false,
            wanted: Vec::new(),
        }
    }

    /// What was asked of servers since this was last asked.
    pub(super) fn take_wanted(&mut self) -> Vec<Wanted> {
        std::mem::take(&mut self.wanted)
    }

    /// Whether somebody waits for a base since this was last asked.
    pub(super) fn take_base_wanted(&mut self) -> bool {
        std::mem::take(&mut self.is_base_wanted)
    }

    /// When time alone was last looked at.
    pub(super) fn swept(&self) -> Option<Timestamp> {
        self.swept
    }

    /// The servers that are known.
    pub(super) fn peers(&self) -> Vec<Peer> {
        self.peers.values().cloned().collect()
    }

    /// Applies one record. Says whose it was, and what became of it.
    pub(super) fn apply(&mut self, record: &Record) -> Option<(String, u64, Answer)> {
        let at = record.position.moment();
        self.pass_to(at);
        let entry: Entry = match unpack(&record.body) {
            Ok(entry) => entry,
            Err(error) => {
                let position = record.position.to_string();
                tracing::error!(%error, position, "an entry of the log can't be read and is passed over");
                return None;
            }
        };
        let answer = match entry.event {
            Event::Report(ingest) => Answer::Report(self.intake.take(at, ingest)),
            Event::Order(ordered) => Answer::Order(self.intake.directory().orders().take(ordered, at)),
            Event::Swept => {
                self.sweep(at);
                Answer::Nothing
            }
            Event::Here(here) => {
                self.here(&entry.server, here, at);
                Answer::Nothing
            }
            Event::Session(news) => {
                if let Some(sessions) = &self.sessions {
                    sessions.take(news);
                }
                Answer::Nothing
            }
            Event::Resync => {
                self.intake.directory().ask_for_everything();
                Answer::Nothing
            }
            Event::Wanted(wanted) => {
                if self.wanted.len() < MAX_PEERS {
                    self.wanted.push(wanted);
                }
                Answer::Nothing
            }
            Event::BaseWanted => {
                self.is_base_wanted = true;
                Answer::Nothing
            }
        };
        Some((entry.server, entry.number, answer))
    }

    /// Time goes on to there. Where that is more than a breath nobody could be heard meanwhile.
    fn pass_to(&mut self, at: Timestamp) {
        if let Some(last) = self.last
            && at.millis_since(last) > GAP_MILLIS
        {
            let until = Timestamp::from_millis(at.as_millis().saturating_add(COME_BACK_MILLIS));
            self.intake.was_deaf(Deaf::between(last, until));
        }
        self.last = Some(at);
    }

    fn sweep(&mut self, at: Timestamp) {
        if self
            .swept
            .is_some_and(|swept| at.millis_since(swept) < SWEPT_MILLIS)
        {
            // Two servers thought of it at the same time.
            return;
        }
        self.swept = Some(at);
        self.peers
            .retain(|_, peer| at.millis_since(peer.at) < GONE_MILLIS);
        self.intake.sweep_at(at);
    }

    fn here(&mut self, server: &str, here: Here, at: Timestamp) {
        if self.peers.len() >= MAX_PEERS && !self.peers.contains_key(server) {
            return;
        }
        let peer = Peer {
            server: server.to_owned(),
            name: here.name,
            at,
            since: self.peers.get(server).map_or(at, |peer| peer.since),
        };
        self.peers.insert(server.to_owned(), peer);
        let watch = Watch {
            actors: here.actors.iter().map(|id| id.as_str().into()).collect(),
            map: here.map,
        };
        let until = i64::try_from(GONE_MILLIS).unwrap_or(i64::MAX);
        let until = Timestamp::from_millis(at.as_millis().saturating_add(until));
        self.intake.lookers().elsewhere(server, watch, until);
        self.intake.watched_changed();
    }

    /// All that is known here, at `place`.
    pub(super) fn picture(&self, place: Option<Position>) -> Result<Bytes, Unreadable> {
        let (keyframe, ()) = self.intake.keep(|| ());
        let rest = Rest {
            orders: self.intake.directory().orders().base(),
            sessions: self
                .sessions
                .as_ref()
                .map(|sessions| sessions.base())
                .unwrap_or_default(),
            place: place.map(|place| place.to_string()),
            last: self.last,
            swept: self.swept,
            peers: self.peers(),
        };
        let keyframe = Bytes::from(keyframe?);
        Picture { rest, keyframe }.write()
    }

    /// Becomes what a base says, unless it is what is known here: at `place`, if this server had one. Says whether anything
    /// changed.
    pub(super) fn restore(
        &mut self,
        body: &Bytes,
        place: Option<Option<Position>>,
    ) -> Result<bool, Unreadable> {
        let Picture { rest, keyframe } = Picture::read(body)?;
        let is_own = place.is_some_and(|place| place.map(|place| place.to_string()) == rest.place);
        if is_own {
            return Ok(false);
        }
        let at = rest.last.unwrap_or_else(|| self.intake.now());
        self.intake.take_over(at, &keyframe)?;
        // What happened in between is asked of others first.
        self.intake.memory().wait();
        self.intake.directory().orders().restore(rest.orders);
        if let Some(sessions) = &self.sessions {
            sessions.restore(rest.sessions);
        }
        (self.last, self.swept) = (rest.last, rest.swept);
        let peers = rest.peers.into_iter();
        self.peers = peers.map(|peer| (peer.server.clone(), peer)).collect();
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use loom_bridge::ActorRegistry;

    use super::*;
    use crate::access::{Access, Key, Reach};
    use crate::http::Guard;
    use crate::replication::MemoryLog;
    use crate::workspaces::{Plan, WorkspaceName};
    use crate::{Clock, StudioOptions, SystemClock, Token};

    #[test]
    fn sessions_are_told_by_the_log_of_main_alone() {
        let clock = Arc::new(SystemClock);
        let access = Access::new(Token::new("secret"), None, Reach::Named).unwrap();
        let options = StudioOptions::default();
        let plan = Plan {
            guard: Arc::new(Guard::new(
                options.bind,
                Vec::new(),
                access,
                Vec::new(),
                clock.clone(),
            )),
            started: clock.now(),
            options,
            log: Some(Arc::new(MemoryLog::new(clock.clone(), 100))),
            clock,
        };
        let (id, began) = Sessions::new_one(Key::Main);
        plan.guard.sessions().take(began);
        let mut known = Vec::new();
        for name in [WorkspaceName::main(), "shop".parse().unwrap()] {
            let made = plan.make(&name, plan.source(&name), ActorRegistry::new(), Vec::new());
            let made = made.unwrap();
            // What another server begins with, after the session ended there.
            let base = made.door.replica().unwrap().applier().picture(None).unwrap();
            plan.guard.sessions().take(Sessions::end_of(&id));
            let restored = made.door.replica().unwrap().applier().restore(&base, None);
            assert!(restored.unwrap());
            known.push(plan.guard.sessions().has(&id));
        }
        assert_eq!(known, [true, false]);
    }
}
