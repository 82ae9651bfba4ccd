//! `strategy`, evaluated.

use super::combinations::{self, Combination};
use super::evaluation::{Evaluation, SizeBudget, as_boolean, as_number};
use super::written;
use crate::codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expression::{Environment, Object, Value};
use crate::model::Job;

/// How the instances of a job run beside each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StrategyPlan {
    /// Whether a failure cancels the others.
    pub fail_fast: bool,
    /// How many run at once at most; `None`: all.
    pub max_parallel: Option<usize>,
}

impl StrategyPlan {
    /// The `strategy` context of one of `total` instances.
    pub(super) fn context(&self, index: usize, total: usize) -> Value {
        #[expect(
            clippy::cast_precision_loss,
            reason = "there are 256 instances at most, and what is beyond 2^53 is as good as that"
        )]
        let number = |number: usize| Value::Number(number as f64);
        let mut context = Object::new();
        context.insert("fail-fast", Value::Boolean(self.fail_fast));
        context.insert("job-index", number(index));
        context.insert("job-total", number(total));
        context.insert("max-parallel", number(self.max_parallel.unwrap_or(total)));
        Value::object(context)
    }
}

/// The strategy of a job, and the combinations of its matrix: none where it has no matrix.
pub(super) fn evaluate(
    job: &Job,
    contexts: &Object,
    diagnostics: &mut Diagnostics,
    budget: &mut SizeBudget,
) -> Option<(StrategyPlan, Vec<Combination>)> {
    let mut strategy = StrategyPlan {
        fail_fast: true,
        max_parallel: None,
    };
    let Some(written) = &job.strategy else {
        return Some((strategy, Vec::new()));
    };
    let mut evaluation = Evaluation::new(Environment::new(contexts), diagnostics, budget);
    let value = written::literal(&mut evaluation, written, written::strategy)?;
    let Some(object) = value.as_object() else {
        evaluation.wrong("strategy", "a mapping", &value, written.span);
        return None;
    };
    if let Some(value) = object.get("fail-fast") {
        let Some(truth) = as_boolean(value) else {
            evaluation.wrong("fail-fast", "a boolean", value, written.span);
            return None;
        };
        strategy.fail_fast = truth;
    }
    if let Some(value) = object.get("max-parallel") {
        let Some(number) = as_number(value) else {
            evaluation.wrong("max-parallel", "a number", value, written.span);
            return None;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "GitHub cuts it to a whole number too; `as` stays within the type"
        )]
        let number = number as usize;
        strategy.max_parallel = (number > 0).then_some(number);
    }
    let Some(matrix) = object.get("matrix") else {
        return Some((strategy, Vec::new()));
    };
    match combinations::combinations(matrix) {
        Ok(combinations) => Some((strategy, combinations)),
        Err(error) => {
            diagnostics.push(
                Diagnostic::new(
                    codes::MATRIX,
                    format!(
                        "the matrix of job {} gives no combinations",
                        crate::words::name(job.id.as_str())
                    ),
                )
                .at(written.span, error.to_string())
                .help("a matrix has lists of values under names, and `include` and `exclude` with mappings of such names"),
            );
            None
        }
    }
}
