//! YAML as a tree in which every key and value knows where it was written.
//!
//! Built on the events of one parser (design note: research on YAML). Duplicate keys stay in the tree and are
//! reported with both places; aliases are resolved by sharing; everything is bounded before it is built.

mod build;
mod indented;
mod keys;
mod limits;
mod node;
mod parse;
mod report;
mod scalar;
mod syntax;

pub use crate::style::Style;
pub use limits::Limits;
pub use node::{Entry, Key, Kind, Mapping, Node, Scalar};
pub use parse::parse;
pub use scalar::Value;
pub(crate) use scalar::resolve;
