//! From the parser's events to the tree.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};

use super::keys::{key_of, report_duplicates};
use super::limits::Limits;
use super::node::{Entry, Kind, Mapping, Node, Scalar, Style};
use super::scalar::{Value, resolve, resolve_as};
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Source;
use crate::span::Span;
use crate::words::name;

/// Reads the one document of a source. `None` when there is no tree to speak of: the text is not YAML, is empty, or
/// asks for more than the limits; a diagnostic says so. Smaller mistakes are reported and leave the rest readable.
#[must_use]
pub fn parse(source: &Source, limits: &Limits, diagnostics: &mut Diagnostics) -> Option<Node> {
    let length = source.text().len();
    if length > limits.bytes {
        diagnostics.push(
            Diagnostic::new(
                codes::YAML_TOO_LARGE,
                format!("the file is too large: {length} bytes"),
            )
            .at(Span::point(0), "")
            .help(format!(
                "files of up to {} bytes are read; is this a workflow?",
                limits.bytes
            )),
        );
        return None;
    }
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    options.set_emit_comments(false);
    let parser = Parser::new_from_str_with_options(source.text(), options);
    let builder = Builder {
        source,
        limits,
        diagnostics,
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        root: None,
    };
    builder.run(parser)
}

struct Builder<'a> {
    source: &'a Source,
    limits: &'a Limits,
    diagnostics: &'a mut Diagnostics,
    open: Vec<Open>,
    anchors: HashMap<usize, Built>,
    /// Values so far, aliases written out.
    nodes: usize,
    root: Option<Node>,
}

/// A list or mapping whose end has not come yet.
struct Open {
    start: Span,
    anchor: usize,
    children: Children,
    /// Levels below, and values inside, aliases written out.
    height: usize,
    weight: usize,
}

enum Children {
    Sequence(Vec<Node>),
    Mapping { mapping: Mapping, key: Option<Node> },
}

/// A finished value with what it costs to repeat it.
#[derive(Clone)]
struct Built {
    node: Node,
    height: usize,
    weight: usize,
}

/// The tree cannot be finished; why has been reported.
struct Stop;

