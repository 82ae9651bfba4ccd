//! A workflow file as read: its name, its text, and what people call places in it.

use std::sync::{Arc, OnceLock};

use crate::defect::Defect;
use crate::span::Span;

/// A text with the name it is shown under. Cheap to clone.
///
/// Lines end at `\n`, `\r\n` or `\r`, as in YAML 1.2. A byte order mark at the start belongs to no column.
#[derive(Clone, Debug)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// Offset of the first byte of each line, made at the first question.
    lines: Arc<OnceLock<Vec<usize>>>,
    /// Why the text is not what is in the file.
    defect: Option<Defect>,
}

/// A place as people name it: both 1-based, the column counted in characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for Source {}

const BYTE_ORDER_MARK: char = '\u{feff}';

impl Source {
    /// A source under the name that messages show, usually the path as the user gave it.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            lines: Arc::default(),
            defect: None,
        }
    }

    /// A source of the bytes of a file. Those that are no UTF-8 text give one with a defect: whoever reads it reports
    /// that, at its place, and nothing else.
    #[must_use]
    pub fn from_bytes(name: impl Into<Arc<str>>, bytes: Vec<u8>) -> Self {
        let (text, defect) = Defect::text_of(bytes);
        Self {
            defect,
            ..Self::new(name, text)
        }
    }

    /// The source of a file that was not read because it is too large, with its length where that is known.
    #[must_use]
    pub fn too_large(name: impl Into<Arc<str>>, length: Option<u64>) -> Self {
        Self {
            defect: Some(Defect::TooLarge { length }),
            ..Self::new(name, "")
        }
    }

    /// Whether the text is what is in the file: it was not too large to be read, and is UTF-8.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.defect.is_none()
    }

    /// Why the text is not what is in the file.
    pub(crate) fn defect(&self) -> Option<&Defect> {
        self.defect.as_ref()
    }

    /// The name that messages show.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text, a byte order mark included: spans count from its first byte.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty when the span does not fit this text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Line and column of a byte. Offsets beyond the end mean the end, offsets inside a character its start.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        if offset == 0 {
            // Needs no table: a file that was refused for its size is only ever asked for its first byte.
            return Position { line: 1, column: 1 };
        }
        let offset = self.floor_char_boundary(offset);
        let lines = self.line_starts();
        let line = lines.partition_point(|start| *start <= offset).max(1);
        let start = lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        let before = if start == 0 {
            before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before)
        } else {
            before
        };
        Position {
            line,
            column: before.chars().count() + 1,
        }
    }

    /// The byte at a line and column, `None` when there is no such line; columns beyond its end mean its end.
    #[must_use]
    pub fn offset(&self, position: Position) -> Option<usize> {
        let line = self.line(position.line)?;
        let start = self.line_starts().get(position.line - 1).copied()?;
        let skipped = if start == 0 && line.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len_utf8()
        } else {
            0
        };
        let text = line.get(skipped..).unwrap_or_default();
        let within = text
            .char_indices()
            .nth(position.column.saturating_sub(1))
            .map_or(text.len(), |(at, _)| at);
        Some(start + skipped + within)
    }

    /// The text of a line (from 1) without its line break.
    #[must_use]
    pub fn line(&self, line: usize) -> Option<&str> {
        let lines = self.line_starts();
        let index = line.checked_sub(1)?;
        let start = lines.get(index).copied()?;
        let end = lines.get(index + 1).copied().unwrap_or(self.text.len());
        Some(self.text.get(start..end)?.trim_end_matches(['\n', '\r']))
    }

    fn floor_char_boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    fn line_starts(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let mut starts = vec![0];
            for (at, byte) in bytes.iter().enumerate() {
                let ends = match byte {
                    b'\n' => true,
                    b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                    _ => false,
                };
                if ends {
                    starts.push(at + 1);
                }
            }
            starts
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str, offset: usize) -> (usize, usize) {
        let Position { line, column } = Source::new("f", text).position(offset);
        (line, column)
    }

    #[test]
    fn columns_count_characters_and_lines_end_at_any_break() {
        for (text, offset, want) in [
            ("", 0, (1, 1)),
            ("", 9, (1, 1)),
            ("abc", 2, (1, 3)),
            ("é: x", 4, (1, 4)),
            ("a\nb", 2, (2, 1)),
            ("a\r\nb", 3, (2, 1)),
            ("a\r\nb", 2, (1, 3)),
            ("a\rb", 2, (2, 1)),
            ("a\n", 2, (2, 1)),
            ("\u{feff}ab", 3, (1, 1)),
            ("\u{feff}ab", 4, (1, 2)),
            ("😀x", 2, (1, 1)),
            ("😀x", 4, (1, 2)),
        ] {
            assert_eq!(position(text, offset), want, "{text:?} at {offset}");
        }
    }

    #[test]
    fn offset_is_the_inverse_of_position() {
        let source = Source::new("f", "\u{feff}é: 1\r\n\r\n  b: 😀 2\rlast");
        for (offset, _) in source.text().char_indices().skip(1) {
            // A line's text ends before its break, so the break itself has no way back.
            if !matches!(source.text().as_bytes()[offset], b'\n' | b'\r') {
                assert_eq!(
                    source.offset(source.position(offset)),
                    Some(offset),
                    "at {offset}"
                );
            }
        }
        assert_eq!(source.line(1), Some("\u{feff}é: 1"));
        assert_eq!(source.line(2), Some(""));
        assert_eq!(source.line(4), Some("last"));
        assert_eq!(source.line(5), None);
        assert_eq!(source.line(0), None);
    }
}
