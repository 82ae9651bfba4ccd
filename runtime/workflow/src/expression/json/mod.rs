//! Values from and to JSON. Neither direction recurses, so nesting cannot exhaust the stack.

mod read;
mod write;

pub(super) use read::{Form, read};
pub(super) use write::{compact, pretty};
