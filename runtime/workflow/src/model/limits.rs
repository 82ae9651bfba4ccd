//! What holds jobs and runs back: `concurrency`, `environment`.

use super::template::{Literal, Template};
use crate::span::Spanned;

/// The value of `concurrency`: of those in a group only one runs at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Concurrency {
    /// `group`, or the whole value where it is written as one text.
    pub group: Spanned<Template>,
    /// `cancel-in-progress`: whether a new one ends the one that runs.
    pub cancel_in_progress: Option<Spanned<Literal<bool>>>,
    /// `queue`: who waits.
    pub queue: Option<Spanned<Literal<Queue>>>,
}

/// Who waits for a `concurrency` group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Queue {
    /// `single`: the newest; those that waited before it are cancelled.
    #[default]
    Single,
    /// `max`: as many as GitHub keeps.
    Max,
}

impl Queue {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Max => "max",
        }
    }

    /// The one that a word stands for.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        [Self::Single, Self::Max]
            .into_iter()
            .find(|queue| queue.as_str() == word)
    }
}

impl Spanned<Literal<Concurrency>> {
    /// The name of the group, as far as the file says it.
    #[must_use]
    pub fn group(&self) -> Option<Spanned<Template>> {
        match &self.value {
            Literal::Value(concurrency) => Some(concurrency.group.clone()),
            Literal::Expression(template) => Some(Spanned::new(template.clone(), self.span)),
            Literal::Computed(_) => None,
        }
    }
}

/// The value of `environment`: what a job deploys to.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// `name`, or the whole value where it is written as one text. As one expression, that text may give a mapping
    /// with all of these keys; an empty name means no environment.
    pub name: Spanned<Template>,
    /// `url`: where it can be looked at; evaluated once the job is done.
    pub url: Option<Spanned<Template>>,
    /// `deployment`: whether a deployment is recorded.
    pub deployment: Option<Spanned<Literal<bool>>>,
}