impl Builder<'_> {
    fn run<'i>(mut self, mut parser: Parser<'i, StrInput<'i>>) -> Option<Node> {
        let mut documents = 0;
        while let Some(next) = parser.next_event() {
            let (event, span) = match next {
                Ok((event, span)) => (event, self.span(span)),
                Err(error) => {
                    self.syntax(&error);
                    return None;
                }
            };
            if let Event::DocumentStart(..) = event {
                documents += 1;
                if documents == 2 {
                    self.second_document(span);
                    return None;
                }
            }
            if self.event(event, span).is_err() {
                return None;
            }
        }
        match self.root {
            Some(root) if !root.is_null() => Some(root),
            _ => {
                self.diagnostics.push(
                    Diagnostic::new(codes::YAML_EMPTY, "the file is empty")
                        .at(Span::point(0), "")
                        .help("a workflow needs at least `jobs` with one job and its `steps`"),
                );
                None
            }
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), span);
                self.finish(
                    Built {
                        node,
                        height: 0,
                        weight: 1,
                    },
                    anchor,
                )
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "seq", span);
                self.begin(Children::Sequence(Vec::new()), anchor, span)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.collection_tag(tag.as_deref(), "map", span);
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
            Event::UnresolvedAlias(anchor) => {
                self.diagnostics.push(
                    Diagnostic::new(
                        codes::YAML_UNKNOWN_ANCHOR,
                        format!("no anchor {} before this", name(&anchor)),
                    )
                    .at(span, "this repeats a value that does not exist")
                    .help(format!(
                        "mark a value with `&{anchor}` above, or put quotes around text that starts with `*`"
                    )),
                );
                self.finish(
                    Built {
                        node: Node::new(Kind::Invalid, span),
                        height: 0,
                        weight: 1,
                    },
                    0,
                )
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, children: Children, anchor: usize, start: Span) -> Result<(), Stop> {
        self.open.push(Open {
            start,
            anchor,
            children,
            height: 0,
            weight: 1,
        });
        self.check_depth(0, start)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        let Some(built) = self.anchors.get(&id).cloned() else {
            // Known to the parser, but not finished: we are inside of it.
            self.diagnostics.push(
                Diagnostic::new(
                    codes::YAML_RECURSIVE_ALIAS,
                    "this alias stands inside the value it repeats",
                )
                .at(span, "would contain itself")
                .help("remove the alias, or put its anchor on a smaller value"),
            );
            return self.finish(
                Built {
                    node: Node::new(Kind::Invalid, span),
                    height: 0,
                    weight: 1,
                },
                0,
            );
        };
        self.check_depth(built.height, span)?;
        let node = Node {
            alias: Some(span),
            ..built.node
        };
        self.finish(Built { node, ..built }, 0)
    }

    fn check_depth(&mut self, height: usize, span: Span) -> Result<(), Stop> {
        if self.open.len() + height <= self.limits.depth {
            return Ok(());
        }
        self.too_deep(span);
        Err(Stop)
    }

    /// Puts a finished value where it belongs.
    fn finish(&mut self, built: Built, anchor: usize) -> Result<(), Stop> {
        // What is inside a list or mapping was counted when it was finished; of an alias everything is new.
        self.nodes += if built.node.alias.is_some() {
            built.weight
        } else {
            1
        };
        if self.nodes > self.limits.nodes {
            let span = built.node.alias.unwrap_or(built.node.span);
            self.diagnostics.push(
                Diagnostic::new(
                    codes::YAML_TOO_MANY_NODES,
                    format!("the file has more than {} values", self.limits.nodes),
                )
                .at(Span::point(span.start), "too much from here on")
                .help("an alias counts as all the values it repeats"),
            );
            return Err(Stop);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root.get_or_insert(built.node);
            return Ok(());
        };
        parent.height = parent.height.max(built.height + 1);
        parent.weight += built.weight;
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
            weight,
            ..
        } = open;
        // A flow collection ends with its bracket; a block one ends with its last value, not where the next thing begins.
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
        Built { node, height, weight }
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
                match tag.core_suffix().and_then(|suffix| resolve_as(suffix, text)) {
                    Some(value) => value,
                    None => {
                        self.bad_tag(tag, text, span);
                        return Node::new(Kind::Invalid, span);
                    }
                }
            }
            None if style == Style::Plain => resolve(text),
            _ => Value::String,
        };
        Node::new(
            Kind::Scalar(Scalar {
                text: Arc::from(text),
                style,
                value,
            }),
            self.trimmed(span, style),
        )
    }

    /// A block scalar's span reaches to the next token; its text ends earlier.
    fn trimmed(&self, span: Span, style: Style) -> Span {
        match style {
            Style::Literal | Style::Folded => {
                let text = self.source.slice(span).trim_end();
                Span::new(span.start, span.start + text.len())
            }
            _ => span,
        }
    }

    fn collection_tag(&mut self, tag: Option<&Tag>, wanted: &str, span: Span) {
        if let Some(tag) = tag.filter(|tag| !is_non_specific(tag) && !tag.is_yaml_core_schema_tag(wanted)) {
            self.bad_tag(tag, if wanted == "seq" { "a list" } else { "a mapping" }, span);
        }
    }

    fn bad_tag(&mut self, tag: &Tag, text: &str, span: Span) {
        let written = tag.original();
        let (message, help) = if tag.is_yaml_core_schema() {
            (
                format!(
                    "{} is not what the tag {} asks for",
                    if text.is_empty() {
                        "nothing".to_owned()
                    } else {
                        name(text)
                    },
                    name(&written)
                ),
                "remove the tag, or change the value",
            )
        } else {
            (
                format!("unknown tag {}", name(&written)),
                "remove the tag; text that starts with `!` needs quotes",
            )
        };
        self.diagnostics
            .push(Diagnostic::new(codes::YAML_TAG, message).at(span, "").help(help));
    }

    fn second_document(&mut self, span: Span) {
        self.diagnostics.push(
            Diagnostic::new(
                codes::YAML_MULTIPLE_DOCUMENTS,
                "the file has more than one document",
            )
            .at(span, "a second document starts here")
            .help("a workflow file holds one workflow: put the other one in a file of its own"),
        );
    }

    fn too_deep(&mut self, span: Span) {
        self.diagnostics.push(
            Diagnostic::new(
                codes::YAML_TOO_DEEP,
                format!(
                    "more than {} lists and mappings inside each other",
                    self.limits.depth
                ),
            )
            .at(Span::point(span.start), "too deep from here on")
            .help("a workflow needs about ten levels; is a bracket not closed?"),
        );
    }

    fn syntax(&mut self, error: &ScanError) {
        let offset = error
            .marker()
            .byte_offset()
            .unwrap_or_default()
            .min(self.source.text().len());
        if matches!(error.kind(), granit_parser::ErrorKind::RecursionLimitExceeded) {
            self.too_deep(Span::point(offset));
            return;
        }
        let info = error.info();
        let mut diagnostic = Diagnostic::new(codes::YAML_SYNTAX, format!("this is not YAML: {info}"))
            .at(Span::point(offset), "here");
        if let Some(help) = syntax_help(&info) {
            diagnostic = diagnostic.help(help);
        }
        self.diagnostics.push(diagnostic);
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        let range = span.byte_range().unwrap_or_default();
        let end = self.source.text().len();
        Span::new(range.start.min(end), range.end.min(end))
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

/// The parser says what it saw; this says what usually helps.
fn syntax_help(info: &str) -> Option<&'static str> {
    let rules = [
        ("tab", "indent with spaces: YAML forbids tabs there"),
        (
            "mapping values are not allowed",
            "put quotes around a value that contains `: `",
        ),
        (
            "block mapping",
            "the line is indented differently from its neighbours",
        ),
        (
            "indentation",
            "check the indentation, and that every quote is closed",
        ),
        (
            "flow",
            "check that every `[` and `{` is closed, and put quotes around text that starts with one",
        ),
        ("quoted scalar", "check that every quote is closed"),
        (
            "start any token",
            "put quotes around text that starts with a special character",
        ),
    ];
    rules
        .iter()
        .find(|(part, _)| info.contains(part))
        .map(|(_, help)| *help)
}
