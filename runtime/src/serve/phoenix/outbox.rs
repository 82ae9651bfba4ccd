//! What waits to be sent to one Phoenix socket. Bounded: one that reads too slowly costs a fixed amount, and is told so by the
//! end of its connection instead of missing lines without a word.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Push;

/// Pushes that may wait: several hundred jobs that change at once, each with its lines.
pub(super) const MAX_PUSHES: usize = 4096;
/// Bytes that may wait. One push may be larger when nothing else waits.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Tells the socket's actor that there is something to fetch. `false` when it is not there any more.
type Wake = Box<dyn Fn() -> bool + Send + Sync>;

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// More came than it read.
    TooSlow,
    /// The server goes away.
    Away,
}

/// One socket's topics and waiting pushes.
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    wake: Wake,
}

#[derive(Default)]
struct Waiting {
    topics: HashSet<String>,
    pushes: VecDeque<Push>,
    bytes: usize,
    woken: bool,
    ending: Option<Ending>,
}

impl Outbox {
    pub(super) fn new(wake: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            waiting: Mutex::default(),
            wake: Box::new(wake),
        }
    }

    pub(super) fn join(&self, topic: &str) {
        self.lock().topics.insert(topic.to_owned());
    }

    pub(super) fn leave(&self, topic: &str) {
        self.lock().topics.remove(topic);
    }

    /// Adds a push when one of its topics was joined; never waits.
    pub(super) fn offer(&self, push: &Push) {
        let mut waiting = self.lock();
        if waiting.ending.is_some() || !push.topics.iter().any(|topic| waiting.topics.contains(topic)) {
            return;
        }
        let full = waiting.pushes.len() >= MAX_PUSHES || waiting.bytes.saturating_add(push.bytes) > MAX_BYTES;
        if full && !waiting.pushes.is_empty() {
            waiting.end(Ending::TooSlow);
        } else {
            waiting.bytes = waiting.bytes.saturating_add(push.bytes);
            waiting.pushes.push_back(push.clone());
        }
        self.call(waiting);
    }

    /// Ends the connection. What waits is dropped.
    pub(super) fn end(&self, ending: Ending) {
        let mut waiting = self.lock();
        waiting.end(ending);
        self.call(waiting);
    }

    /// Takes all that waits, and why the connection is to be ended after it.
    pub(super) fn take(&self) -> (VecDeque<Push>, Option<Ending>) {
        let mut waiting = self.lock();
        waiting.woken = false;
        waiting.bytes = 0;
        (std::mem::take(&mut waiting.pushes), waiting.ending)
    }

    /// Wakes the socket, unless that is on its way.
    fn call(&self, mut waiting: MutexGuard<'_, Waiting>) {
        let first = !std::mem::replace(&mut waiting.woken, true);
        drop(waiting);
        if first && !(self.wake)() {
            self.lock().woken = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn end(&mut self, ending: Ending) {
        self.ending.get_or_insert(ending);
        self.pushes = VecDeque::new();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;

    fn status(job: &str) -> Push {
        Push::job_status(&["quick"], &json!({"job": job}))
    }

    #[test]
    fn only_what_was_joined_waits_and_one_wake_up_is_enough() {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let outbox = Outbox::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            true
        });
        outbox.offer(&status("a"));
        assert!(outbox.take().0.is_empty());
        outbox.join("workflow:quick");
        outbox.offer(&status("b"));
        outbox.offer(&status("c"));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        assert_eq!(outbox.take().0.len(), 2);
        outbox.leave("workflow:quick");
        outbox.offer(&status("d"));
        assert_eq!(outbox.take(), (VecDeque::new(), None));
    }

    #[test]
    fn one_that_is_too_slow_is_ended_and_keeps_nothing() {
        let outbox = Outbox::new(|| true);
        outbox.join("workflow:quick");
        for _ in 0..MAX_PUSHES {
            outbox.offer(&status("a"));
        }
        assert_eq!(outbox.lock().ending, None);
        outbox.offer(&status("a"));
        outbox.offer(&status("a"));
        assert_eq!(outbox.take(), (VecDeque::new(), Some(Ending::TooSlow)));
    }

    #[test]
    fn what_waits_is_bounded_by_its_weight_too() {
        let outbox = Outbox::new(|| true);
        outbox.join("workflow:quick");
        let heavy = status(&"x".repeat(MAX_BYTES + 1));
        outbox.offer(&heavy);
        let (pushes, ending) = outbox.take();
        assert_eq!((pushes.len(), ending), (1, None), "a large one alone passes");
        outbox.offer(&status("a"));
        outbox.offer(&heavy);
        assert_eq!(outbox.take(), (VecDeque::new(), Some(Ending::TooSlow)));
    }
}
