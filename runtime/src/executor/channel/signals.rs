//! Signals on their way to steps: remembered until a step is there to take them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::executor::Signal;
use crate::id::StepId;

/// Signals that wait for one step, at most; a step that takes none needs no more of the same.
const WAITING: usize = 16;

/// The signals of a place. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub(in crate::executor) struct Signals {
    steps: Arc<Mutex<HashMap<StepId, Step>>>,
}

#[derive(Debug)]
enum Step {
    NotYet(Vec<Signal>),
    Here(mpsc::Sender<Signal>),
    Over,
}

/// The signals of one step that is there. When it is dropped, the step is over.
#[derive(Debug)]
pub(in crate::executor) struct StepSignals {
    all: Signals,
    step: StepId,
    receiver: mpsc::Receiver<Signal>,
}

impl Signals {
    /// The step is there: it gets what was meant for it so far, and what comes. A step of the same id may come again
    /// once the one before is over.
    pub(in crate::executor) fn of(&self, step: &StepId) -> StepSignals {
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Step::NotYet(early)) = steps.get(step) {
            for signal in early {
                // No more were kept than there is room for.
                let _ = sender.try_send(*signal);
            }
        }
        steps.insert(step.clone(), Step::Here(sender));
        StepSignals {
            all: self.clone(),
            step: step.clone(),
            receiver,
        }
    }

    /// Sends a signal, now or when the step is there; nothing when it is over.
    pub(in crate::executor) fn send(&self, step: &StepId, signal: Signal) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        match steps
            .entry(step.clone())
            .or_insert_with(|| Step::NotYet(Vec::new()))
        {
            Step::NotYet(early) if early.len() < WAITING => early.push(signal),
            Step::Here(sender) => {
                // Full of signals that nobody takes: one more tells nothing new.
                let _ = sender.try_send(signal);
            }
            Step::NotYet(_) | Step::Over => {}
        }
    }
}

impl StepSignals {
    /// The next signal for the step. Never comes back without one.
    pub(in crate::executor) async fn next(&mut self) -> Signal {
        match self.receiver.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

impl Drop for StepSignals {
    fn drop(&mut self) {
        let mut steps = self.all.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.insert(self.step.clone(), Step::Over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_came_early_is_taken_in_order_and_what_comes_late_is_nothing() {
        let signals = Signals::default();
        let step = StepId("a".into());
        signals.send(&step, Signal::Interrupt);
        signals.send(&step, Signal::Kill);
        let mut of_step = signals.of(&step);
        signals.send(&step, Signal::Terminate);
        for expected in [Signal::Interrupt, Signal::Kill, Signal::Terminate] {
            assert_eq!(of_step.next().await, expected);
        }
        for _ in 0..100 {
            signals.send(&step, Signal::Kill);
        }
        drop(of_step);
        signals.send(&step, Signal::Kill);
        let mut again = signals.of(&step);
        assert!(again.receiver.try_recv().is_err(), "it was for the one before");
    }
}
