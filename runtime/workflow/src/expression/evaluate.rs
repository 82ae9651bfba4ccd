//! From the tree to a value.

use std::sync::Arc;

use super::budget::{Budget, Exceeded};
use super::coerce;
use super::error::{ErrorKind, ExpressionError};
use super::function::Function;
use super::index;
use super::object::Object;
use super::parser::MAX_DEPTH;
use super::reason::Reason;
use super::tree::{Comparison, Expression, Logic, Node};
use super::value::Value;

mod calls;

pub(crate) use calls::placeholders;

/// How a job went so far, for `success()`, `failure()` and `cancelled()`.
pub trait JobStatus {
    /// Whether all went well. `names` are jobs to look at instead of all that this one needs; only the `if` of a job may
    /// name some.
    fn success(&self, names: &[Arc<str>]) -> bool;
    /// Whether something failed; `names` as above.
    fn failure(&self, names: &[Arc<str>]) -> bool;
    /// Whether the run was cancelled.
    fn cancelled(&self) -> bool;
}

/// The status of a job as its steps see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// No step failed.
    Success,
    /// A step failed.
    Failure,
    /// The run was cancelled.
    Cancelled,
}

impl JobStatus for Status {
    /// A job's steps name no jobs, the parser sees to that.
    fn success(&self, _names: &[Arc<str>]) -> bool {
        *self == Self::Success
    }

    fn failure(&self, _names: &[Arc<str>]) -> bool {
        *self == Self::Failure
    }

    fn cancelled(&self) -> bool {
        *self == Self::Cancelled
    }
}

/// The files that `hashFiles` reads.
pub trait Files {
    /// One hash over all files that match the patterns, empty when none does. The patterns are as they were given:
    /// `!` excludes, and the first may be `--follow-symbolic-links`.
    ///
    /// # Errors
    ///
    /// What went wrong, as a fragment that fits after a colon.
    fn hash(&self, patterns: &[Arc<str>]) -> Result<String, String>;
}

/// All that an expression can ask for.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    contexts: &'a Object,
    status: Option<&'a dyn JobStatus>,
    files: Option<&'a dyn Files>,
    memory: usize,
}

impl<'a> Environment<'a> {
    /// Contexts by name; no status, no files, and GitHub's limit on memory.
    #[must_use]
    pub fn new(contexts: &'a Object) -> Self {
        Self {
            contexts,
            status: None,
            files: None,
            memory: Budget::DEFAULT,
        }
    }

    /// The contexts by name.
    #[must_use]
    pub fn contexts(&self) -> &'a Object {
        self.contexts
    }

    /// The same with other contexts.
    #[must_use]
    pub fn with_contexts<'b>(&self, contexts: &'b Object) -> Environment<'b>
    where
        'a: 'b,
    {
        Environment { contexts, ..*self }
    }

    /// With the status that `success()` and the like ask for.
    #[must_use]
    pub fn with_status(mut self, status: &'a dyn JobStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// With the files that `hashFiles` reads.
    #[must_use]
    pub fn with_files(mut self, files: &'a dyn Files) -> Self {
        self.files = Some(files);
        self
    }

    /// With another limit on the memory of an evaluation, in bytes.
    #[must_use]
    pub fn with_memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    pub(super) fn budget(&self) -> Budget {
        Budget::new(self.memory)
    }
}

/// The value of an expression.
///
/// # Errors
///
/// What GitHub refuses only now, such as a format that does not fit its values, with the place of the call.
pub fn evaluate(expression: &Expression, environment: &Environment<'_>) -> Result<Value, ExpressionError> {
    evaluate_within(expression, environment, &mut environment.budget())
}

/// The same, as a part of a greater whole that shares the memory.
pub(super) fn evaluate_within(
    expression: &Expression,
    environment: &Environment<'_>,
    budget: &mut Budget,
) -> Result<Value, ExpressionError> {
    Evaluator {
        environment,
        budget,
        depth: 0,
    }
    .value(expression)
}

struct Evaluator<'a, 'b> {
    environment: &'a Environment<'a>,
    budget: &'b mut Budget,
    depth: usize,
}

/// Why a part has no value, before its place is known.
enum Problem {
    /// A part of it has none, and its error has its place.
    Placed(ExpressionError),
    /// Its value takes too much memory.
    Exceeded,
    Reason(Reason),
}

impl From<ExpressionError> for Problem {
    fn from(error: ExpressionError) -> Self {
        Self::Placed(error)
    }
}

