//! Expressions in values: whether they may be there, and whether they can be read.

use std::borrow::Cow;

use super::context::Context;
use super::sites::{Found, Slot};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::expression::{
    self, Condition, Expression, ExpressionError, Function, Reason, Scope, Segment, Template, allowed,
};
use crate::model::Shape;
use crate::source::Source;
use crate::span::Span;
use crate::suggestion::{Applicability, Edit};
use crate::tree::{Key, Node, Scalar, Style, Value};
use crate::words::{alternatives, listed};

const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// A text with expressions in it, and where it stands.
struct Text<'t> {
    text: Cow<'t, str>,
    /// Where `text` starts in the file when it stands there byte for byte.
    start: Option<usize>,
    /// The whole value.
    span: Span,
}

impl<'a> Context<'a> {
    /// Reads and checks the expressions in a value.
    pub(super) fn check_expressions(&mut self, node: &Node, scalar: &Scalar, slot: Slot<'_>) {
        let text = self.text_in_file(node, scalar);
        let whole = scalar.text.starts_with(OPEN) && scalar.text.ends_with(CLOSE);
        self.check_template(&text, whole, slot);
    }

    /// Checks the expressions in a key.
    pub(super) fn check_key_expressions(&mut self, key: &Key, slot: Slot<'_>) {
        let written = self.source.slice(key.span);
        let text = Text {
            text: Cow::Borrowed(&key.text),
            start: written.find(&*key.text).map(|at| key.span.start + at),
            span: key.span,
        };
        // `${{ insert }}: …` puts the keys of what follows into the mapping.
        let inner = key
            .text
            .trim()
            .strip_prefix(OPEN)
            .and_then(|text| text.strip_suffix(CLOSE));
        if slot.key.is_none() || inner.is_none_or(|inner| inner.trim() != "insert") {
            self.check_template(&text, false, slot);
        }
    }

    /// Checks the value of an `if`, which is an expression with or without its brackets.
    pub(super) fn check_condition(&mut self, node: &Node, scalar: &Scalar, slot: Slot<'_>) {
        if scalar.value == Value::String && Template::is_in(&scalar.text) {
            self.check_expressions(node, scalar, slot);
            return;
        }
        let Some(key) = slot.key.filter(|_| scalar.value != Value::Null) else {
            return;
        };
        let text = self.text_in_file(node, scalar);
        let (condition, errors) =
            Condition::parse(&text.text, text.start.unwrap_or_default(), &Scope::of(key));
        if scalar.value == Value::String {
            self.report_expressions(errors, &text, key);
        }
        let expressions = condition.into_expressions();
        self.keep(key, slot, &text, expressions, Shape::Whole);
    }

    fn check_template(&mut self, text: &Text<'_>, whole: bool, slot: Slot<'_>) {
        let base = text.start.unwrap_or_default();
        let Some(key) = slot.key else {
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
        let (template, errors) = Template::parse(&text.text, base, &Scope::of(key));
        self.report_expressions(errors, text, key);
        let shape = if whole && template.has_no_text() && template.expressions().count() == 1 {
            Shape::Whole
        } else {
            Shape::Within
        };
        let expressions = template.into_expressions();
        self.keep(key, slot, text, expressions, shape);
    }

    fn keep(
        &mut self,
        key: expression::WorkflowKey,
        slot: Slot<'_>,
        text: &Text<'_>,
        expressions: Vec<Expression>,
        shape: Shape,
    ) {
        let found = Found {
            span: text.span,
            exact: text.start.is_some(),
            expressions,
            shape,
        };
        self.sites.add(key, slot, found);
    }

    fn report_expressions(
        &mut self,
        errors: Vec<ExpressionError>,
        text: &Text<'_>,
        key: expression::WorkflowKey,
    ) {
        for mut error in errors {
            if text.start.is_none() {
                // Escapes moved the text: all of it is the place, and a fix would hit something else.
                error.span = text.span;
                error.meant = None;
            }
            let code = code_of(&error.reason);
            let mut diagnostic = error.to_diagnostic(code);
            if let Some(edits) = self.single_quotes(&error, text) {
                diagnostic = diagnostic.offer(edits, Applicability::Safe);
            }
            let elsewhere = Elsewhere::of(&error.reason);
            for label in &mut diagnostic.labels {
                if code == codes::EXPRESSION_NAME {
                    label.text = "not known here".to_owned();
                } else if code == codes::EXPRESSION_TOO_LONG {
                    // A text counts whole.
                    label.span = Span::point(text.span.start);
                }
            }
            if let Some(elsewhere) = elsewhere {
                elsewhere.tell(key, &mut diagnostic);
            }
            self.report(diagnostic);
        }
    }

    /// Single quotes instead of the double ones that a text begins and ends with, if that is all that is wrong with it.
    fn single_quotes(&self, error: &ExpressionError, text: &Text<'_>) -> Option<Vec<Edit>> {
        let is_quoted = matches!(&error.reason, Reason::UnexpectedSymbol(symbol) if symbol.starts_with('"'));
        if text.start.is_none() || !is_quoted {
            return None;
        }
        // Within single quotes of YAML each would be written twice.
        let written = self.source.slice(text.span);
        if written.starts_with('\'') {
            return None;
        }
        let (start, end) = (error.span.start, text.span.end);
        let rest = self.source.slice(Span::new(start, end)).strip_prefix('"')?;
        let (inner, _) = rest.split_once('"')?;
        if inner.contains(['\'', '\n', '\\', '{', '}']) {
            return None;
        }
        let close = start + 1 + inner.len();
        let quote = |at: usize| Edit::new(Span::new(at, at + 1), "'");
        Some(vec![quote(start), quote(close)])
    }

    /// The text of a value, as near to the file as can be told.
    fn text_in_file<'t>(&self, node: &Node, scalar: &'t Scalar) -> Text<'t>
    where
        'a: 't,
    {
        let source: &'a Source = self.source;
        let written = source.slice(node.span);
        let text = match scalar.value {
            Value::String => Cow::Borrowed(&*scalar.text),
            _ => Cow::Owned(scalar.to_text().to_string()),
        };
        let begin = scalar.style.text_start(written);
        match scalar.style {
            // What differs is indentation only, which means nothing to an expression.
            Style::Plain | Style::Literal | Style::Folded if begin < written.len() => Text {
                span: node.span,
                start: Some(node.span.start + begin),
                text: Cow::Borrowed(written.get(begin..).unwrap_or_default()),
            },
            _ => Text {
                span: node.span,
                start: written.find(&*text).map(|at| node.span.start + at),
                text,
            },
        }
    }
}

