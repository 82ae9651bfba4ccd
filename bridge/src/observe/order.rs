//! What is ordered of an actor of another system.

use std::sync::Arc;

use loom_protocol::Order;
use serde_json::Value;

use crate::cell::ActorCell;
use crate::power::{OrderReply, Slot, not_allowed};
use crate::trace::Cause;

/// An order that the actor allows and that is carried out now. Dropped without an answer it has failed.
#[must_use = "somebody waits for the answer"]
pub struct TakenOrder {
    order: Order,
    reply: OrderReply,
}

impl TakenOrder {
    /// What is ordered, and by whom.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// It was carried out; with what came of it.
    pub fn done(self, value: Option<Value>) {
        self.reply.done(value);
    }

    /// It makes no sense now; why, and what to do.
    pub fn refuse(self, problem: impl Into<String>) {
        self.reply.refuse(problem.into());
    }

    /// It was begun and did not come to its end; why.
    pub fn fail(self, problem: impl Into<String>) {
        self.reply.fail(problem.into());
    }
}

/// Takes what waits; what the actor does not allow is refused here.
pub(super) fn taken(cell: &Arc<ActorCell>, slot: &Slot) -> Vec<TakenOrder> {
    let controls = cell.controls().unwrap_or_default();
    let mut orders = Vec::new();
    for task in slot.take() {
        let (order, reply) = task.into_parts();
        let allowed = controls.orders.contains(&order.order);
        let refusal = (!allowed).then(|| not_allowed(&order));
        Cause::begin().run(|| cell.tell_ordered(&order, refusal.as_deref()));
        match refusal {
            Some(problem) => reply.refuse(problem),
            None => orders.push(TakenOrder { order, reply }),
        }
    }
    orders
}
