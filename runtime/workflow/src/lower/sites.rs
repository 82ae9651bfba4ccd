//! Keeping the site of every expression that is read, for the rules that look at them later.

use super::context::Path;
use crate::expression::{Expression, WorkflowKey};
use crate::model::{ExpectedType, JobId, Shape, Site, StepPlace};
use crate::span::Span;

/// How many values with expressions are kept. More than that is no workflow that anyone wrote, and aliases could make
/// a short file stand for a great many.
const MOST: usize = 20_000;
/// How many parts their expressions have at most, all together.
const MOST_PARTS: usize = 500_000;

/// A place that takes expressions.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    /// What may be used there; none where no expression may stand.
    pub(super) key: Option<WorkflowKey>,
    /// The keys that lead to it.
    pub(super) field: Path<'a>,
    /// What belongs there.
    pub(super) expected: ExpectedType,
}

/// A value with its expressions, before it is known where in the workflow it stands.
pub(super) struct Found {
    pub(super) span: Span,
    pub(super) exact: bool,
    pub(super) expressions: Vec<Expression>,
    pub(super) shape: Shape,
}

/// What was found so far, and where the reader is.
#[derive(Default)]
pub(super) struct Sites {
    all: Vec<Site>,
    parts: usize,
    job: Option<JobId>,
    step: Option<StepPlace>,
}

impl Sites {
    pub(super) fn enter_job(&mut self, id: &JobId) {
        self.job = Some(id.clone());
    }

    pub(super) fn leave_job(&mut self) {
        self.job = None;
    }

    /// Goes into a step of the job, or of the step that runs several at once.
    pub(super) fn enter_step(&mut self, index: usize) {
        self.step = Some(match self.step {
            Some(outer) => StepPlace {
                inner: Some(index),
                ..outer
            },
            None => StepPlace { index, inner: None },
        });
    }

    pub(super) fn leave_step(&mut self) {
        self.step = self
            .step
            .filter(|step| step.inner.is_some())
            .map(|step| StepPlace { inner: None, ..step });
    }

    pub(super) fn add(&mut self, key: WorkflowKey, slot: Slot<'_>, found: Found) {
        let parts = found.expressions.iter().map(Expression::size).sum::<usize>();
        if found.expressions.is_empty() || self.all.len() >= MOST || self.parts + parts > MOST_PARTS {
            return;
        }
        self.parts += parts;
        self.all.push(Site {
            key,
            field: slot.field.to_text(),
            job: self.job.clone(),
            step: self.step,
            span: found.span,
            exact: found.exact,
            expressions: found.expressions,
            shape: found.shape,
            expected: slot.expected,
        });
    }

    pub(super) fn all(&mut self) -> Vec<Site> {
        std::mem::take(&mut self.all)
    }
}
