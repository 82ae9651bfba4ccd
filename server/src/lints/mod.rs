//! What is not as it should be, found on what comes in: one rule a file, each with its threshold, the sentence it says, and a
//! test that provokes it.
//!
//! A rule looks at [`facts`] and at nothing else, and says what holds now. Flicker is kept away in one place: what a rule
//! found stays for a while after it last did. Nobody is told twice: who is told of ten actors of a type is told of the type.

mod ask_cycle;
mod blocked_worker;
mod dead_letters;
mod facts;
mod failed;
mod growing_mailbox;
mod keep;
mod restart_storm;
mod silent_process;
mod store;
mod stuck_handler;
mod too_many;

pub(crate) use facts::Ask;
pub(crate) use store::{Lint, Lints, Severity};

/// The codes of all rules.
pub(crate) fn codes() -> &'static [&'static str] {
    store::CODES
}
