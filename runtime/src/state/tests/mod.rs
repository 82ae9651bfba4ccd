//! The state of a run, event by event and under every order of ends.

mod groups;
mod histories;
mod stops;

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

    /// What is kept of all before a job is what its ancestors say, once its needs are done.
    fn check_ancestors(&self) {
        let ended = |need: &JobId| self.run.jobs.get(need).is_some_and(|need| need.state.is_final());
        let due = |job: &crate::state::Job| !job.state.is_final() && job.needs.iter().all(ended);
        for (id, job) in self.run.jobs.iter().filter(|(_, job)| due(job)) {
            let mut before = self.run.ancestors(id).into_iter();
            let good = before.all(|id| self.run.jobs[id].result() == JobState::Success);
            assert_eq!(self.run.all_before_succeeded(id), good, "{id}: {:#?}", job.needs);
        }
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
        self.check_ancestors();
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
    let rows: [(&[JobState], bool, RunState); 15] = [
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
        (&[Success, Lost], true, RunState::Cancelled),
        (&[Lost], true, RunState::Cancelled),
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
fn a_cancel_that_comes_when_nothing_is_left_to_end_does_not_count() {
    use JobState::{Cancelled, Failure, Lost, Success};
    for (before, after, state) in [
        (Lost, Success, RunState::Lost),
        (Lost, Failure, RunState::Failure),
        (Lost, Cancelled, RunState::Cancelled),
        (Success, Lost, RunState::Cancelled),
    ] {
        let mut play = Play::new(&[("a", &[]), ("b", &[])]);
        play.settle();
        play.write(vec![finished(&id("a"), before)]);
        play.write(vec![cancel(false)]);
        play.write(vec![finished(&id("b"), after)]);
        play.settle();
        assert_eq!(play.run.state, state, "{before:?}, cancelled, {after:?}");
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
