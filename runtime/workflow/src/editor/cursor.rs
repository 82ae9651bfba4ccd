//! Where in a file a cursor is: the keys that lead there, what is being written, and whether that is an expression.

use super::lines::{Kind, Lines, Part, is_block};
use crate::schema::{Place, Root, Way, place};
use crate::span::Span;

/// A place in a file, as far as its lines tell.
#[derive(Debug)]
pub(super) struct Cursor {
    /// The way to it: for a value with its key, for a key to what it is in.
    pub(super) way: Vec<Way>,
    pub(super) spot: Spot,
    /// The word that is there, as far as it goes.
    pub(super) word: Span,
    /// The keys beside it.
    pub(super) present: Vec<String>,
    /// Where the innermost items around it begin that are steps, the outermost first.
    pub(super) items: Vec<usize>,
    /// Whether a colon follows the word.
    pub(super) has_colon: bool,
    /// How far in a new line of the same mapping stands.
    pub(super) column: usize,
    /// Whether it is within brackets, where nothing goes on in further lines.
    pub(super) is_flow: bool,
    /// What `uses` says before it in the brackets around those that it is in.
    pub(super) uses: Option<String>,
}

/// What is at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// A word that may become a key, or a value of what is above it.
    Word,
    /// The value of a key, or an item of a list.
    Value,
    /// Within an expression, whose text begins here.
    Expression(usize),
    /// Text, or a comment.
    Text,
}

const OPEN: &str = "${{";

impl Cursor {
    /// The place of a byte.
    pub(super) fn at(text: &str, lines: &Lines, root: Root<'_>, offset: usize) -> Option<Self> {
        let index = lines.at(offset);
        let line = lines.get(index)?;
        let written = text.get(line.span.range())?;
        let behind = offset.checked_sub(line.span.start)?;
        let (owner, value) = match line.kind {
            Kind::Inside { owner } => {
                let begins = lines.get(owner)?;
                let part = begins.parts.last()?;
                let is_empty = begins.value.is_empty();
                let outside = written.trim().is_empty() && behind <= part.column;
                if is_empty || outside {
                    return Some(Self::word(
                        lines,
                        index,
                        indent(written, behind),
                        line.value,
                        offset,
                    ));
                }
                (owner, Span::new(begins.value.start, offset))
            }
            Kind::Blank | Kind::Word => {
                if written.get(..behind).is_some_and(|before| before.contains('#')) {
                    return Some(Self::text(lines, index));
                }
                let column = indent(written, behind);
                return Some(Self::word(lines, index, column, line.value, offset));
            }
            Kind::Entry => {
                let last = line.parts.last()?;
                let touched = line
                    .parts
                    .iter()
                    .find(|part| part.span.start <= offset && offset <= part.span.end);
                if let Some(part) = touched.filter(|part| part.key.is_some()) {
                    let mut found = Self::word(lines, index, part.column, part.span, offset);
                    found.has_colon = true;
                    return Some(found);
                }
                if offset < last.span.start {
                    return Some(Self::text(lines, index));
                }
                if offset > line.value.end && text.get(line.value.end..offset)?.contains('#') {
                    return Some(Self::text(lines, index));
                }
                if last.key.is_none() && !text.get(line.value.range())?.starts_with(['[', '{']) {
                    let start = if line.value.is_empty() {
                        offset
                    } else {
                        line.value.start
                    };
                    let mut found = Self::word(lines, index, start - line.span.start, line.value, offset);
                    if let Some(start) = expression(text, Span::new(line.value.start, offset)) {
                        found.spot = Spot::Expression(start);
                    }
                    return Some(found);
                }
                (index, Span::new(line.value.start.min(offset), offset))
            }
        };
        Self::value(text, lines, root, owner, value)
    }

    fn word(lines: &Lines, line: usize, column: usize, word: Span, offset: usize) -> Self {
        let around = lines.around(line, column, false);
        let present = lines.beside(line, column);
        let word = if word.start <= offset && offset <= word.end {
            word
        } else {
            Span::point(offset)
        };
        Self {
            present: present.into_iter().filter_map(|part| part.key.clone()).collect(),
            ..Self::new(&around, Spot::Word, word, column)
        }
    }

    fn text(lines: &Lines, line: usize) -> Self {
        Self::new(
            &lines.around(line, usize::MAX, false),
            Spot::Text,
            Span::default(),
            0,
        )
    }

