//! Who is signed in through a browser: random ids in memory, bounded and ending by themselves. A restart signs everybody
//! out, where no other server knows them. A session ends with the token it began with, which itself is never kept here nor given
//! back; nor is its id, only the SHA-256 of it, so that what servers share lets nobody in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Clock;
use crate::access::{Digest, Key};
use crate::secret::unguessable;

/// Sessions kept; beyond, the one that was idle longest ends.
const MAX_SESSIONS: usize = 1024;
/// A session nobody used for so long has ended.
const IDLE_MILLIS: u64 = 12 * HOUR;
/// A session ends so long after it began, however much it is used.
pub(crate) const LIFE_MILLIS: u64 = 7 * 24 * HOUR;
const HOUR: u64 = 60 * 60 * 1000;

/// A session that goes on being used says so to the other servers this often.
const TELL_MILLIS: u64 = HOUR / 4;

/// The sessions of this studio.
pub(crate) struct Sessions {
    clock: Arc<dyn Clock>,
    open: Mutex<HashMap<Digest, Session>>,
}

#[derive(Clone, Copy)]
struct Session {
    /// The token it began with.
    key: Key,
    began: Timestamp,
    used: Timestamp,
    /// When it was last told to others that it is used.
    told: Timestamp,
}

/// What becomes of a session, as all servers are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionNews {
    session: Digest,
    what: SessionChange,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SessionChange {
    Began(Key),
    Used,
    Ended,
}

/// One session, for a server that comes to others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SessionBase {
    session: Digest,
    key: Key,
    began: Timestamp,
    used: Timestamp,
}

impl Session {
    fn is_over(self, now: Timestamp) -> bool {
        now.millis_since(self.used) >= IDLE_MILLIS || now.millis_since(self.began) >= LIFE_MILLIS
    }
}

