//! The value of an `if`: an expression without `${{ }}` around it, or with.

use super::error::ExpressionError;
use super::evaluate::{Environment, JobStatus};
use super::parser::parse;
use super::reason::Reason;
use super::scope::Scope;
use super::template::Template;
use super::tree::Expression;
use super::value::Value;
use super::{ErrorKind, evaluate};
use crate::span::Span;

/// Whether a job or step runs.
///
/// A condition that asks no status function holds only after success: GitHub puts `success() &&` before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    test: Test,
    span: Span,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// Nothing is written: `success()`.
    Empty,
    Expression(Expression),
    Template(Template),
    /// It could not be read.
    Broken,
}

impl Condition {
    /// Reads the text of an `if`. `base` is the byte of the file at which it begins; all places count from there.
    ///
    /// With errors it is as much as could be read, and has no value.
    pub fn parse(text: &str, base: usize, scope: &Scope<'_>) -> (Self, Vec<ExpressionError>) {
        let span = Span::new(base, base + text.len());
        if Template::is_in(text) {
            let (template, errors) = Template::parse(text, base, scope);
            let test = Test::Template(template);
            return (Self { test, span }, errors);
        }
        let parsed = parse(text, base, scope);
        let test = match parsed.expression {
            None if parsed.errors.is_empty() => Test::Empty,
            Some(expression) if parsed.errors.is_empty() => Test::Expression(expression),
            _ => Test::Broken,
        };
        (Self { test, span }, parsed.errors)
    }

    /// Where it stands in the file.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The expressions in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let (one, template) = match &self.test {
            Test::Expression(expression) => (Some(expression), None),
            Test::Template(template) => (None, Some(template)),
            Test::Empty | Test::Broken => (None, None),
        };
        one.into_iter()
            .chain(template.into_iter().flat_map(Template::expressions))
    }

    /// The expressions alone.
    pub(crate) fn into_expressions(self) -> Vec<Expression> {
        match self.test {
            Test::Expression(expression) => vec![expression],
            Test::Template(template) => template.into_expressions(),
            Test::Empty | Test::Broken => Vec::new(),
        }
    }

    /// Whether `success()` is asked before it, because it asks no status itself.
    #[must_use]
    pub fn needs_success(&self) -> bool {
        !self.expressions().any(Expression::asks_status)
    }

    /// Whether text stands beside `${{ }}`. GitHub makes one text of both, which is never empty: such a condition always
    /// holds, whatever it seems to ask.
    #[must_use]
    pub fn is_text(&self) -> bool {
        match &self.test {
            Test::Template(template) => template.lone().is_none(),
            Test::Empty | Test::Expression(_) | Test::Broken => false,
        }
    }

    /// Whether the job or step runs. The environment needs a status.
    ///
    /// # Errors
    ///
    /// Why there is no answer; also when it was read with errors.
    pub fn holds(
        &self,
        status: &dyn JobStatus,
        environment: &Environment<'_>,
    ) -> Result<bool, ExpressionError> {
        if self.needs_success() && !status.success(&[]) {
            return Ok(false);
        }
        self.holds_whatever_happened(status, environment)
    }

    /// The same for a condition before which no `success()` is put: the `pre-if` and `post-if` of an action.
    ///
    /// # Errors
    ///
    /// As [`holds`](Self::holds).
    pub fn holds_whatever_happened(
        &self,
        status: &dyn JobStatus,
        environment: &Environment<'_>,
    ) -> Result<bool, ExpressionError> {
        let environment = environment.with_status(status);
        let value = match &self.test {
            Test::Empty => Value::Boolean(true),
            Test::Expression(expression) => evaluate(expression, &environment)?,
            Test::Template(template) => template.evaluate(&environment)?,
            Test::Broken => {
                let reason = Reason::BrokenCondition;
                return Err(ExpressionError::new(ErrorKind::Evaluation, reason, self.span));
            }
        };
        Ok(value.is_truthy())
    }
}
