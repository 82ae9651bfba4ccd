//! What a job does next: a pure machine. The actor beside it runs the effects and feeds back what came of them.
//!
//! The order of things: intent is saved before its effect; a step's work begins once its start is saved; a job is finished
//! once its place is closed, or is somebody else's to close. How the job stands (its status) is apart from "this step is being stopped": a job that has
//! failed or was cancelled goes on with the steps whose `if` wants that. Main steps come first, then what actions do at the
//! end, last one first.
//!
//! A step that is stopped gets SIGINT, after 7.5 s SIGTERM, 2.5 s later SIGKILL, as on GitHub's runner; one that outlives
//! even that is given up 10 s later, and its job is lost. What background steps do to each other follows GitHub's rules of
//! 2026 (actions/runner 2.336, `BackgroundStepCoordinator` and `StepsRunner`).

mod attached;
mod background;
mod ends;
mod messages;
mod order;
mod pause;
mod retry;
mod standing;
mod steps;
mod stops;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::machine::steps::{Frame, Step, Steps, Turn};
use crate::event::{Event, JobState, Outputs, Reason, StepOutline};
use crate::executor::Closed;
use crate::id::{JobId, StepId};

pub(super) use attached::Standstill;
pub(in crate::engine) use ends::UNREACHABLE;
pub(in crate::engine) use messages::{
    Effect, Input, JobStatus, Judgement, Opened, Resume, Retry, Status, StepWork, Trouble, Verdict, WorkEnd,
};
pub(super) use standing::Standing;

/// A job on its way.
#[derive(Debug)]
pub(super) struct Machine {
    plan: JobOrder,
    phase: Phase,
    steps: Steps,
    /// What is to be done at the end of the job, the first one last.
    posts: Vec<StepOutline>,
    status: JobStatus,
    /// Why the job is not what its steps made of it.
    ending: Option<Ending>,
    /// No step begins any more, and none is given time.
    forced: bool,
    /// Whether the place was asked to close: it is closed once.
    closes: bool,
    /// How often it has paused, attempts before this one included.
    pauses: u32,
    /// Whether its time stands still.
    time_is_held: bool,
    /// While it goes on with a place of a process that is gone, and has not come to its steps yet.
    resuming: Option<attached::Resuming>,
    /// What it gives.
    outputs: Outputs,
    /// Facts that are not written down yet.
    outbox: Vec<Event>,
    /// What is to be done once something is written down.
    afterwards: Vec<Effect>,
    saves: u64,
    /// Whether `SaveNow` comes.
    saves_later: bool,
    /// What follows a save that is under way.
    saving: BTreeMap<u64, Vec<Effect>>,
    effects: Vec<Effect>,
}

/// What a job's machine needs to know of it.
#[derive(Clone, Debug)]
pub(super) struct JobOrder {
    pub(super) job: JobId,
    pub(super) attempt: u32,
    /// What its container, directory and processes are named by.
    pub(super) resource: String,
    /// Names of its steps as written, in order.
    pub(super) steps: Vec<String>,
    /// Whether a background step is named by no `wait`, `cancel` or `wait-all`: then a step is added that waits for them.
    pub(super) waits_at_end: bool,
    /// Whether it tells others something.
    pub(super) has_outputs: bool,
    /// Those of its steps that the others do not wait for.
    pub(super) background: Vec<StepId>,
    /// Whether its place is there already, made behind an intent of its own: that it starts is then one write with what
    /// follows at once.
    pub(super) is_prepared: bool,
    /// Whether its place was begun to be made before its turn: somebody has to take it, whatever becomes of the job.
    pub(super) is_early: bool,
    /// Whether it pauses at a step that fails.
    pub(super) pauses: bool,
    /// Whether somebody else removes its place, and tells of what goes wrong there: then the end of the last step and that of
    /// the job are one write.
    pub(super) closes_apart: bool,
    /// How often it paused in the attempts before this one.
    pub(super) paused_before: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    New,
    Opening,
    /// Steps as written.
    Main,
    /// Background steps that nobody waited for.
    Drain,
    Post,
    Concluding,
    Closing,
    /// The last events are being written down.
    Finishing,
    Finished,
}

