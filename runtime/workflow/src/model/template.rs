//! Values that may hold expressions.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::free::Free;
use crate::expression::{self, ExpressionError, Scope};
use crate::span::Span;
use crate::style::Style;

/// Text in which `${{ … }}` may stand.
#[derive(Clone, Debug)]
pub struct Template {
    /// The text as written, expressions included.
    pub text: Arc<str>,
    /// How it was written, which decides how a place in the text maps to a place in the file.
    pub style: Style,
    /// Where its expressions start in the file; the whole value where that cannot be told. Empty: plain text.
    pub expressions: Arc<[Span]>,
    /// The same taken apart, once somebody has asked; clones share it. Plain text has none.
    parsed: Option<Arc<OnceLock<ParsedTemplate>>>,
}

/// A text that was taken apart, whose places count from its beginning, and what is wrong with it first.
pub(crate) type ParsedTemplate = (expression::Template, Option<ExpressionError>);

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.style == other.style && self.expressions == other.expressions
    }
}

impl Eq for Template {}

impl Template {
    pub(crate) fn new(text: Arc<str>, style: Style, expressions: Arc<[Span]>) -> Self {
        let parsed = (!expressions.is_empty()).then(Arc::default);
        Self {
            text,
            style,
            expressions,
            parsed,
        }
    }

    /// The text taken apart, which is done once however often it is asked for; `None` for plain text.
    pub(crate) fn parsed(&self) -> Option<&ParsedTemplate> {
        let parsed = self.parsed.as_ref()?;
        Some(parsed.get_or_init(|| {
            let (template, errors) = expression::Template::parse(&self.text, 0, &Scope::anything());
            (template, errors.into_iter().next())
        }))
    }

    /// The text, when there is nothing in it to evaluate.
    #[must_use]
    pub fn as_plain(&self) -> Option<&str> {
        self.expressions.is_empty().then_some(&*self.text)
    }
}

/// A value of a type other than text, which may be given by an expression instead.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal<T> {
    /// As written.
    Value(T),
    /// To be evaluated.
    Expression(Template),
    /// A mapping some of whose keys are evaluated themselves, so that it is known only then what they say.
    Computed(Free),
}

/// A length of time in minutes, as `timeout-minutes` gives it: any number, fractions included.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Minutes(pub f64);

impl Minutes {
    /// The time a job has when it says nothing: GitHub's six hours.
    pub const JOB_DEFAULT: Minutes = Minutes(360.0);

    /// Whether it limits anything: numbers that are not above zero do not, as on GitHub.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > 0.0
    }

    /// As a duration; what is too long for one becomes the longest.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        if self.is_positive() {
            Duration::try_from_secs_f64(self.0 * 60.0).unwrap_or(Duration::MAX)
        } else {
            Duration::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_become_durations_without_surprises() {
        assert_eq!(Minutes(0.5).as_duration(), Duration::from_secs(30));
        assert_eq!(Minutes(f64::INFINITY).as_duration(), Duration::MAX);
        assert_eq!(Minutes(f64::NAN).as_duration(), Duration::ZERO);
        assert_eq!(Minutes(-3.0).as_duration(), Duration::ZERO);
    }
}
