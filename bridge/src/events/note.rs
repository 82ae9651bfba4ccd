//! What an application wants noted about an actor.

use std::borrow::Cow;

use loom_protocol::EventKind;
use serde_json::{Map, Value};

use crate::trace;

/// A text of a line has no more bytes; what is longer is cut.
pub(crate) const LONGEST_TEXT: usize = 2_048;

/// The data of a line has no more bytes of JSON; more is left out, and the line says so.
const MOST_DATA: usize = 4_096;

/// A line for an actor's journal: a sentence and, for programs, what else is known. Never a secret.
///
/// ```
/// use loom_bridge::Note;
///
/// let note = Note::new("moved the shards").with("shards", 12);
/// # let _ = note;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a note is written by `Context::note` or `loom_bridge::note`"]
pub struct Note {
    pub(crate) text: Cow<'static, str>,
    pub(crate) data: Map<String, Value>,
}

impl Note {
    /// A sentence. Cut at 2 kB.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            text: text.into(),
            data: Map::new(),
        }
    }

    /// Adds one entry to its data. All of it may have 4 kB of JSON.
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.data.insert(key.into(), value.into());
        self
    }

    /// The note within its bounds.
    pub(crate) fn bounded(self) -> (Cow<'static, str>, Option<Map<String, Value>>) {
        (bounded_text(self.text), bounded_data(self.data))
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for Note {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// The text, cut where it is too long.
pub(crate) fn bounded_text(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.len() <= LONGEST_TEXT {
        return text;
    }
    let end = text.floor_char_boundary(LONGEST_TEXT);
    let mut cut = text.get(..end).unwrap_or_default().to_owned();
    cut.push('…');
    cut.into()
}

/// The data as it is, or how many bytes it would have been.
pub(super) fn bounded_data(data: Map<String, Value>) -> Option<Map<String, Value>> {
    if data.is_empty() {
        return None;
    }
    let bytes = serde_json::to_string(&data).map_or(usize::MAX, |text| text.len());
    if bytes <= MOST_DATA {
        return Some(data);
    }
    let mut left_out = Map::new();
    left_out.insert("bytesLeftOut".to_owned(), bytes.into());
    Some(left_out)
}

/// Writes a line into the journal of the actor that runs on this thread; nothing where none does.
pub fn note(note: impl Into<Note>) {
    if let Some(actor) = trace::current_cell() {
        actor.note(EventKind::Note, note.into());
    }
}

/// Writes an error into the journal of the actor that runs on this thread and counts it; nothing where none does.
pub fn note_error(text: impl Into<Cow<'static, str>>) {
    if let Some(actor) = trace::current_cell() {
        actor.error();
        actor.reported(text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_too_much_data_left_out() {
        let (text, data) = Note::new("ä".repeat(LONGEST_TEXT))
            .with("all", "x".repeat(MOST_DATA))
            .bounded();
        assert!(text.len() <= LONGEST_TEXT + '…'.len_utf8() && text.ends_with("ä…"));
        assert!(data.unwrap()["bytesLeftOut"].as_u64().unwrap() > MOST_DATA as u64);
        let (text, data) = Note::new("short").with("n", 1).bounded();
        assert_eq!((text.as_ref(), data.unwrap()["n"].as_u64()), ("short", Some(1)));
    }
}
