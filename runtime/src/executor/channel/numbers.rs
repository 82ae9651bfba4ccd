//! The numbers of a place's steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Gives each step of a place a number of its own, whichever room it runs in: by them is named what rooms share, such as the
/// files of `GITHUB_ENV` and its like, and steps may run at the same time. All clones count together.
#[derive(Clone, Debug, Default)]
pub(in crate::executor) struct StepNumbers(Arc<AtomicU32>);

impl StepNumbers {
    /// The first of them is this one: those before it were given by another process.
    pub(super) fn from(first: u32) -> Self {
        Self(Arc::new(AtomicU32::new(first)))
    }

    /// One that no other step of the place has.
    pub(in crate::executor) fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}
