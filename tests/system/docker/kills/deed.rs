//! What is done to a run, and when.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::left::Holder;
use crate::harness::{OwnEngine, Project, Running, until};

/// When something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// While the job's image is pulled.
    Pull,
    /// As soon as the engine has anything of the job.
    Create,
    /// As soon as the job's container runs.
    Start,
    /// While the action's image is built or its container made.
    Build,
    /// While a container action runs.
    Action,
    /// While a step runs.
    Step,
    /// While a post step runs.
    Post,
    /// While the place is removed.
    Teardown,
}

impl Moment {
    pub(super) const ALL: [Self; 8] = [
        Self::Pull,
        Self::Create,
        Self::Start,
        Self::Build,
        Self::Action,
        Self::Step,
        Self::Post,
        Self::Teardown,
    ];

    /// Brings the run there.
    pub(super) fn wait(self, running: &mut Running, project: &Project, holder: &Holder) {
        match self {
            Self::Pull => running.until_stdout("pulling the image"),
            Self::Create => running.until("something of the job", || holder.holds_any().then_some(())),
            Self::Start => {
                running.until("a container that runs", || holder.room_process());
            }
            Self::Build => running.until_stdout("in-42-main"),
            Self::Action => running.until_stdout("in-42-action"),
            Self::Step | Self::Post | Self::Teardown => {
                project.file("go-action", "");
                running.until_stdout("in-42-step");
                if self == Self::Step {
                    return;
                }
                project.file("go-step", "");
                running.until_stdout("in-42-post");
                if self == Self::Teardown {
                    project.file("go-post", "");
                }
            }
        }
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Interrupt,
    Terminate,
    Kill,
    /// `docker pause` of the job's container, and then Ctrl-C: a container that somebody pauses is waited for.
    Pause,
    /// The agent is halted, and then Ctrl-C.
    FreezeAgent,
    /// The engine is halted.
    HaltEngine,
    /// The engine is killed, and started once more for the next start.
    KillEngine,
}

impl Deed {
    pub(super) const ALL: [Self; 7] = [
        Self::Interrupt,
        Self::Terminate,
        Self::Kill,
        Self::Pause,
        Self::FreezeAgent,
        Self::HaltEngine,
        Self::KillEngine,
    ];

    pub(super) fn is_of_the_engine(self) -> bool {
        matches!(self, Self::HaltEngine | Self::KillEngine)
    }

    /// Whether one Ctrl-C is not enough for it: a post step goes on for the five minutes that GitHub gives it too, and one
    /// that cannot end uses them up.
    pub(super) fn wants_insisting(self, moment: Moment) -> bool {
        matches!(self, Self::Pause | Self::FreezeAgent) && matches!(moment, Moment::Post | Moment::Teardown)
    }

    /// What follows a little later, on every other seed: a second Ctrl-C, of somebody without patience.
    pub(super) fn insist(self, running: &Running) {
        if matches!(self, Self::Interrupt | Self::Pause | Self::FreezeAgent) {
            std::thread::park_timeout(Duration::from_secs(1));
            running.signal_if_there(Signal::INT);
        }
    }

    pub(super) fn carry_out(self, running: &Running, holder: &Holder, own: Option<&OwnEngine>) {
        match self {
            Self::Interrupt => running.signal_if_there(Signal::INT),
            Self::Terminate => running.signal_if_there(Signal::TERM),
            Self::Kill => running.signal_if_there(Signal::KILL),
            Self::Pause => {
                holder.pause_room();
                running.signal_if_there(Signal::INT);
            }
            Self::FreezeAgent => {
                if let Some(process) = holder.room_process().and_then(Pid::from_raw) {
                    // It may end right now.
                    let _ = kill_process(process, Signal::STOP);
                }
                running.signal_if_there(Signal::INT);
            }
            Self::HaltEngine => own.expect("an engine of its own").signal(Signal::STOP),
            Self::KillEngine => own.expect("an engine of its own").signal(Signal::KILL),
        }
    }

    /// Puts the engine right, for the next start.
    pub(super) fn undo(self, own: Option<&OwnEngine>) {
        match (self, own) {
            (Self::HaltEngine, Some(engine)) => {
                engine.signal(Signal::CONT);
                // What it was told while it was halted, it does now: it must be through with it.
                until("an engine that answers", || engine.answers().then_some(()));
                std::thread::park_timeout(Duration::from_millis(200));
            }
            (Self::KillEngine, Some(engine)) => engine.again(),
            _ => {}
        }
    }

    /// Whether a run may end like this. None is for one that was killed. What comes at the very end may find the run over.
    pub(super) fn may_end_with(self, code: Option<i32>, moment: Moment) -> bool {
        let over = moment == Moment::Teardown && code == Some(0);
        over || match self {
            Self::Interrupt | Self::Terminate | Self::Pause | Self::FreezeAgent => code == Some(130),
            Self::Kill => code.is_none(),
            Self::HaltEngine | Self::KillEngine => code == Some(3),
        }
    }
}
