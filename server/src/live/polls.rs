//! Long-poll sessions that began with a token: their later requests show nothing but the session (`phoenix.js` sends its frames so).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::access::Pass;
use crate::http::LONG_POLL_SESSION;
use crate::secret::unguessable;

/// What let sessions in, by their names. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Polls(Arc<Mutex<HashMap<String, Pass>>>);

/// One of them; forgotten when it is dropped.
pub(super) struct Poll {
    polls: Polls,
    name: String,
}

impl Polls {
    /// A new session that `pass` let in. Nobody can guess its name.
    pub(super) fn begin(&self, pass: Option<Pass>) -> Poll {
        let name = format!("{LONG_POLL_SESSION}{}", unguessable());
        if let Some(pass) = pass {
            self.lock().insert(name.clone(), pass);
        }
        Poll {
            polls: self.clone(),
            name,
        }
    }

    /// What let a session in.
    pub(crate) fn pass(&self, name: &str) -> Option<Pass> {
        self.lock().get(name).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Pass>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Poll {
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.polls.lock().remove(&self.name);
    }
}
