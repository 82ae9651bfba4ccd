//! What is not as it should be, found on what comes in: one rule a file, each with its threshold, the sentence it says, and a
//! test that provokes it.
//!
//! A rule looks at [`facts`] and at nothing else, and says what holds now. Flicker is kept away in one place: what a rule
//! found stays for a while after it last did. Nobody is told twice: who is told of ten actors of a type is told of the type.
//!
//! Asks that wait in a circle are not among the rules. To be certain of one, it would have to be known of each actor in a handler
//! whose answer it waits for, and since when. What comes in says how many messages went from one to another (and that only
//! while somebody looks), how many of a type were asks, and how many wait: two that ask each other and block look like two of
//! which one reads a slow disk. The bridge can't tell more today: who asks is known where a message is sent, whom it asks only
//! where that one opens it, and in a circle the asks lie in mailboxes, which nobody can look into. A sender would have to name
//! the receiver as it sends, which actix's `Addr` does not tell its envelope. A rule that guesses would cry wolf.

mod blocked_worker;
mod dead_letters;
mod facts;
mod failed;
mod growing_mailbox;
mod restart_storm;
mod silent_process;
mod store;
mod stuck_handler;
mod too_many;

pub(crate) use store::{Lint, Lints};
