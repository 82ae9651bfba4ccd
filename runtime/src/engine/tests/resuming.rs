//! Runs of a process that is gone, and who goes on with them.

use super::fakes::{Bench, launch};
use super::{end, history, somebody_else, system};
use crate::engine::{EngineError, Launch, ResumeError};
use crate::event::{
    Event, GroupRules, JobOutline, JobState, JobTerms, OnCrash, PauseAnswer, RunState, Seq, WorkflowRef,
};
use crate::id::{JobId, RunId, StepId};
use crate::journal::{Journal, Request};

const TEXT: &str = "jobs: {job: {steps: [{name: one, run: x}]}}";

fn job() -> JobId {
    JobId("job".into())
}

/// A run of a process that is long gone, that came so far.
async fn left(bench: &Bench, so_far: Vec<Event>) -> (RunId, Launch) {
    let outline = JobOutline {
        id: job(),
        name: "job".into(),
        steps: vec!["one".into()],
        ..JobOutline::default()
    };
    left_of(bench, (TEXT, outline), so_far).await
}

/// The same of a workflow with this job.
async fn left_of(bench: &Bench, (text, outline): (&str, JobOutline), so_far: Vec<Event>) -> (RunId, Launch) {
    let run = RunId("0123456789abcdef".into());
    let launch = launch(bench.path(), text);
    let created = Event::RunCreated {
        workflow: WorkflowRef {
            name: "w".into(),
            file: "w.yml".into(),
        },
        event: "push".into(),
        executor: "docker".into(),
        on_crash: OnCrash::Resume,
        owner: somebody_else(),
        workspace: bench.path().display().to_string(),
        jobs: vec![outline],
        concurrency: None,
        source: Some(Box::new(launch.source.clone())),
        number: Some(1),
        rerun: None,
    };
    let events = [created, Event::RunStarted].into_iter().chain(so_far).collect();
    let owner = somebody_else();
    bench.journal.append(&run, &owner, Seq(0), events).await.unwrap();
    (run, launch)
}

fn queued(attempts: Option<u32>) -> Event {
    Event::JobQueued {
        job: job(),
        terms: JobTerms {
            image: Some("ubuntu:latest".into()),
            attempts,
            ..JobTerms::default()
        },
    }
}

#[test]
fn a_job_in_which_nothing_had_begun_begins_anew_where_nothing_is_left() {
    system(async {
        let bench = Bench::new();
        let resource = "loom-0123456789abcdef-job-1".to_owned();
        bench.fake.hold(&resource);
        let starting = Event::JobStarting {
            job: job(),
            attempt: 1,
            resource,
        };
        let (run, launch) = left(&bench, vec![queued(None), starting]).await;
        let recovered = bench.engine.recover(bench.executors()).await.unwrap();
        assert_eq!(recovered.resumable, std::slice::from_ref(&run));
        let handle = bench.engine.resume(&run, launch, None).await.unwrap();
        assert_eq!(end(handle).await.state, RunState::Success);
        let told = history(&bench.journal, &run).await;
        assert_eq!((told.resumed_at.len(), told.jobs[&job()].attempt), (1, 2));
        assert_eq!(told.owner, *bench.engine.owner());
        bench.holds_nothing();
    });
}

#[test]
fn a_job_whose_step_was_to_be_done_again_has_begun() {
    system(async {
        let bench = Bench::new();
        let step = || StepId("0".into());
        let so_far = vec![
            queued(None),
            Event::JobStarting {
                job: job(),
                attempt: 1,
                resource: "loom-0123456789abcdef-job-1".into(),
            },
            Event::StepStarted {
                job: job(),
                step: step(),
                name: None,
                background: false,
                waits_for: Vec::new(),
            },
            Event::JobPaused {
                job: job(),
                step: step(),
                pause: 1,
                exit_code: Some(1),
                signal: None,
                reason: None,
                problem: None,
            },
            Event::JobResumed {
                job: job(),
                step: step(),
                answer: PauseAnswer::Retry,
                file: None,
            },
        ];
        let (run, launch) = left(&bench, so_far).await;
        let handle = bench.engine.resume(&run, launch, None).await.unwrap();
        assert_eq!(end(handle).await.state, RunState::Lost);
        let told = history(&bench.journal, &run).await;
        let job = &told.jobs[&job()];
        assert_eq!((job.state, job.attempt), (JobState::Lost, 1));
    });
}

