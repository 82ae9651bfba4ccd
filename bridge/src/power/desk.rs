//! Where orders come in and answers go out, in each bridge. Outlives its courier, so that an order is carried out once even
//! when that one panics between the order and its answer.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering::AcqRel, Ordering::Release};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Message, Recipient};
use loom_protocol::{Order, OrderAnswer, OrderId};

use super::refusal;
use super::slot::{Reply, Task};
use crate::cell::ActorCell;

/// Orders that may be without an answer in one process.
const MOST_PENDING: usize = 256;

/// Answered orders that are remembered, for the case that an answer is lost and its order comes again.
const MOST_REMEMBERED: usize = 1_024;

/// Of those, how many with what came of them.
const MOST_VALUES: usize = 32;

/// Answers in one batch.
const AT_ONCE: usize = 32;

/// There are answers to be carried off.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Answered;

#[derive(Default)]
pub(crate) struct Desk {
    state: Mutex<State>,
    /// Its courier knows that there are answers.
    called: AtomicBool,
    courier: Mutex<Option<Recipient<Answered>>>,
}

#[derive(Default)]
struct State {
    known: HashMap<OrderId, Known>,
    pending: usize,
    /// In the order of their answers.
    answered: VecDeque<OrderId>,
    outgoing: VecDeque<OrderId>,
    /// Some of those were never told. One that is told again can wait, or a studio that never learns would spin us.
    urgent: bool,
}

enum Known {
    Pending,
    Answered(Box<OrderAnswer>),
}

impl Desk {
    /// Who carries off the answers from now on.
    pub(crate) fn serve(&self, courier: Recipient<Answered>) {
        *lock(&self.courier) = Some(courier);
        self.called.store(false, Release);
    }

    /// Takes orders that a studio sent; those it took already are not carried out again.
    pub(crate) fn take(self: &Arc<Self>, orders: &[Order], find: impl Fn(&Order) -> Option<Arc<ActorCell>>) {
        for order in orders {
            let Some(reply) = self.accept(&order.id) else {
                continue;
            };
            let Some(cell) = find(order) else {
                reply.refuse(refusal::unknown_actor(&order.actor));
                continue;
            };
            let slot = cell.slot();
            match slot {
                Some(slot) => slot.push(Task {
                    order: order.clone(),
                    reply,
                }),
                None => {
                    let problem = match cell.ended() {
                        Some(_) => refusal::has_ended(),
                        None if cell.blocks() => refusal::blocks(),
                        None => refusal::not_allowed(order),
                    };
                    cell.tell_ordered(order, Some(&problem));
                    reply.refuse(problem);
                }
            }
        }
    }

    /// An order that was never taken before, with who answers it; too many are answered here.
    fn accept(self: &Arc<Self>, id: &OrderId) -> Option<Reply> {
        let mut state = lock(&self.state);
        match state.known.get(id) {
            Some(Known::Pending) => return None,
            Some(Known::Answered(_)) => {
                // Its answer did not arrive.
                if !state.outgoing.contains(id) {
                    state.outgoing.push_back(id.clone());
                }
                return None;
            }
            None => {}
        }
        let too_many = state.pending >= MOST_PENDING;
        state.known.insert(id.clone(), Known::Pending);
        state.pending += 1;
        drop(state);
        let reply = Reply::new(Arc::clone(self), id.clone());
        if too_many {
            reply.refuse(refusal::too_many());
            return None;
        }
        Some(reply)
    }

    pub(super) fn answer(&self, answer: OrderAnswer) {
        let mut state = lock(&self.state);
        let id = answer.id.clone();
        state.known.insert(id.clone(), Known::Answered(Box::new(answer)));
        state.pending = state.pending.saturating_sub(1);
        state.answered.push_back(id.clone());
        state.outgoing.push_back(id);
        state.urgent = true;
        state.forget();
        drop(state);
        self.call();
    }

    /// Has the courier come; once, until it has been here.
    fn call(&self) {
        if self.called.swap(true, AcqRel) {
            return;
        }
        if let Some(courier) = lock(&self.courier).as_ref() {
            // `do_send`, beyond the mailbox's bound: there is one at a time.
            courier.do_send(Answered);
        }
    }

    /// Whether there are answers that should go at once.
    pub(crate) fn has_answers(&self) -> bool {
        lock(&self.state).urgent
    }

    /// Answers for the next batch, in their order. They are given out again when their orders come again.
    pub(crate) fn carry_off(&self) -> Vec<OrderAnswer> {
        self.called.store(false, Release);
        let mut state = lock(&self.state);
        let most = state.outgoing.len().min(AT_ONCE);
        let ids: Vec<_> = state.outgoing.drain(..most).collect();
        state.urgent &= !state.outgoing.is_empty();
        ids.iter()
            .filter_map(|id| match state.known.get(id) {
                Some(Known::Answered(answer)) => Some(answer.as_ref().clone()),
                _ => None,
            })
            .collect()
    }

    /// Another studio reads from now on: it ordered nothing of what is answered.
    pub(crate) fn start_over(&self) {
        let mut state = lock(&self.state);
        state.outgoing.clear();
        state.urgent = false;
    }
}

impl State {
    fn forget(&mut self) {
        if let Some(index) = self.answered.len().checked_sub(MOST_VALUES + 1)
            && let Some(id) = self.answered.get(index)
            // Not while it is still to be told for the first time.
            && !self.outgoing.contains(id)
            && let Some(Known::Answered(answer)) = self.known.get_mut(id)
        {
            answer.value = None;
        }
        while self.answered.len() > MOST_REMEMBERED {
            if let Some(id) = self.answered.pop_front() {
                self.known.remove(&id);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is left half-done under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
