//! The state of a run: a pure fold over its events, and what to do next.
//!
//! Knows no actor, no clock, no disk. `Run::apply` takes every event that the journal returns, in order; `Run::decide`
//! says which events and starts follow. The whole state machine is tested without actix, Docker or time.

mod decide;
mod fold;
mod frontier;

pub use decide::Decision;
pub use fold::{FoldError, Job, Run, Step};
