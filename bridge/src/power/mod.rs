//! The levers: what an actor lets others order of it, and how such orders are carried out.
//!
//! Opt-in, by [`Context::allow`](crate::Context::allow). An order comes to the bridge's [`Desk`], which remembers it until it
//! is answered, goes into the actor's [`Slot`] and is carried out by the thread that polls the actor, between two messages;
//! a handler that does not return keeps it waiting. Nothing here interrupts a handler or waits for one.

mod allow;
mod carry;
mod desk;
mod gate;
mod message;
mod refusal;
mod restart;
mod slot;

pub use allow::Allow;
pub use message::Ordered;

pub(crate) use carry::Powers;
pub(crate) use desk::{Answered, Desk};
pub(crate) use gate::Gated;
pub(crate) use refusal::not_allowed;
pub(crate) use restart::OrderedRestart;
pub(crate) use slot::{Reply as OrderReply, Slot};