impl Sessions {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            open: Mutex::default(),
        }
    }

    /// A session with the token that was shown, and what makes it begin.
    pub(crate) fn new_one(key: Key) -> (String, SessionNews) {
        let id = unguessable();
        let news = SessionNews {
            session: Digest::of(&id),
            what: SessionChange::Began(key),
        };
        (id, news)
    }

    /// What ends a session.
    pub(crate) fn end_of(id: &str) -> SessionNews {
        SessionNews {
            session: Digest::of(id),
            what: SessionChange::Ended,
        }
    }

    /// What tells that a session is used, where that was not told for a while.
    pub(crate) fn use_of(&self, id: &str) -> Option<SessionNews> {
        let (session, now) = (Digest::of(id), self.clock.now());
        let mut open = self.lock();
        let known = open.get_mut(&session)?;
        if now.millis_since(known.told) < TELL_MILLIS {
            return None;
        }
        known.told = now;
        let what = SessionChange::Used;
        Some(SessionNews { session, what })
    }

    /// Takes in what became of a session.
    pub(crate) fn take(&self, news: SessionNews) {
        match news.what {
            SessionChange::Began(key) => self.begin(news.session, key),
            SessionChange::Used => {
                let now = self.clock.now();
                if let Some(session) = self.lock().get_mut(&news.session) {
                    (session.used, session.told) = (now, now);
                }
            }
            SessionChange::Ended => drop(self.lock().remove(&news.session)),
        }
    }

    /// All that are open.
    pub(crate) fn base(&self) -> Vec<SessionBase> {
        let open = self.lock();
        let all = open.iter().map(|(id, session)| SessionBase {
            session: *id,
            key: session.key,
            began: session.began,
            used: session.used,
        });
        all.collect()
    }

    /// Takes in those that others know.
    pub(crate) fn restore(&self, base: Vec<SessionBase>) {
        let mut open = self.lock();
        for one in base.into_iter().take(MAX_SESSIONS) {
            let session = Session {
                key: one.key,
                began: one.began,
                used: one.used,
                told: one.used,
            };
            open.entry(one.session).or_insert(session);
        }
    }

    fn begin(&self, id: Digest, key: Key) {
        let now = self.clock.now();
        let mut open = self.lock();
        if open.len() >= MAX_SESSIONS {
            open.retain(|_, session| !session.is_over(now));
        }
        if open.len() >= MAX_SESSIONS {
            let idle = open.iter().min_by_key(|(_, session)| session.used);
            let idle = idle.map(|(id, _)| *id);
            idle.and_then(|id| open.remove(&id));
        }
        let session = Session {
            key,
            began: now,
            used: now,
            told: now,
        };
        open.insert(id, session);
    }

    /// The token that the session of this id began with, while it is open. It counts as used now.
    pub(crate) fn key(&self, id: &str) -> Option<Key> {
        let now = self.clock.now();
        let id = Digest::of(id);
        let mut open = self.lock();
        match open.get_mut(&id) {
            Some(session) if !session.is_over(now) => {
                session.used = now;
                Some(session.key)
            }
            Some(_) => {
                open.remove(&id);
                None
            }
            None => None,
        }
    }

    /// Whether a session with this id is open, without using it.
    pub(crate) fn has(&self, id: &str) -> bool {
        let now = self.clock.now();
        let open = self.lock();
        open.get(&Digest::of(id))
            .is_some_and(|session| !session.is_over(now))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Clone, Default)]
    struct Hands(Arc<AtomicI64>);

    impl Hands {
        fn advance(&self, millis: u64) {
            self.0.fetch_add(i64::try_from(millis).unwrap(), Ordering::SeqCst);
        }
    }

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::SeqCst))
        }
    }

    impl Sessions {
        fn begin_one(&self) -> String {
            let (id, news) = Self::new_one(Key::Main);
            self.take(news);
            id
        }

        fn is_open(&self, id: &str) -> bool {
            self.key(id).is_some()
        }
    }

    fn sessions() -> (Sessions, Hands) {
        let hands = Hands::default();
        (Sessions::new(Arc::new(hands.clone())), hands)
    }

    #[test]
    fn a_session_ends_when_it_is_ended_when_idle_and_when_old() {
        let (sessions, hands) = sessions();
        let id = sessions.begin_one();
        assert!(sessions.is_open(&id) && !sessions.is_open("") && !sessions.is_open("other"));
        sessions.take(Sessions::end_of(&id));
        assert!(!sessions.is_open(&id));

        let idle = sessions.begin_one();
        hands.advance(IDLE_MILLIS);
        assert!(!sessions.is_open(&idle));

        let used = sessions.begin_one();
        for _ in 0..(LIFE_MILLIS / IDLE_MILLIS * 2 - 1) {
            hands.advance(IDLE_MILLIS / 2);
            assert!(sessions.is_open(&used));
        }
        hands.advance(IDLE_MILLIS / 2);
        assert!(!sessions.is_open(&used));
    }

    #[test]
    fn beyond_the_bound_the_one_idle_longest_ends() {
        let (sessions, hands) = sessions();
        let first = sessions.begin_one();
        let second = sessions.begin_one();
        hands.advance(1);
        assert!(sessions.is_open(&first));
        for _ in 2..MAX_SESSIONS {
            sessions.begin_one();
        }
        sessions.begin_one();
        assert_eq!(sessions.lock().len(), MAX_SESSIONS);
        assert!(sessions.is_open(&first) && !sessions.is_open(&second));
    }

    #[test]
    fn others_are_told_and_can_let_nobody_in_by_it() {
        let ((one, hands), (other, _)) = (sessions(), sessions());
        let (id, began) = Sessions::new_one(Key::Main);
        let told = serde_json::to_string(&began).unwrap();
        assert!(!told.contains(&id), "{told}");
        one.take(began.clone());
        other.take(serde_json::from_str(&told).unwrap());
        assert!(one.is_open(&id) && other.is_open(&id));
        assert_eq!(one.use_of(&id), None);
        hands.advance(TELL_MILLIS);
        assert!(one.use_of(&id).is_some());
        assert_eq!(one.use_of(&id), None, "once");
        let (late, _) = sessions();
        late.restore(one.base());
        assert!(late.is_open(&id));
        for sessions in [&one, &other, &late] {
            sessions.take(Sessions::end_of(&id));
            assert!(!sessions.is_open(&id));
        }
    }
}
