//! What this process uses of its machine: processor, memory, files, and how busy the threads are that run its actors.
//!
//! Read from `/proc` by a thread that may wait, at the pace of the bridge's poll; what can't be had there is absent. No arbiter
//! waits for it: a batch carries what was read last.

mod read;
mod threads;
mod watch;

pub(crate) use threads::note_this_thread;
pub(crate) use watch::Figures;
