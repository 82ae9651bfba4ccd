//! The language as data: every key of every level, what may stand under it, and which expressions.
//!
//! Who reads these tables: `lower` to make a workflow of a tree, `places.rs` for an editor, `json.rs` for a JSON Schema.

pub(crate) mod action_keys;
pub(crate) mod events;
pub(crate) mod forms;
mod json;
pub(crate) mod keys;
mod places;
pub(crate) mod types;

pub(crate) use events::{activities, is_event};
pub(crate) use json::json_schema;
#[cfg(test)]
pub(crate) use places::every_key;
pub(crate) use places::{Place, Root, Shape, Way, place};
