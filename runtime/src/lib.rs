//! Loom's engine: runs workflows, keeps their history, and tells the studio about it.

#[cfg(windows)]
compile_error!("Loom does not run on Windows: build and run it inside WSL 2");

pub mod agent;
mod bounded;
pub mod cli;
pub mod config;
pub mod engine;
pub mod event;
pub mod executor;
mod fault;
mod files;
pub mod id;
pub mod journal;
pub mod logs;
pub mod machine;
pub mod owner;
pub mod prepare;
pub mod project;
mod repository;
pub mod serve;
pub mod state;
pub mod view;
pub mod world;
