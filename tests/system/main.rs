//! Whole-system tests: the real binaries from outside, as a user has them. Run by `make test`, which builds the binaries,
//! starts an engine and says in the environment where they are (`harness/setup.rs` has the list).
//!
//! - `house`: the arrows and invariants of the design, held over `cargo metadata` and the source. Needs nothing.
//! - `docker`: what needs an engine.
//! - all others: the binaries on this machine, with the host executor.
//!
//! A test that lacks what it needs fails and says so; it never passes by leaving something out.

#[cfg(test)]
mod about;
#[cfg(test)]
mod cancel;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod checking;
#[cfg(test)]
mod cli_runs;
mod compatibility;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod docker;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod editor;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod flags;
#[cfg(test)]
mod full;
#[cfg(test)]
mod guide;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod house;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod mending;
mod mistakes;
#[cfg(test)]
mod order;
#[cfg(test)]
mod pausing;
#[cfg(test)]
mod rerun;
#[cfg(test)]
#[path = "../../server/tests/integration/schema.rs"]
mod schema;
#[cfg(test)]
mod searching;
#[cfg(test)]
mod serve;
mod settings;
#[cfg(test)]
mod side_by_side;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod talkers;
