//! The attempts before the newest one, at a job and at a step: how they ended, and what their steps did.

use indexmap::IndexMap;
use loom_protocol::Timestamp;

use super::run::{Job, Step};
use crate::event::{JobState, Outputs, Reason};
use crate::id::StepId;

/// An attempt at a job that another one followed.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierAttempt {
    /// From 1.
    pub attempt: u32,
    /// How it ended; unknown in histories that do not say it.
    pub state: Option<JobState>,
    /// Why, when the steps do not say it.
    pub reason: Option<Reason>,
    /// When it started to get a place.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Its steps, without what they gave and wrote for people.
    pub steps: IndexMap<StepId, Step>,
}

/// An attempt at a step that another one followed.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierTry {
    /// The code its process exited with.
    pub exit_code: Option<i32>,
    /// Why it failed, when the exit code does not say it.
    pub reason: Option<Reason>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
}

impl Job {
    /// The newest attempt at it, from 1 even when it has not begun; for one that was reused, in the run in which it ran.
    #[must_use]
    pub fn newest_attempt(&self) -> u32 {
        let attempt = self.reused.as_ref().map_or(self.attempt, |from| from.job_attempt);
        attempt.max(1)
    }

    /// Whether an attempt at it has ended, so that its log grows no more. It has before the next one begins.
    #[must_use]
    pub fn has_ended(&self, attempt: u32) -> bool {
        self.state.is_final()
            || attempt < self.attempt
            || self.earlier.iter().any(|earlier| earlier.attempt == attempt)
    }

    /// Keeps what is known of the attempt that ends now: another one follows.
    pub(super) fn keep_attempt(&mut self, state: Option<JobState>, reason: Option<Reason>, time: Timestamp) {
        self.end_steps(time);
        let mut steps = self.steps.clone();
        for step in steps.values_mut() {
            step.outputs = Outputs::new();
            step.summary = None;
        }
        self.earlier.push(EarlierAttempt {
            attempt: self.attempt.max(1),
            state,
            reason,
            started_at: self.started_at,
            finished_at: time,
            steps,
        });
    }
}

impl Step {
    /// Keeps what is known of the attempt that ends now: another one follows.
    pub(super) fn keep_try(&mut self, exit_code: Option<i32>, reason: Option<Reason>, time: Timestamp) {
        self.earlier.push(EarlierTry {
            exit_code,
            reason,
            started_at: self.started_at,
            finished_at: time,
        });
    }
}
