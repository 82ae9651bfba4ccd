//! Lines on their way to a log.

use loom_protocol::Timestamp;

use super::Source;
use super::index::Entry;

/// Lines with their text in one piece, so that many of them are one write.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) text: Vec<u8>,
    /// Where each line starts is counted from the start of `text`.
    pub(super) entries: Vec<Entry>,
}

impl Batch {
    /// Adds a line; text with line ends in it is as many lines.
    pub(super) fn push(&mut self, time: Timestamp, step: Option<u32>, source: Source, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n') {
            self.entries.push(Entry {
                offset: self.text.len() as u64,
                time,
                step,
                source,
            });
            self.text.extend_from_slice(line);
            self.text.push(b'\n');
        }
    }

    /// Lines there are.
    pub(super) fn lines(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Takes the lines of another one behind its own.
    pub(super) fn append(&mut self, other: &Batch) {
        let base = self.text.len() as u64;
        self.text.extend_from_slice(&other.text);
        self.entries.extend(other.entries.iter().map(|entry| Entry {
            offset: base + entry.offset,
            ..*entry
        }));
    }

    /// Each line with what is known of it, its `\n` included.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Entry, &[u8])> {
        let ends = self.entries.iter().skip(1).map(|entry| entry.offset);
        let ends = ends.chain([self.text.len() as u64]);
        self.entries.iter().zip(ends).map(|(entry, end)| {
            let place = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
            let line = self.text.get(place(entry.offset)..place(end));
            (*entry, line.unwrap_or_default())
        })
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
    }
}
