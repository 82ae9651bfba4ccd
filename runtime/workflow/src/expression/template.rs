//! Text with expressions in it: `deploy-${{ github.ref }}`.

use super::budget::{Budget, Exceeded};
use super::error::{ErrorKind, ExpressionError};
use super::evaluate::{Environment, evaluate_within};
use super::parser::{MAX_LENGTH, parse};
use super::reason::Reason;
use super::scope::Scope;
use super::tree::Expression;
use super::value::Value;
use crate::span::Span;

const OPEN: &str = "${{";
/// After so many mistakes a text is not read further; more than a file's findings hold nobody sees.
const MAX_ERRORS: usize = 1_000;

/// A text, taken apart into what stands there and what is computed.
///
/// What an expression gives is never read for expressions again, whatever it looks like.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    segments: Vec<Segment>,
    span: Span,
    /// Part of it could not be read, so it has no value.
    broken: bool,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// Text as it stands there.
    Text {
        /// The text.
        text: String,
        /// Where in the file.
        span: Span,
    },
    /// An expression.
    Expression {
        /// The expression itself.
        expression: Expression,
        /// Where in the file, with `${{` and `}}`.
        span: Span,
    },
}

impl Template {
    /// Whether a text holds an expression, or tries to.
    #[must_use]
    pub fn is_in(text: &str) -> bool {
        is_in(text)
    }

    /// Takes a text apart. `base` is the byte of the file at which the text begins; all places count from there.
    ///
    /// With errors the template is as much as could be read, for checks to look at; it has no value then.
    pub fn parse(text: &str, base: usize, scope: &Scope<'_>) -> (Self, Vec<ExpressionError>) {
        let mut segments = Vec::new();
        let mut errors = Vec::new();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(start) = rest.find(OPEN) else {
                push_text(&mut segments, rest, base + at);
                break;
            };
            push_text(&mut segments, rest.get(..start).unwrap_or_default(), base + at);
            let start = at + start;
            let inner = start + OPEN.len();
            let Some(length) = text.get(inner..).and_then(closing) else {
                let place = Span::new(base + start, base + inner);
                errors.push(unclosed(text.get(inner..).unwrap_or_default(), place));
                break;
            };
            at = inner + length + 2;
            let span = Span::new(base + start, base + at);
            let written = text.get(inner..inner + length).unwrap_or_default();
            let parsed = parse(written, base + inner, scope);
            if parsed.expression.is_none() && parsed.errors.is_empty() {
                let error = ExpressionError::new(ErrorKind::Parsing, Reason::Empty, span);
                errors.push(error.help("put a value between the braces, or remove them"));
            }
            errors.extend(parsed.errors);
            if errors.len() >= MAX_ERRORS {
                break;
            }
            if let Some(expression) = parsed.expression {
                segments.push(Segment::Expression { expression, span });
            }
        }
        let mut template = Self {
            segments,
            span: Span::new(base, base + text.len()),
            broken: false,
        };
        if errors.is_empty() && template.length(text, base) > MAX_LENGTH {
            let error = ExpressionError::new(ErrorKind::Parsing, Reason::TooLong, template.span);
            errors.push(
                error.help("a text with expressions counts whole; put them into `env` and use the variables"),
            );
        }
        template.broken = !errors.is_empty();
        (template, errors)
    }

    /// Its parts, in order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Where it stands in the file.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Expression { expression, .. } => Some(expression),
            Segment::Text { .. } => None,
        })
    }

    /// The expressions alone.
    pub(crate) fn into_expressions(self) -> Vec<Expression> {
        let mut expressions = Vec::with_capacity(self.expressions().count());
        expressions.extend(self.segments.into_iter().filter_map(|segment| match segment {
            Segment::Expression { expression, .. } => Some(expression),
            Segment::Text { .. } => None,
        }));
        expressions
    }

    /// The expression that is the whole text, and so gives its value as it is, lists and mappings too.
    #[must_use]
    pub fn lone(&self) -> Option<&Expression> {
        match self.segments.as_slice() {
            [Segment::Expression { expression, .. }] => Some(expression),
            _ => None,
        }
    }

    /// How long the expression is that GitHub makes of the whole, `format('text {0}', …)`, in UTF-16 units.
    fn length(&self, source: &str, base: usize) -> usize {
        if self.lone().is_some() || self.expressions().next().is_none() {
            return 0;
        }
        let units = |text: &str| text.encode_utf16().count();
        let written = |span: Span| source.get(span.start - base..span.end - base).unwrap_or_default();
        let mut length = units("format('')");
        let mut arguments = 0_usize;
        for segment in &self.segments {
            length += match segment {
                // Quotes and braces are doubled.
                Segment::Text { text, .. } => units(text) + text.matches(['\'', '{', '}']).count(),
                // `{0}` in the text, and `, ` with what stands between `${{` and `}}` behind it.
                Segment::Expression { span, .. } => {
                    let digits = arguments.checked_ilog10().map_or(1, |log| log as usize + 1);
                    arguments += 1;
                    let written = written(*span);
                    let inner = written
                        .get(OPEN.len()..written.len().saturating_sub(2))
                        .unwrap_or_default();
                    "{}, ".len() + digits + units(inner.trim())
                }
            };
        }
        length
    }

    /// The value of a lone expression, else the text with the values in their places.
    ///
    /// # Errors
    ///
    /// The first expression that has no value; also a template that was read with errors.
    pub fn evaluate(&self, environment: &Environment<'_>) -> Result<Value, ExpressionError> {
        if self.broken {
            let reason = Reason::BrokenTemplate;
            return Err(ExpressionError::new(ErrorKind::Evaluation, reason, self.span));
        }
        let mut budget = environment.budget();
        if let Some(expression) = self.lone() {
            return evaluate_within(expression, environment, &mut budget);
        }
        let mut whole = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Text { text, span } => {
                    append(text, &mut whole, &mut budget).map_err(|problem| exceeded(problem, *span))?;
                }
                Segment::Expression { expression, span } => {
                    let before = budget.used();
                    let value = evaluate_within(expression, environment, &mut budget)?;
                    budget.release(before);
                    append(&value.to_text(), &mut whole, &mut budget)
                        .map_err(|problem| exceeded(problem, *span))?;
                }
            }
        }
        Ok(Value::string(whole))
    }
}

