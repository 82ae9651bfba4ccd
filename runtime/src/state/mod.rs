//! The state of a run: a pure fold over its events, and what to do next.
//!
//! Knows no actor, no clock, no disk. `Run::apply` takes every event that the journal returns, in order; `Run::decide`
//! says which events, judgements and starts follow. The whole state machine is tested without actix, Docker or time.
//!
//! A run has jobs. One that was judged runs itself, or brings others: the combinations of its matrix, or the jobs of the
//! workflow that it calls. It is done when they are.

mod attempts;
mod decide;
mod fold;
mod frontier;
mod rerun;
mod run;
#[cfg(test)]
mod tests;

pub use attempts::{EarlierAttempt, EarlierTry};
pub use decide::Decision;
pub use fold::FoldError;
pub use rerun::{Again, RerunError};
pub(crate) use run::BY_CONCURRENCY;
pub use run::{Claim, Job, Pause, Run, Step};
