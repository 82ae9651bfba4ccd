//! A run on its way: the actor that owns its history and its jobs.

mod actor;
mod outcome;

pub(super) use actor::{CancelRun, RunActor, RunSeat, SaveEvents};
pub use outcome::{Outcome, RunHandle};
