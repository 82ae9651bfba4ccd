//! Where orders wait for their actor.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use loom_protocol::{MOST_VALUE, Order, OrderAnswer, OrderId, OrderOutcome};
use serde_json::Value;

use super::desk::Desk;
use super::refusal;

/// Orders that may wait for one actor.
const MOST: usize = 64;

/// An order on its way through the actor, and who is answered.
pub(crate) struct Task {
    pub(super) order: Order,
    pub(super) reply: Reply,
}

impl Task {
    pub(crate) fn into_parts(self) -> (Order, Reply) {
        (self.order, self.reply)
    }
}

/// The orders of one actor that its thread has not taken yet.
#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
    waiting: AtomicBool,
    waker: AtomicWaker,
}

#[derive(Default)]
struct State {
    closed: bool,
    tasks: VecDeque<Task>,
}

impl Slot {
    /// Hands an order to the actor and wakes it; refuses where it has ended or has too many.
    pub(super) fn push(&self, task: Task) {
        let mut state = self.state();
        let problem = match (state.closed, state.tasks.len() >= MOST) {
            (true, _) => refusal::has_ended(),
            (false, true) => refusal::too_many(),
            (false, false) => {
                state.tasks.push_back(task);
                self.waiting.store(true, Release);
                drop(state);
                self.waker.wake();
                return;
            }
        };
        drop(state);
        task.reply.refuse(problem);
    }

    #[inline]
    pub(crate) fn has_orders(&self) -> bool {
        self.waiting.load(Acquire)
    }

    pub(crate) fn take(&self) -> VecDeque<Task> {
        let mut state = self.state();
        self.waiting.store(false, Release);
        std::mem::take(&mut state.tasks)
    }

    /// Has the task woken when an order comes; at once where one is there.
    pub(crate) fn listen(&self, waker: &Waker) {
        self.waker.register(waker);
        if self.has_orders() {
            waker.wake_by_ref();
        }
    }

    /// The actor has ended: what waits fails, what comes is refused.
    pub(crate) fn close(&self) {
        let left = {
            let mut state = self.state();
            state.closed = true;
            std::mem::take(&mut state.tasks)
        };
        drop(left);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half-done under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers one order, exactly once: when it is dropped, that the actor ended.
pub(crate) struct Reply {
    desk: Arc<Desk>,
    id: Option<OrderId>,
}

impl Reply {
    pub(super) fn new(desk: Arc<Desk>, id: OrderId) -> Self {
        Self { desk, id: Some(id) }
    }

    pub(crate) fn done(self, value: Option<Value>) {
        match value {
            Some(value) if !fits(&value) => self.fail(format!(
                "what came of it is larger than the {} kB that an answer may have",
                MOST_VALUE >> 10
            )),
            value => self.answer(OrderOutcome::Done, value, None),
        }
    }

    pub(crate) fn refuse(self, problem: String) {
        self.answer(OrderOutcome::Refused, None, Some(problem));
    }

    pub(crate) fn fail(self, problem: String) {
        self.answer(OrderOutcome::Failed, None, Some(problem));
    }

    /// It was carried out and came to an error, which may say more.
    pub(super) fn fail_with(self, value: Value, problem: String) {
        let value = Some(value).filter(fits);
        self.answer(OrderOutcome::Failed, value, Some(problem));
    }

    fn answer(mut self, outcome: OrderOutcome, value: Option<Value>, problem: Option<String>) {
        self.give(outcome, value, problem);
    }

    fn give(&mut self, outcome: OrderOutcome, value: Option<Value>, problem: Option<String>) {
        if let Some(id) = self.id.take() {
            self.desk.answer(OrderAnswer {
                id,
                outcome,
                value,
                problem,
            });
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.give(
            OrderOutcome::Failed,
            None,
            Some("the actor ended before it was carried out".to_owned()),
        );
    }
}

/// Whether a value is small enough for an answer; no text is made of it to find out.
fn fits(value: &Value) -> bool {
    struct Room(usize);
    impl std::io::Write for Room {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(std::io::ErrorKind::FileTooLarge)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Room(MOST_VALUE), value).is_ok()
}
