//! The live side: what happens is published once and reaches every viewer, or the viewer is told what it missed.
//!
//! Contract of a connection: its first frame is `hello`, whose `seq` is the place the connection starts at; then frames
//! follow in the order of their `seq`. To a viewer that keeps up every frame comes, without a hole. To one that does
//! not, frames that a later one of the same subject supersedes are left out; when more than that has to go, it
//! gets `resync`: fetch the snapshot, then go on from the `seq` it carries. So a client never has to count.

pub(crate) mod described;
mod feed;
mod frames;
mod hub;
mod outbox;
mod ring;
mod sockets;
mod viewer;
mod watch;

pub use described::{LiveChannel, LiveDescription, MessageType};
pub(crate) use feed::Feed;
pub use frames::{bounded_frames, close_reason};
pub use hub::{Cursor, Draft, Hub, HubStats, Subscription};
pub(crate) use outbox::Wanted;
pub(crate) use sockets::Line;
pub use sockets::{Admission, Pulse, Sockets};
pub(crate) use viewer::open_viewer;
