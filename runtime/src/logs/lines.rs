//! Cuts a stream of bytes into lines.

/// A line longer than this is cut and goes on in the next one, so that one endless line costs bounded memory.
pub(super) const LONGEST_LINE: usize = 256 * 1024;

/// Cuts what arrives in pieces into lines. Holds at most one unfinished line.
#[derive(Debug, Default)]
pub struct LineSplitter {
    rest: Vec<u8>,
}

impl LineSplitter {
    /// Takes the next piece and hands each line that it completes to `line`, without its `\n`.
    pub fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (head, tail) = bytes.split_at(end);
            self.emit(head, &mut line);
            bytes = tail.get(1..).unwrap_or_default();
        }
        while self.rest.len() + bytes.len() > LONGEST_LINE {
            let (head, tail) = bytes.split_at(LONGEST_LINE.saturating_sub(self.rest.len()).min(bytes.len()));
            self.emit(head, &mut line);
            bytes = tail;
        }
        self.rest.extend_from_slice(bytes);
    }

    /// Hands over what is left when the stream has ended without a line end.
    pub fn finish(&mut self, line: impl FnOnce(&[u8])) {
        if !self.rest.is_empty() {
            line(&std::mem::take(&mut self.rest));
        }
    }

    fn emit(&mut self, head: &[u8], line: &mut impl FnMut(&[u8])) {
        if self.rest.is_empty() && head.len() <= LONGEST_LINE {
            line(head);
            return;
        }
        self.rest.extend_from_slice(head);
        let whole = std::mem::take(&mut self.rest);
        let mut pieces = whole.chunks(LONGEST_LINE);
        match pieces.next() {
            None => line(&[]),
            Some(first) => {
                line(first);
                pieces.for_each(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for piece in pieces {
            splitter.push(piece, |line| lines.push(line.to_vec()));
        }
        splitter.finish(|line| lines.push(line.to_vec()));
        lines
    }

    #[test]
    fn the_last_line_needs_no_end() {
        assert_eq!(split(&[b"a\nb"]), [b"a".to_vec(), b"b".to_vec()]);
        assert_eq!(split(&[b"a\n\n"]), [b"a".to_vec(), b"".to_vec()]);
    }

    #[test]
    fn an_endless_line_is_cut_and_nothing_of_it_is_lost() {
        let piece = vec![b'x'; 100_000];
        let lines = split(&[piece.as_slice(); 10]);
        assert!(lines.iter().all(|line| line.len() <= LONGEST_LINE));
        assert_eq!(lines.iter().map(Vec::len).sum::<usize>(), 1_000_000);
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_lines_are_the_same(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
            cuts in proptest::collection::vec(1usize..20, 1..60),
        ) {
            let whole = split(&[&text]);
            let mut pieces = Vec::new();
            let mut rest = text.as_slice();
            for cut in cuts {
                let (head, tail) = rest.split_at(cut.min(rest.len()));
                pieces.push(head);
                rest = tail;
            }
            pieces.push(rest);
            prop_assert_eq!(split(&pieces), whole);
        }
    }
}
