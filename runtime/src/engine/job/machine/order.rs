//! Whose turn it is: steps one after another, those of a composite action within it, what actions do at the end.

use super::messages::{Effect, JobStatus, Judgement, Status, StepWork, Verdict, WorkEnd};
use super::steps::{Frame, Stage, Step, Turn};
use super::{Machine, Phase};
use crate::event::{Event, StepOutline, StepState};
use crate::id::StepId;

impl Machine {
    /// Goes on with the steps of a frame, if none of them has its turn.
    pub(super) fn advance(&mut self, owner: Option<&StepId>) {
        if !self.is_under_way() {
            return;
        }
        loop {
            let Some(frame) = self.frame(owner) else { return };
            if frame.current.is_some() || frame.gathering {
                return;
            }
            match frame.queue.pop_front() {
                Some(Turn::Step(id)) => {
                    frame.current = Some(id.clone());
                    return self.judge(&id);
                }
                Some(Turn::Join(id)) => {
                    frame.current = Some(id.clone());
                    // The turn of the group comes again: it waits for those that it began.
                    if !self.wait_is_over(&id) {
                        return;
                    }
                }
                None => return self.frame_is_done(owner),
            }
        }
    }

    fn frame_is_done(&mut self, owner: Option<&StepId>) {
        if let Some(owner) = owner {
            if let Some(frame) = self.steps.frames.get_mut(owner) {
                frame.gathering = true;
                let failed = frame.failed;
                self.effects.push(Effect::Gather(owner.clone(), failed));
            }
            return;
        }
        match self.phase {
            Phase::Main => {
                self.phase = Phase::Drain;
                self.drain();
            }
            Phase::Drain => self.drain(),
            Phase::Post => self.next_post(),
            _ => {}
        }
    }

    /// What actions do at the end: the last one first.
    pub(super) fn next_post(&mut self) {
        self.phase = Phase::Post;
        if let Some(outline) = self.posts.pop() {
            self.steps.main.queue.push_back(Turn::Step(outline.step));
            return self.advance(None);
        }
        self.conclude();
    }

    pub(super) fn judge(&mut self, id: &StepId) {
        let status = self.status;
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        step.stage = Stage::Judging(status);
        let frame = step.frame.clone();
        let status = self.status_in(frame.as_ref());
        self.effects.push(Effect::Judge(id.clone(), status));
    }

    pub(super) fn judged(&mut self, id: &StepId, judgement: Judgement) {
        let Some(judgement) = self.judged_again(id, judgement) else {
            return;
        };
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        let Stage::Judging(status) = step.stage else {
            return;
        };
        // Its action is being stopped, or all of the job is.
        if self.forced || step.stop.is_some() || self.phase == Phase::Closing {
            return self.ended(id, StepState::Skipped, StepState::Skipped, WorkEnd::default());
        }
        let is_broken = matches!(judgement, Judgement::Fail { .. } | Judgement::Broken(_));
        if status != self.status && !is_broken {
            // The job was cancelled meanwhile: it is a question of that now.
            return self.judge(id);
        }
        match judgement {
            Judgement::Skip => self.ended(id, StepState::Skipped, StepState::Skipped, WorkEnd::default()),
            Judgement::Fail {
                reason,
                continue_on_error,
            } => {
                let conclusion = after(StepState::Failure, continue_on_error);
                let end = WorkEnd {
                    reason: Some(reason),
                    ..WorkEnd::default()
                };
                self.ended(id, StepState::Failure, conclusion, end);
            }
            Judgement::Broken(reason) => {
                self.lose(reason.clone());
                let end = WorkEnd {
                    reason: Some(reason),
                    ..WorkEnd::default()
                };
                self.ended(id, StepState::Lost, StepState::Lost, end);
            }
            Judgement::Run(verdict) => self.take_up(id, verdict),
        }
    }

    /// A step that is to run: begins at once, unless it is a background step that waits for a slot.
    fn take_up(&mut self, id: &StepId, verdict: Box<Verdict>) {
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        step.background |= verdict.background;
        if step.background && self.status == JobStatus::Cancelled {
            // As in GitHub's runner: no background step begins any more, whatever its `if` says.
            let reason = self.ending.as_ref().map(|ending| ending.reason.clone());
            let end = WorkEnd {
                reason,
                ..WorkEnd::default()
            };
            return self.ended(id, StepState::Cancelled, StepState::Cancelled, end);
        }
        step.verdict = Some(verdict);
        if !step.background {
            return self.start(id);
        }
        step.stage = Stage::WaitsForSlot;
        self.steps.slots.push_back(id.clone());
        self.fill_slots();
        // One that is done again after a pause had its turn long ago.
        if self.steps.main.current.as_ref() == Some(id) {
            self.steps.main.current = None;
            self.advance(None);
        }
    }

