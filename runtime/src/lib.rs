//! Loom's engine: runs workflows, keeps their history, and tells the studio about it.

pub mod executor;
pub mod id;
