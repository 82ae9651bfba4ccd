//! From the parser's events to the tree.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StrInput, Tag};

use super::indented::Indented;
use super::keys::{key_of, report_duplicates};
use super::limits::{Cost, Limits};
use super::node::{Entry, Kind, Mapping, Node, Scalar};
use super::parse::{Broken, Unindented};
use super::scalar::{Value, resolve, resolve_as};
use super::{report, syntax};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Source;
use crate::span::Span;
use crate::style::Style;
use crate::words::name;

/// Builds the tree of a text. `None` when there is none to speak of, which was reported.
///
/// # Errors
/// When the text is not YAML, which was not reported.
pub(super) fn read(
    source: &Source,
    text: &Indented<'_>,
    limits: &Limits,
    diagnostics: &mut Diagnostics,
) -> Result<Option<Node>, Box<Broken>> {
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    options.set_emit_comments(false);
    let parser = Parser::new_from_str_with_options(text.text(), options);
    let builder = Builder {
        source,
        read: text,
        limits,
        diagnostics,
        open: Vec::new(),
        anchors: HashMap::new(),
        marks: Vec::new(),
        used: HashSet::new(),
        words: Vec::new(),
        before: 0,
        total: Cost::default(),
        root: None,
    };
    builder.run(parser)
}

struct Builder<'a> {
    source: &'a Source,
    /// What the parser reads.
    read: &'a Indented<'a>,
    limits: &'a Limits,
    diagnostics: &'a mut Diagnostics,
    open: Vec<Open>,
    anchors: HashMap<usize, Built>,
    /// Where each anchor stands, in the order of the file.
    marks: Vec<(usize, Span)>,
    /// The anchors that an alias names.
    used: HashSet<usize>,
    /// The first words that were keys: the same few are keys all through a file, and need no copy each.
    words: Vec<Arc<str>>,
    /// Where the latest event ended.
    before: usize,
    /// All values so far, aliases written out.
    total: Cost,
    root: Option<Node>,
}

/// A list or mapping whose end has not come yet.
struct Open {
    start: Span,
    anchor: usize,
    children: Children,
    height: usize,
    cost: Cost,
}

enum Children {
    Sequence(Vec<Node>),
    Mapping { mapping: Mapping, key: Option<Node> },
}

/// A finished value with what it costs to repeat it.
#[derive(Clone)]
struct Built {
    node: Node,
    /// Levels of lists and mappings inside, aliases written out.
    height: usize,
    cost: Cost,
}

/// The tree cannot be finished; why has been reported.
struct Stop;

