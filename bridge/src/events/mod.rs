//! The journal's near end: what happened to the actors of a registry, kept until a bridge has carried it to a studio.
//!
//! Each registry has one ring of lines. Writing one is short and never waits for a reader; when nobody reads, the oldest
//! lines go and are counted. Nothing is written for a message that is handled well.

#[cfg(feature = "tracing")]
mod layer;
mod limits;
mod note;
mod ring;
mod tell;

#[cfg(feature = "tracing")]
pub use layer::JournalLayer;
pub use note::{Note, note, note_error};
pub use tell::{set_slow_message, slow_message};

pub(crate) use limits::{Lane, Limits};
pub(crate) use ring::{Line, Ring, Tap};
pub(crate) use tell::{Burying, Letters, Unwinding, dead_letter, dead_letter_of, handled_in, held_thread};
