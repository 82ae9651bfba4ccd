//! The one way in: whatever a report changes in this studio, it changes here, in an order that a replay can repeat.
//!
//! What came in goes through [`Intake::take`], whether it came over HTTP or from a bridge of this process: recorders hear of
//! it first, then the directory takes it, then come those who make something of it, always in the same order. One sender's
//! reports are taken one after the other; those of several at the same time. Nothing here waits for anybody.

mod intake;
mod keep;
mod lookers;
mod recorder;
#[cfg(test)]
mod replay;

pub use intake::{Ingest, Intake, Taken};
pub(crate) use keep::{FORM, MOST_KEYFRAME};
pub(crate) use lookers::{PER_SOCKET, Watch};
pub use recorder::Recorder;
