//! Who is signed in through a browser: random ids in memory, bounded and ending by themselves. A restart signs everybody
//! out. A session ends with the token it began with, which itself is never kept here nor given back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_protocol::Timestamp;
use uuid::Uuid;

use crate::Clock;
use crate::access::Key;

/// Sessions kept; beyond, the one that was idle longest ends.
const MAX_SESSIONS: usize = 1024;
/// A session nobody used for so long has ended.
const IDLE_MILLIS: u64 = 12 * HOUR;
/// A session ends so long after it began, however much it is used.
pub(crate) const LIFE_MILLIS: u64 = 7 * 24 * HOUR;
const HOUR: u64 = 60 * 60 * 1000;

/// The sessions of this server.
pub(crate) struct Sessions {
    clock: Arc<dyn Clock>,
    open: Mutex<HashMap<String, Session>>,
}

#[derive(Clone, Copy)]
struct Session {
    /// The token it began with.
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

    /// Begins a session with the token that was shown and gives its id: 244 bits of the system's randomness, so that looking it up by a hash tells
    /// nobody anything.
    pub(crate) fn begin(&self, key: Key) -> String {
        let id = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let now = self.clock.now();
        let mut open = self.lock();
        if open.len() >= MAX_SESSIONS {
            open.retain(|_, session| !session.is_over(now));
        }
        if open.len() >= MAX_SESSIONS {
            let idle = open.iter().min_by_key(|(_, session)| session.used);
            let idle = idle.map(|(id, _)| id.clone());
            idle.and_then(|id| open.remove(&id));
        }
        let session = Session {
            key,
            began: now,
            used: now,
        };
        open.insert(id.clone(), session);
        id
    }

    /// The token that the session of this id began with, while it is open. It counts as used now.
    pub(crate) fn key(&self, id: &str) -> Option<Key> {
        let now = self.clock.now();
        let mut open = self.lock();
        match open.get_mut(id) {
            Some(session) if !session.is_over(now) => {
                session.used = now;
                Some(session.key)
            }
            Some(_) => {
                open.remove(id);
                None
            }
            None => None,
        }
    }

    /// Whether a session with this id is open, without using it.
    pub(crate) fn has(&self, id: &str) -> bool {
        let now = self.clock.now();
        self.lock().get(id).is_some_and(|session| !session.is_over(now))
    }

    /// Ends a session, also one that is not known.
    pub(crate) fn end(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
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
        let id = sessions.begin(Key::Main);
        assert!(sessions.is_open(&id) && !sessions.is_open("") && !sessions.is_open("other"));
        sessions.end(&id);
        assert!(!sessions.is_open(&id));

        let idle = sessions.begin(Key::Main);
        hands.advance(IDLE_MILLIS);
        assert!(!sessions.is_open(&idle));

        let used = sessions.begin(Key::Main);
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
        let first = sessions.begin(Key::Main);
        let second = sessions.begin(Key::Main);
        hands.advance(1);
        assert!(sessions.is_open(&first));
        for _ in 2..MAX_SESSIONS {
            sessions.begin(Key::Main);
        }
        sessions.begin(Key::Main);
        assert_eq!(sessions.lock().len(), MAX_SESSIONS);
        assert!(sessions.is_open(&first) && !sessions.is_open(&second));
    }

    #[test]
    fn ids_are_long_and_never_the_same() {
        let (sessions, _) = sessions();
        let (one, other) = (sessions.begin(Key::Main), sessions.begin(Key::Main));
        assert!(one != other && one.len() == 64, "{one}");
    }
}
