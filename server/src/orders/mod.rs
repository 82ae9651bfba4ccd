//! Orders to actors: who asked for what, which process it goes to, and what became of it.
//!
//! An order waits in the queue of the process (boot) that has the actor, and is handed out in the answer to each of its batches
//! until one of them brings the outcome; processes carry out an order once, however often they are told. It is bounded in
//! number, bytes and time, for a process may never answer. What was ordered stays in a list of the newest for whoever wants
//! to know who did what; the bodies do not, for they may hold anything.

mod audit;
mod polls;
mod queue;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom_bridge::discovery::Notify;
use loom_protocol::{
    ActorId, BootId, MOST_VALUE, Order, OrderAnswer, OrderId, OrderKind, OrderOutcome, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;
use uuid::Uuid;

use self::audit::Audit;
pub(crate) use self::audit::{OrderLine, OrderState};
use self::polls::Polls;
use self::queue::{Open, OpenBase, Queue};
use crate::Clock;
use crate::access::{Caller, Role};

/// An order that is not answered for so long is given up.
const GIVE_UP_MILLIS: u64 = 10 * 60 * 1000;

/// Askers beyond which those are forgotten who went away before their order was taken.
const ASKING: usize = 1_000;

/// The orders of this studio.
pub(crate) struct Orders {
    state: Mutex<State>,
    /// How processes that are this one hear of an order at once.
    wakes: Mutex<HashMap<BootId, Notify>>,
    /// How others do, which otherwise ask each second.
    polls: Polls,
    /// Who waits for what became of an order that was not taken yet.
    asking: Mutex<HashMap<OrderId, oneshot::Sender<Ended>>>,
}

/// All orders, for a server that comes to others.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct OrdersBase {
    open: Vec<OpenBase>,
    lines: Vec<OrderLine>,
    newest: u64,
}

/// Something that is ordered of an actor, as each server of a studio takes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ordered {
    /// As its process is told.
    pub(super) order: Order,
    /// The actor, as it was shown.
    pub(super) actor: ActorId,
    /// The process.
    pub(super) boot: BootId,
    /// What who asked might do then.
    pub(super) role: Role,
}

struct State {
    queue: Queue,
    audit: Audit,
    /// The number of the newest order.
    newest: u64,
}

/// Something that is asked of an actor.
pub(crate) struct Ask {
    /// The actor, as it is shown.
    pub(crate) actor: ActorId,
    /// The same by the id that its process calls it.
    pub(crate) own: ActorId,
    /// The process.
    pub(crate) boot: BootId,
    pub(crate) order: OrderKind,
    pub(crate) message: Option<String>,
    pub(crate) body: Option<Value>,
    pub(crate) by: Caller,
}

impl Ordered {
    /// Its name.
    pub(crate) fn id(&self) -> &OrderId {
        &self.order.id
    }
}

/// How an order ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) state: OrderState,
    pub(crate) value: Option<Value>,
    pub(crate) problem: Option<String>,
}

/// There is no room for another order.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    /// Of this process.
    #[error("the actor's process has not answered the orders before this one, and no more wait for it")]
    Process,
    /// Of all of them.
    #[error("too many orders wait for processes that do not answer")]
    Server,
}

