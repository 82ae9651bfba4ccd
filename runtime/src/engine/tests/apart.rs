//! Places whose files this machine does not see: what keeps them from coming and going, and whose doing that is.

use std::sync::atomic::Ordering;

use super::fakes::Bench;
use super::{end, history, system};
use crate::event::{JobState, RunState};
use crate::id::JobId;

/// What asks for files of the job's room, each in its own way: the keys of a job behind its first step.
const ASKS: &[&str] = &[
    "steps: [{run: FAULT}, {uses: ./local, continue-on-error: true}]",
    "steps: [{run: FAULT}, {uses: actions/checkout@v4, with: {path: sub}, continue-on-error: true}]",
    "steps: [{run: FAULT}, {run: \"x ${{ hashFiles('a') }}\", continue-on-error: true}]",
    "steps: [{run: FAULT}, {run: x, if: \"hashFiles('a') == ''\"}]",
    "steps: [{run: FAULT}, {run: x, env: {A: \"${{ hashFiles('a') }}\"}}]",
    "steps: [{run: FAULT}, {run: 'say ::add-matcher::/workspace/m.json', continue-on-error: true}]",
    "steps: [{run: FAULT}, {parallel: [{uses: ./local}]}]",
];

async fn runs(bench: &Bench, asks: &str, fault: &str) -> (RunState, JobState, String) {
    *bench.fake.files_fail.lock().unwrap() = None;
    bench.fake.apart.store(true, Ordering::Relaxed);
    std::fs::write(bench.path().join("file"), "to be checked out").unwrap();
    let handle = bench
        .run(&format!("jobs: {{job: {{{}}}}}", asks.replace("FAULT", fault)))
        .await;
    let id = handle.id().clone();
    let state = end(handle).await.state;
    let run = history(&bench.journal, &id).await;
    let job = &run.jobs[&JobId("job".into())];
    let code = job.reason.as_ref().map(|reason| reason.code.clone());
    bench.holds_nothing();
    (state, job.state, code.unwrap_or_default())
}

#[test]
fn a_machine_that_does_not_bring_files_loses_the_job_and_no_step_fails_for_it() {
    system(async {
        let bench = Bench::new();
        for asks in ASKS {
            let ended = runs(&bench, asks, "cut").await;
            let expected = (RunState::Lost, JobState::Lost, "unreachable".to_owned());
            assert_eq!(ended, expected, "{asks}");
        }
    });
}

#[test]
fn what_the_job_itself_left_in_the_way_is_a_failure_of_its_step() {
    system(async {
        let bench = Bench::new();
        for asks in ASKS {
            let asks = asks.replace(", continue-on-error: true", "");
            let (state, job, _) = runs(&bench, &asks, "full").await;
            assert_eq!((state, job), (RunState::Failure, JobState::Failure), "{asks}");
        }
    });
}

#[test]
fn many_links_that_lead_out_of_the_workspace_are_hashed_and_one_that_leads_round_is_left_out() {
    use std::os::unix::fs::symlink;
    system(async {
        let bench = Bench::new();
        let room = tempfile::tempdir().unwrap();
        let at = |path: &str| room.path().join(path);
        for folder in ["workspace/links", "outside", "tree/deep"] {
            std::fs::create_dir_all(at(folder)).unwrap();
        }
        for index in 0..600 {
            std::fs::write(at(&format!("outside/{index}")), index.to_string()).unwrap();
            symlink(
                format!("/outside/{index}"),
                at(&format!("workspace/links/{index}")),
            )
            .unwrap();
        }
        std::fs::write(at("tree/deep/file"), "in a tree").unwrap();
        symlink("../tree", at("workspace/tree")).unwrap();
        symlink("/workspace", at("tree/deep/back")).unwrap();
        *bench.fake.room.lock().unwrap() = Some(room.path().to_owned());
        for patterns in ["'links/**'", "'--follow-symbolic-links', '**'"] {
            let asks = format!("steps: [{{run: FAULT}}, {{run: fail, if: \"hashFiles({patterns}) == ''\"}}]");
            let (state, job, code) = runs(&bench, &asks, "fine").await;
            assert_eq!((state, job), (RunState::Success, JobState::Success), "{code}");
        }
    });
}
