//! Telling a collector of traces what messages were handled: OTLP over HTTP, as JSON.
//!
//! One span for each handled message of a chain that is recorded: because whoever sent the request wants it (the flag of its
//! `traceparent`), or by chance where a chain begins here. Spans wait in a bounded queue; what a collector does not take in time
//! is dropped and counted, and no actor waits for it. By the client of the uplink, so plain HTTP to a collector nearby.

mod export;
mod json;
mod options;

pub use export::{Traces, export};
pub use options::{DEFAULT_COLLECTOR_URL, OtlpError, OtlpOptions};
