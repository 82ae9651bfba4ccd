//! Whole-system tests: the real binaries from outside, as a user has them. Run by `make test`, which builds the binaries,
//! starts an engine and says in the environment where they are (`harness/setup.rs` has the list).
//!
//! - [`house`]: the arrows and invariants of the design, held over `cargo metadata` and the source. Needs nothing.
//! - everything else but [`docker`]: the binaries on this machine, with the host executor.
//! - [`docker`]: what needs an engine.
//!
//! A test that lacks what it needs fails and says so; it never passes by leaving something out.

#[cfg(test)]
mod harness;
#[cfg(test)]
mod house;
