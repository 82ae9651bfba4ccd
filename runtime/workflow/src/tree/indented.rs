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
    /// Where spaces were put in, in the order of the text as it is now: where they begin, and how many there are.
    put: Vec<(usize, usize)>,
    read: usize,
}

impl<'a> Indented<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            put: Vec::new(),
            read: 0,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Indents the line of the place, which is one of the text as it is now. Whether there is reason to read it again: not
    /// for ever.
    pub(super) fn indent(&mut self, place: usize, spaces: usize) -> bool {
        self.read = self.read.saturating_add(self.text.len()).saturating_add(spaces);
        let Some(before) = self.text.get(..place).filter(|_| spaces > 0) else {
            return false;
        };
        if self.read > READ_AGAIN {
            return false;
        }
        let line = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        self.text.to_mut().insert_str(line, &" ".repeat(spaces));
        // The parser goes through the text once: what comes later stands further on.
        self.put.push((line, spaces));
        true
    }

    /// Where a place of the text as it is now was written.
    pub(super) fn written(&self, place: usize) -> usize {
        let mut moved = 0;
        for (start, spaces) in &self.put {
            if place < *start {
                break;
            }
            moved += (*spaces).min(place - start);
        }
        place - moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_moved_back() {
        let mut text = Indented::new("a: 'b\nc\nd'\n");
        assert!(text.indent(6, 2));
        assert!(text.indent(10, 3));
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
        let again = (0..100).take_while(|_| text.indent(0, 1)).count();
        assert!(again < 5, "{again}");
        assert!(!Indented::new("x").indent(0, 0));
    }
}
