//! Metrics for a collector of OpenTelemetry (OTLP over HTTP, in JSON), where one is named; nothing is sent otherwise.
//!
//! What is sent is what the history takes: each second that is over, once. [`Totals`] adds them up and is pure; [`Exporter`] sends what it has
//! come to. Totals only grow, so nothing waits for a collector that is away: what it missed is in the next request. Which names have points
//! of their own is bounded by [`crate::places`].

mod client;
mod exporter;
mod json;
mod options;
mod totals;

pub(crate) use exporter::Exporter;
pub use options::{CollectorHeaders, CollectorOptions, CollectorUrl, InvalidCollector};
use totals::{OfProcess, OfType, Totals};
