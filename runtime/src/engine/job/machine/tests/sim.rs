//! A world around the machine: answers its effects as a script says, in order or out of it, and looks that what must
//! always hold does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::super::{
    Effect, Input, JobOrder, JobStatus, Judgement, Machine, Opened, Resume, Standstill, Status, StepWork,
    Trouble, Verdict, WorkEnd,
};
use crate::event::{Event, JobState, Outputs, PauseAnswer, Phase, Reason, StepOutline, StepState};
use crate::executor::{Closed, Signal};
use crate::id::{JobId, StepId};

/// The `if` of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum If {
    Success,
    Always,
    Failure,
    Cancelled,
    NotCancelled,
}

impl If {
    pub(super) fn holds(self, status: Status) -> bool {
        let cancelled = status.job == JobStatus::Cancelled;
        let failed = status.action_failed.unwrap_or(status.job == JobStatus::Failure);
        match self {
            Self::Success => !cancelled && !failed,
            Self::Always => true,
            Self::Failure => failed && !cancelled,
            Self::Cancelled => cancelled,
            Self::NotCancelled => !cancelled,
        }
    }
}

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Well,
    Badly,
    /// When this signal or a stronger one comes, or the test says so.
    On(Signal),
    Never,
    Lost,
    /// It cannot run as the workflow wants it.
    Refused,
    /// Well, but lines of its log are lost.
    LogLost,
}

/// A step of the script.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) when: If,
    pub(super) ends: Ends,
    pub(super) lenient: bool,
    pub(super) background: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) retry: Option<loom_workflow::RetryPlan>,
    /// At which attempt it ends well, if it ends badly before.
    pub(super) well_at: Option<u32>,
    pub(super) post: Option<If>,
    pub(super) work: StepWork,
    /// Something of it has no value.
    pub(super) broken: bool,
    /// The machine keeps it from being judged.
    pub(super) unknown: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            when: If::Success,
            ends: Ends::Well,
            lenient: false,
            background: false,
            timeout: None,
            retry: None,
            well_at: None,
            post: None,
            work: StepWork::Process,
            broken: false,
            unknown: false,
        }
    }
}

pub(super) fn outline(step: StepId, parent: &StepId) -> StepOutline {
    StepOutline {
        name: step.0.clone(),
        parent: Some(parent.clone()),
        step,
        phase: Phase::Main,
    }
}

pub(super) struct Sim {
    pub(super) machine: Machine,
    pub(super) plans: BTreeMap<StepId, Plan>,
    pub(super) opening: Result<Opened, Trouble>,
    pub(super) closing: Result<Closed, Trouble>,
    pub(super) concluding: Result<Outputs, Trouble>,
    /// Answers that are under way.
    pub(super) pending: VecDeque<Input>,
    pub(super) timers: Vec<Input>,
    pub(super) running: BTreeSet<StepId>,
    pub(super) saved: Vec<Event>,
    /// The same, write by write.
    pub(super) writes: Vec<Vec<Event>>,
    unacknowledged: BTreeMap<u64, Vec<Event>>,
    acknowledged: Vec<Event>,
    pub(super) effects: Vec<String>,
    pub(super) opens: usize,
    pub(super) opened: usize,
    pub(super) closes: usize,
    /// How often `SaveNow` is due: long after what comes at once, so that most tests never see it.
    pub(super) late: usize,
    pub(super) done: bool,
    pub(super) time_is_held: bool,
    /// Everything that was fed.
    pub(super) history: Vec<Input>,
}

impl Sim {
    pub(super) fn new(steps: Vec<Plan>) -> Self {
        Self::of(steps, false, false)
    }

