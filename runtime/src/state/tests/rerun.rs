//! Another attempt at a run: what runs again, what is reused, and what follows from it.

use std::collections::BTreeSet;

use super::*;
use crate::event::{Rerun, ReusedFrom};
use crate::state::{Again, RerunError};

fn jobs(names: &[&str]) -> Again {
    Again::Jobs(names.iter().map(|name| id(name)).collect())
}

impl Play {
    fn first(&self) -> &[JobOutline] {
        match &self.log[0].event {
            Event::RunCreated { jobs, .. } => jobs,
            other => panic!("{other:?}"),
        }
    }

    fn with_outputs(&mut self, job: &str, value: &str) -> &mut Self {
        self.write(vec![Event::JobFinished {
            job: id(job),
            state: JobState::Success,
            reason: None,
            outputs: [("v".to_owned(), value.to_owned())].into_iter().collect(),
            reused: None,
        }]);
        self.settle()
    }

    /// Another attempt at this run, which has ended; jobs become what they became, and end well unless something is said.
    fn again(&self, again: &Again) -> Result<Self, RerunError> {
        let outlines = self.first().to_vec();
        let reused = self.run.reuses(&self.log, &outlines, again)?;
        let mut first = created(outlines.clone(), None);
        first.run = RunId(format!("{}+", self.run.id));
        if let Event::RunCreated { rerun, .. } = &mut first.event {
            *rerun = Some(Box::new(Rerun {
                of: self.run.id.clone(),
                first: self.run.first_attempt().clone(),
                attempt: self.run.attempt() + 1,
                failed: *again == Again::Failed,
                jobs: Vec::new(),
                current_files: false,
                reused,
            }));
        }
        // As the journal gives it back.
        let text = serde_json::to_string(&first.event).unwrap();
        assert_eq!(Event::from_json(&text).unwrap(), first.event);
        let mut play = Self::of(outlines, None);
        play.run = Run::create(&first).unwrap();
        play.log = vec![first];
        play.fates.clone_from(&self.fates);
        Ok(play)
    }
}

fn from(run: &str, attempt: u32, job_attempt: u32) -> Option<ReusedFrom> {
    Some(ReusedFrom {
        run: RunId(run.into()),
        attempt,
        job_attempt,
    })
}

#[test]
fn what_failed_runs_again_with_what_needs_it_and_the_others_are_reused_with_what_they_gave() {
    let mut play = Play::new(DIAMOND).end("test", JobState::Failure);
    play.settle();
    play.with_outputs("build", "x");
    play.run();
    let mut again = play.again(&Again::Failed).unwrap();
    assert_eq!(again.run().starts, ["test", "deploy"]);
    assert_eq!(again.run.state, RunState::Success);
    let build = &again.run.jobs[&id("build")];
    assert_eq!((build.state, build.attempt), (JobState::Success, 0));
    assert_eq!(build.outputs["v"], "x");
    assert_eq!(build.reused, from("r", 1, 1));
    assert!(build.steps.is_empty(), "they are where it ran");
    assert_eq!(again.run.log_of(&id("build")), (RunId("r".into()), 1));
    assert_eq!(again.run.log_of(&id("test")), (RunId("r+".into()), 1));
    assert_eq!(again.run.ran_in(&id("build")), &RunId("r".into()));
    assert_eq!(again.run.attempt(), 2);
    // Of a third attempt, what was reused twice is still where it ran.
    let third = again.again(&jobs(&["deploy"])).unwrap().run().run.clone();
    assert_eq!(third.jobs[&id("build")].reused, from("r", 1, 1));
    assert_eq!(third.jobs[&id("test")].reused, from("r+", 2, 1));
    assert_eq!((third.attempt(), third.first_attempt()), (3, &RunId("r".into())));
}

