//! Expressions in values: whether they may be there, and whether they are closed and well formed.

use super::context::Context;
use super::places::Allowed;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::tree::{Key, Node, Scalar, Style, Value};

const OPEN: &str = "${{";
const CLOSE: &str = "}}";
/// Longest expression GitHub reads, in characters; text around expressions counts, for it becomes part of one.
const LONGEST: usize = 21_000;

/// A text with expressions in it, and where it stands.
struct Text {
    text: String,
    /// Where `text` starts in the file when it stands there byte for byte.
    start: Option<usize>,
    /// The whole value.
    span: Span,
}

/// A piece of a text with expressions.
enum Piece<'a> {
    Literal(&'a str),
    /// What stands between the brackets, and the place of it all in the text.
    Expression(&'a str, Span),
    /// An expression without an end.
    Open(Span),
}

impl Context<'_> {
    /// Checks the expressions in a value.
    pub(super) fn check_expressions(&mut self, node: &Node, scalar: &Scalar, allowed: &Allowed<'_>) {
        let text = self.text_in_file(node, scalar);
        self.check_template(&text, allowed);
    }

    /// Checks the expressions in a key.
    pub(super) fn check_key_expressions(&mut self, key: &Key, allowed: &Allowed<'_>) {
        let written = self.source.slice(key.span).to_owned();
        let start = written.find(&*key.text).map(|at| key.span.start + at);
        let text = Text {
            text: key.text.to_string(),
            start,
            span: key.span,
        };
        self.check_template(&text, allowed);
    }

    /// Checks the value of an `if`, which is an expression with or without its brackets.
    pub(super) fn check_condition(&mut self, node: &Node, scalar: &Scalar, allowed: &Allowed<'_>) {
        let text = scalar.to_text();
        if scalar.value == Value::String && text.contains(OPEN) {
            self.check_expressions(node, scalar, allowed);
            return;
        }
        // Nothing at all is no condition; the job or step runs when all is well.
        if !text.trim().is_empty() {
            let text = self.text_in_file(node, scalar);
            let span = text.place(Span::new(0, text.text.len()));
            self.check_expression(&text.text, span, text.start, allowed);
        }
    }

    fn check_template(&mut self, text: &Text, allowed: &Allowed<'_>) {
        let mut length = "format('')".len();
        for piece in pieces(&text.text) {
            match piece {
                Piece::Literal(literal) => length += formatted_length(literal),
                Piece::Open(span) => {
                    self.report(
                        Diagnostic::new(codes::EXPRESSION_SYNTAX, "the expression is not closed")
                            .at(text.place(span), "`${{` without `}}`")
                            .help("end the expression with `}}`; a quote `'` within it needs its partner"),
                    );
                    return;
                }
                Piece::Expression(expression, span) if !allowed.any() => {
                    self.report(
                        Diagnostic::new(codes::EXPRESSION_PLACE, "an expression cannot stand here")
                            .at(
                                text.place(span),
                                "this place is read before anything is evaluated",
                            )
                            .help(if expression.trim().is_empty() {
                                "remove it"
                            } else {
                                "write the value itself"
                            }),
                    );
                    return;
                }
                Piece::Expression(expression, span) => {
                    length += ", {0}".len() + expression.trim().chars().count();
                    if expression.trim().is_empty() {
                        self.report(
                            Diagnostic::new(codes::EXPRESSION_SYNTAX, "the expression is empty")
                                .at(text.place(span), "nothing stands in it")
                                .help("write an expression between `${{` and `}}`, or remove them"),
                        );
                    } else {
                        let start = text.start.map(|start| start + span.start + OPEN.len());
                        self.check_expression(expression, text.place(span), start, allowed);
                    }
                }
            }
        }
        if length > LONGEST {
            self.too_long(text.span);
        }
    }

    fn check_expression(
        &mut self,
        expression: &str,
        span: Span,
        _start: Option<usize>,
        _allowed: &Allowed<'_>,
    ) {
        if expression.chars().count() > LONGEST {
            self.too_long(span);
        }
    }

    fn too_long(&mut self, span: Span) {
        self.report(
            Diagnostic::new(
                codes::EXPRESSION_TOO_LONG,
                "the text with its expressions is longer than 21000 characters",
            )
            .at(
                Span::new(span.start, span.start),
                "text and expressions become one expression, which is too long",
            )
            .help("put the expressions into `env`, and use the variables in the text"),
        );
    }

    /// The text of a value, as near to the file as can be told.
    fn text_in_file(&self, node: &Node, scalar: &Scalar) -> Text {
        let written = self.source.slice(node.span);
        let text = scalar.to_text().to_string();
        match scalar.style {
            // What differs is indentation only, which means nothing to an expression.
            Style::Plain | Style::Literal | Style::Folded => Text {
                span: node.span,
                start: Some(node.span.start),
                text: if written.is_empty() {
                    text
                } else {
                    written.to_owned()
                },
            },
            Style::SingleQuoted | Style::DoubleQuoted => Text {
                span: node.span,
                start: written.find(&text).map(|at| node.span.start + at),
                text,
            },
        }
    }
}

impl Text {
    /// Where a part of the text stands in the file; all of it where that cannot be told.
    fn place(&self, part: Span) -> Span {
        match self.start {
            Some(start) => Span::new(start + part.start, start + part.end),
            None => self.span,
        }
    }
}

/// Takes a text apart. Quotes within an expression hide brackets, as on GitHub.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(open) = rest.find(OPEN) else {
            if !rest.is_empty() {
                pieces.push(Piece::Literal(rest));
            }
            break;
        };
        if let Some(literal) = rest.get(..open).filter(|literal| !literal.is_empty()) {
            pieces.push(Piece::Literal(literal));
        }
        let start = at + open;
        let inside = text.get(start + OPEN.len()..).unwrap_or_default();
        let Some(length) = closing(inside) else {
            pieces.push(Piece::Open(Span::new(start, start + OPEN.len())));
            break;
        };
        let end = start + OPEN.len() + length + CLOSE.len();
        let inside = inside.get(..length).unwrap_or_default();
        pieces.push(Piece::Expression(inside, Span::new(start, end)));
        at = end;
    }
    pieces
}

/// Where the brackets that end an expression begin.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quoted = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'}' if !quoted && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

/// The length of a text as the argument of `format`, where quotes and brackets are written twice.
fn formatted_length(text: &str) -> usize {
    text.chars()
        .map(|character| {
            if matches!(character, '\'' | '{' | '}') {
                2
            } else {
                1
            }
        })
        .sum()
}
