//! Loom's engine: runs workflows, keeps their history, and tells the studio about it.

pub mod engine;
pub mod event;
pub mod executor;
pub mod id;
pub mod journal;
pub mod logs;
pub mod state;
pub mod world;
