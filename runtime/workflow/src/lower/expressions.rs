//! Expressions in values: whether they may be there, and whether they can be read.

use super::context::Context;
use super::places::Place;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::expression::{Condition, ExpressionError, Scope, Segment, Template};
use crate::span::Span;
use crate::tree::{Key, Node, Scalar, Style, Value};

/// A text with expressions in it, and where it stands.
struct Text {
    text: String,
    /// Where `text` starts in the file when it stands there byte for byte.
    start: Option<usize>,
    /// The whole value.
    span: Span,
}

impl Context<'_> {
    /// Checks the expressions in a value.
    pub(super) fn check_expressions(&mut self, node: &Node, scalar: &Scalar, place: Option<Place>) {
        let text = self.text_in_file(node, scalar);
        self.check_template(&text, place);
    }

    /// Checks the expressions in a key.
    pub(super) fn check_key_expressions(&mut self, key: &Key, place: Option<Place>) {
        let written = self.source.slice(key.span);
        let text = Text {
            text: key.text.to_string(),
            start: written.find(&*key.text).map(|at| key.span.start + at),
            span: key.span,
        };
        // `${{ insert }}: …` puts the keys of what follows into the mapping.
        let inner = key
            .text
            .trim()
            .strip_prefix("${{")
            .and_then(|text| text.strip_suffix("}}"));
        if place.is_none() || inner.is_none_or(|inner| inner.trim() != "insert") {
            self.check_template(&text, place);
        }
    }

    /// Checks the value of an `if`, which is an expression with or without its brackets.
    pub(super) fn check_condition(&mut self, node: &Node, scalar: &Scalar, place: Option<Place>) {
        if scalar.value == Value::String && Template::is_in(&scalar.text) {
            self.check_expressions(node, scalar, place);
            return;
        }
        let Some(place) = place.filter(|_| scalar.value == Value::String) else {
            return;
        };
        let text = self.text_in_file(node, scalar);
        let (_, errors) = Condition::parse(&text.text, text.start.unwrap_or_default(), &place.scope());
        self.report_expressions(errors, &text);
    }

    fn check_template(&mut self, text: &Text, place: Option<Place>) {
        let base = text.start.unwrap_or_default();
        let Some(place) = place else {
            let (template, _) = Template::parse(&text.text, base, &Scope::anything());
            let first = template.expressions_at().next();
            let span = first.filter(|_| text.start.is_some()).unwrap_or(text.span);
            self.report(
                Diagnostic::new(codes::EXPRESSION_PLACE, "an expression cannot stand here")
                    .at(span, "this place is read before anything is evaluated")
                    .help("write the value itself"),
            );
            return;
        };
        let (_, errors) = Template::parse(&text.text, base, &place.scope());
        self.report_expressions(errors, text);
    }

    fn report_expressions(&mut self, errors: Vec<ExpressionError>, text: &Text) {
        for mut error in errors {
            if text.start.is_none() {
                // Escapes moved the text: all of it is the place, and a fix would hit something else.
                error.span = text.span;
                error.meant = None;
            }
            let code = code_of(&error);
            if let Some((first, _)) = error.what.split_once(". ") {
                error.what = first.to_owned();
            }
            let mut diagnostic = error.to_diagnostic(code);
            for label in &mut diagnostic.labels {
                if code == codes::EXPRESSION_NAME {
                    label.text = "not known here".to_owned();
                } else if code == codes::EXPRESSION_TOO_LONG {
                    label.span = Span::point(label.span.start);
                }
            }
            self.report(diagnostic);
        }
    }

    /// The text of a value, as near to the file as can be told.
    fn text_in_file(&self, node: &Node, scalar: &Scalar) -> Text {
        let written = self.source.slice(node.span);
        let text = scalar.to_text().to_string();
        match scalar.style {
            // What differs is indentation only, which means nothing to an expression.
            Style::Plain | Style::Literal | Style::Folded if !written.is_empty() => Text {
                span: node.span,
                start: Some(node.span.start),
                text: written.to_owned(),
            },
            _ => Text {
                span: node.span,
                start: written.find(&text).map(|at| node.span.start + at),
                text,
            },
        }
    }
}

impl Template {
    /// Where its expressions stand.
    fn expressions_at(&self) -> impl Iterator<Item = Span> {
        self.segments().iter().filter_map(|segment| match segment {
            Segment::Expression { span, .. } => Some(*span),
            Segment::Text { .. } => None,
        })
    }
}

/// The kind of a mistake, told by how GitHub's message about it begins.
fn code_of(error: &ExpressionError) -> codes::Code {
    let begins = |text: &str| error.what.starts_with(text);
    if begins("Unrecognized named-value") || begins("Unrecognized function") {
        codes::EXPRESSION_NAME
    } else if begins("Exceeded max expression length") {
        codes::EXPRESSION_TOO_LONG
    } else {
        codes::EXPRESSION_SYNTAX
    }
}
