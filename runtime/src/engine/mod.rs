//! The engine: runs as actors over a pure state.

mod job;
