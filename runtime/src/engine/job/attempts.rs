//! At which attempt steps are that are tried more than once, and what they do each time.

use std::collections::BTreeMap;

use loom_bridge::Context;

use super::actor::JobActor;
use super::machine::{Input, Retry};
use super::task::Task;
use crate::id::StepId;

/// The attempts at a job's steps.
#[derive(Default)]
pub(super) struct Attempts {
    /// What is done again, for as long as it may be.
    tasks: BTreeMap<StepId, Task>,
    /// At which attempt a step is, when it is not the first.
    at: BTreeMap<StepId, u32>,
}

impl Attempts {
    /// At which attempt a step is.
    pub(super) fn of(&self, step: &StepId) -> u32 {
        self.at.get(step).copied().unwrap_or(1)
    }

    /// Keeps what a step does, which may be tried again.
    pub(super) fn keep(&mut self, step: &StepId, task: &Task) {
        self.tasks.insert(step.clone(), task.clone());
    }

    /// The step is tried again: what it does, when it does anything itself.
    pub(super) fn next(&mut self, step: &StepId, attempt: u32) -> Option<Task> {
        self.at.insert(step.clone(), attempt);
        self.tasks.get(step).cloned()
    }

    /// The step is over.
    pub(super) fn end(&mut self, step: &StepId) {
        self.tasks.remove(step);
        self.at.remove(step);
    }
}

impl JobActor {
    /// Forgets what a failed attempt left and says when the next one begins.
    pub(super) fn retry(&mut self, retry: Retry, ctx: &mut Context<Self>) {
        let Retry {
            step,
            attempt,
            attempts,
            delay,
            why,
        } = retry;
        if let Some(task) = self.attempts.next(&step, attempt) {
            self.tasks.insert(step.clone(), task);
        }
        if let Some(contexts) = &mut self.contexts {
            contexts.forget(&step);
        }
        if let Some(opened) = &self.opened {
            let seconds = delay.as_millis() as f64 / 1000.0;
            opened.notes.say_of(
                &step,
                &format!("failed: {why}; attempt {attempt} of {attempts} in {seconds} s"),
            );
        }
        self.later(Input::TryAgain(step, attempt), delay, ctx);
    }
}
