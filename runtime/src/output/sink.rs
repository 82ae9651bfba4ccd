//! Lines as they leave the pump, and where they go.

use std::io;

use loom_protocol::Timestamp;

use super::annotation::Level;
use crate::logs::Source;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text.
    Plain,
    /// The heading of a group that starts here.
    Group,
    /// The end of a group; without text.
    EndGroup,
    /// For those who debug.
    Debug,
    /// A notice; the annotation is told apart from it.
    Notice,
    /// A warning.
    Warning,
    /// An error.
    Error,
    /// A workflow command that is shown because its step wants to see them.
    Command,
}

impl Kind {
    /// What stands before such a line in a log of plain text, as on GitHub.
    pub fn marker(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Group => "##[group]",
            Self::EndGroup => "##[endgroup]",
            Self::Debug => "##[debug]",
            Self::Notice => "##[notice]",
            Self::Warning => "##[warning]",
            Self::Error => "##[error]",
            Self::Command => "",
        }
    }
}

impl From<Level> for Kind {
    fn from(level: Level) -> Self {
        match level {
            Level::Notice => Self::Notice,
            Level::Warning => Self::Warning,
            Level::Error => Self::Error,
        }
    }
}

/// A line as it may be seen: masked, whole, without a line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it comes from.
    pub source: Source,
    /// When its last piece arrived.
    pub at: Timestamp,
    /// Its text, without the marker of its kind. May hold control characters: see [`super::printable`].
    pub text: &'a str,
    /// What it is.
    pub kind: Kind,
}

/// Where lines go.
pub trait LineSink: Send + Sync {
    /// Takes a line. It may be held back until [`LineSink::flush`].
    ///
    /// # Errors
    /// When the line is lost. The pump goes on and counts it.
    fn line(&self, line: &Line<'_>) -> io::Result<()>;

    /// Lets go of what is held back; called after every piece of a step's output and at its end.
    ///
    /// # Errors
    /// When lines since the last flush are lost. The pump counts all of them.
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines of a text; an empty text is one line, an end at its end begins none.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(end) = memchr::memchr2(b'\n', b'\r', text.as_bytes()) else {
            return Some(text);
        };
        let (line, tail) = text.split_at(end);
        let tail = tail
            .strip_prefix("\r\n")
            .or_else(|| tail.get(1..))
            .unwrap_or_default();
        rest = (!tail.is_empty()).then_some(tail);
        Some(line)
    })
}
