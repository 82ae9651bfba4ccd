//! Who ordered what, and what became of it: the newest orders.

use std::collections::VecDeque;

use loom_protocol::{ActorId, OrderId, OrderKind, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Ended, Ordered};
use crate::access::Role;

/// Orders that are remembered.
const MAX: usize = 1_000;

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderState {
    /// Its process has not answered yet.
    Pending,
    /// It was carried out.
    Done,
    /// The actor does not take such orders, or the order makes no sense to it.
    Refused,
    /// It was begun and did not come to its end.
    Failed,
    /// Its process fell silent, or never answered.
    Lost,
}

/// One order, without its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderLine {
    /// Its name.
    pub(crate) id: OrderId,
    /// The actor, by the id that it was shown under.
    actor: ActorId,
    /// What was ordered.
    order: OrderKind,
    /// The message's type, of a `message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Who asked.
    by: String,
    /// Their role then.
    role: Role,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// How far it is.
    outcome: OrderState,
    /// Why not, when it was not carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// When the outcome was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

impl OrderLine {
    pub(super) fn new(ordered: &Ordered, now: Timestamp) -> Self {
        let order = &ordered.order;
        Self {
            id: order.id.clone(),
            actor: ordered.actor.clone(),
            order: order.order.clone(),
            message: order.message.clone(),
            by: order.by.clone(),
            role: ordered.role,
            at: now,
            outcome: OrderState::Pending,
            problem: None,
            ended_at: None,
        }
    }
}

/// The newest orders, oldest first.
#[derive(Default)]
pub(super) struct Audit {
    lines: VecDeque<OrderLine>,
}

impl Audit {
    pub(super) fn put(&mut self, line: OrderLine) {
        if self.lines.len() >= MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub(super) fn end(&mut self, id: &OrderId, ended: &Ended, now: Timestamp) {
        let mut lines = self.lines.iter_mut().rev();
        if let Some(line) = lines.find(|line| line.id == *id) {
            line.outcome = ended.state;
            line.problem.clone_from(&ended.problem);
            line.ended_at = Some(now);
        }
    }

    pub(super) fn lines(&self) -> Vec<OrderLine> {
        self.lines.iter().cloned().collect()
    }

    pub(super) fn restore(&mut self, lines: Vec<OrderLine>) {
        self.lines = lines.into();
    }

    pub(super) fn newest(&self, actor: Option<&str>, limit: usize) -> Vec<OrderLine> {
        let lines = self.lines.iter().rev();
        let lines = lines.filter(|line| actor.is_none_or(|actor| line.actor.0 == actor));
        lines.take(limit).cloned().collect()
    }
}
