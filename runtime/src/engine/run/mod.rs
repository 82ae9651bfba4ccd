//! A run on its way: its actor writes its history, starts its jobs and learns of their ends.

mod actor;
mod ahead;
mod control;
mod decisions;
mod hidden;
mod judging;
mod keeping;
mod losing;
mod outcome;
mod writing;

pub(in crate::engine) use actor::{AnswerPauses, CancelRun, CancelRunJob, RunActor, RunOrigin, SaveEvents};
pub(in crate::engine) use ahead::ClosePlace;
pub use outcome::{Outcome, RunHandle};
