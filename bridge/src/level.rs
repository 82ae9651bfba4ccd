//! How much is measured. Process-wide, switchable at run time.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How much of each message is measured. Ends, panics and statuses are seen at every level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Messages are not counted. Those sent now are not counted later either.
    Off,
    /// Messages, queues and whether an actor is in a handler.
    Counters,
    /// Also the time in handlers and in queues.
    Time,
}

static LEVEL: AtomicU8 = AtomicU8::new(2);

/// The level in force; [`Level::Time`] when nobody chose another.
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Relaxed) {
        0 => Level::Off,
        1 => Level::Counters,
        _ => Level::Time,
    }
}

/// Changes the level for every actor of the process, at once.
pub fn set_level(level: Level) {
    let code = match level {
        Level::Off => 0,
        Level::Counters => 1,
        Level::Time => 2,
    };
    LEVEL.store(code, Relaxed);
}
