//! Data: what goes to stdout.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use super::{Exit, talk};

/// Why no more data can be written.
static FAILED: OnceLock<io::Error> = OnceLock::new();

/// Prints text that is colourless, or was coloured after asking [`in_colour`].
pub(super) fn print(text: &str) {
    if is_taken() {
        note(io::stdout().write_all(text.as_bytes()));
    }
}

/// Writes out what is held back, for who draws and waits.
pub(super) fn flush() {
    if is_taken() {
        note(io::stdout().flush());
    }
}

/// Whether anybody can still have data; else there is no use in making more.
pub(super) fn is_taken() -> bool {
    FAILED.get().is_none()
}

/// Writes out what is held back, and says so when data was lost. What a command did does not count then: a script that
/// reads half of an answer must not take it for all.
pub(super) fn finish(exit: Exit) -> Exit {
    if is_taken() {
        note(io::stdout().flush());
    }
    match FAILED.get() {
        Some(error) if is_loss(error) => {
            talk::error(&format!("the output cannot be written: {error}"));
            talk::help("stdout must lead to something that takes it all: is the disk full?");
            Exit::Machine
        }
        _ => exit,
    }
}

/// Remembers the first failure.
pub(super) fn note(done: io::Result<()>) {
    if let Err(error) = done {
        // A later one adds nothing.
        drop(FAILED.set(error));
    }
}

/// A reader that has gone away wants no more: nothing is lost.
fn is_loss(error: &io::Error) -> bool {
    error.kind() != ErrorKind::BrokenPipe
}

/// Whether data may be coloured: a terminal, and nobody said `NO_COLOR`.
pub(super) fn in_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Whether data goes to a terminal.
pub(super) fn on_a_terminal() -> bool {
    io::stdout().is_terminal()
}

/// The columns of the terminal that data goes to; `None` where it goes elsewhere.
pub(super) fn columns() -> Option<usize> {
    let size = window()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// The lines that the terminal shows at once to which data goes; `None` where it goes elsewhere.
pub(super) fn lines() -> Option<usize> {
    let size = window()?;
    (size.ws_row > 0).then_some(usize::from(size.ws_row))
}

fn window() -> Option<rustix::termios::Winsize> {
    on_a_terminal()
        .then(|| rustix::termios::tcgetwinsize(io::stdout()).ok())
        .flatten()
}