#[test]
fn of_a_reused_job_that_was_retried_every_attempt_is_where_it_ran() {
    let mut play = Play::new(DIAMOND).end("test", JobState::Failure);
    play.settle();
    play.write(vec![
        Event::JobRetrying {
            job: id("build"),
            attempt: 2,
            until: at(0),
            state: Some(JobState::Failure),
            reason: None,
        },
        starting(&id("build"), 2),
    ]);
    play.run();
    let again = play.again(&Again::Failed).unwrap().run().run.clone();
    let build = &again.jobs[&id("build")];
    assert_eq!(build.reused, from("r", 1, 2));
    assert_eq!((build.attempt, build.newest_attempt()), (0, 2));
    assert!(build.has_ended(1) && build.has_ended(2));
    assert_eq!(again.log_of(&id("build")), (RunId("r".into()), 2));
}

#[test]
fn a_job_runs_again_with_what_needs_it_and_a_failure_elsewhere_stays_one() {
    let mut play = Play::new(DIAMOND).end("test", JobState::Failure);
    play.run();
    let mut again = play.again(&jobs(&["lint"])).unwrap();
    assert_eq!(again.run().starts, ["lint", "deploy"]);
    assert_eq!(
        (again.state("test"), again.run.state),
        (JobState::Failure, RunState::Failure)
    );
    let all = play.again(&Again::All).unwrap().run().starts.clone();
    assert_eq!(all, ["build", "test", "lint", "deploy"]);
    assert_eq!(
        play.again(&jobs(&["nothing"])).err().unwrap(),
        RerunError::UnknownJob {
            run: RunId("r".into()),
            job: id("nothing"),
            known: ["build", "test", "lint", "deploy"].map(str::to_owned).to_vec(),
        }
    );
}

#[test]
fn a_run_in_which_nothing_failed_and_one_that_goes_on_have_nothing_to_run_again() {
    let mut play = Play::new(DIAMOND);
    play.settle();
    let open = play.again(&Again::Failed).err().unwrap();
    assert_eq!(open, RerunError::Open(RunId("r".into())));
    play.run();
    let nothing = play.again(&Again::Failed).err().unwrap();
    assert_eq!(nothing, RerunError::NothingFailed(RunId("r".into())));
}

#[test]
fn of_a_matrix_the_combination_that_failed_runs_again_and_reused_ones_end_nobody() {
    for fail_fast in [true, false] {
        let mut play = Play::new(&[("test", &[]), ("after", &["test"]), ("other", &[])])
            .fate(
                "test",
                Fate::Brings(group(fail_fast, Some(1)), children("test", 3)),
            )
            .end("test#1", JobState::Failure);
        play.run();
        let mut again = play.again(&Again::Failed).unwrap();
        again.run();
        let expected: &[&str] = if fail_fast {
            &["test#1", "test#2", "after"]
        } else {
            &["test#1", "after"]
        };
        assert_eq!(again.starts, expected, "fail-fast {fail_fast}");
        assert_eq!(again.run.state, RunState::Success);
        assert_eq!(again.state("test"), JobState::Success);
        // Another one of the same matrix, while a failed one is reused: it is not ended for that.
        let mut one = play.again(&jobs(&["test#0"])).unwrap();
        one.run();
        assert_eq!(one.starts[0], "test#0");
        assert_eq!(one.state("test#0"), JobState::Success);
        assert_eq!(
            (one.state("test"), one.run.state),
            (JobState::Failure, RunState::Failure)
        );
    }
}

#[test]
fn a_combination_that_is_another_one_now_is_not_taken_for_the_reused_one() {
    let mut play = Play::new(&[("test", &[])])
        .fate("test", Fate::Brings(group(false, None), children("test", 2)))
        .end("test#1", JobState::Failure);
    play.run();
    let mut now = children("test", 2);
    now[0].name = "test (other)".into();
    let mut again = play
        .again(&Again::Failed)
        .unwrap()
        .fate("test", Fate::Brings(group(false, None), now));
    assert_eq!(again.run().starts, ["test#0", "test#1"]);
}

