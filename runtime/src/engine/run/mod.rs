//! A run on its way: its actor writes its history, starts its jobs and learns of their ends.

mod actor;
mod control;
mod decisions;
mod hidden;
mod judging;
mod keeping;
mod losing;
mod outcome;
mod prepared;
mod restoring;
mod writing;

pub(in crate::engine) use actor::{AnswerPauses, CancelRun, CancelRunJob, RunActor, RunOrigin, SaveEvents};
pub use outcome::{Outcome, RunHandle};
pub(in crate::engine) use prepared::ClosePlace;
pub(in crate::engine) use restoring::{NotRestored, Restored, is_under_way};