impl From<Exceeded> for Problem {
    fn from(_: Exceeded) -> Self {
        Self::Exceeded
    }
}

impl Evaluator<'_, '_> {
    fn value(&mut self, expression: &Expression) -> Result<Value, ExpressionError> {
        // The parser bounds the depth of what it makes.
        if self.depth >= MAX_DEPTH {
            return Err(ExpressionError::new(
                ErrorKind::Evaluation,
                Reason::TooDeep,
                expression.span(),
            ));
        }
        self.depth += 1;
        let before = self.budget.used();
        let result = self
            .node(expression.node())
            .and_then(|value| Ok(self.budget.settle(before, &value).map(|()| value)?));
        self.depth -= 1;
        result.map_err(|problem| placed(problem, expression))
    }

    fn node(&mut self, node: &Node) -> Result<Value, Problem> {
        Ok(match node {
            Node::Null => Value::Null,
            Node::Boolean(value) => Value::Boolean(*value),
            Node::Number(value) => Value::Number(*value),
            Node::Text(text) => Value::String(Arc::clone(text)),
            Node::Context(name) => self
                .environment
                .contexts
                .get(name)
                .cloned()
                .unwrap_or(Value::Null),
            Node::Every(of) => index::every(&self.value(of)?, self.budget)?,
            Node::Index { of, index } => {
                let of = self.value(of)?;
                let index = self.value(index)?;
                index::at(&of, &index, self.budget)?
            }
            Node::Not(operand) => Value::Boolean(!self.value(operand)?.is_truthy()),
            Node::Comparison {
                operator,
                left,
                right,
            } => {
                let left = self.value(left)?;
                let right = self.value(right)?;
                Value::Boolean(compared(*operator, &left, &right))
            }
            Node::Logic { operator, operands } => self.logic(*operator, operands)?,
            Node::Call {
                function: Some(function),
                arguments,
                ..
            } => self.call(*function, arguments)?,
            Node::Call { name, .. } => {
                return Err(Problem::Reason(Reason::UnknownFunction(name.clone())));
            }
        })
    }

    /// The first operand that decides; what comes behind it is not looked at.
    fn logic(&mut self, operator: Logic, operands: &[Expression]) -> Result<Value, Problem> {
        let mut value = Value::Null;
        for operand in operands {
            value = self.value(operand)?;
            if value.is_truthy() == (operator == Logic::Or) {
                break;
            }
        }
        Ok(value)
    }

    fn call(&mut self, function: Function, arguments: &[Expression]) -> Result<Value, Problem> {
        match function {
            Function::Contains => self.contains(arguments),
            Function::StartsWith => self.starts_with(arguments),
            Function::EndsWith => self.ends_with(arguments),
            Function::Format => self.format(arguments),
            Function::Join => self.join(arguments),
            Function::ToJson => self.written_as_json(arguments),
            Function::FromJson => self.read_from_json(arguments),
            Function::Case => self.case(arguments),
            Function::HashFiles => self.hash_files(arguments),
            Function::Success => self.asked(|status, names| status.success(names), arguments),
            Function::Failure => self.asked(|status, names| status.failure(names), arguments),
            Function::Cancelled => self.asked(|status, _| status.cancelled(), arguments),
            Function::Always => Ok(Value::Boolean(true)),
        }
    }
}

fn compared(operator: Comparison, left: &Value, right: &Value) -> bool {
    let order = || coerce::compare(left, right);
    match operator {
        Comparison::Equal => coerce::equal(left, right),
        Comparison::NotEqual => !coerce::equal(left, right),
        Comparison::Less => order().is_some_and(std::cmp::Ordering::is_lt),
        Comparison::Greater => order().is_some_and(std::cmp::Ordering::is_gt),
        Comparison::LessOrEqual => {
            coerce::equal(left, right) || order().is_some_and(std::cmp::Ordering::is_lt)
        }
        Comparison::GreaterOrEqual => {
            coerce::equal(left, right) || order().is_some_and(std::cmp::Ordering::is_gt)
        }
    }
}

/// Gives a problem its place.
fn placed(problem: Problem, expression: &Expression) -> ExpressionError {
    match problem {
        Problem::Placed(error) => error,
        Problem::Reason(reason) => ExpressionError::new(ErrorKind::Evaluation, reason, expression.span()),
        Problem::Exceeded => {
            let reason = Reason::OutOfMemory(Some(expression.to_string()));
            ExpressionError::new(ErrorKind::Evaluation, reason, expression.span())
                .help("let a step compute the value and set an output")
        }
    }
}
