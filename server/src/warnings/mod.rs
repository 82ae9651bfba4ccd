//! Warnings: rules on what the studio remembers, on what is not as it should be, and on how work ended; what they raise, and where it
//! is sent.
//!
//! A rule says when; a warning is what it raised, pending, firing or resolved; a silence keeps it quiet for a while; a channel is
//! where it is sent; a delivery is one attempt to send. [`watch`], [`evaluation`], [`work`] and [`outbox`] decide and are pure: time
//! and values are given, so that a preview judges the past by what judges the present. [`store`] holds it all, [`turn`] looks once a
//! second, [`change`] is what people do, [`files`] what outlives a restart, and [`send`] alone speaks to others. There is no static
//! state: each studio has its own.

mod change;
mod channel;
mod counts;
mod evaluation;
mod files;
mod invalid;
mod message;
mod outbox;
mod past;
mod preview;
mod rule;
mod send;
mod silence;
mod store;
mod turn;
mod warning;
mod watch;
mod words;
mod work;

pub(crate) use change::Unchanged;
pub(crate) use channel::{ChannelAsked, ShownChannel};
pub(crate) use outbox::Delivery;
pub(crate) use preview::{Preview, PreviewAsked};
pub(crate) use rule::{Rule, RuleAsked};
pub(crate) use silence::{Silence, SilenceAsked};
pub(crate) use store::{WarningList, Warnings};
pub use work::{WorkOutcome, WorkResult};
