//! What of the language runs: the rows of `docs/compatibility.md`, and a case for each.
//!
//! The page is made from the rows; with `LOOM_BLESS=1` the test writes it.

mod case;
mod cases;
mod page;
mod rows;

pub(crate) use case::Case;
