//! Discovery: finding what changed in registries and carrying it to a studio.
//!
//! A [`DiscoveryBridge`] polls the registries it is connected to and delivers batches to a [`StudioSink`]: a studio in the
//! same process, or one that is reached by [`uplink`]. It never blocks an actor and never holds more than a bounded
//! backlog; what it cannot deliver it can always read from the registry again.

mod asked;
mod bridge;
mod courier;
mod news;
mod options;
mod outbox;
#[cfg(feature = "uplink")]
mod poll;
mod portion;
mod sink;
#[cfg(test)]
mod tests;
#[cfg(feature = "uplink")]
pub mod uplink;

pub use bridge::{ConnectError, DiscoveryBridge, get_discovery_bridge};
pub use options::{Options, Placement};
pub use sink::{Delivery, Notify, SinkError, StudioSink};