    pub(super) fn of(steps: Vec<Plan>, waits_at_end: bool, has_outputs: bool) -> Self {
        let order = JobOrder {
            is_prepared: false,
            is_early: false,
            paused_before: 0,
            job: JobId("j".into()),
            attempt: 1,
            resource: "loom-r-j-1".into(),
            steps: (0..steps.len()).map(|index| index.to_string()).collect(),
            waits_at_end,
            has_outputs,
            pauses: false,
            closes_apart: false,
            background: (0..)
                .map(StepId::at)
                .zip(&steps)
                .filter(|(_, step)| step.background)
                .map(|(id, _)| id)
                .collect(),
        };
        let mut plans: BTreeMap<StepId, Plan> = (0..).map(StepId::at).zip(steps).collect();
        if waits_at_end {
            let wait = Plan {
                when: If::Always,
                work: StepWork::WaitAll,
                ..Plan::default()
            };
            plans.insert(StepId::at(plans.len()), wait);
        }
        Self {
            machine: Machine::new(order),
            plans,
            opening: Ok(Opened::default()),
            closing: Ok(Closed::default()),
            concluding: Ok(Outputs::new()),
            pending: VecDeque::new(),
            timers: Vec::new(),
            running: BTreeSet::new(),
            saved: Vec::new(),
            unacknowledged: BTreeMap::new(),
            acknowledged: Vec::new(),
            effects: Vec::new(),
            writes: Vec::new(),
            opens: 0,
            opened: 0,
            closes: 0,
            late: 0,
            done: false,
            time_is_held: false,
            history: Vec::new(),
        }
    }

    /// A job of a process that is gone, whose place is not: its history has come so far.
    pub(super) fn attached(steps: Vec<Plan>, past: Standstill) -> Self {
        let mut sim = Self::new(steps);
        let job = sim.machine.plan.job.clone();
        sim.acknowledged.push(Event::JobStarting {
            job: job.clone(),
            attempt: 1,
            resource: sim.machine.plan.resource.clone(),
        });
        sim.acknowledged
            .extend(past.running.iter().map(|step| Event::StepStarted {
                job: job.clone(),
                step: step.clone(),
                name: None,
                background: false,
                waits_for: Vec::new(),
            }));
        sim.machine = Machine::attached(sim.machine.plan.clone(), past);
        sim
    }

    /// The job pauses at steps that fail.
    pub(super) fn pausing(mut self) -> Self {
        self.machine.plan.pauses = true;
        self
    }

    /// Its place was begun to be made before its turn, and is there or not.
    pub(super) fn ahead(mut self, is_there: bool) -> Self {
        (self.machine.plan.is_early, self.machine.plan.is_prepared) = (true, is_there);
        self
    }

    /// Says how a paused step goes on.
    pub(super) fn answer(&mut self, step: &StepId, answer: Resume) -> &mut Self {
        self.input(Input::Answered(step.clone(), Box::new(answer)))
    }

    /// A step that a composite action or a group brings.
    pub(super) fn inner(mut self, outer: usize, steps: Vec<Plan>) -> Self {
        self.bring(&StepId::at(outer), steps);
        self
    }

    pub(super) fn bring(&mut self, outer: &StepId, steps: Vec<Plan>) {
        let outlines = (0..steps.len())
            .map(|index| outline(outer.inner(index), outer))
            .collect();
        let group = matches!(self.plans[outer].work, StepWork::Parallel(_));
        self.plans.get_mut(outer).unwrap().work = if group {
            StepWork::Parallel(outlines)
        } else {
            StepWork::Steps(outlines)
        };
        for (index, mut step) in steps.into_iter().enumerate() {
            step.background |= group;
            self.plans.insert(outer.inner(index), step);
        }
    }

    fn judgement(&self, id: &StepId, status: Status) -> Judgement {
        let plan = &self.plans[id];
        if plan.unknown {
            return Judgement::Broken(Reason::new("unreachable", "no answer"));
        }
        if plan.broken {
            return Judgement::Fail {
                reason: Reason::new("evaluation", "no value"),
                continue_on_error: plan.lenient,
            };
        }
        if !plan.when.holds(status) {
            return Judgement::Skip;
        }
        Judgement::Run(Box::new(Verdict {
            name: id.0.clone(),
            work: plan.work.clone(),
            continue_on_error: plan.lenient,
            timeout: plan.timeout,
            retry: plan.retry,
            background: plan.background,
            post: plan.post.map(|_| StepOutline {
                step: id.post(),
                parent: None,
                name: format!("Post {id}"),
                phase: Phase::Post,
            }),
        }))
    }

