//! A job that is paused at a step: its time stands still, and somebody says how it goes on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::actor::JobActor;
use super::machine::{Input, Resume};
use super::opening::broke_off;
use super::question::What;
use super::reread::{Reread, reread};
use crate::engine::shared::Shared;
use crate::engine::timers;
use crate::event::{PauseAnswer, Reason};
use crate::id::StepId;
use crate::world::World;
use actix::prelude::*;
use loom_bridge::Context;

/// The time that a job has.
pub(super) struct Clock {
    left: Duration,
    /// Since when it runs, by the world's clock, and the timer of its end.
    runs: Option<(Duration, SpawnHandle)>,
    /// While it stands still.
    pause: Option<CountedPause>,
}

impl Clock {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            left: limit,
            runs: None,
            pause: None,
        }
    }

    pub(super) fn start(&mut self, world: &dyn World, ctx: &mut Context<JobActor>) {
        if self.runs.is_none() {
            let timer = timers::notify_after(world, ctx, self.left, Input::JobTimeout);
            self.runs = Some((world.elapsed(), timer));
        }
    }

    fn hold(&mut self, world: &dyn World, ctx: &mut Context<JobActor>) {
        if let Some((since, timer)) = self.runs.take() {
            ctx.cancel_future(timer);
            self.left = self.left.saturating_sub(world.elapsed().saturating_sub(since));
        }
    }
}

/// Counts as a job that is paused for as long as it is held: who waits for orders looks for them more often.
struct CountedPause(Arc<Shared>);

impl CountedPause {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.pauses.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }
}

impl Drop for CountedPause {
    fn drop(&mut self) {
        self.0.pauses.fetch_sub(1, Ordering::Relaxed);
    }
}

impl JobActor {
    pub(super) fn feed(&mut self, input: Input, ctx: &mut Context<Self>) {
        for effect in self.machine.handle(input) {
            self.run(effect, ctx);
        }
        if self.pauses() {
            self.offer_entrances();
        }
    }

    /// Whether it pauses at a step that fails.
    pub(super) fn pauses(&self) -> bool {
        self.origin.plan.scope.run.options.pause_on_failure
    }

    /// What a step did is of no more account, and what it does from now on is of this attempt.
    pub(super) fn forget(&mut self, step: &StepId, attempt: u32) {
        self.attempts.next(step, attempt);
        if let Some(contexts) = &mut self.contexts {
            contexts.forget(step);
        }
    }

    pub(super) fn hold_time(&mut self, ctx: &mut Context<Self>) {
        self.clock.hold(&*self.origin.shared.world, ctx);
        self.clock.pause = Some(CountedPause::new(&self.origin.shared));
    }

    pub(super) fn resume_time(&mut self, ctx: &mut Context<Self>) {
        self.clock.pause = None;
        self.clock.start(&*self.origin.shared.world, ctx);
    }

    /// Reads the file of a step anew, and has it done again.
    fn do_again(&mut self, id: StepId, ctx: &mut Context<Self>) {
        let (plan, place) = match self.steps.get(&id).map(|known| &known.what) {
            Some(What::OfJob(plan, index, member)) => (Arc::clone(plan), (*index, *member)),
            // What actions do before and after the job is theirs.
            _ => return self.feed(Input::Answered(id, Box::new(Resume::Retry(None))), ctx),
        };
        let project = self.origin.workspace.clone();
        let reading = self
            .origin
            .shared
            .io
            .blocking(move || reread(&plan, place, &project));
        let pause = self.machine.pause_of(&id);
        ctx.spawn(reading.into_actor(self).map(move |read, act, ctx| {
            // Another answer may have come first: what was read is nobody's then, and no step may run from it.
            if pause.is_none() || act.machine.pause_of(&id) != pause {
                return;
            }
            let answer = match read.unwrap_or_else(|broken| Err(broke_off(&broken).reason)) {
                Ok(read) => act.take_steps(&id, read),
                Err(problem) => act.refuse(problem),
            };
            act.feed(Input::Answered(id, Box::new(answer)), ctx);
        }));
    }

    /// From now on the step is the one of the file as it is now, and so are the others where they have not changed places.
    fn take_steps(&mut self, id: &StepId, read: Reread) -> Resume {
        let Reread {
            plan,
            place: (index, member),
            all,
            file,
        } = read;
        for (known_id, known) in &mut self.steps {
            let What::OfJob(_, old_index, old_member) = &known.what else {
                continue;
            };
            if known_id == id {
                known.what = What::OfJob(Arc::clone(&plan), index, member);
            } else if all {
                known.what = What::OfJob(Arc::clone(&plan), *old_index, *old_member);
            }
        }
        Resume::Retry(file)
    }

    fn refuse(&self, problem: Reason) -> Resume {
        if let Some(opened) = &self.opened {
            let why = &problem.message;
            opened.notes.say(&format!("the step cannot be done again: {why}"));
        }
        Resume::Refused(problem)
    }
}

/// Say how the steps go on that the job is paused at, or the one that is named; nothing when it is not, or when it is in
/// another pause by now than the one that is meant.
#[derive(Message)]
#[rtype(result = "()")]
pub(in crate::engine) struct AnswerPause {
    pub(in crate::engine) step: Option<StepId>,
    /// The number of the pause.
    pub(in crate::engine) pause: Option<u32>,
    pub(in crate::engine) answer: PauseAnswer,
}

impl Handler<AnswerPause> for JobActor {
    type Result = ();

    fn handle(&mut self, message: AnswerPause, ctx: &mut Context<Self>) {
        let AnswerPause { step, pause, answer } = message;
        for id in self.machine.paused() {
            let is_another = pause.is_some() && self.machine.pause_of(&id) != pause;
            if is_another || step.as_ref().is_some_and(|step| *step != id) {
                continue;
            }
            let answer = match answer {
                PauseAnswer::Retry => {
                    self.do_again(id, ctx);
                    continue;
                }
                PauseAnswer::Skip => Resume::Skip,
                PauseAnswer::End => Resume::End,
            };
            self.feed(Input::Answered(id, Box::new(answer)), ctx);
        }
    }
}
