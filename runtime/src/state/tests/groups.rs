//! Matrices and called workflows.

use super::*;

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
            reused: None,
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
fn so_many_calls_of_a_matrix_run_at_once_as_max_parallel_says() {
    let mut call = children("deploy", 3);
    for outline in &mut call {
        outline.calls = Some("./called.yml".into());
        outline.terms = None;
    }
    let mut play = Play::new(&[("deploy", &[])]).fate("deploy", Fate::Brings(group(true, Some(1)), call));
    for parent in ["deploy#0", "deploy#1", "deploy#2"] {
        let inner = ["a", "b"].map(|job| JobOutline {
            parent: Some(id(parent)),
            ..outline(&id(parent).called(job).0, &[])
        });
        play = play.fate(parent, Fate::Brings(group(false, None), inner.to_vec()));
    }
    play.settle();
    for parent in ["deploy#0", "deploy#1", "deploy#2"] {
        // Both jobs of a call, and none of another one.
        assert_eq!(play.running.len(), 2);
        play.finish(&format!("{parent}/a"));
        assert_eq!(play.running.len(), 1);
        play.finish(&format!("{parent}/b"));
    }
    assert_eq!(play.run.state, RunState::Success);
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
