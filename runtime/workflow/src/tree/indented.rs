//! Text in quotes that goes on in lines without indentation.
//!
//! YAML wants such lines indented, and so does the parser here. The readers of GitHub do not (they descend from libyaml), and
//! actions that everybody uses are written so. Spaces at the beginning of these lines mean nothing: they are put in for
//! the parser, and its places are moved back.

use std::borrow::Cow;

/// How much may be read again because of such lines. A file of usual size may have hundreds of them.
const READ_AGAIN: usize = 16 * 1024 * 1024;

/// A text as the parser sees it.
pub(super) struct Indented<'a> {
    text: Cow<'a, str>,
    /// Where spaces were put in, in the order of the text as it is now.
    put: Vec<Put>,
    read: usize,
    #[cfg(test)]
    looked_at: std::cell::Cell<usize>,
}

/// Spaces that were put in.
struct Put {
    /// Where they begin.
    start: usize,
    spaces: usize,
    /// How many there are before them.
    before: usize,
}

impl<'a> Indented<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            put: Vec::new(),
            read: 0,
            #[cfg(test)]
            looked_at: std::cell::Cell::new(0),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Indents the line of the place, which is one of the text as it is now, and all lines that begin in the `rest` bytes
    /// behind it. Whether there is reason to read it again: not for ever.
    pub(super) fn indent(&mut self, place: usize, rest: usize, spaces: usize) -> bool {
        self.read = self.read.saturating_add(self.text.len()).saturating_add(spaces);
        let Some(before) = self.text.get(..place).filter(|_| spaces > 0) else {
            return false;
        };
        if self.read > READ_AGAIN {
            return false;
        }
        let first = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let written = std::mem::take(&mut self.text);
        let (done, behind) = written.split_at(first);
        let mut text = String::with_capacity(written.len() + spaces);
        text.push_str(done);
        self.put(&mut text, spaces);
        let mut at = first;
        for line in behind.split_inclusive('\n') {
            // A line without words is an end of a line, which no spaces change.
            if at > first && at <= place.saturating_add(rest) && !line.trim().is_empty() {
                self.put(&mut text, spaces);
            }
            text.push_str(line);
            at += line.len();
        }
        self.text = Cow::Owned(text);
        true
    }

    /// Puts spaces at the end of what is read next. The parser goes through a text once: what comes later stands further on.
    fn put(&mut self, text: &mut String, spaces: usize) {
        let last = self.put.last();
        self.put.push(Put {
            start: text.len(),
            spaces,
            before: last.map_or(0, |last| last.before + last.spaces),
        });
        text.extend(std::iter::repeat_n(' ', spaces));
    }

    /// Where a place of the text as it is now was written.
    pub(super) fn written(&self, place: usize) -> usize {
        let later = self.put.partition_point(|put| {
            #[cfg(test)]
            self.looked_at.set(self.looked_at.get() + 1);
            put.start <= place
        });
        let last = later.checked_sub(1).and_then(|last| self.put.get(last));
        last.map_or(place, |last| {
            place - last.before - last.spaces.min(place - last.start)
        })
    }
}

/// Where text in quotes ends that begins behind `after`, the first there that does, and goes on at `place`.
pub(super) fn end_of_quoted(text: &str, after: usize, place: usize) -> Option<usize> {
    let opening = opening_quote(text.get(after..place)?)? + after;
    let quote = *text.as_bytes().get(opening)?;
    let mut at = opening + 1;
    loop {
        let next = text.as_bytes().get(at..)?;
        at += next.iter().position(|byte| *byte == quote || *byte == b'\\')?;
        at += match text.as_bytes().get(at..at + 2) {
            Some([b'\\', _]) if quote == b'"' => 2,
            Some([b'\'', b'\'']) if quote == b'\'' => 2,
            _ if text.as_bytes().get(at) == Some(&quote) => return Some(at).filter(|end| *end >= place),
            _ => 1,
        };
    }
}

/// The first quote that is not part of a comment.
fn opening_quote(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.match_indices('#').find(|(at, _)| {
            let before = line.get(..*at).unwrap_or_default();
            before.is_empty() || before.ends_with([' ', '\t'])
        });
        let end = comment.map_or(line.len(), |(at, _)| at);
        if let Some(at) = line.get(..end).and_then(|line| line.find(['\'', '"'])) {
            return Some(start + at);
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_moved_back() {
        let mut text = Indented::new("a: 'b\nc\nd'\n");
        assert!(text.indent(6, 0, 2));
        assert!(text.indent(10, 0, 3));
        assert_eq!(text.text(), "a: 'b\n  c\n   d'\n");
        for (now, written) in [
            (0, 0),
            (5, 5),
            (6, 6),
            (7, 6),
            (8, 6),
            (9, 7),
            (10, 8),
            (13, 8),
            (14, 9),
        ] {
            assert_eq!(text.written(now), written, "{now}");
        }
    }

    #[test]
    fn a_text_is_not_read_again_for_ever() {
        let long = "x".repeat(READ_AGAIN / 4);
        let mut text = Indented::new(&long);
        let again = (0..100).take_while(|_| text.indent(0, 0, 1)).count();
        assert!(again < 5, "{again}");
        assert!(!Indented::new("x").indent(0, 0, 0));
    }

    #[test]
    fn all_lines_of_a_text_are_indented_at_once() {
        let written = "a: 'b\nc\n\nd'\ne: f\n";
        let end = end_of_quoted(written, 1, 6).unwrap();
        let mut text = Indented::new(written);
        assert!(text.indent(6, end - 6, 2));
        assert_eq!(text.text(), "a: 'b\n  c\n\n  d'\ne: f\n");
        for (now, written) in [
            (5, 5),
            (7, 6),
            (8, 6),
            (10, 8),
            (13, 9),
            (14, 10),
            (16, 12),
            (17, 13),
        ] {
            assert_eq!(text.written(now), written, "{now}");
        }
    }

    #[test]
    fn spaces_come_also_where_the_text_ends() {
        let mut text = Indented::new("a: 'b\n");
        assert!(text.indent(6, 0, 2));
        assert_eq!(text.text(), "a: 'b\n  ");
    }

    #[test]
    fn text_in_quotes_ends_at_its_own_quote() {
        for (text, after, place, end) in [
            ("a: 'b\nit''s \"c\"'\n", 1, 6, Some(15)),
            ("a: \"b\n\\\"c'\"\n", 1, 6, Some(10)),
            ("a: # it's\n \"b\nc\" 'd'\n", 1, 14, Some(15)),
            ("a: 'b\nc\n", 1, 6, None),
            ("a: b\nc: 'd'\n", 1, 5, None),
            ("a: 'b' \nc'\n", 1, 8, None),
            ("a: \"b\nc\\", 1, 6, None),
            ("ä: \"b\nc\"", 2, 7, Some(8)),
            ("a", 5, 9, None),
        ] {
            assert_eq!(end_of_quoted(text, after, place), end, "{text:?}");
        }
    }

    #[test]
    fn places_are_found_without_looking_at_all_lines() {
        for lines in [1_000, 4_000] {
            let written = format!("a: '{}'\n", "\nx".repeat(lines));
            let mut text = Indented::new(&written);
            assert!(text.indent(5, written.len(), 2));
            text.looked_at.set(0);
            let mut places = 0;
            for place in 0..text.text().len() {
                assert!(text.written(place) <= written.len());
                places += 1;
            }
            assert!(
                text.looked_at.get() <= places * 16,
                "{lines}: {}",
                text.looked_at.get()
            );
        }
    }
}
