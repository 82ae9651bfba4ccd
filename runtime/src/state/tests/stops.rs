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
        by: None,
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
    assert!(!play.run.jobs[&id("a")].has_ended(1));
    play.write(vec![planned, step(StepState::Failure), retrying]);
    let waits = &play.run.jobs[&id("a")];
    assert_eq!((waits.newest_attempt(), waits.has_ended(1)), (1, true));
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
    let again = &play.run.jobs[&id("a")];
    assert_eq!(
        (again.attempt, again.has_ended(1), again.has_ended(2)),
        (2, true, false)
    );
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

#[test]
fn what_earlier_attempts_came_to_is_kept() {
    let mut play = Play::new(&[("a", &[])]);
    play.settle();
    let step = StepId::at(0);
    let started = Event::StepStarted {
        job: id("a"),
        step: step.clone(),
        name: None,
        background: true,
        waits_for: vec![StepId::at(7)],
    };
    let retrying = Event::StepRetrying {
        job: id("a"),
        step: step.clone(),
        attempt: 2,
        attempts: 3,
        delay_ms: 1,
        exit_code: Some(4),
        signal: None,
        reason: None,
        duration_ms: 1,
    };
    let lost = Reason::new("session-lost", "it is gone");
    play.write(vec![started.clone(), retrying, started]);
    let known = &play.run.jobs[&id("a")].steps[&step];
    assert_eq!((known.earlier.len(), known.earlier[0].exit_code), (1, Some(4)));
    assert_eq!((known.background, &known.waits_for), (true, &vec![StepId::at(7)]));
    play.write(vec![Event::JobRetrying {
        job: id("a"),
        attempt: 2,
        until: at(0),
        state: Some(JobState::Lost),
        reason: Some(lost.clone()),
    }]);
    let job = &play.run.jobs[&id("a")];
    let [earlier] = job.earlier.as_slice() else {
        panic!("{:?}", job.earlier)
    };
    assert_eq!(
        (earlier.attempt, earlier.state, &earlier.reason),
        (1, Some(JobState::Lost), &Some(lost))
    );
    assert_eq!(
        earlier.steps[&step].state,
        StepState::Lost,
        "what ran when it was lost"
    );
    assert_eq!(earlier.steps[&step].earlier.len(), 1);
    assert_eq!(job.steps[&step].state, StepState::Waiting);
    assert!(job.steps[&step].earlier.is_empty(), "a new attempt begins anew");
}

#[test]
fn a_step_that_somebody_had_done_again_keeps_how_it_failed() {
    let mut play = Play::new(&[("a", &[])]);
    play.settle();
    let step = StepId::at(0);
    let paused = Event::JobPaused {
        job: id("a"),
        step: step.clone(),
        exit_code: Some(2),
        signal: None,
        reason: None,
        problem: None,
        pause: 1,
    };
    let resumed = Event::JobResumed {
        job: id("a"),
        step: step.clone(),
        answer: crate::event::PauseAnswer::Retry,
        file: None,
    };
    for times in 1..=2 {
        play.write(vec![paused.clone(), resumed.clone()]);
        let earlier = &play.run.jobs[&id("a")].steps[&step].earlier;
        assert_eq!((earlier.len(), earlier[0].exit_code), (times, Some(2)));
    }
}
