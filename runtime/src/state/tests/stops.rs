//! Cancels, further attempts, and concurrency groups.

use super::*;

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
        state: None,
        reason: None,
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
        state: None,
        reason: None,
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
