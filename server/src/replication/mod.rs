//! Several servers as one studio.
//!
//! What comes in at any of them (reports, orders, sign-ins, that somebody looks) is an entry of one log, which all servers read and
//! apply in its order, each to its own directory, by the log's moments. The same entries make the same studio, so any server
//! answers for all. Who brought something is answered once its entry came by. A server that comes anew begins with a base, all that
//! was known at some place of the log, and goes on from there.
//!
//! - [`ReplicatedLog`] is the log: in memory for servers of one process, a Redis stream for those of several. Each record names
//!   the one before it, so that a log which was emptied, cut, or lost its newest records is never taken for the one that was read.
//! - `Replica` is one server's hold on it: appends, follows, begins anew where it lost its place.
//! - What a server remembers of the time in which another was not there (`handover.rs`) is asked for by an entry, and left beside the log.
//! - `StudioClock` is the time of the log, which stands still while that can't be read: nobody falls silent meanwhile.
//!
//! While the log is away nothing is taken, so that no two servers know different things; each goes on to show what it knew, and says
//! so. A server alone has no log, and takes in what comes at once. Nothing here blocks a thread that serves.

mod applier;
mod clock;
mod door;
mod entry;
#[cfg(test)]
mod equal;
mod follow;
mod handover;
mod health;
mod log;
mod memory;
mod picture;
#[cfg(feature = "redis")]
mod redis;
mod replica;

pub(crate) use clock::{STANDS_AFTER, StudioClock};
pub use door::{Away, Door, NotTaken};
pub use log::{Base, Later, LogError, Position, Record, ReplicatedLog};
pub use memory::MemoryLog;
#[cfg(feature = "redis")]
pub use redis::{InvalidRedisUrl, RedisLog, RedisUrl};
pub(crate) use replica::{Replica, Running as Replicating};
