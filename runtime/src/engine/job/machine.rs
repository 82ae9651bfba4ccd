//! What a job does next: a pure machine. The actor beside it runs the effects and feeds back what came of them.
//!
//! The order of things: intent is saved before its effect; a step starts once the end of the one before is saved; a job
//! is finished once its session is closed. A cancelled step gets SIGINT, after 7.5 s SIGTERM, 2.5 s later SIGKILL, as
//! on GitHub's runner.

use std::time::Duration;

use actix::Message;

use crate::event::{Event, JobState, Reason, StepState};
use crate::executor::{Closed, ExitStatus, Signal, StepEnd};
use crate::id::JobId;

/// From SIGINT to SIGTERM.
pub(super) const INTERRUPT_GRACE: Duration = Duration::from_millis(7500);
/// From SIGTERM to SIGKILL.
pub(super) const TERMINATE_GRACE: Duration = Duration::from_millis(2500);

/// What came of an effect, or from outside. The job's actor takes these as its messages.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(in crate::engine) enum Input {
    Begin,
    /// The events of the last `Save` are in the journal.
    Saved,
    Opened(Result<(), Reason>),
    StepEnded(Result<StepEnd, Reason>),
    /// The session is gone, whatever it takes; `Err` says what is left.
    Closed(Result<Closed, Reason>),
    Cancel {
        force: bool,
    },
    StepTimeout(u32),
    JobTimeout,
    /// The time for a signal to work is over.
    Escalate(u32),
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    Save(Vec<Event>),
    Open,
    /// Give up opening and remove what it made.
    AbandonOpening,
    RunStep(u32),
    Signal(Signal),
    /// Feed `Escalate` with this number after this time.
    EscalateAfter(u32, Duration),
    Close,
    Done,
}

impl Effect {
    /// A word for the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Save(_) => "save",
            Self::Open => "open",
            Self::AbandonOpening => "abandon-opening",
            Self::RunStep(_) => "run-step",
            Self::Signal(_) => "signal",
            Self::EscalateAfter(..) => "escalate-after",
            Self::Close => "close",
            Self::Done => "done",
        }
    }
}

/// A job on its way.
#[derive(Debug)]
pub(super) struct Machine {
    job: JobId,
    attempt: u32,
    resource: String,
    /// The steps' own limits, in order.
    step_timeouts: Vec<Option<Duration>>,
    phase: Phase,
    after_save: Option<Effect>,
    ending: Option<Ending>,
    /// How far the current step has been told to end.
    told: Option<Signal>,
    /// Counts steps that were told to end, so that a late timer hits no later step.
    round: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    New,
    Opening,
    Step(u32),
    Closing,
    Finished,
}

/// Why the job ends before its last step has ended well.
#[derive(Clone, Debug, PartialEq)]
struct Ending {
    state: JobState,
    reason: Option<Reason>,
    /// What the step at hand counts as.
    step: StepState,
}

/// What a step's end amounts to.
struct Verdict {
    outcome: StepState,
    exit_code: Option<i32>,
    signal: Option<i32>,
    reason: Option<Reason>,
    took: Duration,
}

impl Verdict {
    fn bare(outcome: StepState) -> Self {
        Self {
            outcome,
            exit_code: None,
            signal: None,
            reason: None,
            took: Duration::ZERO,
        }
    }
}

/// Whether something may be left of a place that was not made for this reason. Other failures leave nothing.
pub(super) fn may_leave(reason: &Reason) -> bool {
    matches!(reason.code.as_str(), "cleanup" | "unreachable")
}

impl Machine {
    pub(super) fn new(
        job: JobId,
        attempt: u32,
        resource: String,
        step_timeouts: Vec<Option<Duration>>,
    ) -> Self {
        Self {
            job,
            attempt,
            resource,
            step_timeouts,
            phase: Phase::New,
            after_save: None,
            ending: None,
            told: None,
            round: 0,
        }
    }

    /// The limit of a step's own, if it has one.
    pub(super) fn step_timeout(&self, step: u32) -> Option<Duration> {
        self.step_timeouts
            .get(usize::try_from(step).ok()?)
            .copied()
            .flatten()
    }

