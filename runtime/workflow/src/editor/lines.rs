//! A file as lines and their indentation: what can be said of a YAML file at any moment, also in the middle of a word.
//!
//! The parser needs a whole file; who types has none most of the time. Keys and items of block style are told by their
//! lines alone, each in one look, and nothing of it is a promise: the parser has the last word on what a file is.

use crate::span::Span;

/// A file, line by line.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    all: Vec<Line>,
}

/// A line with what begins in it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The line without its break.
    pub(super) span: Span,
    pub(super) kind: Kind,
    /// `-` and keys, from left to right.
    pub(super) parts: Vec<Part>,
    /// What stands behind the last part, without a comment; empty at the end of the line where nothing does.
    pub(super) value: Span,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing, or a comment.
    Blank,
    /// A key or an item begins in it.
    Entry,
    /// It belongs to a value that began in an earlier line: a block of text, a quote or a bracket that is open.
    Inside {
        /// The line where the value began, from 0.
        owner: usize,
    },
    /// A word where a key or an item belongs: somebody is typing it, or forgot the colon.
    Word,
}

/// A `-` or a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// How far in it stands, in bytes from the start of the line.
    pub(super) column: usize,
    /// The key, without quotes; none for a `-`.
    pub(super) key: Option<String>,
    pub(super) span: Span,
}

/// A value that goes on in further lines.
enum Open {
    /// `|` or `>`.
    Block,
    Quote(char),
    Flow(usize),
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let mut all: Vec<Line> = Vec::new();
        let mut open: Option<(usize, usize, Open)> = None;
        // The latest line with a key or item, and how far in that stands.
        let mut above: Option<(usize, usize)> = None;
        for span in spans(text) {
            let written = text.get(span.range()).unwrap_or_default();
            let indent = written.len() - written.trim_start_matches([' ', '\t', '\u{feff}']).len();
            let rest = written.trim();
            if let Some((owner, column, state)) = open.take() {
                let deeper = indent > column || rest.is_empty() || rest.starts_with([']', '}']);
                if deeper {
                    let state = match state {
                        Open::Block => Some(Open::Block),
                        Open::Quote(quote) => closes(written, quote).is_none().then_some(Open::Quote(quote)),
                        Open::Flow(depth) => Some(flow_depth(written, depth))
                            .filter(|depth| *depth > 0)
                            .map(Open::Flow),
                    };
                    all.push(Line {
                        span,
                        kind: Kind::Inside { owner },
                        parts: Vec::new(),
                        value: Span::new(span.start + indent, span.end),
                    });
                    open = state.map(|state| (owner, column, state));
                    continue;
                }
            }
            if rest.is_empty() || rest.starts_with('#') {
                all.push(Line {
                    span,
                    kind: Kind::Blank,
                    parts: Vec::new(),
                    value: Span::point(span.end),
                });
                continue;
            }
            let (parts, value) = parts(written, indent, span.start);
            let written_value = text.get(value.range()).unwrap_or_default();
            let last = parts.last().map(|part| part.column);
            let kind = match (last, above) {
                (Some(_), _) => Kind::Entry,
                (None, Some((owner, column))) if column < indent => Kind::Inside { owner },
                (None, _) => Kind::Word,
            };
            if let Some(first) = parts.first() {
                key_above(&mut all, first.column);
            }
            if let Some(column) = last {
                open = opens(written_value).map(|state| (all.len(), column, state));
                above = Some((all.len(), column));
            }
            all.push(Line {
                span,
                kind,
                parts,
                value,
            });
        }
        Self { all }
    }

    /// The line that a byte is in, from 0.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.all
            .partition_point(|line| line.span.start <= offset)
            .saturating_sub(1)
    }

    pub(super) fn get(&self, line: usize) -> Option<&Line> {
        self.all.get(line)
    }

    /// The keys and items around what stands `column` far in a line, each with its line, from the outside in; its part of
    /// the same line are those before `column`. `is_item`: whether a `-` stands there, which may be as far in as its key.
    pub(super) fn around(&self, line: usize, column: usize, is_item: bool) -> Vec<(usize, &Part)> {
        let mut found = Vec::new();
        let (mut limit, mut below_item) = (column, is_item);
        for (index, line) in self.all.iter().enumerate().take(line + 1).rev() {
            for part in line.parts.iter().rev() {
                let fits = part.column < limit || (below_item && part.key.is_some() && part.column == limit);
                if fits {
                    found.push((index, part));
                    limit = part.column;
                    below_item = part.key.is_none();
                }
            }
            if limit == 0 && !below_item {
                break;
            }
        }
        found.reverse();
        found
    }

    /// The keys that stand `column` far in beside what is there in a line, without that line's own.
    pub(super) fn beside<'a>(&'a self, line: usize, column: usize) -> Vec<&'a Part> {
        let mut found = Vec::new();
        let visit = |line: &'a Line, found: &mut Vec<&'a Part>| {
            found.extend(
                line.parts
                    .iter()
                    .filter(|part| part.column == column && part.key.is_some()),
            );
        };
        let ends = |line: &Line| line.parts.first().is_some_and(|part| part.column < column);
        // A mapping that begins behind a `-` of this line has nothing above it.
        if !self.all.get(line).is_some_and(ends) {
            for above in self.all.get(..line).unwrap_or_default().iter().rev() {
                visit(above, &mut found);
                if ends(above) {
                    break;
                }
            }
        }
        for below in self.all.get(line + 1..).unwrap_or_default() {
            if ends(below) {
                break;
            }
            visit(below, &mut found);
        }
        found
    }

    /// The value of a key beside what is `column` far in in a line.
    pub(super) fn value_beside(&self, line: usize, column: usize, key: &str) -> Option<Span> {
        let beside = self.beside(line, column);
        let part = beside.into_iter().find(|part| part.key.as_deref() == Some(key))?;
        Some(self.get(self.at(part.span.start))?.value)
    }

    /// The lines of what begins at a line `column` far in: that line, and those that stand further in.
    pub(super) fn block(&self, line: usize, column: usize) -> std::ops::Range<usize> {
        let mut end = line + 1;
        while let Some(next) = self.all.get(end) {
            let indent = next
                .value
                .start
                .min(next.parts.first().map_or(usize::MAX, |part| part.span.start));
            let outside = match next.kind {
                Kind::Blank | Kind::Inside { .. } => false,
                Kind::Entry | Kind::Word => indent.saturating_sub(next.span.start) <= column,
            };
            if outside {
                break;
            }
            end += 1;
        }
        line..end
    }
}

