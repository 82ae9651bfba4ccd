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

/// How long the `${{ … }}` is that a text begins with; nothing when it is not closed. Braces in its texts end nothing.
fn closed_expression(rest: &str) -> Option<usize> {
    let mut text = false;
    let bytes = rest.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => text = !text,
            b'}' if !text && bytes.get(at + 1) == Some(&b'}') => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// As [`closed_expression`]; all of the text when it is not closed.
fn expression(rest: &str) -> usize {
    closed_expression(rest).unwrap_or(rest.len())
}

/// Whether a `${{` is not closed: what is put into the script is not known then.
fn has_open_expression(script: &str) -> bool {
    let mut rest = script;
    while let Some(start) = rest.find("${{") {
        let from = rest.get(start..).unwrap_or_default();
        match closed_expression(from) {
            Some(length) => rest = from.get(length..).unwrap_or_default(),
            None => return true,
        }
    }
    false
}
