//! What happened to each actor, line by line: what its process tells, and what this studio sees by itself.
//!
//! Bounded: so many lines an actor, so many of all actors together, oldest first out. A line that is gone is a hole in the
//! actor's `seq`, never a renumbering, unless two ids become one. What an actor left behind stays after it is gone, for as long as a silent actor would.

mod keep;
mod kept;
mod ring;
mod seen;
mod store;

pub(crate) use kept::Draft;
pub(crate) use store::Journal;
