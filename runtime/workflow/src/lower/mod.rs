//! From the tree to the model, collecting every mistake on the way.
//!
//! The keys of every level are data (`keys.rs`); reading a level by its table gives [`Fields`](crate::model::Fields),
//! which reports what is unknown, missing or in conflict. What remains for each level is to make typed values of the
//! fields it knows (`workflow.rs`, `job.rs`, `step.rs`, and what they call). Most values are checked by the tables, so
//! that their typed forms are made in silence (`quiet.rs`).

mod action;
mod action_keys;
mod containers;
mod context;
mod env;
mod events;
mod expressions;
mod fields;
mod forms;
mod job;
mod keys;
mod limits;
mod metadata;
mod places;
mod quiet;
mod retry;
mod runs_on;
mod scalars;
mod schema;
mod sites;
mod step;
mod strategy;
mod triggers;
mod types;
mod values;
mod workflow;

pub(crate) use action::lower_action;
pub(crate) use events::{activities, is_event};
#[cfg(test)]
pub(crate) use places::every_key;
pub(crate) use places::{Place, Root, Shape, Way, place};
pub(crate) use schema::schema;
pub(crate) use workflow::lower;
