//! What the studio knows of all actors: records by id, who reported them, when that sender was last heard.
//!
//! Owns the records and nothing of how they travel: no HTTP, no sockets. `lastHeartbeat`, `uptime` and `stale` are
//! computed when a record is read, so a beat of a process with 100,000 actors is one store of one number.
//!
//! Locks: a writer holds an actor's map entry and then takes the index or the loners; a reader copies ids out of those and
//! lets them go before it looks at an actor. The row that lists look at (`rows`) is written last, in the same way. Nobody takes them the other way round.

mod batch;
mod boot;
mod changes;
mod cursor;
mod entry;
mod forest;
mod happened;
mod index;
mod keep;
mod limits;
mod measured;
mod patience;
mod query;
mod rows;
mod scope;
mod sight;
mod store;
mod summary;
mod sweep;
mod takeover;
mod target;
mod texts;
mod tree;
mod written;

pub(crate) use batch::Applying;
pub use changes::Changes;
pub(crate) use changes::Taken;
pub use cursor::InvalidCursor;
pub(crate) use entry::Text;
pub(crate) use forest::{Branch, Uprooted};
pub(crate) use happened::{Happening, Look, What};
pub use limits::{DirectoryOptions, Refusal};
pub(crate) use measured::Measured;
pub(crate) use patience::Deaf;
pub use query::{ActorQuery, Direction, Matches, Page, Sort, SortField};
pub use store::{Directory, Registered};
pub use summary::TypeStatusCount;
pub(crate) use tree::{TreeQuery, Unfold};