impl Orders {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        // Beyond those of the studio before this one, which processes may still compare with.
        let newest = u64::try_from(clock.now().as_millis())
            .unwrap_or(0)
            .saturating_mul(1_000);
        Self {
            state: Mutex::new(State {
                queue: Queue::default(),
                audit: Audit::default(),
                newest,
            }),
            wakes: Mutex::default(),
            polls: Polls::default(),
            asking: Mutex::default(),
        }
    }

    /// Gives what is asked a name. What became of it comes by the receiver, once it was taken, or [`Orders::drop_ask`] says
    /// that it was not.
    pub(crate) fn ask(&self, ask: Ask) -> (Ordered, oneshot::Receiver<Ended>) {
        let id = OrderId(Uuid::new_v4().to_string());
        let (sender, receiver) = oneshot::channel();
        {
            let mut asking = self.asking();
            if asking.len() >= ASKING {
                asking.retain(|_, sender| !sender.is_closed());
            }
            asking.insert(id.clone(), sender);
        }
        let order = Order {
            id,
            actor: ask.own,
            order: ask.order,
            message: ask.message,
            body: ask.body,
            by: ask.by.name().to_owned(),
        };
        let ordered = Ordered {
            order,
            actor: ask.actor,
            boot: ask.boot,
            role: ask.by.role(),
        };
        (ordered, receiver)
    }

    /// Nobody waits for this one any more.
    pub(crate) fn drop_ask(&self, id: &OrderId) {
        self.asking().remove(id);
    }

    /// Takes an order for its process.
    ///
    /// # Errors
    /// When there is no room.
    pub(crate) fn take(&self, ordered: Ordered, now: Timestamp) -> Result<(), Full> {
        let line = OrderLine::new(&ordered, now);
        let Ordered {
            order, actor, boot, ..
        } = ordered;
        let asking = self.asking().remove(&order.id);
        let sender = asking.unwrap_or_else(|| oneshot::channel().0);
        let (id, kind, by) = (
            order.id.clone(),
            order.order.as_str().to_owned(),
            order.by.clone(),
        );
        let mut state = self.state();
        // By the moment, so that it is the same at each server, whenever that started.
        let moment = u64::try_from(now.as_millis()).unwrap_or(0).saturating_mul(1_000);
        let number = moment.max(state.newest.saturating_add(1));
        state.queue.put(&boot, Open::new(order, number, now, sender))?;
        state.newest = number;
        state.audit.put(line);
        drop(state);
        tracing::info!(%actor, order = %id.0, kind, by, "an order was taken");
        self.wake(&boot);
        Ok(())
    }

    /// Takes what a process answers and gives what is ordered of it. Answers that come late, twice, or from a process whose
    /// order it is not, change nothing.
    pub(crate) fn exchange(&self, boot: &BootId, answers: Vec<OrderAnswer>, now: Timestamp) -> Vec<Order> {
        let mut state = self.state();
        for answer in answers {
            let Some(open) = state.queue.take(boot, &answer.id) else {
                continue;
            };
            state.end(open, ended(answer), now);
        }
        state.queue.of(boot)
    }

    /// Gives up the orders of processes that are silent or gone, and those that nobody answers.
    pub(crate) fn sweep(&self, now: Timestamp, is_silent: impl Fn(&BootId) -> bool) {
        // Asked outside of the lock: the directory has its own.
        let boots: Vec<BootId> = self.state().queue.boots();
        let silent: Vec<BootId> = boots.into_iter().filter(|boot| is_silent(boot)).collect();
        let mut state = self.state();
        let lost = |problem: &str| Ended {
            state: OrderState::Lost,
            value: None,
            problem: Some(problem.to_owned()),
        };
        for boot in silent {
            for open in state.queue.take_all(&boot) {
                state.end(
                    open,
                    lost(
                        "its process fell silent before it answered; whether it was carried out is not known",
                    ),
                    now,
                );
            }
        }
        for open in state.queue.take_older(now, GIVE_UP_MILLIS) {
            state.end(
                open,
                lost("its process did not answer within 10 minutes; it may not know what to do with orders"),
                now,
            );
        }
    }

    /// The newest orders, newest first, of all actors or of one.
    pub(crate) fn audit(&self, actor: Option<&str>, limit: usize) -> Vec<OrderLine> {
        self.state().audit.newest(actor, limit)
    }

    /// Has `notify` called whenever there is something for the process; for as long as that says that somebody listens.
    pub(crate) fn listen(&self, boot: &BootId, notify: Notify) {
        self.wakes().insert(boot.clone(), notify);
    }

    /// The number of the newest order of a process that was not answered; numbers only grow.
    pub(crate) fn newest_for(&self, boot: &BootId) -> Option<u64> {
        self.state().queue.newest(boot)
    }

    /// Those that wait for orders.
    pub(crate) fn polls(&self) -> &Polls {
        &self.polls
    }

    /// All of them, as one value.
    pub(crate) fn base(&self) -> OrdersBase {
        let state = self.state();
        OrdersBase {
            open: state.queue.base(),
            lines: state.audit.lines(),
            newest: state.newest,
        }
    }

    /// Becomes what `base` says. Who waits for an order that is in both goes on waiting.
    pub(crate) fn restore(&self, base: OrdersBase) {
        let mut state = self.state();
        state.queue.restore(base.open);
        state.audit.restore(base.lines);
        state.newest = base.newest;
    }

    fn wake(&self, boot: &BootId) {
        self.polls.wake(boot);
        let wake = self.wakes().get(boot).cloned();
        // Called without the lock: what it does is not ours to know.
        if wake.is_some_and(|wake| !wake()) {
            self.wakes().remove(boot);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asking(&self) -> MutexGuard<'_, HashMap<OrderId, oneshot::Sender<Ended>>> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wakes(&self) -> MutexGuard<'_, HashMap<BootId, Notify>> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end(&mut self, open: Open, ended: Ended, now: Timestamp) {
        self.audit.end(&open.order.id, &ended, now);
        open.tell(ended);
    }
}

fn ended(answer: OrderAnswer) -> Ended {
    let (state, mut problem) = match answer.outcome {
        OrderOutcome::Done => (OrderState::Done, answer.problem),
        OrderOutcome::Refused => (OrderState::Refused, answer.problem),
        OrderOutcome::Failed => (OrderState::Failed, answer.problem),
        // What a later version says is no success that we know.
        word => {
            let says = || format!("its process says `{}`", word.as_str());
            (OrderState::Failed, answer.problem.or_else(|| Some(says())))
        }
    };
    let size = answer.value.as_ref().map_or(0, written);
    let value = answer.value.filter(|_| size <= MOST_VALUE);
    if size > MOST_VALUE {
        problem.get_or_insert_with(|| {
            format!(
                "what came of it has {size} bytes; at most {MOST_VALUE} are passed on, so it was left out"
            )
        });
    }
    Ended {
        state,
        value,
        problem: problem.map(|text| cut(text, MAX_PROBLEM)),
    }
}

/// Bytes of a problem that a process tells.
const MAX_PROBLEM: usize = 2 * 1024;

/// Bytes of a value as JSON.
fn written(value: &Value) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

/// The beginning of a text that is too long.
fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}
