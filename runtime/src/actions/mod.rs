//! Actions and called workflows of other repositories: where they come from, what they are, and what Loom does itself.
//!
//! [`ActionStore`] fetches a repository at a version into a cache, [`read`] tells what its action is, [`copy_into`] gives
//! a job its copy. Nothing here knows runs, jobs or steps; nothing here evaluates an expression. What blocks runs apart
//! from the async threads, git runs as a process with a time limit.

mod cache;
pub mod checkout;
mod copy;
mod definition;
mod error;
mod fetch;
mod git;
mod lock;
pub mod node;
mod options;
mod prune;
mod remote;
mod store;
mod tree;
mod unsupported;
mod workspace;

pub use checkout::{
    CheckoutInputs, CheckoutOutcome, CheckoutRequest, Served, checkout, serves as checkout_served,
    token_hint as checkout_token_hint,
};
pub use copy::copy_into;
pub use definition::{ActionDefinition, WorkflowText, read, read_fetched, read_local, read_workflow};
pub use error::{ActionError, Fault};
pub use lock::{LOCK_FILE, Records};
pub use node::{Room, candidates as node_candidates, missing as node_missing, notice as node_notice};
pub use options::{ActionOptions, DEFAULT_HOST};
pub use store::{ActionStore, FetchedAction, directory_name};
pub use tree::Copied;
pub use unsupported::Unsupported;
pub use workspace::copy_project;

#[cfg(test)]
pub(crate) mod tests;
