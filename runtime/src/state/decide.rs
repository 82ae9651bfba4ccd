//! State in, next steps out.

use loom_protocol::Timestamp;

use super::{FoldError, Run};
use crate::event::{Event, JobState, Reason, Recorded, RunState};
use crate::id::JobId;

/// What follows from a run's state.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// This happened by itself: write it down.
    Record(Event),
    /// This job may start now.
    Start(JobId),
}

impl Run {
    /// What follows now, with at most `room` starts. Empty when there is nothing to do but wait, or nothing at all.
    ///
    /// The caller records the events, applies them and asks again until only starts are left. `begun` says which jobs it
    /// has started whose `jobStarting` is not recorded yet.
    pub fn decide(&self, room: usize, begun: impl Fn(&JobId) -> bool) -> Vec<Decision> {
        if self.state.is_final() {
            return Vec::new();
        }
        if self.state == RunState::Queued {
            return vec![Decision::Record(Event::RunStarted)];
        }
        if self.frontier.is_over() {
            return vec![Decision::Record(Event::RunFinished {
                state: self.result(),
                reason: None,
            })];
        }
        // A cancel reaches every job; otherwise only those whose needs are done are looked at.
        let all = self.cancel.as_ref().map(|_| 0..self.jobs.len());
        let due = self.frontier.jobs().take_while(|_| all.is_none());
        let mut decisions = Vec::new();
        let mut starts = 0;
        for id in due
            .chain(all.clone().into_iter().flatten())
            .filter_map(|place| self.jobs.get_index(place))
        {
            // One that was told to begin ends by itself, also when the run is cancelled.
            if self.cancel.is_some() && begun(id.0) {
                continue;
            }
            match self.decide_job(id.0) {
                Some(Decision::Start(job)) if !begun(&job) => {
                    if starts == room {
                        break;
                    }
                    starts += 1;
                    decisions.push(Decision::Start(job));
                }
                Some(Decision::Start(_)) | None => {}
                Some(record) => decisions.push(record),
            }
        }
        decisions
    }

    /// Takes events that are about to be written, and all that follows from them by itself: the answer is what is to be
    /// written as one. One write instead of one for each link of the chain.
    ///
    /// # Errors
    /// When one of the events makes no sense for this run; the state is of no use then.
    pub fn ahead(
        &mut self,
        events: Vec<Event>,
        time: Timestamp,
        begun: impl Fn(&JobId) -> bool,
    ) -> Result<Vec<Event>, FoldError> {
        let mut all = Vec::new();
        let mut next = events;
        loop {
            for event in next {
                let recorded = Recorded {
                    run: self.id.clone(),
                    seq: self.last.next(),
                    time,
                    event,
                };
                self.apply(&recorded)?;
                all.push(recorded.event);
            }
            let facts = self.decide(0, &begun).into_iter();
            next = facts
                .filter_map(|decision| match decision {
                    Decision::Record(event) => Some(event),
                    Decision::Start(_) => None,
                })
                .collect();
            if next.is_empty() {
                return Ok(all);
            }
        }
    }

    fn decide_job(&self, id: &JobId) -> Option<Decision> {
        let job = self.jobs.get(id)?;
        let finish = |state, reason| {
            Some(Decision::Record(Event::JobFinished {
                job: id.clone(),
                state,
                reason: Some(reason),
            }))
        };
        match job.state {
            JobState::Waiting | JobState::Queued if self.cancel.is_some() => finish(
                JobState::Cancelled,
                Reason::new("cancelled", "the run was cancelled before it started"),
            ),
            JobState::Waiting => {
                let states = || {
                    job.needs
                        .iter()
                        .map(|need| (need, self.jobs.get(need).map(|job| job.state)))
                };
                // A job is judged once all its needs are done, as GitHub does.
                if !states().all(|(_, state)| state.is_some_and(JobState::is_final)) {
                    return None;
                }
                match (
                    states().find(|(_, state)| *state != Some(JobState::Success)),
                    &job.skip,
                ) {
                    (None, Some(reason)) => finish(JobState::Skipped, reason.clone()),
                    (None, None) => Some(Decision::Record(Event::JobQueued { job: id.clone() })),
                    (Some((need, state)), _) => {
                        let state = state.map_or("unknown", JobState::as_str);
                        let message = format!("it needs `{need}`, which ended as {state}");
                        finish(JobState::Skipped, Reason::new("needs", message))
                    }
                }
            }
            JobState::Queued => Some(Decision::Start(id.clone())),
            _ => None,
        }
    }

