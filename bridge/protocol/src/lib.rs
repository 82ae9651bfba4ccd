//! Loom's wire types: what programs, bridges, studio servers and pages say to each other.
//!
//! Owns the JSON shapes and nothing else: no IO, no clock, no actix. JSON is camelCase; unknown is absent, never zero;
//! types only grow. `filter` is the language in which actors are asked for. Every shape is a contract with programs in other languages.

mod actor;
mod batch;
mod event;
pub mod filter;
mod frame;
mod histogram;
mod metrics;
mod order;
pub mod percent;
mod problem;
mod process;
mod read;
mod source;
mod time;
mod traffic;
mod words;

pub use actor::{ActorId, ActorPatch, ActorRecord, ActorStatus, Latency, Rates, Work};
pub use batch::{ActorBatch, BatchOutcome, BootId, Rejection, RejectionCode};
pub use event::{ActorEvent, EventKind, JournalLine};
pub use frame::{Epoch, Frame, Removed, Seq, topic};
pub use histogram::{BUCKETS, Histogram};
pub use metrics::{ActorPools, Health, HealthStatus, MessageQueues, Metrics, PartHealth};
pub use order::{
    Attention, Controls, Detail, MOST_VALUE, MessageForm, Order, OrderAnswer, OrderId, OrderKind,
    OrderOutcome,
};
pub use problem::Problem;
pub use process::{ArbiterTime, ProcessFigures};
pub use source::Source;
pub use time::{ParseTimestampError, Timestamp};
pub use traffic::{ActorMessages, Dropped, Edge, MessageTotals, TypeTotals, WaitingAsk};
