//! What an editor asks of a file while somebody writes it: findings, meanings, completions, places, changes.
//!
//! All of it is pure: values in, values out, for a language server as for a page. A [`Document`] is read anew at each change.
//! Two views of the file answer: its lines (`lines.rs`, `cursor.rs`), which are there at any moment, say where the cursor is;
//! the model of what can be read (`recovery.rs`, `document.rs`) says what there is around. A place that is not known gives no
//! answer; nothing panics on any text and any offset.

mod completion;
mod cursor;
mod definition;
mod document;
mod encoding;
mod fixes;
mod hover;
mod lines;
mod names;
mod offers;
mod outline;
mod path;
mod recovery;
mod region;
mod symbols;
mod variables;
mod words;

#[cfg(test)]
mod tests;

pub use completion::{Completion, CompletionKind};
pub use definition::Declaration;
pub use document::{Document, FileKind};
pub use encoding::{Encoding, Point};
pub use fixes::Fix;
pub use hover::Hover;
pub use outline::OutlineEntry;
