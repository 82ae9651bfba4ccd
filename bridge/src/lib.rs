//! What an application embeds so that Loom sees its actors.
//!
//! An actix actor takes [`Context`] as its context and gets `#[loom_bridge::actor]` on its `impl Actor`; from then on it is
//! in the [`ActorRegistry`], counted and timed, with its panics caught and named. A [`discovery`] bridge carries what
//! changes to a studio. Knows no web server, no database and no workflow.
//!
//! ```
//! use actix::prelude::*;
//! use loom_bridge::Context; // instead of actix's own, which the prelude brings
//!
//! struct Counter;
//!
//! #[loom_bridge::actor]
//! impl Actor for Counter {
//!     type Context = Context<Self>;
//! }
//!
//! # actix::System::new().block_on(async {
//! let counter = Counter.start();
//! # let _ = counter;
//! assert_eq!(loom_bridge::ActorRegistry::process_wide().len(), 1);
//! # });
//! ```

// For what the attribute writes, when it is used in this crate.
extern crate self as loom_bridge;

#[cfg(feature = "uplink")]
mod address;
mod cell;
mod clock;
mod context;
pub mod discovery;
mod events;
mod figures;
mod measure;
mod names;
mod number;
#[cfg(feature = "otlp")]
pub mod otlp;
mod owner;
mod power;
mod registry;
mod say;
mod seen;
mod spec;
mod sync;
mod trace;

pub use context::{Activity, Context, Declared, Observed, StartObserved, Supervisor, spawn, spawn_in};
pub use discovery::{DiscoveryBridge, Options, StudioSink, get_discovery_bridge};
#[cfg(feature = "tracing")]
pub use events::JournalLayer;
pub use events::{Note, note, note_error, set_slow_message, slow_message};
pub use loom_macros::actor;
pub use loom_protocol as protocol;
pub use measure::{Level, TypeStats, follow_studio, level, set_level, type_stats};
pub use owner::{ChildGone, CurrentChild, Decision, End, Keeper, KeeperNews, RestartPolicy, StopKeeping};
pub use power::{Allow, Ordered};
pub use registry::{
    ActorHandle, ActorRegistry, Changes, Delta, DiscoveryService, Retention, TooManySubscriptions,
};
pub use spec::ActorSpec;
pub use sync::{SyncArbiter, SyncContext};
pub use trace::{Carried, Cause, SpanId, TraceId, carry};

/// What the attribute's code refers to.
#[doc(hidden)]
pub mod __private {
    pub use actix;
    pub use actix_rt;
    pub use futures_util::Stream;

    pub use crate::seen::{SeenContext, is_seen};
}