    pub(super) fn end(id: &StepId, success: bool) -> Input {
        let end = WorkEnd {
            success,
            exit_code: Some(i32::from(!success)),
            ..WorkEnd::default()
        };
        Input::Ended(id.clone(), Box::new(Ok(end)))
    }

    fn ended(&self, id: &StepId) -> Option<Input> {
        let input = |result| Some(Input::Ended(id.clone(), Box::new(result)));
        match self.plans[id].ends {
            Ends::Well => Some(Self::end(id, true)),
            Ends::Badly => Some(Self::end(id, false)),
            Ends::On(_) | Ends::Never => None,
            Ends::Lost => input(Err(Trouble::machine("session-lost", "gone"))),
            Ends::Refused => input(Err(Trouble::workflow("container", "no such image"))),
            Ends::LogLost => input(Ok(WorkEnd {
                success: true,
                lost: Some((3, Reason::new("log", "the disk is full"))),
                ..WorkEnd::default()
            })),
        }
    }

    /// Feeds one input and takes its effects.
    pub(super) fn feed(&mut self, input: Input) {
        if let Input::Saved(number) = &input
            && let Some(events) = self.unacknowledged.remove(number)
        {
            self.acknowledged.extend(events);
        }
        if matches!(input, Input::Opened(Ok(_))) && self.opened < self.opens {
            self.opened += 1;
        }
        if let Input::Ended(step, _) = &input {
            self.running.remove(step);
        }
        self.history.push(input.clone());
        let was_done = self.done;
        let effects = self.machine.handle(input);
        assert!(!was_done || effects.is_empty(), "after the end: {effects:?}");
        for effect in effects {
            self.take(effect);
        }
    }

