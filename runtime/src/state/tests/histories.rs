//! What is read from histories, and what is written to them.

use super::*;

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
        background: false,
        waits_for: Vec::new(),
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
            background: false,
            waits_for: Vec::new(),
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
        background: false,
        waits_for: Vec::new(),
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
