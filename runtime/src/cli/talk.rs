//! Talk: what goes to stderr. Colour never carries meaning alone.

use anstream::eprintln;
use anstream::stream::IsTerminal;

const ERROR: &str = "\u{1b}[1;31m";
const WARNING: &str = "\u{1b}[1;33m";
const NOTE: &str = "\u{1b}[1;36m";
const RESET: &str = "\u{1b}[0m";

/// An error: what is wrong.
pub(super) fn error(text: &str) {
    eprintln!("{ERROR}error{RESET}: {text}");
}

/// What to do next.
pub(super) fn help(text: &str) {
    eprintln!("{NOTE}help{RESET}: {text}");
}

/// Something the user should know.
pub(super) fn warning(text: &str) {
    eprintln!("{WARNING}warning{RESET}: {text}");
}

/// Something that is good to know.
pub(super) fn note(text: &str) {
    eprintln!("{NOTE}note{RESET}: {text}");
}

/// Text that was made elsewhere, such as a drawn diagnostic.
pub(super) fn raw(text: &str) {
    eprintln!("{text}");
}

/// Whether somebody watches both streams.
pub(super) fn on_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether talk may be coloured: a terminal, and nobody said `NO_COLOR`.
pub(super) fn in_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
