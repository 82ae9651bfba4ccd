//! Windows: stretches of long lists that viewers look at. A viewer says which (filter, order, from, count), and is told the rows
//! it sees, the total, and what changes of both; nobody holds a list of 100,000 actors to show forty.
//!
//! One pass answers all viewers that look at the same; what two frames differ in is computed once for all that were told the
//! first. Bounded: windows of a viewer, rows of a window, different lists of a server. A viewer that does not fetch its frame
//! gets none until it does, and then what changed since. Passes never take more than a fifth of a thread.

mod ask;
mod flush;
mod shown;
mod viewers;

pub(crate) use ask::{NAME, ROWS};
pub(crate) use flush::keep_current;
pub(crate) use viewers::{ViewerWindows, Windows};
