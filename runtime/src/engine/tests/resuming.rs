//! Runs of a process that is gone, and who goes on with them.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use loom_protocol::Timestamp;
use loom_workflow::model::ActionReference;
use tokio::sync::Semaphore;

use super::fakes::{Bench, launch};
use super::{end, history, somebody_else, system};
use crate::actions::ActionStore;
use crate::engine::{EngineError, Launch, ResumeError};
use crate::event::{
    ConcurrencyGroup, Event, GroupRules, JobOutline, JobState, JobTerms, OnCrash, PauseAnswer, RunState, Seq,
    WorkflowRef,
};
use crate::executor::SilentNotes;
use crate::id::{JobId, RunId, StepId};
use crate::journal::{ClaimRequest, ClaimState, Journal, Queue, Request};

const TEXT: &str = "jobs: {job: {steps: [{name: one, run: x}]}}";

fn job() -> JobId {
    JobId("job".into())
}

/// A run of a process that is long gone, that came so far.
async fn left(bench: &Bench, so_far: Vec<Event>) -> (RunId, Launch) {
    let created = Created::of(TEXT);
    left_of(bench, created, so_far).await
}

/// How a run was created.
struct Created {
    text: String,
    concurrency: Option<ConcurrencyGroup>,
    /// What its one job calls.
    calls: Option<String>,
    /// Whether it had its slot.
    started: bool,
}

impl Created {
    fn of(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            concurrency: None,
            calls: None,
            started: true,
        }
    }
}

async fn left_of(bench: &Bench, created: Created, so_far: Vec<Event>) -> (RunId, Launch) {
    let run = RunId("0123456789abcdef".into());
    let launch = launch(bench.path(), &created.text);
    let started = created.started.then_some(Event::RunStarted);
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
        jobs: vec![JobOutline {
            id: job(),
            name: "job".into(),
            steps: created
                .calls
                .is_none()
                .then(|| "one".into())
                .into_iter()
                .collect(),
            calls: created.calls,
            ..JobOutline::default()
        }],
        concurrency: created.concurrency,
        source: Some(Box::new(launch.source.clone())),
        number: Some(1),
        rerun: None,
    };
    let events = [created].into_iter().chain(started).chain(so_far).collect();
    let owner = somebody_else();
    bench.journal.append(&run, &owner, Seq(0), events).await.unwrap();
    (run, launch)
}

fn group() -> ConcurrencyGroup {
    ConcurrencyGroup {
        group: "g".into(),
        cancel_in_progress: false,
        queue_all: false,
    }
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

async fn claim(bench: &Bench, run: &RunId, job: Option<JobId>) {
    let claim = ClaimRequest {
        group: "g".into(),
        run: run.clone(),
        job,
        owner: somebody_else(),
        cancel_in_progress: false,
        queue: Queue::default(),
    };
    let claimed = bench.journal.claim(claim).await.unwrap();
    assert_eq!(claimed.state, ClaimState::Held);
}

#[test]
fn a_job_that_waits_for_the_time_of_its_retry_has_no_concurrency_group() {
    system(async {
        let bench = Bench::new();
        let retrying = Event::JobRetrying {
            job: job(),
            attempt: 2,
            until: Timestamp::from_millis(i64::MAX),
            state: Some(JobState::Failure),
            reason: None,
        };
        let text = "jobs: {job: {concurrency: g, steps: [{name: one, run: x}]}}";
        let queued = Event::JobQueued {
            job: job(),
            terms: JobTerms {
                image: Some("ubuntu:latest".into()),
                concurrency: Some(group()),
                ..JobTerms::default()
            },
        };
        let (run, launch) = left_of(&bench, Created::of(text), vec![queued, retrying]).await;
        claim(&bench, &run, Some(job())).await;
        let handle = bench.engine.resume(&run, launch, None).await.unwrap();
        let held = bench.journal.claim_state(&run, Some(&job())).await.unwrap();
        assert_eq!(held, None);
        bench.engine.cancel(&run, "cli").await.unwrap();
        assert_eq!(end(handle).await.state, RunState::Cancelled);
    });
}

#[test]
fn a_run_that_has_its_concurrency_group_waits_for_no_slot_of_those_that_wait_for_it() {
    system(async {
        let bench = Bench::new();
        let created = Created {
            concurrency: Some(group()),
            started: false,
            ..Created::of("concurrency: g\njobs: {job: {steps: [{name: one, run: x}]}}")
        };
        let (run, launch) = left_of(&bench, created, Vec::new()).await;
        // The process died before it wrote down that it has it.
        claim(&bench, &run, None).await;
        let none_free = Arc::new(Semaphore::new(0));
        let handle = bench.engine.resume(&run, launch, Some(&none_free)).await.unwrap();
        assert_eq!(end(handle).await.state, RunState::Success);
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

const CALLED: &str = "o/r/.github/workflows/w.yml@v1";

/// A run whose job calls a workflow of another repository, which was there.
async fn left_calling(bench: &Bench) -> (RunId, Launch) {
    let caller = Created {
        calls: Some(CALLED.into()),
        ..Created::of(&format!("jobs: {{job: {{uses: {CALLED}}}}}"))
    };
    let expanded = Event::JobExpanded {
        job: job(),
        rules: GroupRules {
            fail_fast: false,
            max_parallel: None,
        },
        jobs: vec![JobOutline {
            id: JobId("job/inner".into()),
            parent: Some(job()),
            name: "inner".into(),
            steps: vec!["one".into()],
            ..JobOutline::default()
        }],
    };
    left_of(bench, caller, vec![expanded]).await
}

/// The repository that it lies in.
fn publish(folder: &Path) {
    let repository = folder.join("o/r");
    let workflows = repository.join(".github/workflows");
    std::fs::create_dir_all(&workflows).unwrap();
    let text = "{on: workflow_call, jobs: {inner: {runs-on: ubuntu-latest, steps: [{run: x}]}}}";
    std::fs::write(workflows.join("w.yml"), text).unwrap();
    let git = |arguments: &[&str]| {
        let identity = [
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "commit.gpgsign=false",
        ];
        let mut git = Command::new("git");
        git.current_dir(&repository).args(identity).args(arguments);
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "-b", "v1"]);
    git(&["add", "."]);
    git(&["commit", "-m", "one"]);
}

#[test]
fn a_called_workflow_that_is_in_the_cache_needs_no_network() {
    system(async {
        let bench = Bench::new();
        let (run, mut launch) = left_calling(&bench).await;
        let remote = tempfile::tempdir().unwrap();
        publish(remote.path());
        launch.actions.host = format!("file://{}", remote.path().display());
        let Some(ActionReference::Repository(called)) = ActionReference::parse(CALLED) else {
            panic!("{CALLED}")
        };
        let store = ActionStore::new(launch.actions.clone());
        store.fetch(&called, &SilentNotes).await.unwrap();
        drop(remote);
        let handle = bench.engine.resume(&run, launch, None).await.unwrap();
        assert_eq!(end(handle).await.state, RunState::Success);
    });
}

#[test]
fn a_run_whose_called_workflow_cannot_be_fetched_waits_for_the_network() {
    system(async {
        let bench = Bench::new();
        let (run, mut launch) = left_calling(&bench).await;
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
