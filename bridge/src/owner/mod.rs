//! Owning actors: being told when one ends, and starting it again.
//!
//! actix's own `Supervisor` restarts an actor that stops and does nothing about one that panics, which just vanishes.
//! Here every end reaches the owner as [`ChildGone`], and [`Keeper`] starts a panicked child again by a
//! [`RestartPolicy`] with back-off and a budget.

mod gone;
mod keeper;
mod policy;

pub(crate) use gone::Watcher;
pub use gone::panic_text;
pub use gone::{ChildGone, End};
pub use keeper::{CurrentChild, Keeper, KeeperNews, StopKeeping};
pub use policy::{Decision, RestartPolicy};