    pub(super) fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Begin => self.begin(),
            Input::Saved => self.saved(),
            Input::Opened(result) => self.opened(result),
            Input::StepEnded(result) => self.step_ended(result),
            Input::Closed(result) => self.closed(result),
            Input::Cancel { force } => self.cancel(force),
            Input::StepTimeout(step) => self.step_timeout_passed(step),
            Input::JobTimeout => self.end_early(Ending {
                state: JobState::Failure,
                reason: Some(Reason::new(
                    "timeout",
                    "it took longer than its `timeout-minutes`",
                )),
                step: StepState::Cancelled,
            }),
            Input::Escalate(round) => self.escalate(round),
        }
    }

    fn begin(&mut self) -> Vec<Effect> {
        if self.ending.is_some() {
            return self.closed(Ok(Closed::default())); // cancelled before it began
        }
        self.phase = Phase::Opening;
        let (job, resource) = (self.job.clone(), self.resource.clone());
        self.save(
            vec![Event::JobStarting {
                job,
                attempt: self.attempt,
                resource,
            }],
            Effect::Open,
        )
    }

    fn save(&mut self, events: Vec<Event>, then: Effect) -> Vec<Effect> {
        self.after_save = Some(then);
        vec![Effect::Save(events)]
    }

    fn saved(&mut self) -> Vec<Effect> {
        let Some(then) = self.after_save.take() else {
            return Vec::new();
        };
        match (&then, self.ending.is_some()) {
            // Cancelled while the intent was saved: nothing was made, nothing ran.
            (Effect::Open, true) => self.closed(Ok(Closed::default())),
            (Effect::RunStep(step), true) => {
                let step_state = self
                    .ending
                    .as_ref()
                    .map_or(StepState::Cancelled, |ending| ending.step);
                self.finish_step(*step, Verdict::bare(step_state))
            }
            (Effect::Done, _) => {
                self.phase = Phase::Finished;
                vec![Effect::Done]
            }
            _ => vec![then],
        }
    }

    fn opened(&mut self, result: Result<(), Reason>) -> Vec<Effect> {
        match (self.phase, &result) {
            (Phase::Opening, _) => {}
            // Given up in the moment in which it was ready: nobody else closes it.
            (Phase::Closing, Ok(())) => return vec![Effect::Close],
            (Phase::Closing, Err(_)) => return self.closed(Ok(Closed::default())),
            _ => return Vec::new(),
        }
        match result {
            Err(reason) => {
                // A wrong image is the workflow's doing; anything else is the machine's.
                let state = if reason.code == "image" {
                    JobState::Failure
                } else {
                    JobState::Lost
                };
                let left = may_leave(&reason).then(|| reason.clone());
                self.ending.get_or_insert(Ending {
                    state,
                    reason: Some(reason),
                    step: StepState::Skipped,
                });
                self.closed(left.map_or_else(|| Ok(Closed::default()), Err))
            }
            Ok(()) if self.ending.is_some() => self.close(),
            Ok(()) if self.step_timeouts.is_empty() => {
                let job = self.job.clone();
                self.phase = Phase::Closing;
                self.save(vec![Event::JobStarted { job }], Effect::Close)
            }
            Ok(()) => {
                self.phase = Phase::Step(0);
                let job = self.job.clone();
                let events = vec![
                    Event::JobStarted { job: job.clone() },
                    Event::StepStarted { job, step: 0 },
                ];
                self.save(events, Effect::RunStep(0))
            }
        }
    }

    fn step_ended(&mut self, result: Result<StepEnd, Reason>) -> Vec<Effect> {
        let Phase::Step(step) = self.phase else {
            return Vec::new();
        };
        let verdict = match result {
            Ok(end) => self.judge(end),
            Err(reason) => {
                self.ending.get_or_insert(Ending {
                    state: JobState::Lost,
                    reason: Some(reason.clone()),
                    step: StepState::Lost,
                });
                Verdict {
                    reason: Some(reason),
                    ..Verdict::bare(StepState::Lost)
                }
            }
        };
        self.finish_step(step, verdict)
    }

    fn finish_step(&mut self, step: u32, verdict: Verdict) -> Vec<Effect> {
        self.told = None;
        self.round += 1;
        let job = self.job.clone();
        let mut events = vec![Event::StepFinished {
            job: job.clone(),
            step,
            outcome: verdict.outcome,
            conclusion: verdict.outcome,
            exit_code: verdict.exit_code,
            signal: verdict.signal,
            reason: verdict.reason,
            duration_ms: u64::try_from(verdict.took.as_millis()).unwrap_or(u64::MAX),
        }];
        if verdict.outcome != StepState::Success {
            let failed = Ending {
                state: JobState::Failure,
                reason: None,
                step: verdict.outcome,
            };
            self.ending.get_or_insert(failed);
        }
        let next = step + 1;
        let more = usize::try_from(next).is_ok_and(|next| next < self.step_timeouts.len());
        if more && self.ending.is_none() {
            self.phase = Phase::Step(next);
            events.push(Event::StepStarted { job, step: next });
            return self.save(events, Effect::RunStep(next));
        }
        self.phase = Phase::Closing;
        self.save(events, Effect::Close)
    }

    /// What a step's end amounts to. One that was told to end is what the ending says, however it went along.
    fn judge(&self, end: StepEnd) -> Verdict {
        let (exit_code, signal, reason) = match end.status {
            ExitStatus::Code(code) => (Some(code), None, None),
            ExitStatus::Signal(signal) => (
                None,
                Some(signal),
                Some(Reason::new("signal", format!("signal {signal} ended it"))),
            ),
            ExitStatus::NotStarted(why) => (None, None, Some(Reason::new("not-started", why))),
        };
        let (outcome, reason) = match &self.ending {
            Some(ending) => (ending.step, ending.reason.clone()),
            None if exit_code == Some(0) => (StepState::Success, reason),
            None => (StepState::Failure, reason),
        };
        Verdict {
            outcome,
            exit_code,
            signal,
            reason,
            took: end.took,
        }
    }

    fn close(&mut self) -> Vec<Effect> {
        self.phase = Phase::Closing;
        vec![Effect::Close]
    }

    fn closed(&mut self, result: Result<Closed, Reason>) -> Vec<Effect> {
        if self.phase == Phase::Finished {
            return Vec::new();
        }
        self.phase = Phase::Closing;
        let job = self.job.clone();
        let (mut state, mut reason) = match self.ending.take() {
            Some(ending) => (ending.state, ending.reason),
            None => (JobState::Success, None),
        };
        let mut events = Vec::new();
        match result {
            Ok(closed) if !closed.killed.is_empty() => {
                events.push(Event::LeftoversKilled {
                    job: job.clone(),
                    processes: closed.killed,
                });
            }
            Ok(_) => {}
            Err(left) => {
                events.push(Event::RemainsLeft {
                    job: job.clone(),
                    reason: left.clone(),
                });
                // What the steps did is known, but the machine has failed: who waits for the run must learn of it.
                if left.code == "unreachable" && state == JobState::Success {
                    state = JobState::Lost;
                }
                reason.get_or_insert(left);
            }
        }
        events.push(Event::JobFinished { job, state, reason });
        self.save(events, Effect::Done)
    }

    fn cancel(&mut self, force: bool) -> Vec<Effect> {
        let ending = Ending {
            state: JobState::Cancelled,
            reason: Some(Reason::new("cancelled", "the run was cancelled")),
            step: StepState::Cancelled,
        };
        let mut effects = self.end_early(ending);
        if force && matches!(self.phase, Phase::Step(_)) && self.told.is_some_and(|told| told != Signal::Kill)
        {
            self.told = Some(Signal::Kill);
            effects.push(Effect::Signal(Signal::Kill));
        }
        effects
    }

    fn step_timeout_passed(&mut self, step: u32) -> Vec<Effect> {
        if self.phase != Phase::Step(step) {
            return Vec::new();
        }
        self.end_early(Ending {
            state: JobState::Failure,
            reason: Some(Reason::new(
                "timeout",
                "a step took longer than its `timeout-minutes`",
            )),
            step: StepState::Failure,
        })
    }

    /// Begins to end the job. The first reason to end counts; later ones only hurry.
    fn end_early(&mut self, ending: Ending) -> Vec<Effect> {
        if self.ending.is_some() || matches!(self.phase, Phase::Closing | Phase::Finished) {
            return Vec::new();
        }
        self.ending = Some(ending);
        match self.phase {
            Phase::Opening if self.after_save.is_none() => {
                self.phase = Phase::Closing;
                vec![Effect::AbandonOpening]
            }
            Phase::Step(_) if self.after_save.is_none() => {
                self.told = Some(Signal::Interrupt);
                self.round += 1;
                vec![
                    Effect::Signal(Signal::Interrupt),
                    Effect::EscalateAfter(self.round, INTERRUPT_GRACE),
                ]
            }
            // A save is under way: `saved` looks at the ending.
            _ => Vec::new(),
        }
    }

    fn escalate(&mut self, round: u32) -> Vec<Effect> {
        if round != self.round || !matches!(self.phase, Phase::Step(_)) {
            return Vec::new();
        }
        match self.told {
            Some(Signal::Interrupt) => {
                self.told = Some(Signal::Terminate);
                vec![
                    Effect::Signal(Signal::Terminate),
                    Effect::EscalateAfter(round, TERMINATE_GRACE),
                ]
            }
            Some(Signal::Terminate) => {
                self.told = Some(Signal::Kill);
                vec![Effect::Signal(Signal::Kill)]
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(steps: usize) -> Machine {
        Machine::new(JobId("j".into()), 1, "loom-r-j-1".into(), vec![None; steps])
    }

    fn exit(code: i32) -> Input {
        let status = ExitStatus::Code(code);
        Input::StepEnded(Ok(StepEnd {
            status,
            took: Duration::from_millis(5),
            usage: None,
        }))
    }

    /// Feeds inputs; a `Save` is acknowledged at once. Returns the saved events and the other effects.
    fn feed(machine: &mut Machine, inputs: impl IntoIterator<Item = Input>) -> (Vec<Event>, Vec<Effect>) {
        let (mut saved, mut others) = (Vec::new(), Vec::new());
        for input in inputs {
            let mut effects = machine.handle(input);
            while let Some(effect) = (!effects.is_empty()).then(|| effects.remove(0)) {
                match effect {
                    Effect::Save(events) => {
                        saved.extend(events);
                        effects.extend(machine.handle(Input::Saved));
                    }
                    other => others.push(other),
                }
            }
        }
        (saved, others)
    }

    fn end_of(saved: &[Event]) -> (JobState, Option<&str>) {
        match saved.last() {
            Some(Event::JobFinished { state, reason, .. }) => {
                (*state, reason.as_ref().map(|r| r.code.as_str()))
            }
            other => panic!("the job has not finished: {other:?}"),
        }
    }

    #[test]
    fn two_good_steps_make_a_good_job() {
        let mut job = machine(2);
        let inputs = [
            Input::Begin,
            Input::Opened(Ok(())),
            exit(0),
            exit(0),
            Input::Closed(Ok(Closed::default())),
        ];
        let (saved, effects) = feed(&mut job, inputs);
        assert_eq!(
            effects,
            [
                Effect::Open,
                Effect::RunStep(0),
                Effect::RunStep(1),
                Effect::Close,
                Effect::Done
            ]
        );
        assert_eq!(end_of(&saved), (JobState::Success, None));
    }

    #[test]
    fn intent_is_saved_before_a_step_runs() {
        let mut job = machine(1);
        feed(&mut job, [Input::Begin]);
        let effects = job.handle(Input::Opened(Ok(())));
        let [Effect::Save(events)] = effects.as_slice() else {
            panic!("{effects:?}")
        };
        assert!(matches!(events.last(), Some(Event::StepStarted { step: 0, .. })));
        assert_eq!(job.handle(Input::Saved), [Effect::RunStep(0)]);
    }

    #[test]
    fn a_failed_step_ends_the_job_and_the_rest_does_not_run() {
        let mut job = machine(3);
        let (saved, effects) = feed(
            &mut job,
            [
                Input::Begin,
                Input::Opened(Ok(())),
                exit(7),
                Input::Closed(Ok(Closed::default())),
            ],
        );
        assert_eq!(
            effects,
            [Effect::Open, Effect::RunStep(0), Effect::Close, Effect::Done]
        );
        assert_eq!(end_of(&saved), (JobState::Failure, None));
        assert!(saved.iter().any(|event| matches!(
            event,
            Event::StepFinished {
                exit_code: Some(7),
                ..
            }
        )));
    }

    #[test]
    fn a_place_that_cannot_be_made_fails_the_job_with_the_reason() {
        let mut job = machine(1);
        let (saved, effects) = feed(
            &mut job,
            [
                Input::Begin,
                Input::Opened(Err(Reason::new("image", "not there"))),
            ],
        );
        assert_eq!(effects, [Effect::Open, Effect::Done]);
        assert_eq!(end_of(&saved), (JobState::Failure, Some("image")));
    }

    #[test]
    fn a_cancelled_step_is_asked_then_told_then_killed() {
        let mut job = machine(2);
        feed(&mut job, [Input::Begin, Input::Opened(Ok(()))]);
        let (_, effects) = feed(&mut job, [Input::Cancel { force: false }]);
        let [
            Effect::Signal(Signal::Interrupt),
            Effect::EscalateAfter(round, grace),
        ] = effects.as_slice()
        else {
            panic!("{effects:?}")
        };
        assert_eq!(*grace, INTERRUPT_GRACE);
        let round = *round;
        let (_, effects) = feed(&mut job, [Input::Escalate(round)]);
        assert_eq!(effects[0], Effect::Signal(Signal::Terminate));
        let (_, effects) = feed(&mut job, [Input::Escalate(round)]);
        assert_eq!(effects, [Effect::Signal(Signal::Kill)]);
        let status = ExitStatus::Signal(9);
        let ended = Input::StepEnded(Ok(StepEnd {
            status,
            took: Duration::ZERO,
            usage: None,
        }));
        let (saved, effects) = feed(&mut job, [ended, Input::Closed(Ok(Closed::default()))]);
        assert_eq!(effects, [Effect::Close, Effect::Done]);
        assert_eq!(end_of(&saved), (JobState::Cancelled, Some("cancelled")));
    }

    #[test]
    fn a_late_timer_hits_no_later_step() {
        let mut job = machine(2);
        feed(&mut job, [Input::Begin, Input::Opened(Ok(())), exit(0)]);
        assert!(
            feed(&mut job, [Input::Escalate(0), Input::StepTimeout(0)])
                .1
                .is_empty()
        );
    }

    #[test]
    fn a_second_cancel_kills_at_once() {
        let mut job = machine(1);
        feed(
            &mut job,
            [
                Input::Begin,
                Input::Opened(Ok(())),
                Input::Cancel { force: false },
            ],
        );
        let (_, effects) = feed(&mut job, [Input::Cancel { force: true }]);
        assert_eq!(effects, [Effect::Signal(Signal::Kill)]);
    }

    #[test]
    fn a_cancel_while_opening_abandons_it() {
        let mut job = machine(1);
        feed(&mut job, [Input::Begin]);
        let (_, effects) = feed(&mut job, [Input::Cancel { force: false }]);
        assert_eq!(effects, [Effect::AbandonOpening]);
        let (saved, effects) = feed(
            &mut job,
            [Input::Opened(Ok(())), Input::Closed(Ok(Closed::default()))],
        );
        assert_eq!(
            effects,
            [Effect::Close, Effect::Done],
            "what was ready at that moment is closed"
        );
        assert_eq!(end_of(&saved), (JobState::Cancelled, Some("cancelled")));
    }

    #[test]
    fn a_cancel_while_an_intent_is_saved_runs_nothing() {
        let mut job = machine(1);
        feed(&mut job, [Input::Begin]);
        assert_eq!(job.handle(Input::Opened(Ok(()))).len(), 1);
        assert!(job.handle(Input::Cancel { force: false }).is_empty());
        let (saved, effects) = feed(&mut job, [Input::Saved, Input::Closed(Ok(Closed::default()))]);
        assert_eq!(effects, [Effect::Close, Effect::Done]);
        assert_eq!(end_of(&saved), (JobState::Cancelled, Some("cancelled")));
    }

    #[test]
    fn a_lost_session_is_a_lost_job_not_a_failed_one() {
        let mut job = machine(1);
        let lost = Input::StepEnded(Err(Reason::new("session-lost", "the container vanished")));
        let (saved, _) = feed(
            &mut job,
            [
                Input::Begin,
                Input::Opened(Ok(())),
                lost,
                Input::Closed(Ok(Closed::default())),
            ],
        );
        assert_eq!(end_of(&saved), (JobState::Lost, Some("session-lost")));
    }

    #[test]
    fn a_step_over_its_time_fails_the_job() {
        let mut job = machine(1);
        feed(
            &mut job,
            [Input::Begin, Input::Opened(Ok(())), Input::StepTimeout(0)],
        );
        let (saved, _) = feed(&mut job, [exit(143), Input::Closed(Ok(Closed::default()))]);
        assert_eq!(end_of(&saved), (JobState::Failure, Some("timeout")));
    }

    #[test]
    fn a_job_without_steps_ends_well() {
        let mut job = machine(0);
        let (saved, effects) = feed(
            &mut job,
            [
                Input::Begin,
                Input::Opened(Ok(())),
                Input::Closed(Ok(Closed::default())),
            ],
        );
        assert_eq!(effects, [Effect::Open, Effect::Close, Effect::Done]);
        assert_eq!(end_of(&saved), (JobState::Success, None));
    }
}