/// A word alone above a key that is as far in as it is no value of what is above both: somebody writes a key there.
fn key_above(all: &mut [Line], column: usize) {
    let Some(above) = all.iter().rposition(|line| line.kind != Kind::Blank) else {
        return;
    };
    let Some(Kind::Inside { owner }) = all.get(above).map(|line| line.kind) else {
        return;
    };
    let alone = owner + 1 == above
        || all
            .get(owner + 1..above)
            .is_some_and(|between| between.iter().all(|line| line.kind == Kind::Blank));
    let is_empty = all.get(owner).is_some_and(|line| line.value.is_empty());
    if let Some(line) = all
        .get_mut(above)
        .filter(|line| alone && is_empty && line.value.start - line.span.start == column)
    {
        line.kind = Kind::Word;
    }
}

/// More parts than a line can have that is looked at.
const MOST_PARTS: usize = 64;

/// The lines of a text, without their breaks.
fn spans(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if at > 0 && bytes.get(at - 1) == Some(&b'\r') => start = at + 1,
            b'\n' | b'\r' => {
                spans.push(Span::new(start, at));
                start = at + 1;
            }
            _ => {}
        }
    }
    spans.push(Span::new(start, text.len()));
    spans
}

/// The `-` and keys of a line, and what stands behind them.
fn parts(written: &str, indent: usize, base: usize) -> (Vec<Part>, Span) {
    let mut parts = Vec::new();
    let mut at = indent;
    let end = comment(written, indent);
    while parts.len() + 1 < MOST_PARTS {
        let rest = written.get(at..end).unwrap_or_default();
        if rest
            .strip_prefix('-')
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
        {
            parts.push(Part {
                column: at,
                key: None,
                span: Span::new(base + at, base + at + 1),
            });
            let after = rest.get(1..).unwrap_or_default();
            at += 1 + after.len() - after.trim_start().len();
            continue;
        }
        if let Some((key, length, colon)) = key(rest) {
            parts.push(Part {
                column: at,
                key: Some(key),
                span: Span::new(base + at, base + at + length),
            });
            let after = rest.get(colon + 1..).unwrap_or_default();
            at += colon + 1 + after.len() - after.trim_start().len();
        }
        break;
    }
    let value = written.get(at..end).unwrap_or_default();
    let value = Span::new(base + at, base + at + value.trim_end().len());
    (parts, value)
}

/// The key that a text begins with, how long it is as written, and where its colon stands.
fn key(text: &str) -> Option<(String, usize, usize)> {
    let first = text.chars().next()?;
    let (key, length) = match first {
        '"' | '\'' => {
            let end = closes(text.get(1..)?, first)? + 1;
            (text.get(1..end)?.to_owned(), end + 1)
        }
        '[' | '{' | '|' | '>' | '&' | '*' | '!' | '%' | '@' | '`' | ']' | '}' | '#' => return None,
        _ => {
            let mut from = 0;
            loop {
                let at = from + text.get(from..)?.find(':')?;
                let after = text.get(at + 1..)?;
                if after.is_empty() || after.starts_with([' ', '\t']) {
                    break (
                        text.get(..at)?.trim_end().to_owned(),
                        text.get(..at)?.trim_end().len(),
                    );
                }
                from = at + 1;
            }
        }
    };
    let after = text.get(length..)?;
    let colon = length + after.len() - after.trim_start().len();
    let rest = text.get(colon..)?.strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some((key, length, colon))
}

