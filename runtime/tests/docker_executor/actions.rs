//! Container actions: run beside the job, built, ended and reclaimed.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use loom_runtime::executor::docker::StepsBy;
use loom_runtime::executor::{ExitStatus, Fault, FileContent, Program, StepSpec};

use super::bench::{BUSYBOX, bench, bench_with};
use super::services::web;
use crate::conformance::{Bench, Heard, finish, run, script, start};

pub(crate) fn action(image: &str, arguments: &[&str]) -> StepSpec {
    let mut step = script("");
    step.program = Program::Container {
        image: image.into(),
        pull: false,
        entrypoint: None,
        arguments: arguments.iter().map(ToString::to_string).collect(),
    };
    step
}

#[tokio::test]
async fn a_container_action_runs_beside_the_job_and_goes_with_its_step() {
    let bench = bench();
    let mut job = bench.job();
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    let held = (bench.holds)(&job.key).await.len();
    let facts = place.facts().clone();
    std::fs::write(job.workspace.join("of-the-project"), "text").unwrap();
    let text = "pwd; cat of-the-project; echo $HOME $WHERE; wget -q -O - http://web/; echo x >made
        echo o=1 >>$GITHUB_OUTPUT; touch $HOME/kept; ls $WHERE; exit 5";
    let mut step = action(BUSYBOX, &["/bin/sh", "-c", text]);
    step.env = BTreeMap::from([("WHERE".into(), format!("{}/of-the-project", facts.workspace))]);
    let (end, output) = run(&place, step).await;
    assert_eq!(
        output.text(),
        "/github/workspace\ntext/github/home /github/workspace/of-the-project\nhello\n/github/workspace/of-the-project\n"
    );
    assert_eq!(end.status, ExitStatus::Code(5));
    assert_eq!(end.files.output, FileContent::Bytes(b"o=1\n".to_vec()));
    assert!(job.workspace.join("made").exists());
    assert_eq!((bench.holds)(&job.key).await.len(), held, "its room is gone");
    // The home is kept for the next one.
    let (end, _) = run(&place, action(BUSYBOX, &["/bin/sh", "-c", "ls $HOME/kept"])).await;
    assert_eq!(end.status, ExitStatus::Code(0));
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

/// Writes to its own command files, waits until three of these run at once, writes on, and says what it finds.
fn at_once(number: u32) -> String {
    format!(
        "echo a=of-{number} >>$GITHUB_OUTPUT; touch runs-{number}; until [ -e runs-1 ] && [ -e runs-2 ] && [ -e runs-3 ]; do \
         sleep 0.02; done; echo b=of-{number} >>$GITHUB_OUTPUT; echo E=of-{number} >>$GITHUB_ENV; echo /of-{number} \
         >>$GITHUB_PATH; echo s=of-{number} >>$GITHUB_STATE; echo of-{number} >>$GITHUB_STEP_SUMMARY; touch wrote-{number}; \
         until [ -e wrote-1 ] && [ -e wrote-2 ] && [ -e wrote-3 ]; do sleep 0.02; done; cat $GITHUB_OUTPUT"
    )
}

pub(crate) async fn what_runs_at_once_keeps_apart(bench: &Bench) {
    let job = bench.job();
    let place = bench.open(&job).await;
    let (one, two, three) = (at_once(1), at_once(2), at_once(3));
    let ((first, said_first), (second, said_second), (third, said_third)) = tokio::join!(
        run(&place, script(&one)),
        run(&place, action(BUSYBOX, &["/bin/sh", "-c", &two])),
        run(&place, action(BUSYBOX, &["/bin/sh", "-c", &three])),
    );
    let ends = [(first, said_first), (second, said_second), (third, said_third)];
    for (number, (end, said)) in (1..).zip(ends) {
        let own = |text: String| FileContent::Bytes(text.into_bytes());
        assert_eq!(end.status, ExitStatus::Code(0), "{number}: {}", said.text());
        let outputs = format!("a=of-{number}\nb=of-{number}\n");
        assert_eq!(said.text(), outputs);
        assert_eq!(end.files.output, own(outputs));
        assert_eq!(end.files.env, own(format!("E=of-{number}\n")));
        assert_eq!(end.files.path, own(format!("/of-{number}\n")));
        assert_eq!(end.files.state, own(format!("s=of-{number}\n")));
        assert_eq!(end.files.summary, own(format!("of-{number}\n")));
    }
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn actions_and_steps_that_run_at_once_have_command_files_of_their_own() {
    for steps_by in [StepsBy::Agent, StepsBy::Exec] {
        what_runs_at_once_keeps_apart(&bench_with(BUSYBOX, steps_by)).await;
    }
}

#[tokio::test]
async fn an_image_is_built_and_run_and_removed() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let context = job.directory.join("actions/one");
    std::fs::create_dir_all(&context).unwrap();
    std::fs::write(
        context.join("Dockerfile"),
        format!("FROM {BUSYBOX}\nCOPY entry.sh /entry.sh\nRUN echo built >/built\nENTRYPOINT [\"/entry.sh\"]\nCMD [\"default\"]\n"),
    )
    .unwrap();
    std::fs::write(context.join("entry.sh"), "#!/bin/sh\ncat /built; echo \"$@\"\n").unwrap();
    std::fs::set_permissions(context.join("entry.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(context.join(".dockerignore"), "secret\n").unwrap();
    std::fs::write(context.join("secret"), "x").unwrap();
    let notes = Arc::new(Heard::default());
    let image = place
        .build(context.clone(), "Dockerfile".into(), notes.clone())
        .await
        .unwrap();
    assert!(
        notes.lines().iter().any(|line| line.contains("RUN echo built")),
        "{:?}",
        notes.lines()
    );
    let (_, output) = run(&place, action(&image, &[])).await;
    assert_eq!(output.text(), "built\ndefault\n");
    let (_, output) = run(&place, action(&image, &["a", "b c"])).await;
    assert_eq!(output.text(), "built\na b c\n");
    std::fs::write(
        context.join("Dockerfile"),
        format!("FROM {BUSYBOX}\nCOPY secret /\n"),
    )
    .unwrap();
    let error = place
        .build(context, "Dockerfile".into(), notes)
        .await
        .unwrap_err();
    assert_eq!(error.fault(), Fault::Workflow, "{error}");
    place.close().await.unwrap();
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn a_container_action_is_signalled_and_ends_with_its_place() {
    let bench = bench();
    let job = bench.job();
    let place = bench.open(&job).await;
    let long = ["/bin/sh", "-c", "echo ready; exec sleep 1000"];
    let running = start(&place, action(BUSYBOX, &long)).await;
    place
        .signal(&running.id, loom_runtime::executor::Signal::Terminate)
        .await
        .unwrap();
    assert_eq!(finish(running).await.0.unwrap().status, ExitStatus::Signal(15));
    let running = start(&place, action(BUSYBOX, &long)).await;
    place.close().await.unwrap();
    let (end, _) = finish(running).await;
    assert!(end.is_err() || end.unwrap().status != ExitStatus::Code(0));
    bench.nothing_is_left(&job).await;
}

#[tokio::test]
async fn reclaim_finds_services_networks_and_actions() {
    let bench = bench();
    let mut job = bench.job();
    job.services.insert("web".into(), web("hello"));
    let place = bench.open(&job).await;
    let running = start(
        &place,
        action(BUSYBOX, &["/bin/sh", "-c", "echo ready; exec sleep 1000"]),
    )
    .await;
    assert!((bench.holds)(&job.key).await.len() >= 4);
    bench.executor.reclaim(&job.key).await.unwrap();
    // How it ended is known or lost; it does not hang.
    if let Ok(end) = finish(running).await.0 {
        assert_ne!(end.status, ExitStatus::Code(0));
    }
    bench.nothing_is_left(&job).await;
}
