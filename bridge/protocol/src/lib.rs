//! Loom's wire types: what programs, bridges, studio servers and pages say to each other.
//!
//! Owns the JSON shapes and nothing else: no IO, no clock, no actix. JSON is camelCase; unknown is absent, never zero;
//! types only grow. Every shape is a contract with programs in other languages.

mod actor;
mod batch;
mod frame;
mod metrics;
mod problem;
mod read;
mod source;
mod time;

pub use actor::{ActorId, ActorPatch, ActorRecord, ActorStatus, Latency, Rates, Work};
pub use batch::{ActorBatch, BatchOutcome, BootId, Rejection, RejectionCode};
pub use frame::{Epoch, Frame, Removed, Seq, topic};
pub use metrics::{ActorPools, Health, HealthStatus, MessageQueues, Metrics, PartHealth};
pub use problem::Problem;
pub use source::Source;
pub use time::{ParseTimestampError, Timestamp};
