//! The state of a run, event by event and under every order of ends.

use std::collections::{BTreeMap, HashSet};

use loom_protocol::Timestamp;
use proptest::prelude::*;

use super::{Claim, Decision, FoldError, Run};
use crate::event::{
    ConcurrencyGroup, Event, GroupRules, JobOutline, JobState, JobTerms, OnCrash, Outputs, Phase, Reason,
    Recorded, RunState, Seq, StepOutline, StepState, WorkflowRef,
};
use crate::executor::Owner;
use crate::id::{JobId, RunId, StepId};

fn id(text: &str) -> JobId {
    JobId(text.into())
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn outline(text: &str, needs: &[&str]) -> JobOutline {
    JobOutline {
        id: id(text),
        name: text.into(),
        needs: needs.iter().map(|need| id(need)).collect(),
        steps: vec!["one".into()],
        skip: (text == "mac").then(|| Reason::new("unmapped-label", "nothing runs it")),
        ..JobOutline::default()
    }
}

fn created(jobs: Vec<JobOutline>, concurrency: Option<ConcurrencyGroup>) -> Recorded {
    Recorded {
        run: RunId("r".into()),
        seq: Seq(1),
        time: at(0),
        event: Event::RunCreated {
            workflow: WorkflowRef {
                name: "w".into(),
                file: "w.yml".into(),
            },
            event: "push".into(),
            executor: "host".into(),
            on_crash: OnCrash::CleanUp,
            owner: Owner {
                instance: "i".into(),
                boot: "b".into(),
                pid: 1,
                started: 1,
            },
            workspace: "/w".into(),
            jobs,
            concurrency,
            source: None,
        },
    }
}

fn group(fail_fast: bool, max_parallel: Option<usize>) -> GroupRules {
    GroupRules {
        fail_fast,
        max_parallel,
    }
}

fn finished(job: &JobId, state: JobState) -> Event {
    Event::JobFinished {
        job: job.clone(),
        state,
        reason: None,
        outputs: Outputs::new(),
    }
}

fn queued(job: &str) -> Event {
    Event::JobQueued {
        job: id(job),
        terms: JobTerms::default(),
    }
}

fn starting(job: &JobId, attempt: u32) -> Event {
    Event::JobStarting {
        job: job.clone(),
        attempt,
        resource: "x".into(),
    }
}

fn cancel(force: bool) -> Event {
    Event::CancelRequested {
        by: "api".into(),
        force,
    }
}

/// What becomes of a job when it is judged.
#[derive(Clone, Debug)]
enum Fate {
    Runs(JobTerms),
    Brings(GroupRules, Vec<JobOutline>),
    Skips,
}

/// Plays a run: judges, starts and ends as it is told.
struct Play {
    run: Run,
    log: Vec<Recorded>,
    fates: BTreeMap<JobId, Fate>,
    ends: BTreeMap<JobId, JobState>,
    running: Vec<JobId>,
    starts: Vec<String>,
    time: i64,
    wake: Option<Timestamp>,
    claims: Vec<Option<JobId>>,
    /// How many run at once at most.
    room: usize,
}

impl Play {
    fn new(jobs: &[(&str, &[&str])]) -> Self {
        Self::of(jobs.iter().map(|(id, needs)| outline(id, needs)).collect(), None)
    }

    fn of(jobs: Vec<JobOutline>, concurrency: Option<ConcurrencyGroup>) -> Self {
        let first = created(jobs, concurrency);
        Self {
            run: Run::create(&first).unwrap(),
            log: vec![first],
            fates: BTreeMap::new(),
            ends: BTreeMap::new(),
            running: Vec::new(),
            starts: Vec::new(),
            time: 0,
            wake: None,
            claims: Vec::new(),
            room: usize::MAX,
        }
    }

    fn fate(mut self, job: &str, fate: Fate) -> Self {
        self.fates.insert(id(job), fate);
        self
    }

    fn end(mut self, job: &str, state: JobState) -> Self {
        self.ends.insert(id(job), state);
        self
    }

    /// Writes events with all that follows by itself.
    fn write(&mut self, events: Vec<Event>) {
        let before = self.run.clone();
        let all = self.run.extend(events, at(self.time), |_| false).unwrap();
        let mut single = before;
        for event in all {
            if let Event::JobFinished { job, .. } = &event {
                self.running.retain(|running| running != job);
            }
            let recorded = Recorded {
                run: single.id.clone(),
                seq: single.last.next(),
                time: at(self.time),
                event,
            };
            single.apply(&recorded).unwrap();
            self.log.push(recorded);
        }
        assert_eq!(single, self.run, "as one or one by one");
    }

    /// Carries out one decision after the other, until there is nothing to do but wait.
    fn settle(&mut self) -> &mut Self {
        for _ in 0..10_000 {
            let room = self.room.saturating_sub(self.running.len());
            let mut decisions = self.run.decide(at(self.time), room, |_| false);
            self.wake = None;
            decisions.retain(|decision| match decision {
                Decision::Wake(time) => {
                    self.wake = Some(*time);
                    false
                }
                Decision::Claim(job) if self.claims.contains(job) => false,
                _ => true,
            });
            let Some(decision) = decisions.into_iter().next() else {
                return self;
            };
            match decision {
                Decision::Record(event) => self.write(vec![*event]),
                Decision::Judge(job) => {
                    let event = match self.fates.get(&job).cloned() {
                        None => queued(&job.0),
                        Some(Fate::Runs(terms)) => Event::JobQueued { job, terms },
                        Some(Fate::Brings(rules, jobs)) => Event::JobExpanded { job, rules, jobs },
                        Some(Fate::Skips) => finished(&job, JobState::Skipped),
                    };
                    self.write(vec![event]);
                }
                Decision::Conclude(job) => {
                    let (state, _) = self.run.sum(&job);
                    self.write(vec![finished(&job, state)]);
                }
                Decision::Claim(job) => self.claims.push(job),
                Decision::Start(job) => {
                    self.starts.push(job.0.clone());
                    self.running.push(job.clone());
                    let attempt = self.run.jobs[&job].attempt + 1;
                    self.write(vec![starting(&job, attempt)]);
                }
                Decision::Wake(_) => {}
            }
        }
        panic!("there is always something to do");
    }

    fn finish(&mut self, job: &str) -> &mut Self {
        let state = self.ends.get(&id(job)).copied().unwrap_or(JobState::Success);
        self.write(vec![finished(&id(job), state)]);
        self.settle()
    }

    /// Plays to the end; the job that started first ends first.
    fn run(&mut self) -> &mut Self {
        self.settle();
        while let Some(job) = self.running.first().cloned() {
            self.finish(&job.0);
        }
        assert!(self.run.state.is_final(), "{:#?}", self.run);
        assert_eq!(Run::replay(&self.log).unwrap().unwrap(), self.run);
        self
    }

    fn state(&self, job: &str) -> JobState {
        self.run.jobs[&id(job)].state
    }
}

const DIAMOND: &[(&str, &[&str])] = &[
    ("build", &[]),
    ("test", &["build"]),
    ("lint", &["build"]),
    ("deploy", &["test", "lint"]),
];

fn children(parent: &str, count: usize) -> Vec<JobOutline> {
    let child = |index| JobOutline {
        parent: Some(id(parent)),
        terms: Some(JobTerms::default()),
        ..outline(&id(parent).instance(index).0, &[])
    };
    (0..count).map(child).collect()
}

#[test]
fn a_diamond_runs_in_order() {
    let mut play = Play::new(DIAMOND);
    assert_eq!(play.run().starts, ["build", "test", "lint", "deploy"]);
    assert_eq!(play.run.state, RunState::Success);
}

#[test]
fn what_all_jobs_amount_to() {
    use JobState::{Cancelled, Failure, Lost, Skipped, Success};
    let rows: [(&[JobState], bool, RunState); 13] = [
        (&[], false, RunState::Success),
        (&[Success, Success], false, RunState::Success),
        (&[Success, Skipped], false, RunState::Success),
        (&[Skipped, Skipped], false, RunState::Skipped),
        (&[Success, Failure], false, RunState::Failure),
        (&[Success, Lost], false, RunState::Lost),
        (&[Lost, Failure], false, RunState::Failure),
        // A job over its time.
        (&[Success, Cancelled], false, RunState::Failure),
        (&[Lost, Cancelled], false, RunState::Lost),
        (&[Success, Cancelled], true, RunState::Cancelled),
        (&[Failure, Cancelled], true, RunState::Cancelled),
        (&[Success, Success], true, RunState::Success),
        (&[Success, Failure], true, RunState::Failure),
    ];
    for (ends, cancelled, state) in rows {
        let names: Vec<String> = (0..ends.len()).map(|index| format!("j{index}")).collect();
        let mut play = Play::of(names.iter().map(|name| outline(name, &[])).collect(), None);
        play.settle();
        if cancelled {
            play.write(vec![cancel(false)]);
        }
        for (name, end) in names.iter().zip(ends) {
            play.write(vec![finished(&id(name), *end)]);
        }
        play.settle();
        assert_eq!(play.run.state, state, "{ends:?} {cancelled}");
    }
}

#[test]
fn a_run_that_gave_way_to_a_newer_one_was_cancelled() {
    let mut play = Play::new(&[("a", &[])]);
    play.settle();
    play.write(vec![Event::JobFinished {
        job: id("a"),
        state: JobState::Cancelled,
        reason: Some(Reason::new("concurrency", "a newer one")),
        outputs: Outputs::new(),
    }]);
    assert_eq!(play.run.state, RunState::Cancelled);
}

#[test]
fn a_failure_that_may_be_is_none() {
    let lenient = JobTerms {
        continue_on_error: true,
        ..JobTerms::default()
    };
    let mut play = Play::new(&[("a", &[]), ("b", &["a"])])
        .fate("a", Fate::Runs(lenient))
        .end("a", JobState::Failure);
    play.run();
    assert_eq!(
        (play.state("a"), play.run.jobs[&id("a")].result()),
        (JobState::Failure, JobState::Success)
    );
    assert_eq!(play.run.state, RunState::Success);
}

#[test]
fn independent_jobs_start_together_while_there_is_room() {
    let mut play = Play::new(&[("a", &[]), ("b", &[]), ("c", &[])]);
    play.room = 2;
    play.settle();
    assert_eq!(play.running, [id("a"), id("b")]);
    play.finish("b");
    assert_eq!(play.running, [id("a"), id("c")]);
}

#[test]
fn a_matrix_is_done_when_its_jobs_are() {
    let mut play = Play::new(&[("test", &[]), ("after", &["test"])])
        .fate("test", Fate::Brings(group(true, None), children("test", 3)));
    play.settle();
    assert_eq!(play.starts, ["test#0", "test#1", "test#2"]);
    let outputs = |value: &str| -> Outputs { [("v".to_owned(), value.to_owned())].into_iter().collect() };
    for (index, value) in ["x", "y", ""].into_iter().enumerate() {
        play.write(vec![Event::JobFinished {
            job: id("test").instance(index),
            state: JobState::Success,
            reason: None,
            outputs: outputs(value),
        }]);
    }
    assert_eq!(play.state("test"), JobState::Success);
    assert_eq!(
        play.run.jobs[&id("test")].outputs,
        outputs("y"),
        "the last that is not empty"
    );
    play.run();
    assert_eq!(play.run.state, RunState::Success);
}

#[test]
fn what_the_jobs_of_a_matrix_amount_to() {
    use JobState::{Cancelled, Failure, Lost, Skipped, Success};
    for (ends, state) in [
        ([Success, Success], Success),
        ([Success, Skipped], Success),
        ([Skipped, Skipped], Skipped),
        ([Failure, Cancelled], Failure),
        ([Lost, Cancelled], Lost),
        ([Lost, Failure], Failure),
        ([Success, Cancelled], Cancelled),
    ] {
        let mut play =
            Play::new(&[("test", &[])]).fate("test", Fate::Brings(group(false, None), children("test", 2)));
        play.settle();
        for (index, end) in ends.into_iter().enumerate() {
            play.write(vec![finished(&id("test").instance(index), end)]);
        }
        assert_eq!(play.state("test"), state, "{ends:?}");
    }
    let mut play = Play::new(&[("test", &[])]).fate("test", Fate::Brings(group(true, None), Vec::new()));
    play.settle();
    assert_eq!(play.state("test"), JobState::Success, "nothing to run");
}

#[test]
fn a_failure_ends_the_others_of_its_matrix() {
    for fail_fast in [true, false] {
        let mut play = Play::new(&[("test", &[]), ("other", &[])])
            .fate(
                "test",
                Fate::Brings(group(fail_fast, Some(2)), children("test", 4)),
            )
            .end("test#0", JobState::Failure);
        play.settle();
        assert_eq!(play.running.len(), 3, "{:?}", play.running);
        play.finish("test#0");
        let asked = play.run.jobs[&id("test#1")]
            .cancel
            .as_ref()
            .map(|reason| &*reason.code);
        if fail_fast {
            assert_eq!(asked, Some("fail-fast"), "what runs is asked to end");
            assert_eq!(play.state("test#2"), JobState::Cancelled, "what waits has ended");
            assert!(play.run.jobs[&id("other")].cancel.is_none());
            play.write(vec![finished(&id("test#1"), JobState::Cancelled)]);
            play.run();
        } else {
            assert_eq!(asked, None);
            play.run();
            assert_eq!(play.starts.len(), 5);
        }
        assert_eq!(play.state("test"), JobState::Failure);
        assert_eq!(play.run.state, RunState::Failure, "and not cancelled");
    }
}

#[test]
fn a_failure_that_may_be_ends_no_others() {
    let mut outlines = children("test", 2);
    outlines[0].terms = Some(JobTerms {
        continue_on_error: true,
        ..JobTerms::default()
    });
    let mut play = Play::new(&[("test", &[])])
        .fate("test", Fate::Brings(group(true, None), outlines))
        .end("test#0", JobState::Failure);
    play.run();
    assert_eq!(play.state("test#1"), JobState::Success);
    assert_eq!(
        (play.state("test"), play.run.state),
        (JobState::Success, RunState::Success)
    );
}

#[test]
fn a_matrix_runs_so_many_at_once_and_no_more() {
    let mut play =
        Play::new(&[("test", &[])]).fate("test", Fate::Brings(group(true, Some(2)), children("test", 5)));
    play.settle();
    assert_eq!(play.running.len(), 2);
    while let Some(job) = play.running.last().cloned() {
        play.finish(&job.0);
        assert!(play.running.len() <= 2);
    }
    assert_eq!((play.starts.len(), play.run.state), (5, RunState::Success));
    // What is being started counts too.
    let play = {
        let mut play =
            Play::new(&[("test", &[])]).fate("test", Fate::Brings(group(true, Some(1)), children("test", 2)));
        play.room = 0;
        play.settle();
        play
    };
    let first = id("test#0");
    assert_eq!(
        play.run.decide(at(0), 9, |_| false),
        [Decision::Start(first.clone())]
    );
    assert_eq!(play.run.decide(at(0), 9, |job| *job == first), []);
}

/// A call whose workflow has two jobs, one of them a matrix.
fn calls() -> Play {
    let call = JobOutline {
        calls: Some("./called.yml".into()),
        ..outline("deploy", &[])
    };
    let inner = |name: &str, needs: &[&str]| JobOutline {
        parent: Some(id("deploy")),
        ..outline(&id("deploy").called(name).0, needs)
    };
    Play::of(vec![call, outline("after", &["deploy"])], None)
        .fate(
            "deploy",
            Fate::Brings(
                group(false, None),
                vec![inner("a", &[]), inner("b", &["deploy/a"])],
            ),
        )
        .fate(
            "deploy/b",
            Fate::Brings(group(true, None), children("deploy/b", 2)),
        )
}

#[test]
fn called_workflows_nest() {
    let mut play = calls();
    play.run();
    assert_eq!(play.starts, ["deploy/a", "deploy/b#0", "deploy/b#1", "after"]);
    assert_eq!(play.run.state, RunState::Success);
    let mut play = calls()
        .end("deploy/b#0", JobState::Failure)
        .fate("after", Fate::Skips);
    play.settle().finish("deploy/a").finish("deploy/b#0");
    play.write(vec![finished(&id("deploy/b#1"), JobState::Cancelled)]);
    play.run();
    assert_eq!(
        (play.state("deploy/b"), play.state("deploy")),
        (JobState::Failure, JobState::Failure)
    );
    assert_eq!(play.run.state, RunState::Failure);
}

#[test]
fn a_call_that_fails_ends_the_other_calls_of_its_matrix() {
    let mut call = children("deploy", 2);
    for outline in &mut call {
        outline.calls = Some("./called.yml".into());
        outline.terms = None;
    }
    let inner = |parent: &str| {
        let one = JobOutline {
            parent: Some(id(parent)),
            ..outline(&id(parent).called("a").0, &[])
        };
        Fate::Brings(group(false, None), vec![one])
    };
    let mut play = Play::new(&[("deploy", &[])])
        .fate("deploy", Fate::Brings(group(true, None), call))
        .fate("deploy#0", inner("deploy#0"))
        .fate("deploy#1", inner("deploy#1"))
        .end("deploy#0/a", JobState::Failure);
    play.settle();
    assert_eq!(play.running.len(), 2);
    play.finish("deploy#0/a");
    assert_eq!(
        play.run.jobs[&id("deploy#1/a")]
            .cancel
            .as_ref()
            .map(|reason| &*reason.code),
        Some("fail-fast")
    );
    play.write(vec![finished(&id("deploy#1/a"), JobState::Cancelled)]);
    play.run();
    assert_eq!(play.run.state, RunState::Failure);
}

#[test]
fn ancestors_are_all_that_a_job_needs() {
    let run = Play::new(DIAMOND).run;
    let of = |job: &str| -> HashSet<String> {
        run.ancestors(&id(job))
            .into_iter()
            .map(|id| id.0.clone())
            .collect()
    };
    assert_eq!(of("build"), HashSet::new());
    assert_eq!(of("test"), HashSet::from(["build".to_owned()]));
    assert_eq!(of("deploy"), ["build", "test", "lint"].map(str::to_owned).into());
    assert_eq!(of("nobody"), HashSet::new());
}

#[test]
fn a_cancel_ends_what_has_not_started_unless_it_survives_that() {
    let survivor = JobTerms {
        survives_cancel: true,
        ..JobTerms::default()
    };
    let fates = || {
        Play::new(&[("a", &[]), ("b", &[]), ("c", &["a"]), ("d", &["a"])])
            .fate("b", Fate::Runs(survivor.clone()))
            .fate("c", Fate::Runs(survivor.clone()))
            .fate("d", Fate::Skips)
    };
    let mut play = fates();
    play.room = 0;
    play.settle();
    play.write(vec![cancel(false)]);
    assert_eq!(
        (play.state("a"), play.state("b")),
        (JobState::Cancelled, JobState::Queued)
    );
    play.room = 9;
    play.settle();
    assert_eq!(play.starts, ["b", "c"], "and what is judged to run all the same");
    play.run();
    assert_eq!(play.run.state, RunState::Cancelled);
    // By force nothing begins any more.
    let mut play = fates();
    play.room = 0;
    play.settle();
    play.write(vec![cancel(false), cancel(true)]);
    assert!(play.starts.is_empty());
    assert_eq!(play.run.state, RunState::Cancelled);
    for job in ["a", "b", "c", "d"] {
        assert_eq!(play.state(job), JobState::Cancelled, "{job}");
    }
}

#[test]
fn a_cancel_that_is_asked_for_twice_is_forced_and_the_first_is_named() {
    let mut run = Play::new(DIAMOND).run;
    for (by, force) in [("ctrl-c", false), ("api", true), ("late", false)] {
        let event = Event::CancelRequested { by: by.into(), force };
        run.extend(vec![event], at(0), |_| true).unwrap();
    }
    assert_eq!((run.cancel.as_deref(), run.forced), (Some("ctrl-c"), true));
}

#[test]
fn a_job_that_is_told_to_end_before_it_starts_has_ended() {
    let mut play = Play::new(&[("a", &[])]);
    play.room = 0;
    play.settle();
    play.write(vec![Event::JobCancelRequested {
        job: id("a"),
        reason: Reason::new("concurrency", "a newer one"),
    }]);
    play.settle();
    assert_eq!(play.state("a"), JobState::Cancelled);
    assert_eq!(play.run.state, RunState::Cancelled);
}

#[test]
fn a_job_is_tried_again_when_its_time_has_come() {
    let mut play = Play::new(&[("a", &[]), ("b", &["a"])]);
    play.settle();
    let step = |outcome| Event::StepFinished {
        job: id("a"),
        step: StepId::at(0),
        outcome,
        conclusion: outcome,
        exit_code: Some(1),
        signal: None,
        reason: None,
        duration_ms: 1,
        outputs: Outputs::new(),
    };
    let planned = Event::StepPlanned {
        job: id("a"),
        outline: StepOutline {
            step: StepId::at(0).post(),
            parent: None,
            name: "Post".into(),
            phase: Phase::Post,
        },
    };
    let retrying = Event::JobRetrying {
        job: id("a"),
        attempt: 2,
        until: at(500),
    };
    play.write(vec![planned, step(StepState::Failure), retrying]);
    play.running.clear();
    play.settle();
    assert_eq!((play.starts.len(), play.wake), (1, Some(at(500))));
    let steps: Vec<_> = play.run.jobs[&id("a")]
        .steps
        .values()
        .map(|step| step.state)
        .collect();
    assert_eq!(
        steps,
        [StepState::Waiting],
        "a new attempt begins with the steps as written"
    );
    play.time = 500;
    play.settle();
    assert_eq!((play.starts.len(), play.wake), (2, None));
    assert_eq!(play.run.jobs[&id("a")].attempt, 2);
    play.run();
    assert_eq!(play.run.state, RunState::Success);
}

#[test]
fn one_that_waits_to_be_tried_again_can_be_cancelled() {
    let mut play = Play::new(&[("a", &[])]);
    play.settle();
    play.write(vec![Event::JobRetrying {
        job: id("a"),
        attempt: 2,
        until: at(500),
    }]);
    play.write(vec![cancel(false)]);
    assert_eq!(play.run.state, RunState::Cancelled);
}

fn concurrency() -> ConcurrencyGroup {
    ConcurrencyGroup {
        group: "g".into(),
        cancel_in_progress: false,
        queue_all: false,
    }
}

fn claimed(job: Option<&str>, held: bool) -> Event {
    Event::ConcurrencyClaimed {
        job: job.map(id),
        group: "g".into(),
        held,
    }
}

#[test]
fn a_job_waits_for_its_concurrency_group() {
    let terms = JobTerms {
        concurrency: Some(concurrency()),
        ..JobTerms::default()
    };
    let mut play = Play::new(&[("a", &[]), ("b", &[])]).fate("a", Fate::Runs(terms));
    play.settle();
    assert_eq!(
        (&play.starts[..], &play.claims[..]),
        (&["b".to_owned()][..], &[Some(id("a"))][..])
    );
    play.write(vec![claimed(Some("a"), false)]);
    play.settle();
    assert_eq!(
        (play.starts.len(), play.run.jobs[&id("a")].claim),
        (1, Claim::Waiting)
    );
    play.write(vec![claimed(Some("a"), true)]);
    play.settle();
    assert_eq!(play.starts, ["b", "a"]);
    play.run();
}

#[test]
fn a_run_waits_for_its_concurrency_group_unless_it_is_cancelled() {
    let run = || Play::of(vec![outline("a", &[])], Some(concurrency()));
    let mut play = run();
    play.settle();
    assert_eq!(
        (play.run.state, &play.claims[..]),
        (RunState::Queued, &[None][..])
    );
    play.write(vec![claimed(None, false)]);
    assert_eq!(play.run.state, RunState::Queued);
    play.write(vec![claimed(None, true)]);
    assert_eq!(play.run.state, RunState::Running);
    let mut play = run().fate("a", Fate::Skips);
    play.settle();
    play.write(vec![claimed(None, false), cancel(true)]);
    play.settle();
    assert_eq!(play.run.state, RunState::Cancelled);
}

#[test]
fn an_end_stands_whatever_is_written_behind_it() {
    let mut play = Play::new(&[("a", &[]), ("b", &["a"])]).fate("b", Fate::Skips);
    play.settle();
    play.write(vec![finished(&id("a"), JobState::Failure)]);
    let ended = play.run.jobs[&id("a")].clone();
    let step = Event::StepStarted {
        job: id("a"),
        step: StepId::at(0),
        name: None,
    };
    for event in [
        queued("a"),
        starting(&id("a"), 2),
        step,
        finished(&id("a"), JobState::Success),
    ] {
        let recorded = Recorded {
            run: play.run.id.clone(),
            seq: play.run.last.next(),
            time: at(9),
            event,
        };
        play.run.apply(&recorded).unwrap();
        assert_eq!(play.run.jobs[&id("a")], ended);
    }
    let mut over = Play::new(&[]);
    over.run();
    let before = over.run.clone();
    let recorded = Recorded {
        run: over.run.id.clone(),
        seq: over.run.last.next(),
        time: at(9),
        event: cancel(true),
    };
    over.run.apply(&recorded).unwrap();
    let last = over.run.last;
    assert_eq!(over.run, Run { last, ..before });
}

#[test]
fn a_job_that_has_ended_has_no_step_that_runs() {
    for (state, step) in [
        (JobState::Lost, StepState::Lost),
        (JobState::Cancelled, StepState::Cancelled),
    ] {
        let mut play = Play::of(
            vec![JobOutline {
                steps: vec!["one".into(), "two".into()],
                ..outline("a", &[])
            }],
            None,
        );
        play.settle();
        let started = Event::StepStarted {
            job: id("a"),
            step: StepId::at(0),
            name: Some("evaluated".into()),
        };
        play.write(vec![started, finished(&id("a"), state)]);
        let steps = &play.run.jobs[&id("a")].steps;
        assert_eq!((steps[0].state, steps[1].state), (step, StepState::Skipped));
        assert_eq!(steps[0].name, "evaluated");
    }
}

#[test]
fn what_a_newer_loom_wrote_changes_nothing_or_makes_a_placeholder() {
    let mut play = Play::new(DIAMOND);
    play.settle();
    let before = play.run.clone();
    let opaque = Event::from_json(r#"{"type":"jobPostponed","job":"a"}"#).unwrap();
    play.write(vec![opaque]);
    let last = play.run.last;
    assert_eq!(play.run, Run { last, ..before });
    // A job and a step that nobody announced.
    let step = Event::StepStarted {
        job: id("new"),
        step: StepId("attested-1".into()),
        name: None,
    };
    play.write(vec![starting(&id("new"), 1), step]);
    let job = &play.run.jobs[&id("new")];
    assert_eq!((job.name.as_str(), job.state), ("new", JobState::Running));
    assert_eq!(job.steps[0].name, "attested-1");
    play.write(vec![finished(&id("new"), JobState::Success)]);
    play.run();
    assert_eq!(play.run.state, RunState::Success);
}

#[test]
fn a_history_of_the_first_version_is_read_as_it_was_meant() {
    let lines = [
        r#"{"type":"runCreated","workflow":{"name":"w","file":"w.yml"},"event":"push","executor":"docker",
            "onCrash":"cleanUp","owner":{"instance":"i","boot":"b","pid":1,"started":2},"workspace":"/w","jobs":[
            {"id":"a","name":"a","needs":[],"image":"debian","steps":["one","two"]},
            {"id":"b","name":"b","needs":["a"],"steps":["one"],"skip":{"code":"needs","message":"m"}}]}"#,
        r#"{"type":"runStarted"}"#,
        r#"{"type":"jobQueued","job":"a"}"#,
        r#"{"type":"jobStarting","job":"a","attempt":1,"resource":"loom-r-a-1"}"#,
        r#"{"type":"jobStarted","job":"a"}"#,
        r#"{"type":"stepStarted","job":"a","step":0}"#,
        r#"{"type":"stepFinished","job":"a","step":0,"outcome":"failure","conclusion":"failure","exitCode":1,"durationMs":3}"#,
        r#"{"type":"jobFinished","job":"a","state":"failure"}"#,
        r#"{"type":"jobFinished","job":"b","state":"skipped","reason":{"code":"needs","message":"m"}}"#,
        r#"{"type":"runFinished","state":"failure"}"#,
    ];
    let record = |(seq, line): (u64, &str)| Recorded {
        run: RunId("r".into()),
        seq: Seq(seq),
        time: at(0),
        event: Event::from_json(line).unwrap(),
    };
    let log: Vec<Recorded> = (1..).zip(lines).map(record).collect();
    let run = Run::replay(&log).unwrap().unwrap();
    assert_eq!(run.state, RunState::Failure);
    let job = &run.jobs[&id("a")];
    assert_eq!(
        job.steps.keys().map(|step| step.0.as_str()).collect::<Vec<_>>(),
        ["0", "1"]
    );
    assert_eq!(
        (job.steps[0].state, job.steps[1].state),
        (StepState::Failure, StepState::Skipped)
    );
    assert_eq!(
        (job.image.as_deref(), job.steps[0].exit_code),
        (Some("debian"), Some(1))
    );
    // Interrupted in the middle: it can be gone on with, and what was known beforehand is known.
    let mut half = Run::replay(&log[..3]).unwrap().unwrap();
    let more = half
        .extend(vec![finished(&id("a"), JobState::Failure)], at(1), |_| false)
        .unwrap();
    assert!(matches!(
        more.last(),
        Some(Event::RunFinished {
            state: RunState::Failure,
            ..
        })
    ));
    assert_eq!(half.jobs[&id("b")].state, JobState::Skipped);
}

#[test]
fn a_gap_is_refused_and_changes_nothing() {
    let mut run = Play::new(DIAMOND).run;
    let before = run.clone();
    let later = Recorded {
        run: run.id.clone(),
        seq: Seq(3),
        time: at(0),
        event: Event::RunStarted,
    };
    assert!(matches!(
        run.apply(&later),
        Err(FoldError::Gap {
            last: 1,
            found: 3,
            ..
        })
    ));
    assert_eq!(run, before);
    assert!(matches!(Run::create(&later), Err(FoldError::NotCreated(_))));
    assert_eq!(Run::replay([]).unwrap(), None);
}

#[test]
fn what_follows_by_itself_is_written_with_what_it_follows_from() {
    let mut run = Play::new(&[("a", &[]), ("mac", &[])]).run;
    let words = |events: &[Event]| -> Vec<String> {
        let word = |event: &Event| {
            let json = serde_json::to_value(event).unwrap();
            let job = json["job"].as_str().unwrap_or_default();
            format!("{} {job}", json["type"].as_str().unwrap())
        };
        events.iter().map(word).collect()
    };
    let began = run.extend(Vec::new(), at(0), |_| false).unwrap();
    assert_eq!(words(&began), ["runStarted ", "jobFinished mac"]);
    let ended = run
        .extend(vec![finished(&id("a"), JobState::Lost)], at(0), |_| false)
        .unwrap();
    assert_eq!(words(&ended), ["jobFinished a", "runFinished "]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_run_ends_under_any_order_of_ends(
        edges in proptest::collection::vec((0usize..8, 0usize..8), 0..16),
        fates in proptest::collection::vec(0u8..8, 8),
        ends in proptest::collection::vec(0u8..6, 40),
        order in proptest::collection::vec(0usize..40, 200),
        cancels in proptest::option::of((0usize..20, proptest::bool::ANY)),
        room in 1usize..6,
    ) {
        let names: Vec<String> = (0..8).map(|index| format!("j{index}")).collect();
        let needs = |index: usize| -> Vec<&str> {
            edges.iter().filter(|(from, to)| *to == index && from < to).map(|(from, _)| names[*from].as_str()).collect()
        };
        let jobs = names.iter().enumerate().map(|(index, name)| outline(name, &needs(index))).collect();
        let mut play = Play::of(jobs, None);
        play.room = room;
        for (name, fate) in names.iter().zip(fates) {
            let terms = JobTerms { continue_on_error: fate == 1, survives_cancel: fate == 2, ..JobTerms::default() };
            let fate = match fate {
                3 => Fate::Brings(group(true, Some(2)), children(name, 3)),
                4 => Fate::Brings(group(false, None), children(name, 2)),
                5 => {
                    let inner = JobOutline { parent: Some(id(name)), ..outline(&id(name).called("x").0, &[]) };
                    let x = inner.id.0.clone();
                    play.fates.insert(inner.id.clone(), Fate::Brings(group(true, None), children(&x, 2)));
                    Fate::Brings(group(false, None), vec![inner])
                }
                6 => Fate::Skips,
                _ => Fate::Runs(terms),
            };
            play.fates.insert(id(name), fate);
        }
        play.settle();
        let mut ended = 0;
        let mut order = order.into_iter();
        while !play.run.state.is_final() {
            if let Some((when, force)) = cancels && when == ended {
                play.write(vec![cancel(false)]);
                if force {
                    play.write(vec![cancel(true)]);
                }
                play.settle();
            }
            prop_assert!(!play.running.is_empty() || play.run.state.is_final(), "nothing runs and nothing follows: {:#?}", play.run);
            if play.run.state.is_final() {
                break;
            }
            let job = play.running[order.next().unwrap_or(0) % play.running.len()].clone();
            let state = match ends[ended % ends.len()] {
                0 => JobState::Failure,
                1 => JobState::Lost,
                2 if play.run.jobs[&job].cancel.is_some() || play.run.cancel.is_some() => JobState::Cancelled,
                _ => JobState::Success,
            };
            let retries = state == JobState::Failure && ended % 3 == 0 && play.run.cancel.is_none() && ended < 12;
            if retries {
                let attempt = play.run.jobs[&job].attempt + 1;
                play.running.retain(|running| *running != job);
                play.write(vec![Event::JobRetrying { job, attempt, until: at(play.time) }]);
            } else {
                play.write(vec![finished(&job, state)]);
            }
            ended += 1;
            play.settle();
            prop_assert!(play.running.len() <= room);
        }
        let ends = play.log.iter().filter(|recorded| matches!(recorded.event, Event::RunFinished { .. })).count();
        prop_assert_eq!(ends, 1);
        for (id, job) in &play.run.jobs {
            let ends = play.log.iter().filter(|recorded| matches!(&recorded.event, Event::JobFinished { job, .. } if job == id)).count();
            prop_assert_eq!(ends, 1, "{}", id);
            prop_assert!(job.state.is_final());
        }
        // No job starts before all that it needs is done.
        for (index, recorded) in play.log.iter().enumerate() {
            let Event::JobStarting { job, .. } = &recorded.event else { continue };
            for need in &play.run.jobs[job].needs {
                let done = play.log[..index].iter().any(|earlier| matches!(&earlier.event, Event::JobFinished { job, .. } if job == need));
                prop_assert!(done, "{} before {}", job, need);
            }
        }
        prop_assert_eq!(Run::replay(&play.log).unwrap().unwrap(), play.run);
    }
}
