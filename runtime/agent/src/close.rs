//! The end of a job: what still runs is asked to stop, then made to, and named.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::wire::LeftOver;
use crate::{leftovers, sys};

/// How long to try to end what does not end (a process stuck in the kernel) before saying so and going on.
const GIVE_UP: Duration = Duration::from_secs(10);

/// How often to look while waiting.
const LOOK: Duration = Duration::from_millis(5);

/// A job that is being closed.
pub(crate) struct Closing {
    /// Whether root's files go to the caller, and whether a client wants to hear of it.
    pub(crate) give: bool,
    began: Instant,
    next_look: Instant,
    grace: Duration,
    asked: BTreeMap<u32, String>,
    stuck: Vec<LeftOver>,
}

impl Closing {
    pub(crate) fn new(give: bool, grace: Duration) -> Self {
        let now = Instant::now();
        Self {
            give,
            began: now,
            next_look: now,
            grace,
            asked: BTreeMap::new(),
            stuck: Vec::new(),
        }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.next_look
    }

    /// Ends what runs; returns whether nothing does any more. `mains` are main processes of steps: ended too, but not
    /// left over.
    pub(crate) fn proceed(&mut self, mains: &[i32]) -> bool {
        let now = Instant::now();
        if now < self.next_look {
            return false;
        }
        self.next_look = now + LOOK;
        let running = leftovers::descendants();
        if running.is_empty() && mains.is_empty() {
            return true;
        }
        let waited = now.duration_since(self.began);
        for process in &running {
            let pid = i32::try_from(process.pid).unwrap_or(0);
            let first = self.asked.insert(process.pid, process.name.clone()).is_none();
            if waited >= self.grace {
                sys::kill(pid, libc::SIGKILL);
            } else if first {
                sys::kill(pid, libc::SIGTERM);
            }
        }
        for main in mains {
            self.asked.remove(&main.unsigned_abs());
            // Where processes cannot be listed, the group is all that is known.
            if running.is_empty() {
                sys::kill_group(
                    *main,
                    if waited >= self.grace {
                        libc::SIGKILL
                    } else {
                        libc::SIGTERM
                    },
                );
            }
        }
        if waited >= self.grace + GIVE_UP {
            self.stuck = running;
            return true;
        }
        false
    }

    /// What was left running, and what could not be ended.
    pub(crate) fn outcome(self) -> (Vec<LeftOver>, Vec<String>) {
        let killed = self
            .asked
            .into_iter()
            .map(|(pid, name)| LeftOver { pid, name })
            .collect();
        let troubles = self
            .stuck
            .into_iter()
            .map(|left| {
                format!(
                    "process {} {} does not end, not even when killed",
                    left.pid, left.name
                )
            })
            .collect();
        (killed, troubles)
    }
}