/// Why a job is not what its steps made of it.
#[derive(Clone, Debug, PartialEq)]
struct Ending {
    state: JobState,
    reason: Reason,
}

impl Machine {
    pub(super) fn new(plan: JobOrder) -> Self {
        let mut steps = Steps::default();
        let mut names = plan.steps.clone();
        if plan.waits_at_end {
            names.push("Wait for all background steps".to_owned());
        }
        for (index, name) in names.into_iter().enumerate() {
            let id = StepId::at(index);
            steps.main.queue.push_back(Turn::Step(id.clone()));
            let background = plan.background.contains(&id);
            steps.all.insert(id, Step::new(name, None, background));
        }
        Self {
            pauses: plan.paused_before,
            plan,
            phase: Phase::New,
            steps,
            posts: Vec::new(),
            status: JobStatus::Success,
            ending: None,
            forced: false,
            closes: false,
            time_is_held: false,
            resuming: None,
            outputs: Outputs::new(),
            outbox: Vec::new(),
            afterwards: Vec::new(),
            saves: 0,
            saves_later: false,
            saving: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    /// What it was made of.
    pub(super) fn order(&self) -> &JobOrder {
        &self.plan
    }

    pub(super) fn handle(&mut self, input: Input) -> Vec<Effect> {
        // Nothing is written behind the job's end.
        if self.phase == Phase::Finished
            || (self.phase == Phase::Finishing && !matches!(input, Input::Saved(_)))
        {
            return Vec::new();
        }
        if let Some(input) = self.keep_for_later(input) {
            self.take(input);
        }
        self.flush();
        self.hold_time();
        std::mem::take(&mut self.effects)
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Begin => self.begin(),
            Input::Saved(number) => self.saved(number),
            Input::SaveNow => self.save_now(),
            Input::Opened(result) => self.opened(result),
            Input::Judged(step, judgement) => self.judged(&step, *judgement),
            Input::HoldsOn(step, holds) => self.holds_on(&step, holds),
            Input::Ended(step, result) => self.work_ended(&step, *result),
            Input::Concluded(result) => self.concluded(result),
            Input::Closed(result) => self.closed(result),
            Input::Cancel { why, force } => self.cancel(why, force),
            Input::StepTimeout(step, attempt) => self.step_timed_out(&step, attempt),
            Input::Answered(step, answer) => self.answered(&step, *answer),
            Input::TryAgain(step, attempt) => self.begin_again(&step, attempt),
            Input::JobTimeout => self.job_timed_out(),
            Input::CancelTimeout => self.force(),
            Input::Escalate(step, round) => self.escalate(&step, round),
        }
    }

    fn begin(&mut self) {
        if self.phase != Phase::New {
            return;
        }
        if self.ending.is_some() {
            return self.never_open(); // cancelled before it began
        }
        self.phase = Phase::Opening;
        if self.resuming.is_some() {
            // It was written down by the process that is gone.
            return self.effects.push(Effect::Open);
        }
        let (job, resource) = (self.plan.job.clone(), self.plan.resource.clone());
        let attempt = self.plan.attempt;
        self.outbox.push(Event::JobStarting {
            job,
            attempt,
            resource,
        });
        if self.plan.is_prepared {
            self.effects.push(Effect::Open);
        } else {
            self.afterwards.push(Effect::Open);
        }
    }

    /// Writes down what is to be, unless more of it comes at once: a step's end and the start of the next are one write. What
    /// does not come at once after all is waited for no longer than a moment.
    fn flush(&mut self) {
        let opens_at_once = self.phase == Phase::Opening && self.plan.is_prepared;
        let more_comes = self.afterwards.is_empty() && (opens_at_once || self.is_judging());
        if self.outbox.is_empty() && self.afterwards.is_empty() {
            return;
        }
        if more_comes {
            if !std::mem::replace(&mut self.saves_later, true) {
                self.effects.push(Effect::SaveLater);
            }
            return;
        }
        self.save();
    }

    /// What comes takes its time (files are hashed for a condition): what has happened is told meanwhile.
    fn save_now(&mut self) {
        self.saves_later = false;
        if !self.outbox.is_empty() || !self.afterwards.is_empty() {
            self.save();
        }
    }

    fn save(&mut self) {
        let follows = std::mem::take(&mut self.afterwards);
        let events = std::mem::take(&mut self.outbox);
        if events.is_empty() {
            self.effects.extend(follows);
            return;
        }
        self.saves += 1;
        self.saving.insert(self.saves, follows);
        self.effects.push(Effect::Save(self.saves, events));
    }

    fn saved(&mut self, number: u64) {
        for effect in self.saving.remove(&number).unwrap_or_default() {
            match effect {
                // Cancelled while the intent was saved.
                Effect::Open if self.ending.is_some() => self.never_open(),
                Effect::Work(step) => self.begin_work(&step),
                Effect::Done => {
                    self.phase = Phase::Finished;
                    self.effects.push(Effect::Done);
                }
                effect => self.effects.push(effect),
            }
        }
    }

    /// The job ends before it has a place. What was made ahead of it is taken all the same, for nobody else closes it.
    fn never_open(&mut self) {
        if !self.plan.is_early {
            return self.finish(Ok(Closed::default()));
        }
        self.phase = Phase::Closing;
        self.effects.extend([Effect::AbandonOpening, Effect::Open]);
    }

    fn opened(&mut self, result: Result<Opened, Trouble>) {
        match (self.phase, result) {
            (Phase::Opening, Err(trouble)) => {
                let state = if trouble.by_workflow {
                    JobState::Failure
                } else {
                    JobState::Lost
                };
                let reason = trouble.reason.clone();
                self.ending.get_or_insert(Ending { state, reason });
                self.finish(if trouble.may_leave {
                    Err(trouble)
                } else {
                    Ok(Closed::default())
                });
            }
            (Phase::Opening, Ok(_)) if self.ending.is_some() => self.close(),
            (Phase::Opening, Ok(_)) if self.resuming.is_some() => self.go_on(),
            (Phase::Opening, Ok(opened)) => {
                self.phase = Phase::Main;
                self.outbox.push(Event::JobStarted {
                    job: self.plan.job.clone(),
                });
                if self.plan.waits_at_end {
                    let last = StepId::at(self.plan.steps.len());
                    let name = self
                        .steps
                        .get(&last)
                        .map(|step| step.name.clone())
                        .unwrap_or_default();
                    self.planned(StepOutline {
                        step: last,
                        parent: None,
                        name,
                        phase: crate::event::Phase::Main,
                    });
                }
                for outline in opened.pre.into_iter().rev() {
                    let id = outline.step.clone();
                    self.steps.main.queue.push_front(Turn::Step(id.clone()));
                    self.steps
                        .all
                        .insert(id, Step::new(outline.name.clone(), None, false));
                    self.planned(outline);
                }
                self.advance(None);
            }
            // Given up in the moment in which it was ready, or failed: nobody else closes it.
            (Phase::Closing, Ok(_)) if !self.closes => {
                self.closes = true;
                self.effects.push(Effect::Close);
            }
            (Phase::Closing, Err(trouble)) if !self.closes => {
                self.finish(if trouble.may_leave {
                    Err(trouble)
                } else {
                    Ok(Closed::default())
                });
            }
            _ => {}
        }
    }

    /// Writes down that there is a step beside those as written.
    fn planned(&mut self, outline: StepOutline) {
        self.outbox.push(Event::StepPlanned {
            job: self.plan.job.clone(),
            outline,
        });
    }

    /// Whether steps may still begin.
    fn is_under_way(&self) -> bool {
        matches!(self.phase, Phase::Main | Phase::Drain | Phase::Post)
    }

    fn is_judging(&self) -> bool {
        self.steps
            .all
            .values()
            .any(|step| matches!(step.stage, steps::Stage::Judging(_)))
    }

    fn frame(&mut self, owner: Option<&StepId>) -> Option<&mut Frame> {
        self.steps.frame(owner)
    }

    /// How the job stands, as a step of this frame sees it.
    fn status_in(&self, owner: Option<&StepId>) -> Status {
        let action_failed = owner
            .and_then(|owner| self.steps.frames.get(owner))
            .map(|frame| frame.failed);
        Status {
            job: self.status,
            action_failed,
        }
    }
}
