//! Programs that speak OpenTelemetry and nothing else: what their spans say of messages, as reports of actors.
//!
//! A span that produces or consumes a message (the conventions of `messaging.*`) is one message of an actor: the consumer or the
//! producer of a destination in one start of one service. [`Receiver`] makes ordinary batches of them, which go the one way in
//! (`ingest/`), so that whatever reads reports reads these. Spans of anything else are looked at for who caused what, and forgotten.
//!
//! Everything is bounded: spans of a request (`wire.rs`, `json.rs`), spans that are remembered (`chains.rs`), services, their actors
//! and edges (`service.rs`). What is not taken is counted and said.

mod chains;
mod json;
mod receiver;
mod service;
mod span;
mod wire;

pub(crate) use receiver::{Outcome, Receiver};
pub(crate) use span::Request;
pub(crate) use wire::{partial_success, status};
