//! Loom's engine: runs workflows, keeps their history, and tells the studio about it.

#[cfg(windows)]
compile_error!("Loom does not run on Windows: build and run it inside WSL 2");

pub mod actions;
pub mod agent;
mod asker;
mod bounded;
mod chain;
pub mod cli;
pub mod config;
pub mod context;
pub mod engine;
pub mod event;
pub mod executor;
mod fault;
mod files;
mod graph;
pub mod id;
pub mod journal;
mod lints;
pub mod logs;
pub mod machine;
mod may_block;
pub mod output;
pub mod owner;
mod plan;
pub mod prepare;
pub mod project;
mod replace;
mod repository;
pub mod rerun;
mod runs;
mod search;
pub mod secret;
pub mod serve;
pub mod state;
pub mod view;
pub mod world;
