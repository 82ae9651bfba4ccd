//! The steps that a job's actor knows: those that are written, and those that actions bring.

use std::sync::Arc;

use super::actor::JobActor;
use super::machine::{Judgement, StepWork};
use super::question::{Answer, What};
use crate::event::Event;
use crate::id::StepId;

/// A step that is known.
pub(super) struct Known {
    pub(super) what: What,
    /// The composite action that it is a step of.
    pub(super) frame: Option<StepId>,
}

impl JobActor {
    /// Says how long those steps took that are no process: actions that bring steps, waits.
    pub(super) fn measure(&mut self, events: &mut [Event]) {
        let now = self.origin.shared.world.elapsed();
        for event in events {
            match event {
                Event::StepStarted { step, .. } => {
                    self.started.insert(step.clone(), now);
                }
                Event::StepFinished {
                    step, duration_ms, ..
                } => {
                    if let (Some(began), 0) = (self.started.remove(step), *duration_ms) {
                        let took = now.saturating_sub(began);
                        *duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                    }
                }
                _ => {}
            }
        }
    }

    /// Keeps what was found out about a step, and gets to know the steps that it brings.
    pub(super) fn take_answer(&mut self, id: &StepId, answer: Answer) -> Judgement {
        let judgement = answer.judgement.unwrap_or(Judgement::Skip);
        if let Some(task) = answer.task {
            if matches!(&judgement, Judgement::Run(verdict) if verdict.retry.is_some()) {
                self.attempts.keep(id, &task);
            }
            self.tasks.insert(id.clone(), task);
        }
        if let Judgement::Run(verdict) = &judgement {
            let inner: Vec<(StepId, Known)> = match (&verdict.work, &answer.call) {
                (StepWork::Steps(inner), Some(call)) => {
                    let is_pre = self.steps.get(id).is_some_and(|known| known.what.is_pre());
                    let what: Vec<What> = if is_pre {
                        let early = answer.early.iter();
                        early.map(|index| What::PreOf(Arc::clone(call), *index)).collect()
                    } else {
                        let all = 0..inner.len();
                        all.map(|index| What::OfAction(Arc::clone(call), index)).collect()
                    };
                    let frame = Some(id.clone());
                    let known = what.into_iter().map(|what| Known {
                        what,
                        frame: frame.clone(),
                    });
                    let ids = inner.iter().map(|outline| outline.step.clone());
                    ids.zip(known).collect()
                }
                (StepWork::Parallel(members), _) => {
                    let Some(Known {
                        what: What::OfJob(plan, index, _),
                        ..
                    }) = self.steps.get(id)
                    else {
                        return judgement;
                    };
                    let (plan, index) = (Arc::clone(plan), *index);
                    let member = |(member, outline): (usize, &crate::event::StepOutline)| {
                        let known = Known {
                            what: What::OfJob(Arc::clone(&plan), index, Some(member)),
                            frame: None,
                        };
                        (outline.step.clone(), known)
                    };
                    members.iter().enumerate().map(member).collect()
                }
                _ => Vec::new(),
            };
            self.steps.extend(inner);
            if let (Some(post), Some(call)) = (&verdict.post, &answer.call) {
                let known = Known {
                    what: What::Post(Arc::clone(call)),
                    frame: None,
                };
                self.steps.insert(post.step.clone(), known);
            }
        }
        judgement
    }
}