    fn take(&mut self, effect: Effect) {
        let shown = match &effect {
            Effect::Save(..) | Effect::SaveLater => None,
            Effect::Judge(id, _) => Some(format!("judge {id}")),
            Effect::AskAgain(id, _) => Some(format!("ask-again {id}")),
            Effect::Work(id) => Some(format!("work {id}")),
            Effect::Gather(id, _) => Some(format!("gather {id}")),
            Effect::Publish(id, outcome, _) => Some(format!("publish {id} {outcome}")),
            Effect::Signal(id, signal) => Some(format!("{signal:?} {id}")),
            Effect::TimeoutAfter(id, ..) => Some(format!("timeout-after {id}")),
            Effect::Retry(retry) => Some(format!(
                "retry {} {} of {}",
                retry.step, retry.attempt, retry.attempts
            )),
            Effect::EscalateAfter(id, ..) => Some(format!("escalate-after {id}")),
            Effect::Conclude(status) => Some(format!("conclude {}", status.job.as_str())),
            other => Some(other.name().to_owned()),
        };
        self.effects.extend(shown);
        assert!(!self.done, "after the end");
        match effect {
            Effect::Save(number, events) => {
                let finished = self
                    .saved
                    .iter()
                    .any(|event| matches!(event, Event::JobFinished { .. }));
                assert!(!finished, "events behind the job's end: {events:?}");
                self.saved.extend(events.iter().cloned());
                self.writes.push(events.clone());
                self.unacknowledged.insert(number, events);
                self.pending.push_back(Input::Saved(number));
            }
            Effect::SaveLater => self.late += 1,
            Effect::Open => {
                self.opens += 1;
                let intent = |event: &Event| matches!(event, Event::JobStarting { .. });
                assert!(
                    self.machine.plan.is_early || self.acknowledged.iter().any(intent),
                    "opened before its intent was saved"
                );
                self.pending.push_back(Input::Opened(self.opening.clone()));
            }
            Effect::AbandonOpening => {}
            Effect::Judge(id, status) => {
                let judgement = self.judgement(&id, status);
                if let Judgement::Run(verdict) = &judgement
                    && let (Some(post), Some(when)) = (&verdict.post, self.plans[&id].post)
                {
                    let plan = Plan {
                        when,
                        ..Plan::default()
                    };
                    self.plans.entry(post.step.clone()).or_insert(plan);
                }
                self.pending.push_back(Input::Judged(id, Box::new(judgement)));
            }
            Effect::AskAgain(id, status) => {
                let holds = self.plans[&id].when.holds(status);
                self.pending.push_back(Input::HoldsOn(id, holds));
            }
            Effect::Work(id) => {
                assert_eq!(self.closes, 0, "work {id} after the close");
                let intent = |event: &Event| matches!(event, Event::StepStarted { step, .. } if *step == id);
                assert!(
                    self.acknowledged.iter().any(intent),
                    "work {id} before its intent was saved"
                );
                if matches!(self.plans[&id].work, StepWork::Process) {
                    assert!(self.running.insert(id.clone()), "work {id} twice");
                    self.pending.extend(self.ended(&id));
                }
            }
            Effect::Gather(id, failed) => self.pending.push_back(Self::end(&id, !failed)),
            Effect::Publish(..) => {}
            Effect::Signal(id, signal) => {
                let heeds =
                    matches!(self.plans[&id].ends, Ends::On(least) if strength(signal) >= strength(least));
                if heeds && self.running.contains(&id) {
                    self.pending.push_back(Self::end(&id, false));
                }
            }
            Effect::TimeoutAfter(id, attempt, _) => self.timers.push(Input::StepTimeout(id, attempt)),
            Effect::Forget(id, _) => {
                let inner = format!("{id}.");
                self.running
                    .retain(|step| *step != id && !step.0.starts_with(&inner));
            }
            Effect::HoldTime => {
                assert!(!std::mem::replace(&mut self.time_is_held, true), "held twice");
            }
            Effect::ResumeTime => {
                assert!(std::mem::replace(&mut self.time_is_held, false), "resumed twice");
            }
            Effect::Retry(retry) => {
                assert!(!self.running.contains(&retry.step), "tried again while it runs");
                if let Some(plan) = self.plans.get_mut(&retry.step)
                    && plan.well_at == Some(retry.attempt)
                {
                    plan.ends = Ends::Well;
                }
                self.timers.push(Input::TryAgain(retry.step, retry.attempt));
            }
            Effect::EscalateAfter(id, round, _) => self.timers.push(Input::Escalate(id, round)),
            Effect::CancelTimeoutLater => self.timers.push(Input::CancelTimeout),
            Effect::Conclude(_) => self.pending.push_back(Input::Concluded(self.concluding.clone())),
            Effect::Close => {
                self.closes += 1;
                self.running.clear();
                self.pending.push_back(Input::Closed(self.closing.clone()));
            }
            Effect::Done => self.done = true,
        }
    }

    /// Feeds all answers in order, until nothing is under way.
    pub(super) fn settle(&mut self) -> &mut Self {
        while let Some(input) = self.pending.pop_front() {
            self.feed(input);
        }
        self
    }

    pub(super) fn begin(&mut self) -> &mut Self {
        self.feed(Input::Begin);
        self.settle()
    }

    pub(super) fn input(&mut self, input: Input) -> &mut Self {
        self.feed(input);
        self.settle()
    }

    pub(super) fn cancel(&mut self, force: bool) -> &mut Self {
        let why = Reason::new("cancelled", "the run was cancelled");
        self.input(Input::Cancel { why, force })
    }

    /// Fires the oldest timer of those that wait.
    pub(super) fn tick(&mut self) -> &mut Self {
        let timer = self.timers.remove(0);
        self.input(timer)
    }

    /// Runs a job to its end without anything from outside.
    pub(super) fn run(mut self) -> Self {
        self.begin();
        self.ends_well();
        self
    }

