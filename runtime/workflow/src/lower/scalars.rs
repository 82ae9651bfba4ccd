//! Typed values of single fields.

use std::sync::Arc;

use super::context::{Context, Owner, Path, Wanted};
use super::fields::Fields;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::expression::is_in;
use crate::model::{ExpectedType, Literal, Minutes, Template};
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::tree::{Kind, Node, Scalar, Style, Value, resolve};
use crate::words::name;

const EXPRESSION: &str = "${{";

/// Whether text may be empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    Allowed,
    Refused,
}

impl Context<'_> {
    /// The text of a field, if it is there.
    pub(super) fn text(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
        empty: Empty,
        owner: &Owner<'_>,
    ) -> Option<Spanned<Template>> {
        let value = fields.value(key)?;
        self.text_of(value, Path::new(key), empty, owner)
    }

    /// A node as text. Numbers, booleans and nothing become text as on GitHub.
    pub(super) fn text_of(
        &mut self,
        node: &Node,
        key: Path<'_>,
        empty: Empty,
        owner: &Owner<'_>,
    ) -> Option<Spanned<Template>> {
        let Kind::Scalar(scalar) = &node.kind else {
            self.expected(node, &key.to_string(), owner, &Wanted::TEXT);
            return None;
        };
        let template = self.template(scalar, node.span);
        if empty == Empty::Refused && template.text.is_empty() {
            self.report(
                Diagnostic::new(codes::EMPTY_VALUE, format!("`{key}` of {} is empty", owner))
                    .at(node.span, "text belongs here"),
            );
            return None;
        }
        Some(Spanned::new(template, node.span))
    }

    /// One text or a list of texts, none empty.
    pub(super) fn texts(&mut self, node: &Node, key: &str, owner: &Owner<'_>) -> Vec<Spanned<Template>> {
        match &node.kind {
            Kind::Sequence(items) => items
                .iter()
                .filter_map(|item| self.text_of(item, Path::new(key), Empty::Refused, owner))
                .collect(),
            Kind::Mapping(_) => {
                let expected = ExpectedType {
                    list: true,
                    ..ExpectedType::TEXT
                };
                let wanted = Wanted::new(expected, "text or a list of texts");
                self.expected(node, key, owner, &wanted);
                Vec::new()
            }
            _ => self
                .text_of(node, Path::new(key), Empty::Refused, owner)
                .into_iter()
                .collect(),
        }
    }

    /// The value of `timeout-minutes`.
    pub(super) fn minutes(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
        owner: &Owner<'_>,
    ) -> Option<Spanned<Literal<Minutes>>> {
        let node = fields.value(key)?;
        let Kind::Scalar(scalar) = &node.kind else {
            self.expected(node, key, owner, &Wanted::NUMBER);
            return None;
        };
        match scalar.value {
            Value::Number(number) => {
                if !Minutes(number).is_positive() {
                    self.report(
                        Diagnostic::new(codes::TIMEOUT, format!("`{key}` of {} must be above zero", owner))
                            .at(node.span, "no such length of time")
                            .help("give minutes above zero, or remove the key"),
                    );
                }
                Some(Spanned::new(Literal::Value(Minutes(number)), node.span))
            }
            Value::String if is_in(&scalar.text) => Some(Spanned::new(
                Literal::Expression(self.template(scalar, node.span)),
                node.span,
            )),
            Value::String if matches!(resolve(&scalar.text), Value::Number(_)) => {
                let message = format!("`{key}` of {owner} must be a number, not text");
                self.made_text(node, scalar, message);
                None
            }
            _ => {
                self.expected(node, key, owner, &Wanted::NUMBER);
                None
            }
        }
    }

    /// Reports what would fit if it were not text: by its quotes, by a block, or by its tag.
    pub(super) fn made_text(&mut self, node: &Node, scalar: &Scalar, message: String) {
        let found = Diagnostic::new(codes::WRONG_TYPE, message);
        let tag = tag_before(self.source, node.span);
        let found = match (scalar.style, tag) {
            (Style::Plain, Some(tag)) => found
                .at(node.span, "its tag makes text of it")
                .help(format!("remove the tag {}", name(tag))),
            (Style::Plain, None) => found
                .at(node.span, "it is marked as text")
                .help("remove its tag `!!str`"),
            (_, Some(tag)) => found
                .at(node.span, "its tag makes text of it")
                .help(format!("remove the tag {} and the quotes", name(tag))),
            (_, None) => found
                .at(node.span, "the quotes make text of it")
                .help("remove the quotes")
                .fix(node.span, &*scalar.text),
        };
        self.report(found);
    }

    /// A length of time whose mistakes the tables report.
    pub(super) fn checked_minutes(
        &self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Option<Spanned<Literal<Minutes>>> {
        let number = self.number(fields.value(key)?)?;
        Some(number.map(|number| match number {
            Literal::Value(number) => Literal::Value(Minutes(number)),
            Literal::Expression(template) => Literal::Expression(template),
            Literal::Computed(node) => Literal::Computed(node),
        }))
    }

    /// A scalar as text in which expressions may stand.
    pub(super) fn template(&self, scalar: &Scalar, span: Span) -> Template {
        let text = scalar.to_text();
        let expressions = if scalar.value == Value::String && is_in(&text) {
            self.expressions(span)
        } else {
            Arc::default()
        };
        Template::new(text, scalar.style, expressions)
    }

    /// Where `${{ … }}` stand within a value: looked up in the file, so that marks fit whatever the style of the text.
    fn expressions(&self, span: Span) -> Arc<[Span]> {
        let written = self.source.slice(span);
        let found: Vec<Span> = written
            .match_indices(EXPRESSION)
            .map(|(at, _)| {
                let length = expression_length(written.as_bytes().get(at..).unwrap_or_default());
                Span::new(span.start + at, span.start + at + length)
            })
            .collect();
        // Escapes may hide it (`"$\x7b{"`): then the whole value is the place.
        if found.is_empty() {
            Arc::from([span])
        } else {
            Arc::from(found)
        }
    }
}

/// How much of the text, which starts with `${{`, to mark: up to its `}}` on the same line, else the `${{` alone. It
/// looks only so far, or a file of nothing else would take forever.
fn expression_length(text: &[u8]) -> usize {
    const FAR: usize = 1024;
    let text = text.get(..FAR).unwrap_or(text);
    let line = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let line = text.get(..line).unwrap_or(text);
    line.windows(2)
        .position(|two| two == b"}}")
        .map_or(EXPRESSION.len(), |end| end + 2)
}

/// The tag of a value, as it is written before it in its line.
fn tag_before(source: &Source, value: Span) -> Option<&str> {
    let before = source.text().get(..value.start)?;
    let mut words = before.lines().next_back()?.split_whitespace();
    let mut word = words.next_back()?;
    if word.starts_with('&') {
        word = words.next_back()?;
    }
    word.starts_with('!').then_some(word)
}
