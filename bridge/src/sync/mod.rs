//! actix's `SyncArbiter` for actors that are seen: the same names, so that the `use` is all that changes.
//!
//! Actors that block (a database, a computation) run on threads of their own and share one queue: whoever is free takes the
//! next message. actix closes its own `SyncContext` to others, so this is a twin of it and not a layer over it.

mod arbiter;
mod context;
mod envelope;

pub use arbiter::SyncArbiter;
pub use context::SyncContext;