#[test]
fn a_cancel_that_nobody_heard_holds() {
    system(async {
        let bench = Bench::new();
        let (run, launch) = left(&bench, vec![queued(None)]).await;
        let cancel = Request::Cancel { by: "cli".into() };
        bench.journal.request(&run, cancel).await.unwrap();
        let handle = bench.engine.resume(&run, launch, None).await.unwrap();
        assert_eq!(end(handle).await.state, RunState::Cancelled);
        let told = history(&bench.journal, &run).await;
        assert_eq!((told.cancel.as_deref(), told.forced), (Some("cli"), false));
    });
}

#[test]
fn a_cancel_that_comes_while_the_run_cannot_be_gone_on_with_holds() {
    system(async {
        let bench = Bench::new();
        let (run, launch) = left(&bench, vec![queued(Some(7))]).await;
        let (refused, cancelled) = tokio::join!(
            bench.engine.resume(&run, launch, None),
            bench.engine.cancel(&run, "api")
        );
        assert!(refused.is_err());
        cancelled.unwrap();
        let told = history(&bench.journal, &run).await;
        assert_eq!(told.state, RunState::Cancelled);
        assert_eq!((told.cancel.as_deref(), told.forced), (Some("api"), false));
    });
}

#[test]
fn a_run_whose_job_is_another_one_now_stays_as_it_is() {
    system(async {
        let bench = Bench::new();
        let (run, launch) = left(&bench, vec![queued(Some(7))]).await;
        let refused = bench.engine.resume(&run, launch, None).await.unwrap_err();
        let EngineError::Resume(ResumeError::Source { cause, .. }) = &refused else {
            panic!("{refused}")
        };
        assert!(cause.contains("job `job`"), "{cause}");
        let told = history(&bench.journal, &run).await;
        assert_eq!((told.owner, told.last), (somebody_else(), Seq(3)));
    });
}

#[test]
fn a_run_whose_called_workflow_cannot_be_fetched_waits_for_the_network() {
    system(async {
        let bench = Bench::new();
        let calls = "o/r/.github/workflows/w.yml@v1";
        let caller = JobOutline {
            id: job(),
            name: "job".into(),
            calls: Some(calls.into()),
            ..JobOutline::default()
        };
        let expanded = Event::JobExpanded {
            job: job(),
            rules: GroupRules {
                fail_fast: false,
                max_parallel: None,
            },
            jobs: vec![JobOutline {
                id: JobId("job/inner".into()),
                name: "inner".into(),
                steps: vec!["one".into()],
                ..JobOutline::default()
            }],
        };
        let text = format!("jobs: {{job: {{uses: {calls}}}}}");
        let (run, mut launch) = left_of(&bench, (&text, caller), vec![expanded]).await;
        // Nobody listens there.
        launch.actions.host = "http://127.0.0.1:1".into();
        let refused = bench.engine.resume(&run, launch, None).await.unwrap_err();
        let EngineError::Resume(ResumeError::NotFetched { cause, .. }) = &refused else {
            panic!("{refused}")
        };
        assert!(cause.contains("job `job`") && cause.contains("o/r"), "{cause}");
        let told = history(&bench.journal, &run).await;
        assert_eq!((told.owner, told.last), (somebody_else(), Seq(3)));
    });
}

#[test]
fn who_comes_too_late_learns_who_has_the_run() {
    system(async {
        let bench = Bench::new();
        let (run, launch) = left(&bench, Vec::new()).await;
        let (first, second) = tokio::join!(
            bench.engine.resume(&run, launch.clone(), None),
            bench.engine.resume(&run, launch.clone(), None)
        );
        let EngineError::Resume(ResumeError::Alive { pid, .. }) = second.unwrap_err() else {
            panic!("two have it")
        };
        assert_eq!(pid, std::process::id());
        assert_eq!(end(first.unwrap()).await.state, RunState::Success);
        let late = bench.engine.resume(&run, launch, None).await.unwrap_err();
        assert!(
            matches!(late, EngineError::Resume(ResumeError::Ended { .. })),
            "{late}"
        );
    });
}
