//! Exit codes: one table, documented in `docs/exit-codes.md` and relied on by scripts.

use std::process::ExitCode;

use crate::event::RunState;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Success = 0,
    /// The workflow failed.
    Failure = 1,
    /// Wrong usage, or an invalid workflow or configuration.
    Usage = 2,
    /// The machine can't: the engine is unreachable, the port is taken, a run is lost.
    Machine = 3,
    /// A user cancelled it.
    Cancelled = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<RunState> for Exit {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Success | RunState::Skipped => Self::Success,
            RunState::Failure => Self::Failure,
            RunState::Cancelled => Self::Cancelled,
            RunState::Lost | RunState::Queued | RunState::Running => Self::Machine,
        }
    }
}