impl Template {
    /// Whether nothing but expressions and what folds away stands there.
    fn has_no_text(&self) -> bool {
        self.segments().iter().all(|segment| match segment {
            Segment::Expression { .. } => true,
            Segment::Text { text, .. } => text.trim().is_empty(),
        })
    }

    /// Where its expressions stand.
    fn expressions_at(&self) -> impl Iterator<Item = Span> {
        self.segments().iter().filter_map(|segment| match segment {
            Segment::Expression { span, .. } => Some(*span),
            Segment::Text { .. } => None,
        })
    }
}

/// A name that exists, if not at this place.
enum Elsewhere {
    Context(String),
    Function(Function),
}

impl Elsewhere {
    fn of(reason: &Reason) -> Option<Self> {
        match reason {
            Reason::UnknownFunction(name) => Function::find(name).map(Self::Function),
            Reason::UnknownContext(name) => {
                expression::WorkflowKey::is_context(name).then(|| Self::Context(name.to_ascii_lowercase()))
            }
            _ => None,
        }
    }

    /// Says where it can be used, and what can be used here.
    fn tell(self, here: expression::WorkflowKey, diagnostic: &mut Diagnostic) {
        const SHOWN: usize = 4;
        let (name, help) = match self {
            Self::Context(name) => {
                let known = allowed(here).contexts;
                let help = if name == "jobs" && known.contains(&"needs") {
                    "what other jobs give is in `needs`".to_owned()
                } else if name == "secrets" && here == expression::WorkflowKey::StepIf {
                    "put it into a variable under `env` of the job, and ask for that: `env.NAME != ''`"
                        .to_owned()
                } else if known.is_empty() {
                    "no context can be used here: write the value itself".to_owned()
                } else {
                    format!("available here: {}", listed(known))
                };
                (name, help)
            }
            Self::Function(function) => {
                let mut keys: Vec<&str> = expression::WorkflowKey::ALL
                    .iter()
                    .filter(|key| allowed(**key).functions.contains(&function))
                    .map(|key| key.as_str())
                    .filter(|key| key.starts_with("jobs.") == here.as_str().starts_with("jobs."))
                    .collect();
                keys.truncate(SHOWN);
                let help = if keys.is_empty() {
                    "it can be used in steps".to_owned()
                } else {
                    format!("it can be used under {}", alternatives(&keys))
                };
                (function.name().to_owned(), help)
            }
        };
        diagnostic.message = format!("`{name}` cannot be used under `{}`", here.as_str());
        diagnostic.help = Some(help);
        diagnostic.suggestion = None;
        for label in &mut diagnostic.labels {
            label.text = "not available here".to_owned();
        }
    }
}

/// The code of a mistake.
fn code_of(reason: &Reason) -> codes::Code {
    match reason {
        Reason::UnknownContext(_) | Reason::UnknownFunction(_) => codes::EXPRESSION_NAME,
        Reason::TooLong => codes::EXPRESSION_TOO_LONG,
        _ => codes::EXPRESSION_SYNTAX,
    }
}
