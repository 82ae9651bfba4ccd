//! Processes that wait for something to be there for them. Each holds one request open, which is answered as soon as there is;
//! that of a process that asks anew takes the place of the one before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loom_protocol::BootId;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Processes that may wait at a time.
const MAX: usize = 4_096;

/// Those that wait. Safe from any thread.
#[derive(Default)]
pub(crate) struct Polls {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<BootId, Waiting>,
    next: u64,
    closed: bool,
}

struct Waiting {
    /// Which request: one of the same process may have taken its place.
    number: u64,
    wake: Arc<Notify>,
}

/// Why nobody may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoWait {
    /// Too many do.
    #[error("{MAX} processes wait for orders already; send batches, whose answers bring them too")]
    Full,
    /// The server ends.
    #[error("the studio is about to stop")]
    Closed,
}

impl Polls {
    /// Waits until `now` says something else than `seen`, though no longer than `within`. Gives what it says then.
    ///
    /// # Errors
    /// When too many wait, or the server ends.
    pub(crate) async fn wait(
        &self,
        boot: &BootId,
        seen: &str,
        within: Duration,
        now: impl Fn() -> String,
    ) -> Result<String, NoWait> {
        let until = Instant::now() + within;
        let place = self.take(boot)?;
        loop {
            // Made before the look: what happens from here on wakes it.
            let woken = place.wake.notified();
            let there = now();
            if there != seen || !self.has(&place) {
                return Ok(there);
            }
            if self.state().closed {
                return Err(NoWait::Closed);
            }
            if timeout_at(until, woken).await.is_err() {
                return Ok(there);
            }
        }
    }

    /// There may be something for this process.
    pub(super) fn wake(&self, boot: &BootId) {
        if let Some(waiting) = self.state().waiting.get(boot) {
            waiting.wake.notify_one();
        }
    }

    /// There may be something for any of them.
    pub(crate) fn wake_all(&self) {
        for waiting in self.state().waiting.values() {
            waiting.wake.notify_one();
        }
    }

    /// Lets nobody wait any more.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.wake_all();
    }

    fn take(&self, boot: &BootId) -> Result<Place<'_>, NoWait> {
        let mut state = self.state();
        if state.closed {
            return Err(NoWait::Closed);
        }
        if state.waiting.len() >= MAX && !state.waiting.contains_key(boot) {
            return Err(NoWait::Full);
        }
        state.next += 1;
        let (number, wake) = (state.next, Arc::new(Notify::new()));
        let waiting = Waiting {
            number,
            wake: wake.clone(),
        };
        if let Some(before) = state.waiting.insert(boot.clone(), waiting) {
            before.wake.notify_one();
        }
        Ok(Place {
            polls: self,
            boot: boot.clone(),
            number,
            wake,
        })
    }

    fn has(&self, place: &Place<'_>) -> bool {
        let state = self.state();
        let waiting = state.waiting.get(&place.boot);
        waiting.is_some_and(|waiting| waiting.number == place.number)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request's place among those that wait, given back however it ends.
struct Place<'a> {
    polls: &'a Polls,
    boot: BootId,
    number: u64,
    wake: Arc<Notify>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.polls.has(self) {
            self.polls.state().waiting.remove(&self.boot);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join;

    use super::*;

    fn boot(name: &str) -> BootId {
        BootId(name.to_owned())
    }

    const LONG: Duration = Duration::from_secs(3_600);

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_at_once_or_when_its_time_is_over() {
        let (polls, count) = (Polls::default(), AtomicUsize::new(0));
        let now = || count.load(Ordering::SeqCst).to_string();
        assert_eq!(
            polls.wait(&boot("b"), "", LONG, now).await.unwrap(),
            "0",
            "something else already"
        );
        let minute = Duration::from_secs(60);
        assert_eq!(polls.wait(&boot("b"), "0", minute, now).await.unwrap(), "0");
        let start = Instant::now();
        let (answer, ()) = join(polls.wait(&boot("b"), "0", LONG, now), async {
            polls.wake(&boot("b"));
            tokio::task::yield_now().await;
            count.store(1, Ordering::SeqCst);
            polls.wake(&boot("other"));
            polls.wake_all();
        })
        .await;
        assert_eq!(
            (answer.unwrap(), start.elapsed()),
            ("1".to_owned(), Duration::ZERO)
        );
        assert!(polls.state().waiting.is_empty(), "places are given back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_waits_once_and_nobody_at_the_end() {
        let polls = Polls::default();
        let now = || "0".to_owned();
        let (b, c) = (boot("b"), boot("c"));
        let (first, (second, third)) = join(
            polls.wait(&b, "0", LONG, now),
            join(polls.wait(&b, "0", Duration::from_secs(9), now), async {
                tokio::task::yield_now().await;
                polls.wait(&c, "0", Duration::from_secs(1), now).await
            }),
        )
        .await;
        assert_eq!((first, second, third), (Ok(now()), Ok(now()), Ok(now())));
        let (ended, ()) = join(polls.wait(&b, "0", LONG, now), async { polls.close() }).await;
        assert_eq!(ended, Err(NoWait::Closed));
        assert_eq!(polls.wait(&b, "0", LONG, now).await, Err(NoWait::Closed));
    }

    #[tokio::test]
    async fn so_many_may_wait() {
        let polls = Polls::default();
        let places: Vec<_> = (0..MAX)
            .map(|number| polls.take(&boot(&number.to_string())).unwrap())
            .collect();
        assert_eq!(polls.take(&boot("more")).err(), Some(NoWait::Full));
        assert!(polls.take(&boot("7")).is_ok(), "one of them, again");
        drop(places);
        assert!(polls.take(&boot("more")).is_ok());
    }
}