impl Builder<'_> {
    fn run<'i>(mut self, mut parser: Parser<'i, StrInput<'i>>) -> Result<Option<Node>, Box<Broken>> {
        let mut documents = 0;
        while let Some(next) = parser.next_event() {
            let (event, span) = match next {
                Ok((event, span)) => (event, self.span(span)),
                Err(error) => {
                    let place = error.marker().byte_offset().unwrap_or_default();
                    let written = self.read.written(place);
                    let finding = syntax::explain(self.source, &error, written, self.limits.depth);
                    let is_indentation = matches!(error.kind(), ErrorKind::InvalidQuotedScalarIndent);
                    return Err(Box::new(Broken {
                        place,
                        unindented: is_indentation.then(|| Unindented {
                            spaces: self.inside(),
                            after: self.before,
                        }),
                        finding,
                    }));
                }
            };
            if let Event::DocumentStart(..) = event {
                documents += 1;
                if documents == 2 {
                    self.diagnostics.push(report::second_document(span));
                    return Ok(None);
                }
            }
            if self.event(event, span).is_err() {
                return Ok(None);
            }
        }
        let root = self.root.filter(|root| !root.is_null());
        if root.is_none() {
            self.diagnostics.push(report::empty());
        }
        for (_, place) in self.marks.iter().filter(|(id, _)| !self.used.contains(id)) {
            let name = self.source.slice(*place);
            self.diagnostics
                .push(report::unused_anchor(self.source.text(), name, *place));
        }
        Ok(root)
    }

    /// How many spaces are further in than the innermost list or mapping that is open.
    fn inside(&self) -> usize {
        let Some(open) = self.open.last() else { return 0 };
        let before = self.source.text().get(..open.start.start).unwrap_or_default();
        let line = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        before.get(line..).unwrap_or_default().chars().count() + 1
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        if let Event::Scalar(_, _, id, _) | Event::SequenceStart(_, id, _) | Event::MappingStart(_, id, _) =
            &event
            && *id != 0
        {
            let place = self.anchor(span);
            self.marks.push((*id, place));
        }
        let before = std::mem::replace(&mut self.before, span.end);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let span = match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => self.block(before, span),
                    _ => span,
                };
                let node = self.scalar(&text, style, tag.as_deref(), span);
                self.finish(
                    Built {
                        node,
                        height: 0,
                        cost: Cost::of_text(&text),
                    },
                    anchor,
                )
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "seq", "a list", span);
                let start = self.sequence_start(span);
                self.begin(Children::Sequence(Vec::new()), anchor, start)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_collection_tag(tag.as_deref(), "map", "a mapping", span);
                self.begin(
                    Children::Mapping {
                        mapping: Mapping::default(),
                        key: None,
                    },
                    anchor,
                    span,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let anchor = open.anchor;
                    let built = self.close(open, span);
                    self.finish(built, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(id) => self.alias(id, span),
            Event::UnresolvedAlias(anchor) => self.invalid(span, report::unknown_anchor(&anchor, span)),
            _ => Ok(()),
        }
    }

    /// Where the `&name` of a value stands, which begins at `span`: between what comes before it and itself.
    fn anchor(&self, span: Span) -> Span {
        let text = self.source.text();
        let written = text.get(self.before..span.end).unwrap_or_default();
        let marks = |start: &usize| {
            let space = written
                .get(..*start)
                .is_none_or(|before| !before.ends_with(|c: char| !c.is_whitespace()));
            space
                && written
                    .get(start + 1..)
                    .is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()))
        };
        let Some(start) = written.match_indices('&').map(|(at, _)| at).find(marks) else {
            return Span::point(span.start);
        };
        let end = written
            .get(start..)
            .and_then(|rest| {
                rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}'))
            })
            .map_or(written.len(), |length| start + length);
        Span::new(self.before + start, self.before + end)
    }

    /// The `[` or first `-` of a list. For a list that is indented like its key the parser gives the place behind.
    fn sequence_start(&self, span: Span) -> Span {
        let text = self.source.text();
        if text
            .get(span.start..)
            .is_some_and(|rest| rest.starts_with(['[', '-']))
        {
            return span;
        }
        let before = text
            .get(..span.start)
            .unwrap_or_default()
            .trim_end_matches([' ', '\t']);
        if before.ends_with('-') {
            Span::point(before.len() - 1)
        } else {
            span
        }
    }

    fn begin(&mut self, children: Children, anchor: usize, start: Span) -> Result<(), Stop> {
        self.open.push(Open {
            start,
            anchor,
            children,
            height: 0,
            cost: Cost::of_collection(),
        });
        self.check_depth(0, start)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        self.used.insert(id);
        let Some(built) = self.anchors.get(&id).cloned() else {
            // Known to the parser, but not finished: we are inside of it.
            return self.invalid(span, report::recursive_alias(span));
        };
        self.check_depth(built.height, span)?;
        let node = Node {
            alias: Some(span),
            ..built.node
        };
        self.finish(Built { node, ..built }, 0)
    }

    /// Puts a node there that readers pass over, with the reason for it.
    fn invalid(&mut self, span: Span, reason: Diagnostic) -> Result<(), Stop> {
        self.diagnostics.push(reason);
        let node = Node::new(Kind::Invalid, span);
        self.finish(
            Built {
                node,
                height: 0,
                cost: Cost::of_collection(),
            },
            0,
        )
    }

    fn check_depth(&mut self, height: usize, span: Span) -> Result<(), Stop> {
        if self.open.len() + height <= self.limits.depth {
            return Ok(());
        }
        self.diagnostics.push(report::too_deep(span, self.limits.depth));
        Err(Stop)
    }

    /// Puts a finished value where it belongs.
    fn finish(&mut self, built: Built, anchor: usize) -> Result<(), Stop> {
        // What is inside a list or mapping was counted when it was finished; of an alias everything is new.
        let is_new = built.node.alias.is_some() || built.height == 0;
        self.total
            .add(if is_new { built.cost } else { Cost::of_collection() });
        if self.total.exceeds(self.limits) {
            self.diagnostics
                .push(report::too_much(place(&built.node), self.limits));
            return Err(Stop);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root.get_or_insert(built.node);
            return Ok(());
        };
        parent.height = parent.height.max(built.height);
        parent.cost.add(built.cost);
        match &mut parent.children {
            Children::Sequence(items) => items.push(built.node),
            Children::Mapping { mapping, key } => match key.take() {
                None => *key = Some(built.node),
                Some(node) => match key_of(&node, self.diagnostics) {
                    Some(key) => mapping.entries.push(Entry {
                        key,
                        value: built.node,
                    }),
                    None => mapping.incomplete = true,
                },
            },
        }
        Ok(())
    }

    fn close(&mut self, open: Open, end: Span) -> Built {
        let Open {
            start,
            children,
            height,
            cost,
            ..
        } = open;
        // A flow collection ends with its bracket; a block one ends with its last value, not where the next thing
        // begins.
        let whole = |last: Option<Span>| match last {
            _ if !end.is_empty() => start.to(end),
            Some(last) => Span::new(start.start, last.end.max(start.end)),
            None => start,
        };
        let node = match children {
            Children::Sequence(items) => {
                let span = whole(items.last().map(place));
                Node::new(Kind::Sequence(Arc::from(items)), span)
            }
            Children::Mapping { mapping, .. } => {
                report_duplicates(&mapping.entries, self.diagnostics);
                let span = whole(mapping.entries.last().map(|entry| place(&entry.value)));
                Node::new(Kind::Mapping(Arc::new(mapping)), span)
            }
        };
        Built {
            node,
            height: height + 1,
            cost,
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Node {
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            _ => Style::Plain,
        };
        // The parser writes `~` for a value that is not there at all.
        let text = if style == Style::Plain && span.is_empty() {
            ""
        } else {
            text
        };
        let value = match tag {
            Some(tag) if !is_non_specific(tag) => {
                let value = tag.core_suffix().and_then(|suffix| resolve_as(suffix, text));
                let Some(value) = value else {
                    let shown = if text.is_empty() {
                        "nothing".to_owned()
                    } else {
                        name(text)
                    };
                    self.diagnostics.push(report::bad_tag(tag, &shown, span));
                    return Node::new(Kind::Invalid, span);
                };
                value
            }
            None if style == Style::Plain => resolve(text),
            _ => Value::String,
        };
        Node::new(
            Kind::Scalar(Scalar {
                text: self.text(text),
                style,
                value,
            }),
            span,
        )
    }

    /// Where a block of text stands: from its `|` or `>` to the end of its last line that is not empty. The parser
    /// gives the place from the first line to the next token. `before` is where the token before it ended.
    fn block(&self, before: usize, span: Span) -> Span {
        let text = self.source.text();
        let lead = text.get(before..span.start).unwrap_or_default().trim_end();
        let line = lead.rfind('\n').map_or(0, |at| at + 1);
        let is_mark = |at: &usize| {
            let before = lead.get(line..*at).unwrap_or_default();
            let after = lead.get(at + 1..).unwrap_or_default();
            let after = after.trim_start_matches(|c: char| matches!(c, '+' | '-' | '0'..='9'));
            !before.ends_with(|c: char| !c.is_whitespace())
                && !after.starts_with(|c: char| !c.is_whitespace())
        };
        let mark = lead
            .get(line..)
            .unwrap_or_default()
            .match_indices(['|', '>'])
            .map(|(at, _)| line + at)
            .find(is_mark);
        let start = mark.map_or(span.start, |at| before + at);
        let written = text.get(start..span.end.max(start)).unwrap_or_default();
        Span::new(start, start + written.trim_end().len())
    }

    /// A copy of the text of a scalar.
    fn text(&mut self, text: &str) -> Arc<str> {
        const KEPT: usize = 32;
        let is_key = matches!(
            self.open.last(),
            Some(Open {
                children: Children::Mapping { key: None, .. },
                ..
            })
        );
        if !is_key {
            return Arc::from(text);
        }
        if let Some(known) = self.words.iter().find(|word| ***word == *text) {
            return Arc::clone(known);
        }
        let word = Arc::from(text);
        if self.words.len() < KEPT {
            self.words.push(Arc::clone(&word));
        }
        word
    }

    fn check_collection_tag(&mut self, tag: Option<&Tag>, wanted: &str, value: &str, span: Span) {
        if let Some(tag) = tag.filter(|tag| !is_non_specific(tag) && !tag.is_yaml_core_schema_tag(wanted)) {
            self.diagnostics.push(report::bad_tag(tag, value, span));
        }
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        let end = self.source.text().len();
        let written = |place| self.read.written(place).min(end);
        Span::new(written(range.start), written(range.end))
    }
}

/// Where a value was put: an alias is where it stands, not where its anchor is.
fn place(node: &Node) -> Span {
    node.alias.unwrap_or(node.span)
}

/// `!` alone says "not resolved": text stays text.
fn is_non_specific(tag: &Tag) -> bool {
    tag.handle().is_empty() && tag.suffix() == "!"
}
