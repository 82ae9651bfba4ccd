//! How much is measured. Process-wide, switchable at run time.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How much of each message is measured. Ends, panics and statuses are seen at every level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Messages are not counted. Those sent now are not counted later either.
    Off,
    /// Messages by type, what became of them, queues, and whether an actor is in a handler.
    Counters,
    /// Also the time in handlers and in queues, the messages of each actor by type, and who sends to whom.
    Traffic,
}

static LEVEL: AtomicU8 = AtomicU8::new(1);

/// The level in force. Where nobody chose one with [`set_level`](crate::set_level), it is [`Level::Counters`], and
/// [`Level::Traffic`] while somebody looks closer in the studio.
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Relaxed) {
        0 => Level::Off,
        1 => Level::Counters,
        _ => Level::Traffic,
    }
}

/// For every actor of the process, at once.
pub(super) fn put_in_force(level: Level) {
    let code = match level {
        Level::Off => 0,
        Level::Counters => 1,
        Level::Traffic => 2,
    };
    LEVEL.store(code, Relaxed);
}
