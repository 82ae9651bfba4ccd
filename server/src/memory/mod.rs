//! What the studio remembers: hands each second that is over to the history, and asks it what it was like.
//!
//! A second is handed over once nothing can be added to it any more: what a process tells is of the ten seconds before, at
//! most. Until then it is told as it stands. Time is the moment of the sweep, so that the same reports make the same history.

mod ask;
mod metric;
mod processes;
mod remember;
#[cfg(test)]
mod tests;

pub(crate) use ask::Asked;
pub(crate) use metric::{HistoryBy, HistoryMetric, HistoryUnit};
pub(crate) use remember::{Memory, SecondTaker};
