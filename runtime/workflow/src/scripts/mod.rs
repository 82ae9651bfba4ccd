//! Scripts in other languages, as far as their certain mistakes can be seen without running them.
//!
//! Nothing here knows workflows: texts go in, mistakes with their places in the text come out.

mod compound;
mod names;
mod python;
mod shell;
#[cfg(test)]
mod tests;

pub(crate) use python::{Mistake, check as check_python};
pub(crate) use shell::{Reading, read as read_shell};

/// How long the `${{ … }}` is that a text begins with: all of it when it is not closed. Braces in its texts end nothing.
fn expression(rest: &str) -> usize {
    let mut text = false;
    let bytes = rest.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => text = !text,
            b'}' if !text && bytes.get(at + 1) == Some(&b'}') => return at + 2,
            _ => {}
        }
    }
    rest.len()
}
