//! Places as editors count them: lines and characters from 0, characters in units of an encoding.

use crate::source::Source;

/// The units in which an editor counts the characters of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Pairs of bytes, as in JavaScript: what editors do unless they say otherwise.
    #[default]
    Utf16,
}

/// A place in an editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// The line, from 0.
    pub line: usize,
    /// How many units of the encoding stand before it in its line.
    pub character: usize,
}

impl Encoding {
    /// Where a byte of a source is. Offsets beyond the end mean the end.
    #[must_use]
    pub fn point(self, source: &Source, offset: usize) -> Point {
        let (line, start, end) = source.line_around(offset);
        let before = source.text().get(start..end).unwrap_or_default();
        let character = match self {
            Self::Utf8 => before.len(),
            Self::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        Point { line, character }
    }

    /// The byte at a place. Lines beyond the end mean the end of the text, characters beyond the end of a line its end,
    /// and a place within a character its start.
    #[must_use]
    pub fn offset(self, source: &Source, point: Point) -> usize {
        let Some(start) = source.line_start(point.line) else {
            return source.text().len();
        };
        let line = source.line(point.line + 1).unwrap_or_default();
        let mut units = 0;
        for (at, c) in line.char_indices() {
            let length = match self {
                Self::Utf8 => c.len_utf8(),
                Self::Utf16 => c.len_utf16(),
            };
            if units + length > point.character {
                return start + at;
            }
            units += length;
        }
        start + line.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_units_of_the_encoding() {
        let source = Source::new("f", "é😀x\r\n\u{feff}b\r\n");
        for (encoding, offset, line, character) in [
            (Encoding::Utf16, 0, 0, 0),
            (Encoding::Utf16, 2, 0, 1),
            (Encoding::Utf16, 6, 0, 3),
            (Encoding::Utf8, 6, 0, 6),
            (Encoding::Utf16, 7, 0, 4),
            (Encoding::Utf16, 12, 1, 1),
            (Encoding::Utf8, 12, 1, 3),
            (Encoding::Utf16, 15, 2, 0),
        ] {
            let point = Point { line, character };
            assert_eq!(encoding.point(&source, offset), point, "{encoding:?} {offset}");
            assert_eq!(encoding.offset(&source, point), offset, "{encoding:?} {point:?}");
        }
        let far = |line, character| Encoding::Utf16.offset(&source, Point { line, character });
        assert_eq!((far(0, 2), far(0, 99), far(9, 0)), (2, 7, 15));
        assert_eq!(Encoding::Utf16.point(&source, 999).line, 2);
        assert_eq!(far(usize::MAX, usize::MAX), 15);
    }
}