/// Where the comment of a line begins: its end, where it has none.
fn comment(written: &str, from: usize) -> usize {
    let mut quote: Option<char> = None;
    let mut before = ' ';
    for (at, c) in written.char_indices().filter(|(at, _)| *at >= from) {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') if matches!(before, ' ' | '[' | '{' | ',' | ':') => quote = Some(c),
            (None, '#') if before.is_whitespace() => return at,
            _ => {}
        }
        before = c;
    }
    written.len()
}

/// Where a quote that was open ends, in what follows it.
fn closes(text: &str, quote: char) -> Option<usize> {
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        if c == '\\' && quote == '"' {
            rest.next();
        } else if c == quote {
            if quote == '\'' && rest.peek().is_some_and(|(_, next)| *next == quote) {
                rest.next();
            } else {
                return Some(at);
            }
        }
    }
    None
}

/// How many brackets are open behind a text, of so many before it.
fn flow_depth(text: &str, mut depth: usize) -> usize {
    let mut quote: Option<char> = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth
}

/// What a value leaves open at the end of its line.
fn opens(value: &str) -> Option<Open> {
    let mut value = value;
    while value.starts_with(['&', '!']) {
        value = value
            .split_once(char::is_whitespace)
            .map_or("", |(_, rest)| rest.trim_start());
    }
    match value.chars().next()? {
        '|' | '>' => Some(Open::Block),
        quote @ ('"' | '\'') => closes(value.get(1..)?, quote)
            .is_none()
            .then_some(Open::Quote(quote)),
        '[' | '{' => Some(flow_depth(value, 0))
            .filter(|depth| *depth > 0)
            .map(Open::Flow),
        _ => None,
    }
}

/// Whether a value opens what it does not close in its line, other than a block of text.
pub(super) fn is_unclosed(value: &str) -> bool {
    matches!(opens(value), Some(Open::Quote(_) | Open::Flow(_)))
}

/// Whether a value is the beginning of a block of text.
pub(super) fn is_block(value: &str) -> bool {
    matches!(opens(value), Some(Open::Block))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str, line: usize, column: usize, is_item: bool) -> String {
        let lines = Lines::of(text);
        let around = lines.around(line, column, is_item);
        let names = around.iter().map(|(_, part)| part.key.as_deref().unwrap_or("-"));
        names.collect::<Vec<_>>().join(" ")
    }

    const FILE: &str = "on: push\njobs:\n  a:\n    steps:\n    - name: x # y: z\n      run: |\n        key: no\n      \n    ru\n  'b c': {needs: [a,\n    b]}\n";

    #[test]
    fn what_is_around_a_place_is_told_by_its_lines() {
        assert_eq!(path(FILE, 7, 6, false), "jobs a steps -");
        assert_eq!(path(FILE, 8, 4, false), "jobs a");
        assert_eq!(path(FILE, 4, 4, true), "jobs a steps");
        assert_eq!(path(FILE, 9, 2, false), "jobs");
        assert_eq!(path(FILE, 0, 0, false), "");
        let kinds: Vec<Kind> = Lines::of(FILE).all.iter().map(|line| line.kind).collect();
        assert_eq!(kinds[6], Kind::Inside { owner: 5 });
        assert_eq!((kinds[8], kinds[9]), (Kind::Word, Kind::Entry));
        assert_eq!(kinds[10], Kind::Inside { owner: 9 });
    }

    #[test]
    fn what_stands_beside_is_of_the_same_mapping() {
        let lines =
            Lines::of("a:\n  x: 1\n  y:\n    z: 2\n\n  w: 3\nb:\n  v: 4\nl:\n- k: 1\n  m: 2\n- k: 3\n");
        let keys = |line, column| {
            let beside = lines.beside(line, column);
            let mut keys: Vec<&str> = beside.iter().filter_map(|part| part.key.as_deref()).collect();
            keys.sort_unstable();
            keys.join(" ")
        };
        assert_eq!(keys(4, 2), "w x y");
        assert_eq!(keys(1, 2), "w y");
        assert_eq!(keys(10, 2), "k");
        assert_eq!(keys(9, 2), "m");
        assert_eq!(keys(11, 2), "");
    }

    #[test]
    fn keys_are_read_as_yaml_reads_them() {
        for (text, want) in [
            ("a: b", Some("a")),
            ("a:", Some("a")),
            ("a:b", None),
            ("http://x", None),
            ("\"a: b\": c", Some("a: b")),
            ("'it''s' : c", Some("it''s")),
            ("a b : c", Some("a b")),
            ("[a]: b", None),
            ("", None),
        ] {
            assert_eq!(key(text).map(|(key, ..)| key).as_deref(), want, "{text}");
        }
    }
}