    /// Writes down that a step begins; its work follows.
    pub(super) fn start(&mut self, id: &StepId) {
        if !self.is_under_way() {
            return;
        }
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        step.stage = Stage::Starting;
        let Some(verdict) = step.verdict.clone() else {
            return;
        };
        let name = (verdict.name != step.name).then(|| verdict.name.clone());
        let background = step.background;
        let waits_for = match verdict.work {
            StepWork::Wait(_) | StepWork::WaitAll | StepWork::Cancel(_) => {
                self.targets(id).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        self.outbox.push(Event::StepStarted {
            job: self.plan.job.clone(),
            step: id.clone(),
            name,
            background,
            waits_for,
        });
        if let Some(post) = verdict.post {
            self.register(post);
        }
        match verdict.work {
            StepWork::Steps(inner) => {
                self.plan_inner(id, &inner, Some(id), false);
                self.afterwards.push(Effect::Work(id.clone()));
            }
            StepWork::Parallel(members) => {
                self.plan_inner(id, &members, None, true);
                self.begin_work(id);
            }
            StepWork::Process => self.afterwards.push(Effect::Work(id.clone())),
            StepWork::Wait(_) | StepWork::WaitAll | StepWork::Cancel(_) => self.begin_work(id),
        }
    }

    /// What an action does at the end of the job, once.
    fn register(&mut self, post: StepOutline) {
        if self.steps.all.contains_key(&post.step) {
            return;
        }
        self.steps
            .all
            .insert(post.step.clone(), Step::new(post.name.clone(), None, false));
        self.planned(post.clone());
        self.posts.push(post);
    }

    fn plan_inner(&mut self, id: &StepId, inner: &[StepOutline], frame: Option<&StepId>, background: bool) {
        for outline in inner {
            self.planned(outline.clone());
            let step = Step::new(outline.name.clone(), frame.cloned(), background);
            self.steps.all.insert(outline.step.clone(), step);
        }
        let turns = inner.iter().map(|outline| Turn::Step(outline.step.clone()));
        match frame {
            Some(_) => {
                let frame = Frame {
                    queue: turns.collect(),
                    ..Frame::default()
                };
                self.steps.frames.insert(id.clone(), frame);
            }
            None => {
                self.steps.main.queue.push_front(Turn::Join(id.clone()));
                for turn in turns.rev() {
                    self.steps.main.queue.push_front(turn);
                }
            }
        }
    }

    /// A step's start is written down.
    pub(super) fn begin_work(&mut self, id: &StepId) {
        let Some(step) = self.steps.get_mut(id) else {
            return;
        };
        // A place that is being closed takes no step any more; its end is that of the job.
        if step.stage != Stage::Starting || !matches!(self.phase, Phase::Main | Phase::Drain | Phase::Post) {
            return;
        }
        step.stage = Stage::Running;
        if let Some(stop) = &step.stop {
            // It was stopped before it could begin.
            let (state, reason) = (stop.counts_as, stop.reason.clone());
            let end = WorkEnd {
                reason: Some(reason),
                ..WorkEnd::default()
            };
            return self.ended(id, state, state, end);
        }
        let attempt = step.attempt;
        let Some(verdict) = step.verdict.clone() else {
            return;
        };
        if let Some(limit) = verdict.timeout {
            self.effects
                .push(Effect::TimeoutAfter(id.clone(), attempt, limit));
        }
        match verdict.work {
            StepWork::Process => self.effects.push(Effect::Work(id.clone())),
            StepWork::Steps(_) => {
                self.effects.push(Effect::Work(id.clone()));
                self.advance(Some(id));
            }
            // The members have their turns now; the group's comes again.
            StepWork::Parallel(_) => {
                self.steps.main.current = None;
                self.advance(None);
            }
            StepWork::Cancel(target) => {
                self.end_background(&target);
                self.go_on_waiting(id);
            }
            StepWork::Wait(_) | StepWork::WaitAll => self.go_on_waiting(id),
        }
    }

    fn go_on_waiting(&mut self, id: &StepId) {
        // Whoever called goes on with the frame itself.
        if self.wait_is_over(id) {
            self.advance(None);
        }
    }

    /// Whether the job goes on as if nothing had failed.
    pub(super) fn note_failure(&mut self, owner: Option<&StepId>) {
        match owner {
            Some(owner) => {
                if let Some(frame) = self.steps.frames.get_mut(owner) {
                    frame.failed = true;
                }
            }
            None => self.fail(),
        }
    }

    pub(super) fn fail(&mut self) {
        if self.status == JobStatus::Success {
            self.status = JobStatus::Failure;
        }
    }

    pub(super) fn status(&self) -> Status {
        self.status_in(None)
    }
}

/// The state after `continue-on-error`.
pub(super) fn after(outcome: StepState, continue_on_error: bool) -> StepState {
    if continue_on_error && outcome == StepState::Failure {
        StepState::Success
    } else {
        outcome
    }
}