/// Whether a text holds an expression, or tries to.
pub(crate) fn is_in(text: &str) -> bool {
    // Most texts have no `$` at all, and looking for one byte is the cheaper search.
    text.contains('$') && text.contains(OPEN)
}

fn push_text(segments: &mut Vec<Segment>, text: &str, start: usize) {
    if !text.is_empty() {
        segments.push(Segment::Text {
            text: text.to_owned(),
            span: Span::new(start, start + text.len()),
        });
    }
}

/// The length of what stands before `}}`. Braces within a text in quotes do not count.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut last = ' ';
    for (at, character) in text.char_indices() {
        if character == '\'' {
            quoted = !quoted;
        } else if character == '}' && last == '}' && !quoted {
            return Some(at - 1);
        }
        // A brace within quotes does not begin the end.
        last = if quoted { ' ' } else { character };
    }
    None
}

fn unclosed(rest: &str, place: Span) -> ExpressionError {
    let help = if rest.contains("}}") {
        "a text in it has no closing quote; a quote within a text is written twice: 'it''s'"
    } else {
        "close it with `}}`; to write `${{` itself, use `${{ '${{' }}`"
    };
    ExpressionError::new(ErrorKind::Parsing, Reason::Unclosed, place).help(help)
}

fn append(text: &str, whole: &mut String, budget: &mut Budget) -> Result<(), Exceeded> {
    budget.text(text)?;
    whole.push_str(text);
    Ok(())
}

fn exceeded(_: Exceeded, place: Span) -> ExpressionError {
    ExpressionError::new(ErrorKind::Evaluation, Reason::OutOfMemory(None), place)
}
