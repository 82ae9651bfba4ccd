//! The flight recorder: the last minutes of what came in, so that the studio can be looked at as it was.
//!
//! A recording is a row of segments. Each begins with a keyframe, which holds the whole of what the studio knew at one moment,
//! and goes on with what came in after it (`entry.rs`), in chunks. To see a moment, the last keyframe before it is read and
//! what came in between is taken in again, by the same code as then (`past.rs`). A file (`file.rs`) holds the same segments.
//!
//! On a sender's way there is one push into a queue: a batch that came as JSON is kept as that very text. A thread of the
//! recorder's own does the rest (`flight.rs`), and within bounds: of bytes kept, of time spent on packing, of how often and
//! for how long a keyframe holds up the door. What finds no room in the queue is counted, and leaves a hole that lasts until
//! the next keyframe: no moment in a hole is ever answered.
//!
//! Reports of two senders that are taken in at the very same moment may be recorded in the other order than they were applied
//! in. That matters only where both speak for the same actor, and in the last digits of sums; the next keyframe has it right.
//!
//! One of several servers records what it applies, in the order of the log and by its moments; what it takes over of another one is
//! a keyframe, and a hole where time passed before that.

mod alarm;
mod entry;
#[cfg(test)]
pub(crate) mod equal;
mod file;
mod flight;
#[cfg(test)]
mod golden;
mod packed;
mod past;
mod recorded;
mod recordings;
mod shelf;
mod tape;
pub(crate) mod wire;

pub use file::RecordingError;
#[cfg(test)]
pub(crate) use flight::{Flight, FlightOptions};
pub(crate) use past::Unseen;
#[cfg(test)]
pub(crate) use past::{Past, Source};
pub(crate) use recordings::{Opened, RecordingState, Recordings, Unsaved};
pub(crate) use shelf::{Saved, name as file_name};
