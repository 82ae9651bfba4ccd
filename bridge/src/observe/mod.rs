//! What an adapter for another actor system writes to: the bridge's public face below actix.
//!
//! [`Context`](crate::Context) is one adapter, written into the bridge for speed; `loom-tokio` and `loom-kameo` are others, which use
//! nothing but this. An adapter makes an [`Observer`] where an actor begins, runs each poll of it through [`Observer::poll`], stamps
//! what is sent with a [`Letter`] and takes letters with [`ActorRef::take`]; what happens in between is a [`Handling`]. From these
//! come the registry's records, the counts by type and sender, times, the journal and the tree of parents, by the same rules as for
//! actix. Counts may come from any thread.
//!
//! ```
//! use loom_bridge::observe::{ActorKind, Letter, Observer};
//! use loom_bridge::{ActorRegistry, ActorSpec};
//!
//! let registry = ActorRegistry::new();
//! let kind = ActorKind::named("Counter");
//! let mut counter = Observer::begin(kind, ActorSpec::new("Counter").id("counter-1").registry(&registry));
//! let add = Letter::to(kind.message("Add")); // where it is sent
//! counter.poll(|actor| {
//!     let handling = actor.take(add); // where it is taken
//!     // …the application's own handler…
//!     handling.end();
//! });
//! assert_eq!(registry.get(&"counter-1".into()).and_then(|actor| actor.message_count), Some(1));
//! ```

mod actor;
mod ask;
mod handling;
mod kinds;
mod letter;
mod observer;
mod order;

pub use actor::ActorRef;
pub use ask::{Answer, AskError, Asked, Reply, asking};
pub use handling::Handling;
pub use kinds::{ActorKind, MessageKind};
pub use letter::Letter;
pub use observer::Observer;
pub use order::TakenOrder;

/// What runs on this thread is of no chain of messages any more: its actor is done with a message and goes on by itself.
pub fn leave_chain() {
    crate::trace::Cause::default().enter();
}

pub use crate::cell::QueueLength;
pub use crate::context::is_error;
pub use crate::owner::panic_text;