    fn new(around: &[(usize, &Part)], spot: Spot, word: Span, column: usize) -> Self {
        let mut items = Vec::new();
        for pair in around.windows(2) {
            if let [(_, list), (_, item)] = pair
                && matches!(list.key.as_deref(), Some("steps" | "parallel"))
                && item.key.is_none()
            {
                items.push(item.span.start);
            }
        }
        let way = around.iter().map(|(_, part)| match &part.key {
            Some(key) => Way::Key(key.clone()),
            None => Way::Item,
        });
        Self {
            way: way.collect(),
            spot,
            word,
            present: Vec::new(),
            items,
            has_colon: false,
            column,
            is_flow: false,
            uses: None,
        }
    }

    /// The value of the last key of a line, as far as it is written.
    fn value(text: &str, lines: &Lines, root: Root<'_>, owner: usize, value: Span) -> Option<Self> {
        let line = lines.get(owner)?;
        let around = lines.around(owner, usize::MAX, false);
        let written = text.get(value.range())?;
        let rest = text.get(value.end..)?;
        let mut found = Self::new(&around, Spot::Value, value, line.parts.last()?.column);
        if let Some(start) = expression(text, value) {
            found.spot = Spot::Expression(start);
        } else if is_block(text.get(line.value.range())?) {
            found.spot = Spot::Text;
            let is_condition = place(root, &found.way).is_some_and(|place| place.is_condition());
            if let Some(start) = written.find('\n').filter(|_| is_condition) {
                found.spot = Spot::Expression(value.start + start + 1);
            }
        } else if written.starts_with(['[', '{']) {
            flow(&mut found, written, value.start);
            found.is_flow = true;
            let end = rest
                .find([',', ']', '}', '\n', '\r', ' ', ':'])
                .unwrap_or(rest.len());
            found.word = Span::new(found.word.start, value.end + end);
            found.has_colon = rest.get(end..).is_some_and(|rest| rest.starts_with(':'));
        } else {
            let is_condition = place(root, &found.way).is_some_and(|place| place.is_condition());
            if is_condition && !written.contains("}}") {
                let quoted = usize::from(written.starts_with(['"', '\'']));
                found.spot = Spot::Expression(value.start + quoted);
            }
            let end = line.value.end.max(value.end);
            found.word = Span::new(
                value.start,
                if lines.at(value.end) == owner {
                    end
                } else {
                    value.end
                },
            );
        }
        Some(found)
    }

    /// What may stand there by the tables.
    pub(super) fn place(&self, root: Root<'_>) -> Option<Place> {
        place(root, &self.way)
    }

    /// The job that it is in.
    pub(super) fn job(&self) -> Option<&str> {
        match self.way.as_slice() {
            [Way::Key(jobs), Way::Key(job), ..] if jobs == "jobs" => Some(job),
            _ => None,
        }
    }
}

/// How far in a line begins, or its cursor where there is nothing.
fn indent(written: &str, behind: usize) -> usize {
    let trimmed = written.trim_start();
    if trimmed.is_empty() {
        behind
    } else {
        written.len() - trimmed.len()
    }
}

/// Where the text of the expression begins that is open at the end of a value.
fn expression(text: &str, value: Span) -> Option<usize> {
    let written = text.get(value.range())?;
    let open = written.rfind(OPEN)? + OPEN.len();
    (!written.get(open..)?.contains("}}")).then_some(value.start + open)
}