#[test]
fn of_a_called_workflow_single_jobs_run_again_and_a_group_that_is_reused_shows_its_jobs() {
    let inner = |name: &str, needs: &[&str]| JobOutline {
        parent: Some(id("deploy")),
        ..outline(name, needs)
    };
    let called = vec![
        inner("deploy/a", &[]),
        inner("deploy/b", &["deploy/a"]),
        inner("deploy/c", &[]),
    ];
    let outlines = vec![
        JobOutline {
            calls: Some("./called.yml".into()),
            ..outline("deploy", &[])
        },
        outline("after", &["deploy"]),
        outline("test", &[]),
    ];
    let mut play = Play::of(outlines, None)
        .fate("deploy", Fate::Brings(group(false, None), called))
        .fate("test", Fate::Brings(group(true, None), children("test", 2)))
        .end("deploy/a", JobState::Failure);
    play.run();
    let mut again = play.again(&Again::Failed).unwrap();
    assert_eq!(again.run().starts, ["deploy/a", "deploy/b", "after"]);
    assert_eq!(again.run.state, RunState::Success);
    for reused in ["deploy/c", "test", "test#0", "test#1"] {
        assert_eq!(again.state(reused), JobState::Success, "{reused}");
        assert!(again.run.jobs[&id(reused)].reused.is_some(), "{reused}");
    }
    assert!(again.run.jobs[&id("test")].group.is_some());
}

#[test]
fn what_may_fail_is_reused_as_such() {
    let may_fail = JobTerms {
        name: Some("May fail".into()),
        continue_on_error: true,
        ..JobTerms::default()
    };
    let mut play = Play::new(&[("may", &[]), ("must", &[]), ("after", &["may"])])
        .fate("may", Fate::Runs(may_fail))
        .end("may", JobState::Failure)
        .end("must", JobState::Failure);
    play.run();
    let mut again = play.again(&jobs(&["must"])).unwrap();
    assert_eq!(again.run().starts, ["must"]);
    let may = &again.run.jobs[&id("may")];
    assert_eq!((may.state, may.result()), (JobState::Failure, JobState::Success));
    assert_eq!(may.name, "May fail");
    assert_eq!(again.run.state, RunState::Success);
    // By what it is called, too.
    assert_eq!(
        again.again(&jobs(&["May fail"])).unwrap().run().starts,
        ["may", "after"]
    );
}

#[test]
fn what_was_broken_off_counts_as_failed_and_what_was_skipped_for_good_does_not() {
    let mut play = Play::new(DIAMOND).fate("lint", Fate::Skips);
    play.settle();
    play.finish("build");
    play.write(vec![cancel(false)]);
    play.write(vec![finished(&id("test"), JobState::Cancelled)]);
    play.run();
    assert_eq!(play.run.state, RunState::Cancelled);
    assert_eq!(
        play.again(&Again::Failed).unwrap().run().starts,
        ["test", "deploy"]
    );
    // The owner died: what had not begun is skipped for that reason.
    let mut play = Play::new(DIAMOND);
    play.settle();
    play.finish("build");
    let died = |job: &str, state| Event::JobFinished {
        job: id(job),
        state,
        reason: Some(Reason::new("owner-died", "gone")),
        outputs: Outputs::new(),
        reused: None,
    };
    play.write(vec![
        died("test", JobState::Lost),
        died("lint", JobState::Lost),
        died("deploy", JobState::Skipped),
        Event::RunFinished {
            state: RunState::Lost,
            reason: None,
        },
    ]);
    assert_eq!(
        play.again(&Again::Failed).unwrap().run().starts,
        ["test", "lint", "deploy"]
    );
}

