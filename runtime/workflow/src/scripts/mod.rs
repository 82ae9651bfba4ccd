//! Scripts in other languages, as far as their certain mistakes can be seen without running them.
//!
//! Nothing here knows workflows: texts go in, mistakes with their places in the text come out.

mod names;
mod python;
mod shell;

pub(crate) use python::{Mistake, check as check_python};
pub(crate) use shell::check as check_shell;
