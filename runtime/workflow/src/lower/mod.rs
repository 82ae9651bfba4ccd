//! From the tree to the model, collecting every mistake on the way.
//!
//! The keys of every level are data ([`schema`](crate::schema)); reading a level by its table gives `Fields`,
//! which reports what is unknown, missing or in conflict. What remains for each level is to make typed values of the
//! fields it knows (`workflow.rs`, `job.rs`, `step.rs`, and what they call). Most values are checked by the tables, so
//! that their typed forms are made without a report (`checked.rs`).

mod action;
mod checked;
mod containers;
mod context;
mod env;
mod expressions;
mod fields;
mod forms;
mod free;
mod job;
mod limits;
mod metadata;
mod retry;
mod runs_on;
mod scalars;
mod sites;
mod step;
mod strategy;
mod triggers;
mod values;
mod workflow;

pub(crate) use action::lower_action;
pub(crate) use workflow::lower;