    /// What all jobs together amount to. A user's cancel outweighs a failure, a failure outweighs a loss: the caller
    /// learns first what somebody did, then what the workflow did, then what the machine did.
    fn result(&self) -> RunState {
        let any = |state| self.jobs.values().any(|job| job.state == state);
        if any(JobState::Cancelled) {
            RunState::Cancelled
        } else if any(JobState::Failure) {
            RunState::Failure
        } else if any(JobState::Lost) {
            RunState::Lost
        } else if !any(JobState::Success) && any(JobState::Skipped) {
            RunState::Skipped
        } else {
            RunState::Success
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{JobOutline, OnCrash, Seq, StepState, WorkflowRef};
    use crate::executor::Owner;
    use crate::id::RunId;

    fn record(run: &Run, event: Event) -> Recorded {
        Recorded {
            run: run.id.clone(),
            seq: run.last.next(),
            time: Timestamp::from_millis(0),
            event,
        }
    }

    fn created(jobs: &[(&str, &[&str])]) -> Recorded {
        let jobs = jobs.iter().map(|(id, needs)| JobOutline {
            id: JobId((*id).into()),
            name: (*id).into(),
            needs: needs.iter().map(|need| JobId((*need).into())).collect(),
            image: None,
            steps: vec!["one".into()],
            skip: (*id == "mac").then(|| Reason::new("unmapped-label", "nothing runs it")),
        });
        Recorded {
            run: RunId("r".into()),
            seq: Seq(1),
            time: Timestamp::from_millis(0),
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
                jobs: jobs.collect(),
            },
        }
    }

    /// Applies what decides itself and starts jobs, ending each as `end` says, until the run is over. Returns the
    /// order of starts.
    fn play(run: &mut Run, log: &mut Vec<Recorded>, mut end: impl FnMut(&JobId) -> JobState) -> Vec<String> {
        let mut starts = Vec::new();
        for _ in 0..10_000 {
            let Some(decision) = run.decide(usize::MAX, |_| false).into_iter().next() else {
                return starts;
            };
            let events = match decision {
                Decision::Record(event) => vec![event],
                Decision::Start(job) => {
                    starts.push(job.0.clone());
                    let state = end(&job);
                    vec![
                        Event::JobStarting {
                            job: job.clone(),
                            attempt: 1,
                            resource: "x".into(),
                        },
                        Event::JobFinished {
                            job,
                            state,
                            reason: None,
                        },
                    ]
                }
            };
            for event in events {
                let recorded = record(run, event);
                run.apply(&recorded).unwrap();
                log.push(recorded);
            }
        }
        panic!("the run never ends");
    }

    const DIAMOND: &[(&str, &[&str])] = &[
        ("build", &[]),
        ("test", &["build"]),
        ("lint", &["build"]),
        ("deploy", &["test", "lint"]),
    ];

    #[test]
    fn a_diamond_runs_in_order_and_succeeds() {
        let mut run = Run::create(&created(DIAMOND)).unwrap();
        let starts = play(&mut run, &mut Vec::new(), |_| JobState::Success);
        assert_eq!(starts, ["build", "test", "lint", "deploy"]);
        assert_eq!(run.state, RunState::Success);
    }

    #[test]
    fn a_failed_job_skips_its_dependents_and_fails_the_run() {
        let mut run = Run::create(&created(DIAMOND)).unwrap();
        play(&mut run, &mut Vec::new(), |job| {
            if job.0 == "test" {
                JobState::Failure
            } else {
                JobState::Success
            }
        });
        assert_eq!(
            run.jobs.get(&JobId("deploy".into())).unwrap().state,
            JobState::Skipped
        );
        assert_eq!(run.state, RunState::Failure);
    }

    #[test]
    fn independent_jobs_are_ready_together() {
        let mut run = Run::create(&created(&[("a", &[]), ("b", &[])])).unwrap();
        for event in [
            Event::RunStarted,
            Event::JobQueued {
                job: JobId("a".into()),
            },
            Event::JobQueued {
                job: JobId("b".into()),
            },
        ] {
            let recorded = record(&run, event);
            run.apply(&recorded).unwrap();
        }
        assert_eq!(
            run.decide(usize::MAX, |_| false),
            [
                Decision::Start(JobId("a".into())),
                Decision::Start(JobId("b".into()))
            ]
        );
    }

    #[test]
    fn a_cancel_ends_what_has_not_started() {
        let mut run = Run::create(&created(DIAMOND)).unwrap();
        let cancel = Event::CancelRequested {
            by: "api".into(),
            force: false,
        };
        for event in [Event::RunStarted, cancel] {
            let recorded = record(&run, event);
            run.apply(&recorded).unwrap();
        }
        assert!(play(&mut run, &mut Vec::new(), |_| JobState::Success).is_empty());
        assert_eq!(run.state, RunState::Cancelled);
    }

    #[test]
    fn an_end_stands_whatever_is_written_behind_it() {
        let mut run = Run::create(&created(&[("a", &[]), ("b", &["a"])])).unwrap();
        let a = || JobId("a".into());
        let step = |outcome| Event::StepFinished {
            job: a(),
            step: 0,
            outcome,
            conclusion: outcome,
            exit_code: None,
            signal: None,
            reason: None,
            duration_ms: 0,
        };
        let starting = Event::JobStarting {
            job: a(),
            attempt: 1,
            resource: "x".into(),
        };
        let finished = |state| Event::JobFinished {
            job: a(),
            state,
            reason: None,
        };
        let take = |run: &mut Run, event: Event| {
            let recorded = record(run, event);
            run.apply(&recorded).unwrap();
        };
        for event in [Event::RunStarted, starting.clone(), step(StepState::Failure)] {
            take(&mut run, event);
        }
        let late = Event::StepStarted { job: a(), step: 0 };
        take(&mut run, late.clone());
        take(&mut run, step(StepState::Success));
        let of_a = |run: &Run| run.jobs.get(&a()).unwrap().clone();
        assert_eq!(of_a(&run).steps[0].state, StepState::Failure);
        take(&mut run, finished(JobState::Failure));
        let ended = of_a(&run);
        for event in [
            Event::JobQueued { job: a() },
            starting,
            late,
            finished(JobState::Success),
        ] {
            take(&mut run, event);
            assert_eq!(of_a(&run), ended);
        }
        // What it decides is what follows from the end: `b` is skipped, nothing starts.
        let starts = play(&mut run, &mut Vec::new(), |_| JobState::Success);
        assert_eq!((starts.len(), run.state), (0, RunState::Failure));
        let over = run.clone();
        take(&mut run, Event::RunStarted);
        take(
            &mut run,
            Event::RunFinished {
                state: RunState::Success,
                reason: None,
            },
        );
        assert_eq!(
            run,
            Run {
                last: run.last,
                ..over
            }
        );
    }

    #[test]
    fn what_follows_by_itself_is_written_with_what_it_follows_from() {
        let first = created(&[("a", &[]), ("b", &["a"]), ("mac", &[])]);
        let mut run = Run::create(&first).unwrap();
        let words = |events: &[Event]| -> Vec<String> {
            let word = |event: &Event| {
                let json = serde_json::to_value(event).unwrap();
                let job = json["job"].as_str().unwrap_or_default();
                format!("{} {job}", json["type"].as_str().unwrap())
            };
            events.iter().map(word).collect()
        };
        let time = Timestamp::from_millis(0);
        let began = run.ahead(Vec::new(), time, |_| false).unwrap();
        assert_eq!(words(&began), ["runStarted ", "jobQueued a", "jobFinished mac"]);
        let lost = Event::JobFinished {
            job: JobId("a".into()),
            state: JobState::Lost,
            reason: None,
        };
        let ended = run.ahead(vec![lost], time, |_| false).unwrap();
        assert_eq!(words(&ended), ["jobFinished a", "jobFinished b", "runFinished "]);
        let mut log = vec![first];
        for event in began.into_iter().chain(ended) {
            let seq = Seq(log.len() as u64 + 1);
            log.push(Recorded {
                run: run.id.clone(),
                seq,
                time,
                event,
            });
        }
        assert_eq!(Run::replay(&log).unwrap().unwrap(), run);
        let nonsense = Event::JobQueued {
            job: JobId("nobody".into()),
        };
        let mut other = Run::create(&log[0]).unwrap();
        assert!(other.ahead(vec![nonsense], time, |_| false).is_err());
    }

    #[test]
    fn a_cancel_and_that_it_is_forced_are_kept_for_who_goes_on_with_the_run() {
        let mut run = Run::create(&created(DIAMOND)).unwrap();
        for (by, force) in [("ctrl-c", false), ("api", true), ("late", false)] {
            let recorded = record(&run, Event::CancelRequested { by: by.into(), force });
            run.apply(&recorded).unwrap();
        }
        assert_eq!((run.cancel.as_deref(), run.forced), (Some("ctrl-c"), true));
    }

    #[test]
    fn what_a_newer_loom_wrote_changes_nothing() {
        let mut run = Run::create(&created(DIAMOND)).unwrap();
        let before = run.clone();
        let recorded = record(
            &run,
            Event::from_json(r#"{"type":"jobPaused","job":"a"}"#).unwrap(),
        );
        run.apply(&recorded).unwrap();
        assert_eq!(
            run,
            Run {
                last: Seq(2),
                ..before
            }
        );
    }

    #[test]
    fn a_lost_job_beside_a_good_one_is_a_lost_run() {
        let mut run = Run::create(&created(&[("a", &[]), ("b", &[])])).unwrap();
        play(&mut run, &mut Vec::new(), |job| {
            if job.0 == "a" {
                JobState::Lost
            } else {
                JobState::Success
            }
        });
        assert_eq!(run.state, RunState::Lost);
    }

    #[test]
    fn a_job_that_nothing_runs_is_skipped_and_so_are_its_dependents() {
        let mut run = Run::create(&created(&[("mac", &[]), ("after", &["mac"]), ("linux", &[])])).unwrap();
        let starts = play(&mut run, &mut Vec::new(), |_| JobState::Success);
        assert_eq!(starts, ["linux"]);
        assert_eq!(
            run.jobs.get(&JobId("after".into())).unwrap().state,
            JobState::Skipped
        );
        assert_eq!(run.state, RunState::Success);
    }

    #[test]
    fn a_run_of_which_nothing_ran_is_skipped() {
        let mut run = Run::create(&created(&[("mac", &[])])).unwrap();
        play(&mut run, &mut Vec::new(), |_| JobState::Success);
        assert_eq!(run.state, RunState::Skipped);
    }

    #[test]
    fn a_gap_is_refused_and_changes_nothing() {
        let mut run = Run::create(&created(DIAMOND)).unwrap();
        let before = run.clone();
        let mut later = record(&run, Event::RunStarted);
        later.seq = Seq(3);
        assert!(run.apply(&later).is_err());
        assert_eq!(run, before);
    }

    proptest! {
        #[test]
        fn every_acyclic_run_ends_and_replays_to_the_same_state(
            edges in proptest::collection::vec((0usize..12, 0usize..12), 0..30),
            ends in proptest::collection::vec(0u8..5, 12),
        ) {
            let names: Vec<String> = (0..12).map(|i| format!("j{i}")).collect();
            let needs: Vec<Vec<&str>> = (0..12)
                .map(|i| {
                    let mut n: Vec<usize> = edges.iter().filter(|(a, b)| *b == i && a < b).map(|(a, _)| *a).collect();
                    n.sort_unstable();
                    n.dedup();
                    n.into_iter().map(|a| names[a].as_str()).collect()
                })
                .collect();
            let jobs: Vec<(&str, &[&str])> = names.iter().zip(&needs).map(|(n, d)| (n.as_str(), d.as_slice())).collect();
            let first = created(&jobs);
            let mut run = Run::create(&first).unwrap();
            let mut log = vec![first];
            let mut begun = Vec::new();
            play(&mut run, &mut log, |job| {
                begun.push(job.clone());
                let index: usize = job.0[1..].parse().unwrap();
                [JobState::Success, JobState::Success, JobState::Success, JobState::Failure, JobState::Lost][usize::from(ends[index])]
            });
            prop_assert!(run.state.is_final());
            for job in &begun {
                for need in &run.jobs[job].needs {
                    prop_assert_eq!(run.jobs[need].state, JobState::Success);
                }
            }
            prop_assert_eq!(Run::replay(&log).unwrap().unwrap(), run);
        }
    }
}
