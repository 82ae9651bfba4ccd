//! Data: what goes to stdout.

use std::io::Write;

/// Prints text that is colourless, or was coloured after asking [`in_colour`].
pub(super) fn print(text: &str) {
    // A reader that has gone away wants no more.
    drop(std::io::stdout().write_all(text.as_bytes()));
}

/// Whether data may be coloured: a terminal, and nobody said `NO_COLOR`.
pub(super) fn in_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}