#[test]
fn what_an_attempt_was_to_reuse_and_did_not_come_to_is_reused_by_the_next() {
    let mut play = Play::new(DIAMOND).end("test", JobState::Failure);
    play.run();
    let mut second = play.again(&Again::Failed).unwrap();
    // Killed before it began.
    let ends = second.run.jobs.keys().map(|job| Event::JobFinished {
        job: job.clone(),
        state: JobState::Skipped,
        reason: Some(Reason::new("owner-died", "gone")),
        outputs: Outputs::new(),
        reused: None,
    });
    let mut ends: Vec<Event> = ends.collect();
    ends.push(Event::RunFinished {
        state: RunState::Lost,
        reason: None,
    });
    for event in ends {
        let recorded = Recorded {
            run: second.run.id.clone(),
            seq: second.run.last.next(),
            time: at(0),
            event,
        };
        second.run.apply(&recorded).unwrap();
        second.log.push(recorded);
    }
    let mut third = second.again(&Again::Failed).unwrap();
    assert_eq!(third.run().starts, ["test", "deploy"]);
    assert_eq!(third.run.jobs[&id("build")].reused, from("r", 1, 1));
}

#[test]
fn a_job_that_is_new_in_the_file_runs_and_what_needs_it_now_too() {
    let mut play = Play::new(&[("a", &[]), ("b", &[]), ("c", &["b"])]);
    play.run();
    let now = vec![
        outline("a", &[]),
        outline("new", &[]),
        outline("b", &["new"]),
        outline("c", &["b"]),
    ];
    let reused = play.run.reuses(&play.log, &now, &jobs(&[])).unwrap();
    let reused: Vec<&str> = reused.iter().map(|reused| reused.job.0.as_str()).collect();
    assert_eq!(reused, ["a"]);
}

proptest! {
    /// Of any graph: what runs again is what failed with all that needs it, each once; all else is reused as it was.
    #[test]
    fn what_runs_again_is_what_failed_and_all_that_needs_it(
        edges in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 8), 8),
        failing in proptest::collection::vec(any::<bool>(), 8),
        matrix in proptest::collection::vec(0..4usize, 8),
        room in 1..4usize,
    ) {
        let names: Vec<String> = (0..8).map(|n| format!("j{n}")).collect();
        let needs = |n: usize| (0..n).filter(|m| edges[n][*m]).collect::<Vec<_>>();
        let outlines = names.iter().enumerate().map(|(n, name)| {
            let needs: Vec<&str> = needs(n).into_iter().map(|m| names[m].as_str()).collect();
            outline(name, &needs)
        });
        let mut play = Play::of(outlines.collect(), None);
        play.room = room;
        for (n, name) in names.iter().enumerate() {
            // One that is several fails in its first.
            if matrix[n] > 1 {
                play = play.fate(name, Fate::Brings(group(false, Some(1)), children(name, matrix[n])));
            }
            if failing[n] {
                let which = if matrix[n] > 1 { format!("{name}#0") } else { name.clone() };
                play = play.end(&which, JobState::Failure);
            }
        }
        play.run();
        let again = play.again(&Again::Failed);
        if !failing.iter().any(|fails| *fails) {
            prop_assert_eq!(again.err(), Some(RerunError::NothingFailed(RunId("r".into()))));
            return Ok(());
        }
        let (mut whole, mut touched): (Vec<bool>, Vec<bool>) = (Vec::new(), Vec::new());
        for (n, fails) in failing.iter().enumerate() {
            let all = needs(n).into_iter().any(|m| touched[m]);
            whole.push(all);
            touched.push(all || *fails);
        }
        let mut expected = BTreeSet::new();
        for n in (0..8).filter(|n| touched[*n]) {
            let parts = if whole[n] { matrix[n] } else { matrix[n].min(1) };
            match matrix[n] {
                0 | 1 => drop(expected.insert(names[n].clone())),
                _ => expected.extend((0..parts).map(|part| format!("{}#{part}", names[n]))),
            }
        }
        let mut again = again.unwrap();
        again.room = room;
        again.run();
        let started: BTreeSet<String> = again.starts.iter().cloned().collect();
        prop_assert_eq!(started.len(), again.starts.len(), "each once");
        prop_assert_eq!(&started, &expected);
        prop_assert_eq!(again.run.state, RunState::Success);
        for (job, state) in &again.run.jobs {
            if state.reused.is_some() {
                prop_assert_eq!(state.state, play.run.jobs[job].state);
            }
        }
    }
}
