//! Chains of messages, and the actor that is running on this thread: what is sent, spawned, noted or logged now belongs to both.
//!
//! A chain is a trace of the W3C's trace context: 16 bytes name it, 8 bytes whoever caused what runs now, one byte says
//! whether it is recorded. All of it travels with each message and comes from, and goes to, other programs as the header
//! `traceparent`.

mod carried;
mod cause;
mod ids;
mod parent;
#[cfg(not(feature = "otlp"))]
#[path = "no_span.rs"]
mod span;
#[cfg(feature = "otlp")]
pub(crate) mod span;
mod state;

pub use carried::{Carried, carry};
pub use cause::Cause;
pub use ids::{SpanId, TraceId};

#[cfg(feature = "otlp")]
pub(crate) use span::Recorded;
pub(crate) use span::Span;

pub(crate) use cause::{current_actor, current_cell, polling, sender, with_current_actor};
