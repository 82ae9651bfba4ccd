//! Runs that are paused at a failure: what waits for an answer, who is asked (a person at the terminal, or a program by the
//! exit code), and the commands that answer from elsewhere.

mod ask;
mod command;
mod kept;
mod relay;
mod shell;
mod waiting;

pub(super) use ask::{Asker, Choice, is_anybody_there};
pub(super) use command::{retry, say};
pub(super) use relay::{leave_alone, relay, relay_when};
pub(super) use shell::shell;
pub(super) use waiting::{Waiting, commands, stands_still, tried_again_at, waiting};
