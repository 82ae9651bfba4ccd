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
    /// A job is paused at a failure, and somebody has to say how it goes on.
    Paused = 77,
    /// A user cancelled it.
    Cancelled = 130,
}

impl Exit {
    /// What it means, in a few words.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Success => "all went well",
            Self::Failure => "the workflow failed",
            Self::Usage => "wrong usage, or a mistake in a file",
            Self::Machine => "the machine could not do it, the workflow is not to blame",
            Self::Paused => "a job is paused at a failure; `loom-runtime retry` goes on",
            Self::Cancelled => "it was cancelled",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The one with this code.
    pub(super) fn of_code(code: i32) -> Option<Self> {
        let all = [
            Self::Success,
            Self::Failure,
            Self::Usage,
            Self::Machine,
            Self::Paused,
            Self::Cancelled,
        ];
        all.into_iter().find(|exit| *exit as i32 == code)
    }

    /// How `run` ends for a run in this state; `asked`: whether somebody asked to cancel it, not its
    /// concurrency group alone.
    pub fn of(state: RunState, asked: bool) -> Self {
        match state {
            RunState::Success | RunState::Skipped => Self::Success,
            RunState::Failure => Self::Failure,
            // It gave way to a newer one of its concurrency group: what it was to do is not done.
            RunState::Cancelled if !asked => Self::Failure,
            RunState::Cancelled => Self::Cancelled,
            RunState::Lost | RunState::Queued | RunState::Running => Self::Machine,
        }
    }
}