    /// How steps started and ended, in order.
    pub(super) fn story(&self) -> Vec<String> {
        let line = |event: &Event| match event {
            Event::StepStarted { step, .. } => Some(format!("start {step}")),
            Event::JobPaused {
                step, problem: None, ..
            } => Some(format!("{step} paused")),
            Event::JobPaused { step, .. } => Some(format!("{step} still paused")),
            Event::JobResumed { step, answer, .. } => Some(format!("{step} {}", answer.as_str())),
            Event::StepRetrying { step, .. } => Some(format!("{step} again")),
            Event::StepFinished {
                step,
                outcome,
                conclusion,
                ..
            } if outcome == conclusion => Some(format!("{step} {outcome}")),
            Event::StepFinished {
                step,
                outcome,
                conclusion,
                ..
            } => Some(format!("{step} {outcome} {conclusion}")),
            _ => None,
        };
        self.saved.iter().filter_map(line).collect()
    }

    /// How each step ended, in order, as `0 success`.
    pub(super) fn ends(&self) -> Vec<String> {
        self.story()
            .into_iter()
            .filter(|line| !line.starts_with("start"))
            .collect()
    }

    pub(super) fn state(&self) -> (JobState, Option<&str>) {
        match self.saved.last() {
            Some(Event::JobFinished { state, reason, .. }) => {
                (*state, reason.as_ref().map(|reason| &*reason.code))
            }
            other => panic!("the job has not finished: {other:?}"),
        }
    }

    pub(super) fn has(&self, effect: &str) -> bool {
        self.effects.iter().any(|known| known == effect)
    }

    /// What always holds at the end of a job.
    pub(super) fn ends_well(&self) {
        assert!(self.done, "the job does not end: {:#?}", self.machine);
        let count = |wanted: fn(&Event) -> bool| self.saved.iter().filter(|event| wanted(event)).count();
        assert_eq!(
            count(|event| matches!(event, Event::JobFinished { .. })),
            1,
            "{:#?}",
            self.saved
        );
        assert!(matches!(self.saved.last(), Some(Event::JobFinished { .. })));
        assert!(
            !self.time_is_held,
            "the time of a job that has ended stands still"
        );
        assert!(self.opens <= 1);
        assert!(
            self.opens == 1 || !self.machine.plan.is_early,
            "the place that was made ahead is nobody's"
        );
        assert_eq!(
            self.closes, self.opened,
            "each place is closed once: {:#?}",
            self.effects
        );
        let mut started = BTreeMap::new();
        for event in &self.saved {
            match event {
                Event::StepStarted { step, .. } => {
                    assert!(
                        started.insert(step.clone(), false).is_none(),
                        "{step} starts twice, or after its end"
                    );
                }
                Event::JobPaused { step, .. } => {
                    assert_ne!(started.get(step), Some(&true), "{step} is paused after its end");
                }
                Event::JobResumed {
                    step,
                    answer: PauseAnswer::Retry,
                    ..
                } => {
                    assert_ne!(
                        started.remove(step),
                        Some(true),
                        "{step} is done again after its end"
                    );
                    started.retain(|id: &StepId, _| !id.0.starts_with(&format!("{step}.")));
                }
                Event::StepRetrying { step, .. } => {
                    assert_eq!(
                        started.remove(step),
                        Some(false),
                        "{step} is tried again without a start"
                    );
                    started.retain(|id: &StepId, _| !id.0.starts_with(&format!("{step}.")));
                }
                Event::StepFinished { step, .. } => {
                    assert!(
                        started.insert(step.clone(), true) != Some(true),
                        "{step} ends twice"
                    );
                }
                _ => {}
            }
        }
        let open: Vec<_> = started.iter().filter(|(_, ended)| !**ended).collect();
        assert!(
            open.is_empty(),
            "steps without an end: {open:?} {:#?}",
            self.effects
        );
        let before = |wanted: StepState| move |event: &&Event| matches!(event, Event::StepFinished { outcome, .. } if *outcome == wanted);
        if self.saved.iter().any(|event| before(StepState::Lost)(&event)) {
            assert_eq!(self.state().0, JobState::Lost);
        }
    }
}

pub(super) fn strength(signal: Signal) -> u8 {
    match signal {
        Signal::Interrupt => 1,
        Signal::Terminate => 2,
        Signal::Kill => 3,
    }
}
