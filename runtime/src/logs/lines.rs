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

/// Cuts what a step says into lines as terminals and GitHub's runner see them: `\n`, `\r\n` and a `\r` alone end one.
///
/// A line that is complete within one piece is handed on without a copy. Of a line longer than the cap only its
/// beginning is kept, and how much was cut is said with it.
#[derive(Debug)]
pub struct LineAssembler {
    cap: usize,
    rest: Vec<u8>,
    cut: u64,
    /// The last line was ended by `\r`: a `\n` right after it belongs to it.
    after_return: bool,
}

impl LineAssembler {
    /// Lines of up to `cap` bytes are whole.
    pub fn new(cap: usize) -> Self {
        Self {
            cap,
            rest: Vec::new(),
            cut: 0,
            after_return: false,
        }
    }

    /// Takes the next piece and hands each line that it completes to `line`, without its end, and with the number of
    /// bytes that were cut off it.
    pub fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(&[u8], u64)) {
        if self.after_return && !bytes.is_empty() {
            self.after_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', bytes) {
            let (head, tail) = bytes.split_at(end);
            self.emit(head, &mut line);
            bytes = match tail {
                [b'\r', b'\n', tail @ ..] => tail,
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                tail => tail.get(1..).unwrap_or_default(),
            };
        }
        self.keep(bytes);
    }

    /// Hands over what is left when the stream has ended without a line end.
    pub fn finish(&mut self, line: impl FnOnce(&[u8], u64)) {
        if !self.rest.is_empty() {
            line(&std::mem::take(&mut self.rest), std::mem::take(&mut self.cut));
        }
    }

    fn emit(&mut self, head: &[u8], line: &mut impl FnMut(&[u8], u64)) {
        if self.rest.is_empty() && head.len() <= self.cap {
            line(head, 0);
            return;
        }
        self.keep(head);
        line(&self.rest, self.cut);
        self.cut = 0;
        // What one long line needed is not held for ever.
        if self.rest.capacity() > LONGEST_LINE {
            self.rest = Vec::new();
        }
        self.rest.clear();
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.cap.saturating_sub(self.rest.len()).min(bytes.len());
        let (kept, cut) = bytes.split_at(room);
        self.rest.extend_from_slice(kept);
        self.cut += cut.len() as u64;
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

    fn assemble(cap: usize, pieces: &[&[u8]]) -> Vec<(String, u64)> {
        let mut assembler = LineAssembler::new(cap);
        let mut lines = Vec::new();
        for piece in pieces {
            assembler.push(piece, |line, cut| {
                lines.push((String::from_utf8_lossy(line).into_owned(), cut))
            });
        }
        assembler.finish(|line, cut| lines.push((String::from_utf8_lossy(line).into_owned(), cut)));
        lines
    }

    #[test]
    fn every_line_end_counts_once_wherever_it_is_cut() {
        let cases: [(&[&[u8]], &[&str]); 9] = [
            (&[b"a\nb"], &["a", "b"]),
            (&[b"a\r\nb\r\n"], &["a", "b"]),
            (&[b"10%\r20%\r\n"], &["10%", "20%"]),
            (&[b"a\r", b"\nb"], &["a", "b"]),
            (&[b"a\r", b"", b"\nb"], &["a", "b"]),
            (&[b"a\r", b"b"], &["a", "b"]),
            (&[b"\r\r\n\n"], &["", "", ""]),
            (&[b"a", b"b", b"\n"], &["ab"]),
            (&[b""], &[]),
        ];
        for (pieces, expected) in cases {
            let lines: Vec<String> = assemble(100, pieces).into_iter().map(|(line, _)| line).collect();
            assert_eq!(lines, expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_line_over_the_cap_is_cut_and_says_by_how_much() {
        let lines = assemble(4, &[b"1234\n123", b"456\n", b"1\n123456789"]);
        let lines: Vec<(&str, u64)> = lines.iter().map(|(line, cut)| (line.as_str(), *cut)).collect();
        assert_eq!(lines, [("1234", 0), ("1234", 2), ("1", 0), ("1234", 5)]);
    }

    proptest! {
        #[test]
        fn assembled_lines_are_those_of_a_naive_split(
            text in "[ab\r\n]{0,60}",
            cuts in proptest::collection::vec(0usize..6, 0..30),
        ) {
            let mut pieces = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (head, tail) = rest.split_at(cut.min(rest.len()));
                pieces.push(head);
                rest = tail;
            }
            pieces.push(rest);
            let joined = text.replace("\r\n", "\n").replace('\r', "\n");
            let mut naive: Vec<String> = joined.split('\n').map(str::to_owned).collect();
            if naive.last().is_some_and(String::is_empty) {
                naive.pop();
            }
            let lines: Vec<String> = assemble(1000, &pieces).into_iter().map(|(line, _)| line).collect();
            prop_assert_eq!(lines, naive);
        }
    }
}
