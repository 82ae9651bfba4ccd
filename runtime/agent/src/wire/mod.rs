//! What a runtime and an agent say to each other over the socket.
//!
//! A frame is a length (u32, of what follows), a kind (u8) and a body. The runtime sends a [`Command`], the agent
//! a [`Report`]; the first frame of a connection is [`Command::Hello`]. Reports are wake-ups: what a step did is in its
//! spool. Every length is bounded, and no input makes a decoder panic.

mod command;
mod frames;
mod report;

pub use command::{Command, Hello, NextJob, ShellChoice, StartStep, StepProgram, StepSignal};
pub use frames::Frames;
pub use report::{LeftOver, Refusal, Report};

pub use crate::codec::Malformed;

/// The version of everything in this module and of the spool's records. Both ends must speak the same: the runtime
/// brings its own agent along, so there is nothing to negotiate.
pub const PROTOCOL: u16 = 5;

/// The secret's length in bytes.
pub const NONCE_LENGTH: usize = 32;

/// The largest frame, kind and body: room for a large script and environment, and a bound on what a peer can make
/// the other end hold.
pub const MAX_FRAME: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests;