/// Goes into what stands between brackets, as far as it is written.
fn flow(found: &mut Cursor, written: &str, base: usize) {
    struct Frame {
        is_list: bool,
        key: Option<String>,
        keys: Vec<String>,
        uses: Option<String>,
    }
    let mut open: Vec<Frame> = Vec::new();
    let mut token = 0;
    let mut quote: Option<char> = None;
    let mut characters = written.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (Some(opened), _) if opened == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => {
                open.push(Frame {
                    is_list: c == '[',
                    key: None,
                    keys: Vec::new(),
                    uses: None,
                });
                token = at + 1;
            }
            (None, ']' | '}') => {
                open.pop();
                token = at + 1;
            }
            (None, ',') => {
                if let Some(frame) = open.last_mut() {
                    let key = frame.key.take();
                    if key.as_deref() == Some("uses") {
                        frame.uses = written.get(token..at).map(|value| value.trim().to_owned());
                    }
                }
                token = at + 1;
            }
            (None, ':') if characters.peek().is_none_or(|(_, next)| next.is_whitespace()) => {
                let key = written
                    .get(token..at)
                    .unwrap_or_default()
                    .trim()
                    .trim_matches(['"', '\'']);
                if let Some(frame) = open.last_mut().filter(|frame| !frame.is_list) {
                    frame.key = Some(key.to_owned());
                    frame.keys.push(key.to_owned());
                }
                token = at + 1;
            }
            _ => {}
        }
    }
    for frame in &open {
        match &frame.key {
            _ if frame.is_list => found.way.push(Way::Item),
            Some(key) => found.way.push(Way::Key(key.clone())),
            None => {}
        }
    }
    let around = open.len().checked_sub(2).and_then(|outer| open.get(outer));
    found.uses = around.and_then(|frame| frame.uses.clone());
    let rest = written.get(token..).unwrap_or_default();
    found.word = Span::point(base + token + rest.len() - rest.trim_start().len());
    match open.last() {
        Some(frame) if !frame.is_list && frame.key.is_none() => {
            found.spot = Spot::Word;
            found.present.clone_from(&frame.keys);
        }
        Some(_) => {}
        None => found.spot = Spot::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;

    /// What is at the `|` of a text.
    fn at(text: &str) -> (String, Spot, String, String) {
        let offset = text.find('|').unwrap();
        let text = text.replacen('|', "", 1);
        let found = Cursor::at(&text, &Lines::of(&text), Root::Workflow(Dialect::Loom), offset).unwrap();
        let way = found.way.iter().map(|step| match step {
            Way::Key(key) => key.as_str(),
            Way::Item => "-",
        });
        let (way, mut present) = (way.collect::<Vec<_>>().join("."), found.present.clone());
        present.sort();
        (
            way,
            found.spot,
            text[found.word.range()].to_owned(),
            present.join(" "),
        )
    }

    #[test]
    fn the_keys_of_lines_and_brackets_lead_to_a_place() {
        use Spot::{Expression, Text, Value, Word};
        for (text, way, spot, word, present) in [
            ("|", "", Word, "", ""),
            ("jo|", "", Word, "jo", ""),
            ("on: pu|", "on", Value, "pu", ""),
            ("on: [push, pu|ll]\n", "on.-", Value, "pull", ""),
            ("on: [\n  push,\n  pu|\n]\n", "on.-", Value, "pu", ""),
            ("on:\n  pu|\n  push:\njobs:\n", "on", Word, "pu", "push"),
            ("on:\n  - pu|\n", "on.-", Word, "pu", ""),
            (
                "jobs:\n  a:\n    ru|\n    steps: []\n",
                "jobs.a",
                Word,
                "ru",
                "steps",
            ),
            (
                "jobs:\n  a:\n    steps:\n      - ru|\n",
                "jobs.a.steps.-",
                Word,
                "ru",
                "",
            ),
            (
                "jobs:\n  a:\n    steps:\n      - name: x\n        |\n      - run: y\n",
                "jobs.a.steps.-",
                Word,
                "",
                "name",
            ),
            (
                "jobs:\n  a:\n    steps:\n    - name: x\n      |\n",
                "jobs.a.steps.-",
                Word,
                "",
                "name",
            ),
            (
                "jobs:\n  a:\n    steps:\n    - name: x\n    |\n",
                "jobs.a",
                Word,
                "",
                "steps",
            ),
            (
                "jobs:\n  a:\n    steps: [{name: x, ru|\n",
                "jobs.a.steps.-",
                Word,
                "ru",
                "name",
            ),
            (
                "jobs:\n  a:\n    ne|eds: x\n    if: y\n",
                "jobs.a",
                Word,
                "needs",
                "if",
            ),
            (
                "jobs:\n  a: {needs: [b, |\n  b: {}\n",
                "jobs.a.needs.-",
                Value,
                "",
                "",
            ),
            ("a: b # c|\n", "a", Text, "", ""),
            (
                "jobs:\n  a:\n    steps:\n      - run: |1\n",
                "jobs.a.steps.-.run",
                Value,
                "1",
                "",
            ),
        ] {
            let want = (way.to_owned(), spot, word.to_owned(), present.to_owned());
            assert_eq!(at(text), want, "{text}");
        }
        for (text, begins) in [
            ("x: ${{ needs.|", 6),
            ("if: 1\njobs:\n  a:\n    if: nee|\n", 25),
            ("jobs:\n  a:\n    name: a ${{ b }} ${{ c|\n", 35),
        ] {
            assert_eq!(at(text).1, Expression(begins), "{text}");
        }
        let block = "jobs:\n  a:\n    steps:\n      - run: >\n          echo ${{ gith|\n          done\n";
        assert!(matches!(at(block).1, Expression(_)), "{:?}", at(block));
        assert_eq!(
            at("jobs:\n  a:\n    steps:\n      - run: >\n          echo |\n").1,
            Text
        );
        assert_eq!(
            at("jobs:\n  a:\n    steps:\n      - run: >\n          echo\n        |\n").0,
            "jobs.a.steps.-"
        );
    }
}
